"""Logs for machines: with ``--log-format json`` every message is a line of JSON on stderr.

A line has ``at`` (UTC), ``level``, ``message`` and further fields that belong to the message. With
``--log-format text``, the default, messages are sentences for people.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeAlias

import typer

from . import terminal


class Format(StrEnum):
    """The formats of messages on stderr."""

    TEXT = "text"
    JSON = "json"


LogFormat: TypeAlias = Annotated[
    Format,
    typer.Option(
        "--log-format",
        metavar="FORMAT",
        help="Format of messages on stderr: text or json.",
    ),
]


class _State:
    """The format of the command that runs, and whether it shows tracebacks; there is one command at
    a time."""

    machine = False
    debug = False


def begin(form: Format = Format.TEXT) -> None:
    """Set the format. In JSON, what the library logs (retries, refusals) is written as well; in
    text, only what it warns of about the ledger."""
    _State.machine = form is Format.JSON
    logger, ledger = map(logging.getLogger, ("willcall", "willcall.ledger"))
    for place in (logger, ledger):
        for handler in [h for h in place.handlers if isinstance(h, _Lines | _Texts)]:
            place.removeHandler(handler)
    if _State.machine:
        logger.addHandler(_Lines())
        logger.setLevel(logging.INFO)
    else:
        ledger.addHandler(_Texts())


def debug(on: bool) -> None:
    """Say whether tracebacks are shown."""
    _State.debug = on


def debugging() -> bool:
    """Whether tracebacks are shown."""
    return _State.debug


def machine() -> bool:
    """Whether messages are JSON."""
    return _State.machine


def line(level: str, message: str, **facts: Any) -> None:
    """Write one line of JSON to stderr."""
    from ...client.model import data

    fields = {"at": datetime.now(UTC).isoformat(), "level": level, "message": message}
    terminal.as_json(data({**fields, **facts}), err=True)


class _Lines(logging.Handler):
    """Writes what the library logs; it holds no key, address or body (``client/observe.py``)."""

    def emit(self, record: logging.LogRecord) -> None:
        line(record.levelname.lower(), record.getMessage(), logger=record.name)


class _Texts(logging.Handler):
    """Writes messages as lines for people."""

    def emit(self, record: logging.LogRecord) -> None:
        terminal.aside(f"willcall: {record.getMessage()}")
