"""What is said, for machines: with ``--log-format json`` each thing is a line of JSON on stderr.

A line has ``at`` (UTC), ``level``, ``message``, and whatever facts belong to it. Without it, people
are spoken to in sentences.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeAlias

import typer


class Format(StrEnum):
    """For whom things are said."""

    TEXT = "text"
    JSON = "json"


LogFormat: TypeAlias = Annotated[
    Format,
    typer.Option(
        "--log-format",
        metavar="FORMAT",
        help="text; or json: what is said becomes lines of JSON, on stderr.",
    ),
]


class _State:
    """One command at a time is run, and it is said once for whom."""

    machine = False


def begin(form: Format = Format.TEXT) -> None:
    """Speak to people, or to machines, from now on; these hear of retries and refusals as well."""
    _State.machine = form is Format.JSON
    logger = logging.getLogger("willcall")
    for handler in [one for one in logger.handlers if isinstance(one, _Lines)]:
        logger.removeHandler(handler)
    if _State.machine:
        logger.addHandler(_Lines())
        logger.setLevel(logging.INFO)


def machine() -> bool:
    """Whether machines are spoken to."""
    return _State.machine


def line(level: str, message: str, **facts: Any) -> None:
    """One line of JSON on stderr."""
    import orjson

    from .show import data

    said = {"at": datetime.now(UTC).isoformat(), "level": level, "message": message}
    sys.stderr.write(orjson.dumps(data({**said, **facts})).decode() + "\n")


class _Lines(logging.Handler):
    """What the library logs; it holds no key, address or body (see ``client/observe.py``)."""

    def emit(self, record: logging.LogRecord) -> None:
        line(record.levelname.lower(), record.getMessage(), logger=record.name)
