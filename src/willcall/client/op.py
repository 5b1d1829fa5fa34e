"""A call as a value: what an endpoint builds. Nothing has been sent yet."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote

import attrs

from ..errors import InputError, Reply

T = TypeVar("T")

# The engine sets these itself. `host` would change who is asked, and the others who asks.
_OURS = frozenset(
    {"authorization", "x-api-key", "content-type", "content-length", "transfer-encoding", "host"}
)


def header_names(headers: Mapping[Any, Any]) -> dict[str, str]:
    """Headers with lower-case names, so that a header given in two spellings is sent once.

    Raises:
        InputError: a name or value that cannot be sent, or a header that willcall sets itself.
    """
    clean: dict[str, str] = {}
    for name, value in mapping("headers", headers).items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise InputError("headers", "names and values are texts")
        if name.lower() in _OURS:
            raise InputError("headers", f"{name!r} is set by willcall itself", "leave it out")
        if not name.isascii() or not name.isprintable() or not name or set(name) & set(" :"):
            raise InputError("headers", f"{name!r} is not a header name")
        if not value.isascii() or not value.isprintable():
            raise InputError("headers", f"the value of {name!r} holds what a header cannot")
        clean[name.lower()] = value
    return clean


class Unset(Enum):
    """The type of UNSET, which says that an argument was not given. None is a value."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Final = Unset.UNSET


@attrs.frozen
class UnreadableRow:
    """A row of a list that could not be read, while the others could.

    Args:
        row: its place on the page, from 0.
        field: the first field that was wrong, as in ``events[3].startsAt``.
        problem: what is wrong with it.
        id: its id, if that could be read.
    """

    row: int
    field: str
    problem: str
    id: str | None = None

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}" + (f" (id {self.id})" if self.id else "")


@attrs.frozen
class Page(Generic[T]):
    """One page of a list.

    ``following`` is the call for the next page, None on the last. ``total`` is how many items the
    whole list has, where the provider says so. ``reply`` is the raw answer, with every field that
    the models do not know. ``key`` identifies an item, so that an item which comes twice is given
    once; without it the ``id`` of an item does. Items that have neither are all given.
    ``unreadable`` are the rows of the page that could not be read.
    """

    items: tuple[T, ...]
    following: Op[Page[T]] | None = attrs.field(default=None, repr=False)
    reply: Reply | None = attrs.field(default=None, repr=False)
    total: int | None = None
    key: Callable[[T], Hashable] | None = attrs.field(default=None, repr=False)
    unreadable: tuple[UnreadableRow, ...] = ()


@attrs.frozen
class Once(Generic[T]):
    """How to find out whether a write was carried out: what ``once=…`` adds to it.

    Args:
        search: reads, page by page, the list in which the thing would be.
        match: whether an item of that list is the thing.
        fetch: the call for the whole thing, where the list shows only a part of it.
        first: whether to search before the first try too, since the thing may exist already.
    """

    search: Op[Page[T]]
    match: Callable[[T], bool]
    fetch: Callable[[T], Op[T]] | None = None
    first: bool = False


@attrs.frozen
class Op(Generic[T]):
    """One call to a provider, as a value: nothing has been sent yet.

    Args:
        method: of HTTP.
        path: relative to the base URL, its parts already quoted: see :func:`path_of`.
        decode: reads the answer from a reply.
        params: the query; what is UNSET or None is left out.
        json: the body; what is UNSET is left out, None is sent as ``null``.
        verify: for a write, how to find out whether it was carried out after all.
        about: what the call is about, such as ``{"event": "gala"}``; errors repeat it.
        route: the path without its ids, such as ``"/events/{id_or_slug}"``, for metrics.
        repeatable: whether repeating it does nothing twice, though its method is a write's.
        once: makes it a check-first write.
        headers: sent with this call, such as ``{"if-none-match": etag}``. They take precedence over
            the client's own headers, but never over those that carry the key.
        answers: statuses besides 2xx that are an answer and no error: ``decode`` is given the
            reply. ``{304}`` makes a conditional read, whose answer can be "not modified".
        reread: for a write, the call that reads what it has changed. It is made if the write is
            answered with a 2xx that has no body. Without it the outcome of such a write is unknown,
            unless ``decode`` takes an empty body.

    Raises:
        InputError: a header that cannot be sent, or that willcall sets itself.
    """

    method: str
    path: str
    decode: Callable[[Reply], T]
    params: Mapping[str, Any] = attrs.field(factory=dict)
    json: Mapping[str, Any] | None = None
    verify: str = "find out what is there before you try again"
    about: Mapping[str, str] = attrs.field(factory=dict)
    route: str | None = None
    repeatable: bool = False
    once: Once[T] | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict, converter=header_names)
    answers: Collection[int] = ()
    reread: Op[T] | None = attrs.field(default=None, repr=False)

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.method in {"GET", "HEAD", "OPTIONS"}

    @property
    def safe(self) -> bool:
        """Whether it may be repeated without doing anything twice."""
        return self.repeatable or self.reads

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def segment(name: str, value: Any) -> str:
    """A part of a path, quoted, so that an id can never become another path.

    Raises:
        InputError: it is not text, empty, or only dots.
    """
    if not isinstance(value, str) or not value.strip("."):
        raise InputError(name, f"{value!r} is not an id", "give the id as the provider shows it")
    return quote(encodable(name, value), safe="")


def encodable(name: str, value: str) -> str:
    """A text, if it can be sent.

    Raises:
        InputError: it holds half a character, as a text that was cut inside an emoji does.
    """
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InputError(
            name, f"{value!r} holds half a character", "cut it between characters"
        ) from None
    return value


def path_of(route: str, values: Mapping[str, Any]) -> str:
    """A path from its route: ``path_of("/events/{event}", {"event": "gala"})`` is ``/events/gala``.

    Raises:
        InputError: a value is missing, or is neither a text nor a whole number.
    """

    def fill(found: re.Match[str]) -> str:
        value = values.get(found[1])
        return segment(found[1], str(value) if type(value) is int else value)

    return re.sub(r"\{(\w+)\}", fill, route)


def wire(name: str, value: Any) -> Any:
    """A value as the wire wants it.

    Raises:
        InputError: a datetime without a time zone, since its moment is not known.
    """
    if value is UNSET:
        return value
    if isinstance(value, datetime):
        if value.tzinfo is None or value.utcoffset() is None:
            raise InputError(
                name, f"{value.isoformat()} has no time zone", "add one, such as tzinfo=UTC"
            )
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [wire(f"{name}[{place}]", item) for place, item in enumerate(value)]
    if isinstance(value, Mapping):
        return given(value)
    return value


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, as the wire wants it: UNSET is left out, None stays None."""
    return {name: wire(name, value) for name, value in values.items() if value is not UNSET}


def text(name: str, value: Any) -> str:
    """A text that must say something.

    Raises:
        InputError: it is not text, or blank.
    """
    if not isinstance(value, str):
        raise InputError(name, f"expected a text, got {type(value).__name__}")
    if not value.strip():
        raise InputError(name, "it is empty", "write something")
    return str(value)


def words(name: str, value: Any) -> list[str]:
    """A list of texts.

    Raises:
        InputError: it is a single text, which Python would take for a list of letters, or no list
            of texts at all.
    """
    if isinstance(value, str):
        raise InputError(name, "it is one word, not a list", f"write {name}=[{value!r}]")
    items = sequence(name, value)
    for place, item in enumerate(items):
        if not isinstance(item, str):
            raise InputError(f"{name}[{place}]", f"expected a text, got {type(item).__name__}")
    return items


def sequence(name: str, value: Any) -> list[Any]:
    """What is in a list.

    Raises:
        InputError: it is none.
    """
    if isinstance(value, bytes | Mapping) or not isinstance(value, Iterable):
        raise InputError(name, f"expected a list, got {type(value).__name__}", f"{name}=[…]")
    return list(value)


def mapping(name: str, value: Any) -> Mapping[Any, Any]:
    """A mapping, such as a dict.

    Raises:
        InputError: it is none.
    """
    if not isinstance(value, Mapping):
        raise InputError(name, f"expected a mapping, got {type(value).__name__}", f"{name}={{…}}")
    return value


def in_range(name: str, value: Any, most: int) -> int:
    """A whole number from 1 to ``most``.

    Raises:
        InputError: it is none.
    """
    if type(value) is not int or not 1 <= value <= most:
        raise InputError(name, f"{value!r} is out of range", f"give 1 to {most}")
    return value
