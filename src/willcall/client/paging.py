"""Reading a list page by page, whichever way the provider turns them.

An endpoint's decoder hands back a :class:`Page`, which carries the call for the next one.
:class:`Walk` guards the way, and is the same for the sync reader, the async reader and flows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Generic, TypeVar

import attrs

from ..errors import UndecodableReplyError
from .engine import Op
from .flow import Flow

T = TypeVar("T")


@attrs.frozen
class Page(Generic[T]):
    """One page of a list; ``following`` is the call for the next one, None on the last."""

    items: tuple[T, ...]
    following: Op[Page[T]] | None = attrs.field(default=None, repr=False)


class Walk(Generic[T]):
    """From page to page. One that was asked for before ends the walk with an error: a server that
    repeats its cursor would otherwise be read for ever."""

    def __init__(self, op: Op[Page[T]]) -> None:
        self.op: Op[Page[T]] | None = op
        self._asked = {self._name(op)}

    @staticmethod
    def _name(op: Op[Any]) -> tuple[tuple[str, str], ...]:
        return tuple(sorted((name, str(value)) for name, value in op.params.items()))

    def turn(self, page: Page[T]) -> None:
        """Go on to the page after this one; ``op`` is then the call for it, or None at the end.

        Raises:
            UndecodableReplyError: the page points back to one that was read before.
        """
        self.op = page.following
        if self.op is None:
            return
        if self._name(self.op) in self._asked:
            raise UndecodableReplyError(
                "the list does not end: a page points back to one that was read before",
                request=str(self.op),
            )
        self._asked.add(self._name(self.op))


class Pages(Generic[T]):
    """A list, read page by page as you iterate: nothing is sent before the first item is wanted."""

    def __init__(self, call: Callable[[Op[Page[T]]], Page[T]], op: Op[Page[T]]) -> None:
        self._call, self._op = call, op

    def pages(self) -> Iterator[Page[T]]:
        """Page by page."""
        walk = Walk(self._op)
        while walk.op is not None:
            page = self._call(walk.op)
            yield page
            walk.turn(page)

    def __iter__(self) -> Iterator[T]:
        return (item for page in self.pages() for item in page.items)

    def first(self) -> T | None:
        """The first item, or None if there is none."""
        return next(iter(self), None)


class AsyncPages(Generic[T]):
    """A list, read page by page as you iterate: nothing is sent before the first item is wanted."""

    def __init__(self, call: Callable[[Op[Page[T]]], Any], op: Op[Page[T]]) -> None:
        self._call, self._op = call, op

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Page by page."""
        walk = Walk(self._op)
        while walk.op is not None:
            page: Page[T] = await self._call(walk.op)
            yield page
            walk.turn(page)

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in page.items:
                yield item

    async def first(self) -> T | None:
        """The first item, or None if there is none."""
        async for item in self:
            return item
        return None


class FlowPages(Generic[T]):
    """A list, for use inside a flow."""

    def __init__(self, call: Callable[[Op[Page[T]]], Flow[Page[T]]], op: Op[Page[T]]) -> None:
        self._call, self._op = call, op

    def all(self) -> Flow[tuple[T, ...]]:
        """Every item of every page; it either returns all of them or raises."""
        return self.until(lambda _: False)

    def until(self, found: Callable[[T], bool]) -> Flow[tuple[T, ...]]:
        """The items up to the end of the page on which one satisfies ``found``, or all."""
        items: list[T] = []
        walk = Walk(self._op)
        while walk.op is not None:
            page = yield from self._call(walk.op)
            items += page.items
            if any(found(item) for item in page.items):
                break
            walk.turn(page)
        return tuple(items)
