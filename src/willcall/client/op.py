"""A call as a value: what an endpoint builds, and what nothing has been sent of yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote

import attrs

from ..errors import InputError, Reply

T = TypeVar("T")


class Unset(Enum):
    """Says "nothing was given", which is not the same as None."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Final = Unset.UNSET


@attrs.frozen
class Page(Generic[T]):
    """One page of a list.

    ``following`` is the call for the next page, None on the last. ``total`` is how many items the
    whole list has, where the provider says so. ``reply`` is the raw answer, with every field that
    the models do not know.
    """

    items: tuple[T, ...]
    following: Op[Page[T]] | None = attrs.field(default=None, repr=False)
    reply: Reply | None = attrs.field(default=None, repr=False)
    total: int | None = None


@attrs.frozen
class Once(Generic[T]):
    """How to find out whether a write was carried out: what ``once=…`` adds to it.

    Args:
        search: reads, page by page, where the thing would be.
        match: whether one that was found is the thing.
        fetch: the call for the whole of it, where the search shows only a part.
        first: whether to look before the first try too, since the thing may be there already.
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
        path: relative to the base URL, its parts already quoted (:func:`segment`).
        decode: makes the answer of a reply.
        params: the query; what is UNSET or None is left out.
        json: the body; what is UNSET is left out, None is sent as ``null``.
        look: for a write, how to find out whether it was carried out after all.
        about: what the call is about, such as ``{"event": "gala"}``; errors carry it on.
        route: the path without its ids, such as ``"/events/{id_or_slug}"``, for metrics.
        repeatable: whether repeating it does nothing twice, though its method is a write's.
        once: makes it a check-first write.
    """

    method: str
    path: str
    decode: Callable[[Reply], T]
    params: Mapping[str, Any] = attrs.field(factory=dict)
    json: Mapping[str, Any] | None = None
    look: str = "look at what is there before you try again"
    about: Mapping[str, str] = attrs.field(factory=dict)
    route: str | None = None
    repeatable: bool = False
    once: Once[T] | None = None

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
    """One part of a path, quoted, so that an id can never become another path.

    Raises:
        InputError: it is no text, empty, or only dots.
    """
    if not isinstance(value, str) or not value.strip("."):
        raise InputError(name, f"{value!r} is no id", "give the id as the provider shows it")
    return quote(value, safe="")


def wire(name: str, value: Any) -> Any:
    """A value as the wire wants it.

    Raises:
        InputError: a datetime without a time zone: nobody can know which moment it means.
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
        InputError: it is no text, or blank.
    """
    if not isinstance(value, str):
        raise InputError(name, f"expected a text, got {type(value).__name__}")
    if not value.strip():
        raise InputError(name, "it is empty", "write something")
    return str(value)


def words(name: str, value: Sequence[str]) -> list[str]:
    """A list of texts.

    Raises:
        InputError: it is one text, which Python would take for a list of letters.
    """
    if isinstance(value, str):
        raise InputError(name, "it is one word, not a list", f"write {name}=[{value!r}]")
    return list(value)


def in_range(name: str, value: Any, most: int) -> int:
    """A whole number from 1 to ``most``.

    Raises:
        InputError: it is none.
    """
    if type(value) is not int or not 1 <= value <= most:
        raise InputError(name, f"{value!r} is out of range", f"give 1 to {most}")
    return value
