"""A request and a reply as plain values, and a table of routes. No framework, no event loop."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WireRequest:
    """A request. ``path`` is relative to the API's prefix, such as ``/events/evt_1``.

    Header names are lower case. The repr leaves headers and body out: they may hold a key.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    def params(self) -> list[tuple[str, str]]:
        """The query as pairs, blanks kept."""
        return parse_qsl(self.query, keep_blank_values=True)


@dataclass(slots=True)
class WireReply:
    """What goes out: a status, headers, bytes."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(
        cls, value: object, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> WireReply:
        """A JSON reply, compact and in UTF-8 as both services send it."""
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(status, body, {"content-type": "application/json", **(headers or {})})

    @classmethod
    def html(cls, text: str, status: int = 200) -> WireReply:
        """An HTML page, as proxies and captive portals answer."""
        return cls(status, text.encode(), {"content-type": "text/html; charset=utf-8"})


class Refusal(Exception):  # noqa: N818 - it carries an answer, it reports no bug
    """Raised by an endpoint to answer with ``reply`` at once."""

    def __init__(self, reply: WireReply) -> None:
        """Carry the reply."""
        super().__init__(f"refused with {reply.status}")
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Route(Generic[T]):
    """One endpoint: method, path template such as ``/events/{event}``, scope, handler."""

    method: str
    template: str
    scope: str
    handler: T
    pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        expression = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.template)
        object.__setattr__(self, "pattern", re.compile(expression))


def find_route(
    routes: Iterable[Route[T]], method: str, path: str
) -> tuple[Route[T] | None, dict[str, str], list[str]]:
    """The route for a request with its path parameters; else the methods the path does allow."""
    allowed = []
    for route in routes:
        if match := route.pattern.fullmatch(path):
            if route.method == method:
                return route, match.groupdict(), []
            allowed.append(route.method)
    return None, {}, allowed


def iso(moment: datetime | None) -> str | None:
    """A moment as both services write it: UTC, milliseconds, ``Z``."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def http_date(moment: datetime) -> str:
    """A moment as the ``Date`` header has it; in English whatever the locale."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def read_datetime(text: object) -> datetime | None:
    """An aware datetime from ISO-8601 text; ``None`` for anything else, naive ones included."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    # Years at the very edge overflow when brought to UTC; no service could mean them.
    if moment.tzinfo is None or not 1 < moment.year < 9999:
        return None
    return moment.astimezone(UTC)


def read_json_object(body: bytes, refuse: Callable[[str], Exception]) -> dict[str, Any]:
    """The body as a JSON object, else raise what ``refuse(reason)`` makes."""
    try:
        value = json.loads(body)
        # Half a surrogate pair passes as JSON and could never be sent back.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise refuse("Invalid JSON") from None
    if not isinstance(value, dict):
        raise refuse("Expected a JSON object")
    return value
