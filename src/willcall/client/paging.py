"""Reading a list page by page, whichever way the provider turns them.

An endpoint's decoder hands back a :class:`Page`, which carries the call for the next one.
:class:`Walk` guards the way, and is the same for the sync reader, the async reader and flows.

Rows can move between pages while they are read. A row that comes twice (by :attr:`Page.key`, else
by its ``id``) is given once. If the movement shows (a row came twice, or the list's total changed
or does not match), the list is read again for rows that were missed, up to :data:`ROUNDS` times. If
it cannot show (more than one page, and no total), ``whole`` is None. A caller that must be certain
has such a list read until two readings in a row agree.

Rows that have neither key nor id are all given: two that are equal may well be two. Between two
readings they are compared by their values.

A row that cannot be read is left out and reported in ``unreadable``; then ``whole`` is False. A
search that has not found what it was for among the others raises, since it may be that row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from itertools import islice
from typing import Any, Generic, TypeVar

import attrs

from ..errors import InputError, UndecodableReplyError
from .engine import Answer, answer
from .flow import Flow
from .op import Op, Page, UnreadableRow
from .options import Options
from .provider import Account

__all__ = ["AsyncPages", "FlowPages", "Page", "Pages", "Rows", "Walk", "search"]

T = TypeVar("T")

ROUNDS = 3
# So many pages in a row without anything new: the list goes round in circles.
_STALE = 20


class Walk(Generic[T]):
    """From page to page. A page that was asked for before ends the walk with an error: a server
    that repeats its cursor would otherwise be read for ever.

    ``op`` is the next call, None at the end. ``whole`` says, at the end, whether every row was
    read: True if that is known, False if rows were still moving or could not be read, None if it
    cannot be known. A ``certain`` walk goes on until two readings agree, rather than leave it at
    None. ``unreadable`` are the rows that could not be read.
    """

    def __init__(self, op: Op[Page[T]], *, certain: bool = False) -> None:
        self.op: Op[Page[T]] | None = op
        self.whole: bool | None = None
        self._first, self._certain = op, certain
        self._seen: set[Any] = set()
        self._before: set[Any] | None = None
        self._round = self._stale = 0
        self._start(op)

    def _start(self, op: Op[Page[T]]) -> None:
        self.op = op
        self._asked = {self._name(op)}
        self._ids: set[Any] = set()
        self._values: Counter[Any] = Counter()
        self._rows = self._pages = 0
        self._totals: set[int | None] = set()
        self.unreadable: tuple[UnreadableRow, ...] = ()
        self._round += 1

    @staticmethod
    def _name(op: Op[Any]) -> tuple[Any, ...]:
        return op.path, *sorted((name, str(value)) for name, value in op.params.items())

    def take(self, page: Page[T]) -> Page[T]:
        """The page without the rows that were seen before."""
        fresh = []
        known = len(self._ids) if not self._values else len(self._values)
        for item in page.items:
            key = page.key(item) if page.key is not None else getattr(item, "id", None)
            if key is None:
                key = self._nameless(item)
            self._ids.add(key)
            if key not in self._seen:
                self._seen.add(key)
                fresh.append(item)
        for row in page.unreadable:
            self._ids.add(row.id or (self._pages, row.row))
        self.unreadable += page.unreadable
        self._rows += len(page.items) + len(page.unreadable)
        self._pages += 1
        self._totals.add(page.total)
        # Counted anew in each round: a second reading shows what the first one did.
        new = len(self._values or self._ids) > known
        self._stale = 0 if new else self._stale + 1
        return page if len(fresh) == len(page.items) else attrs.evolve(page, items=tuple(fresh))

    def _nameless(self, item: T) -> Any:
        """What stands for a row without an id: its value, and how often it has come so far."""
        try:
            hash(item)
            value: Any = item
        except TypeError:  # it holds a dict or list, or is one
            value = repr(item)
        self._values[value] += 1
        return value, self._values[value]

    def turn(self, page: Page[T]) -> None:
        """Go on to the page after this one.

        Raises:
            UndecodableReplyError: the list does not end.
        """
        following = page.following
        if following is None:
            self._end()
            return
        if self._name(following) in self._asked:
            raise self._endless(following, "a page points back to one that was read before")
        if self._stale >= _STALE:
            raise self._endless(following, f"{self._stale} pages in a row held nothing new")
        self._asked.add(self._name(following))
        self.op = following

    def _end(self) -> None:
        """The last page was read: conclude whether every row was, or begin another round."""
        self._conclude()
        if self.op is None and self.unreadable:
            self.whole = False

    def _conclude(self) -> None:
        self.op = None
        known = None not in self._totals
        moved = len(self._ids) < self._rows or len(self._totals - {None}) > 1
        short = known and self._totals != {len(self._ids)}
        agree = not moved and self._ids == self._before
        certain = known or self._pages == 1
        if not moved and not short and (certain or not self._certain):
            self.whole = True if certain else None
        elif agree:
            # Two readings agree. If the total differs, it counts something else.
            self.whole = None if short else True
        elif self._round < ROUNDS and self._pages > 1:
            self._before = self._ids
            self._start(self._first)
        else:
            self.whole = False

    @staticmethod
    def _endless(op: Op[Any], why: str) -> UndecodableReplyError:
        return UndecodableReplyError(f"the list does not end: {why}", request=f"{op.method} list")


class Rows(tuple[T, ...]):  # noqa: SLOT001 - a tuple subclass can have no slots of its own
    """The items of a list; ``whole`` and ``unreadable`` are as in :class:`Walk`."""

    whole: bool | None
    unreadable: tuple[UnreadableRow, ...]

    @classmethod
    def of(
        cls,
        items: Iterable[T],
        whole: bool | None,
        unreadable: tuple[UnreadableRow, ...] = (),
    ) -> Rows[T]:
        """Items, whether they are all, and the rows that could not be read."""
        rows = cls(items)
        rows.whole, rows.unreadable = whole, unreadable
        return rows


def _checked(count: Any) -> int:
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise InputError("count", f"{count!r} is not a number of items", "give 0 or more")
    return count


class Pages(Generic[T]):
    """A list, read page by page as you iterate: nothing is sent before the first item is wanted.

    Each iteration reads the list again. ``whole`` says whether the last complete iteration gave
    every row: True if that is known, False if rows kept moving between pages while they were read
    or could not be read, None if it cannot be known. ``unreadable`` are the rows that the last
    iteration left out so far because they could not be read.
    """

    whole: bool | None = None
    unreadable: tuple[UnreadableRow, ...] = ()

    def __init__(self, call: Callable[[Op[Page[T]]], Page[T]], op: Op[Page[T]]) -> None:
        self._call, self._op = call, op

    def __repr__(self) -> str:
        return f"<pages of {self._op.method} {self._op.route or self._op.path}>"

    def pages(self) -> Iterator[Page[T]]:
        """Page by page, each without the rows of earlier pages."""
        self.whole, self.unreadable = None, ()
        walk = Walk(self._op)
        while walk.op is not None:
            page = self._call(walk.op)
            fresh = walk.take(page)
            self.unreadable = walk.unreadable
            yield fresh
            walk.turn(page)
        self.whole = walk.whole

    def __iter__(self) -> Iterator[T]:
        return (item for page in self.pages() for item in page.items)

    def first(self) -> T | None:
        """The first item, or None if there is none."""
        return next(iter(self), None)

    def take(self, count: int) -> list[T]:
        """The first ``count`` items, or as many as there are; no page more is read than needed."""
        return list(islice(self, _checked(count)))

    def all(self) -> Rows[T]:
        """Every item of every page; what is missing is in ``unreadable``."""
        items = list(self)
        return Rows.of(items, self.whole, self.unreadable)


class AsyncPages(Generic[T]):
    """A list, read page by page as you iterate: nothing is sent before the first item is wanted.

    Each iteration reads the list again. ``whole`` says whether the last complete iteration gave
    every row: True if that is known, False if rows kept moving between pages while they were read
    or could not be read, None if it cannot be known. ``unreadable`` are the rows that the last
    iteration left out so far because they could not be read.
    """

    whole: bool | None = None
    unreadable: tuple[UnreadableRow, ...] = ()

    def __init__(
        self, call: Callable[[Op[Page[T]]], Coroutine[Any, Any, Page[T]]], op: Op[Page[T]]
    ) -> None:
        self._call, self._op = call, op

    def __repr__(self) -> str:
        return f"<pages of {self._op.method} {self._op.route or self._op.path}>"

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Page by page, each without the rows of earlier pages."""
        self.whole, self.unreadable = None, ()
        walk = Walk(self._op)
        while walk.op is not None:
            page = await self._call(walk.op)
            fresh = walk.take(page)
            self.unreadable = walk.unreadable
            yield fresh
            walk.turn(page)
        self.whole = walk.whole

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in page.items:
                yield item

    async def first(self) -> T | None:
        """The first item, or None if there is none."""
        async for item in self:
            return item
        return None

    async def take(self, count: int) -> list[T]:
        """The first ``count`` items, or as many as there are; no page more is read than needed."""
        items: list[T] = []
        if _checked(count):
            async for item in self:
                items.append(item)
                if len(items) == count:
                    break
        return items

    async def all(self) -> Rows[T]:
        """Every item of every page; what is missing is in ``unreadable``."""
        items = [item async for item in self]
        return Rows.of(items, self.whole, self.unreadable)


class FlowPages(Generic[T]):
    """A list, for use inside a flow."""

    def __init__(self, call: Callable[[Op[Page[T]]], Flow[Page[T]]], op: Op[Page[T]]) -> None:
        self._call, self._op = call, op

    def walk(self) -> Walk[T]:
        """The way from its first page to its last, for callers that turn the pages themselves."""
        return Walk(self._op)

    def page(self, op: Op[Page[T]] | None = None) -> Flow[Page[T]]:
        """A page as it comes: the first, or the page of another page's ``following``."""
        return self._call(op or self._op)

    def all(self, *, certain: bool = False) -> Flow[Rows[T]]:
        """Every item of every page; what is missing is in ``unreadable``."""
        return self.until(lambda _: False, certain=certain)

    def until(self, found: Callable[[T], bool], *, certain: bool = False) -> Flow[Rows[T]]:
        """The items up to the end of the page on which an item satisfies ``found``, or all; if
        ``certain``, all are read until two readings agree, see :class:`Walk`."""
        items: list[T] = []
        walk = Walk(self._op, certain=certain)
        while walk.op is not None:
            page = yield from self._call(walk.op)
            fresh = walk.take(page).items
            items += fresh
            if any(found(item) for item in fresh):
                break
            walk.turn(page)
        return Rows.of(items, walk.whole, walk.unreadable)


def search(
    op: Op[Page[T]], match: Callable[[T], bool], account: Account, options: Options
) -> Flow[Answer[T] | None]:
    """The first item of a list that matches, with the reply it came in; None: not on any page.

    Raises:
        UndecodableReplyError: it was not found, and a row could not be read.
    """
    walk = Walk(op)
    while walk.op is not None:
        page = yield from answer(walk.op, account, options)
        for item in page.value.items:
            if match(item):
                return Answer(item, page.reply)
        walk.take(page.value)
        walk.turn(page.value)
    if walk.unreadable:
        raise UndecodableReplyError(
            f"a row that may be what was looked for could not be read: {walk.unreadable[0]}"
        )
    return None
