"""Moments and spans of time: how they are printed, and how they are read from the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from ...errors import InputError


def now() -> datetime:
    """The current time, in UTC."""
    return datetime.now(UTC)


# -- printing ---------------------------------------------------------------------------------


def moment(value: datetime) -> str:
    """A moment in the time zone of this machine: ``2026-11-21 18:02 UTC``."""
    here = value.astimezone()
    return f"{here:%Y-%m-%d %H:%M %Z}"


def span(value: timedelta) -> str:
    """A span in its largest fitting unit: ``12 s``, ``5 min``, ``3 h``, ``2 days``."""
    seconds = max(0.0, value.total_seconds())
    for unit, size, least in (("days", 86400, 172800), ("h", 3600, 7200), ("min", 60, 120)):
        if seconds >= least:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def ago(value: timedelta) -> str:
    """How long ago: ``5 min ago``."""
    return f"{span(value)} ago"


# -- reading ----------------------------------------------------------------------------------


def past(field: str, text: str | None) -> datetime | None:
    """Read ``7d`` as seven days ago, or a date or moment as it is written.

    Args:
        field: the option, for the error.
        text: what was typed; None is None.

    Raises:
        InputError: it is neither a span nor a moment.
    """
    length = _span(text)
    return now() - length if length is not None else _moment(field, text)


def future(field: str, text: str) -> datetime:
    """Read ``2h`` as two hours from now, or a date or moment as it is written.

    Raises:
        InputError: it is neither a span nor a moment, or it is not in the future.
    """
    length = _span(text)
    read = now() + length if length is not None else _moment(field, text)
    if read is None or read <= now():
        raise InputError(field, f"{text!r} has passed", "write a span as in 2h, or a later moment")
    return read


def _span(text: str | None) -> timedelta | None:
    from ...bridge.config.rule_tables import duration

    return duration.read(text) if text and re.fullmatch(r"\d{1,6}\s*[smhdw]", text) else None


def _moment(field: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        fix = "write it as in 2h, 7d or 2026-12-01T18:00"
        raise InputError(field, f"{text!r} is neither a span nor a moment", fix) from None
    return read.astimezone() if read.tzinfo is None else read
