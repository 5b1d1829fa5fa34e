"""How many requests may leave, and when: a rolling window, so that we never cause a 429.

The provider counts requests when they arrive, and we do not know how long a request travels. So a
request keeps its place in our window until its answer has come, at which time it has surely
arrived, and then for the window's whole length. The provider then never counts more requests within
a window than we let pass, however the network jitters. The price is the round trip: of 60 a minute,
at 0.1 s a trip, 59.8 leave.

A small part of the window is reserved for writes, so that a sweep never makes a delivery wait for a
whole minute, and a small part for reads, so that a flood of writes never stops polling.

Why not pyrate-limiter, which has rolling windows and buckets in SQLite and PostgreSQL too: it
counts when a place is taken, not when the answer proves the arrival; it sleeps by itself, so that
it could neither be simulated nor serve blocking and awaited callers from the same definition; and
it does not distinguish reads from writes, nor know of a 429 that another program caused.
"""

from __future__ import annotations

import math
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from itertools import islice
from typing import Any, Protocol, TypeVar

import attrs
import orjson

from ..errors import InputError
from .flow import Flow, do, now

T = TypeVar("T")

# Seconds: clocks that count in milliseconds round, and timers may fire early.
_MARGIN = 0.05
# Seconds: no 429 closes the window for longer than this.
_LONGEST_CLOSED = 3600.0
# Seconds: a caller that has not come so long after the moment it was promised is passed over.
_PATIENCE = 1.0


@attrs.frozen
class Quota:
    """At most ``requests`` in any ``seconds``."""

    requests: int
    seconds: float = 60.0

    def __attrs_post_init__(self) -> None:
        if self.requests < 1 or self.seconds <= 0:
            raise InputError("quota", f"{self!r} lets nothing pass", "both numbers are above 0")

    def reads(self, share: float = 1.0) -> int:
        """How many requests of a share of it may be reads; the rest is reserved for writes."""
        limit = max(1, int(self.requests * share))
        return limit - limit // 25

    def rate(self, share: float = 1.0, trip: float = 0.0) -> float:
        """How many reads a second fit into a share of it, evenly spread, so that none has to wait.

        Args:
            share: the part of it to use.
            trip: how long a request takes, in seconds: its place is taken that much longer.
        """
        return self.reads(share) / (self.seconds + _MARGIN + trip)


Step = Callable[[str | None, float | None], tuple[str, T]]
"""What changes a stored text: see :meth:`QuotaStore.change`."""


class QuotaStore(Protocol):
    """Where a window is kept that several processes share: a text under each name.

    A store does not read the text; it only has to change it atomically.
    """

    def change(self, name: str, step: Step[T]) -> T:
        """In a serializable transaction: call ``step`` with the text under ``name`` (None if there
        is none yet), keep the text it returns, and return its answer.

        The second argument of ``step`` is the time of the store's own clock, in seconds since 1970,
        or None if it has no clock. A store on a server has a clock, so that machines whose clocks
        differ count alike. ``step`` has no effects, so it may be called again after a conflict.
        """
        ...  # pragma: no cover - a protocol has no body


@attrs.frozen
class Wait:
    """How long to wait before asking again, in seconds; 0: send now.

    ``closed`` says that the provider itself refused a request, rather than our own counting;
    ``place`` is the place in the queue of a stored window that was taken meanwhile.
    """

    seconds: float
    closed: bool = False
    slot: int | None = None
    place: int | None = None


@attrs.define
class Window:
    """What is taken of a quota, as plain data: moments in seconds of the clock that is used.

    ``slots`` maps a number to the moment at which that place is free again and whether a write has
    it, in the order in which they become free: taking, settling and freeing a place cost the same
    however many there are. ``closed`` is the moment until which the provider asked us to wait, and
    ``since`` the moment at which it asked. ``queue`` maps the places of those who wait, in other
    processes too, to the moment that each was promised and whether it is for a write.
    """

    slots: OrderedDict[int, tuple[float, bool]] = attrs.field(factory=OrderedDict)
    closed: float = 0.0
    count: int = 0
    since: float = 0.0
    queue: dict[int, tuple[float, bool]] = attrs.field(factory=dict)
    _reads: int = attrs.field(default=0, init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._sort(math.inf)

    def _sort(self, latest: float) -> None:
        """Put the slots in the order in which they become free, none of them after ``latest``."""
        slots = (
            (number, (min(free, latest), write)) for number, (free, write) in self.slots.items()
        )
        self.slots = OrderedDict(sorted(slots, key=lambda slot: slot[1][0]))
        self._reads = sum(not write for _, write in self.slots.values())

    @classmethod
    def load(cls, text: str | None) -> Window:
        """The window that :meth:`dump` wrote; an empty window if the text cannot be read."""
        try:
            body = orjson.loads(text or "")
            slots, queue = (
                {int(n): (float(moment), bool(write)) for n, moment, write in rows}
                for rows in (body["slots"], body.get("queue", ()))
            )
            since = float(body.get("since", 0.0))
            return cls(OrderedDict(slots), float(body["closed"]), int(body["count"]), since, queue)
        except (ValueError, TypeError, KeyError):
            return cls()

    def dump(self) -> str:
        """The window as text."""
        slots, queue = (
            [[number, moment, write] for number, (moment, write) in places.items()]
            for places in (self.slots, self.queue)
        )
        rest = {"closed": self.closed, "count": self.count, "since": self.since, "queue": queue}
        return orjson.dumps({"slots": slots, **rest}).decode()

    def tidy(self, quota: Quota, moment: float) -> None:
        """Free what is over. A wall clock that was set back must not block all requests."""
        latest = moment + quota.seconds + _MARGIN
        if self.slots and self._last() > latest:
            self._sort(latest)
        while self.slots:
            number, (free, write) = next(iter(self.slots.items()))
            if free > moment:
                break
            del self.slots[number]
            self._reads -= not write
        if self.since > moment + _MARGIN:
            self.closed = moment
        self.closed = min(self.closed, moment + _LONGEST_CLOSED)

    def _last(self) -> float:
        """When the last of the slots becomes free."""
        return self.slots[next(reversed(self.slots))][0]

    def wait(
        self, quota: Quota, moment: float, *, write: bool, share: float = 1.0, ahead: int = 0
    ) -> Wait:
        """How long :meth:`take` would have to wait now; takes no place."""
        self.tidy(quota, moment)
        if self.closed > moment:
            return Wait(self.closed - moment, closed=True)
        limit = max(1, int(quota.requests * share))
        if not write and self._reads >= limit // 10:
            limit = quota.reads(share)
        over = len(self.slots) + ahead - limit
        if over < 0:
            return Wait(0.0)
        later = next(islice(self.slots.values(), over, None), None)
        return Wait(quota.seconds if later is None else later[0] - moment)

    def take(
        self, quota: Quota, moment: float, *, write: bool, share: float = 1.0, ahead: int = 0
    ) -> Wait:
        """Take a place now, or say how long to wait; ``ahead`` callers go first."""
        wait = self.wait(quota, moment, write=write, share=share, ahead=ahead)
        if wait.seconds > 0:
            return wait
        self.count += 1
        self.slots[self.count] = moment + quota.seconds + _MARGIN, write
        self._reads += not write
        return Wait(0.0, slot=self.count)

    def queued(
        self,
        quota: Quota,
        moment: float,
        *,
        write: bool,
        share: float = 1.0,
        place: int | None = None,
        most: float = math.inf,
    ) -> Wait:
        """As :meth:`take`, for several processes: first come, first served.

        Args:
            quota: how much may pass.
            moment: when it is.
            write: whether it is for a write; readers and writers do not wait for each other.
            share: the part of the quota that may be used.
            place: its place in the queue, if it has one.
            most: how many seconds it can wait; if that is too short, it takes no place.
        """
        # A caller that did not come at the moment it was promised is not waited for.
        least, latest = moment - _PATIENCE, moment + quota.seconds + _MARGIN
        self.queue = {n: it for n, it in self.queue.items() if least <= it[0] <= latest}
        ahead = sum(
            is_write == write and (place is None or number < place)
            for number, (_, is_write) in self.queue.items()
        )
        wait = self.take(quota, moment, write=write, share=share, ahead=ahead)
        if place is not None:
            self.queue.pop(place, None)
        if wait.slot is not None or wait.seconds >= most or (wait.closed and place is None):
            return wait
        if place is None:
            self.count = place = self.count + 1
        self.queue[place] = moment + wait.seconds, write
        return attrs.evolve(wait, place=place)

    def settle(self, quota: Quota, moment: float, slot: int, *, write: bool = False) -> None:
        """The answer has come: the place stays taken for a whole window from now on; also one that
        was free again, since its process was stopped before it sent."""
        if slot not in self.slots and 0 < slot <= self.count:
            self.slots[slot] = moment, write
            self.slots.move_to_end(slot, last=False)
            self._reads += not write
        if slot in self.slots:
            free, last = moment + quota.seconds + _MARGIN, self._last()
            if last - _MARGIN <= free < last:
                free = last  # threads come in another order than their clocks say
            self.slots[slot] = free, self.slots[slot][1]
            self.slots.move_to_end(slot)
            if free < last:  # the clock was set back
                self._sort(math.inf)

    def close(self, moment: float, seconds: float) -> None:
        """The provider refused: nothing is sent for so many seconds."""
        # A moment from before the clock was set back would block all requests for as long.
        before = self.closed if self.since <= moment + _MARGIN else 0.0
        self.closed = max(before, moment + min(seconds, _LONGEST_CLOSED) + _MARGIN)
        self.since = moment


class Pace:
    """Says when requests may leave. Safe to share between threads and event loops.

    In memory the moments are monotonic seconds that the caller gives; this class reads no clock. A
    forked child starts with a copy, so parent and child count apart; with a store they do not.

    Args:
        quota: how much may pass.
        store: where the window is kept, to share it with other processes; else it is in memory.
            With a store, its own clock counts, or this machine's wall clock if it has none, and
            every request costs two short transactions.
        name: what it is kept under: a name per key (TicketSmart) or workspace (Ticket0).

    Raises:
        InputError: a store without a name.
    """

    def __init__(self, quota: Quota, *, store: QuotaStore | None = None, name: str = "") -> None:
        if store is not None and not name:
            raise InputError("name", "a stored quota needs a name", "one name per key or workspace")
        self.quota, self.store, self.name = quota, store, name
        self._window = Window()
        self._queue: dict[Turn, float] = {}
        self._lock = threading.Lock()
        self._pid = os.getpid()

    def wait(self, now: float) -> float:
        """How many seconds a read that is made now would wait; takes no place. In memory only."""
        with self._locked():
            return self._window.wait(self.quota, now, write=False).seconds

    def idle(self, now: float) -> bool:
        """Whether no earlier request counts any more."""
        with self._locked():
            self._window.tidy(self.quota, now)
            return not self._window.slots and self._window.closed <= now

    def turn(self, *, write: bool, share: float = 1.0) -> Turn:
        """A place in the queue for one request."""
        return Turn(self, write=write, share=share)

    def _locked(self) -> threading.Lock:
        if self._pid != os.getpid():
            # A thread of the parent may have held the lock at the moment of the fork.
            self._lock, self._pid = threading.Lock(), os.getpid()
            self._queue.clear()
        return self._lock


class Turn:
    """A request's place in the queue: ask until it may be sent, then settle it."""

    def __init__(self, pace: Pace, *, write: bool, share: float) -> None:
        self._pace, self._write, self._share = pace, write, share
        self._slot: int | None = None
        self._place: int | None = None

    def ask(self, moment: float, most: float = math.inf) -> Flow[Wait]:
        """Whether the request may be sent now (0 seconds), else after how long to ask again.

        ``most`` is how many seconds the caller can wait; if it is longer, it will not ask again.
        """
        pace = self._pace
        if pace.store is None:
            return self._ask(moment)

        def step(window: Window, at: float) -> Wait:
            return window.queued(
                pace.quota, at, write=self._write, share=self._share, place=self._place, most=most
            )

        wait: Wait = yield from self._change("quota: take", step)
        self._slot, self._place = wait.slot, wait.place
        return wait

    def settle(self, moment: float) -> Flow[None]:
        """Its answer has come, or will never come."""
        pace, slot = self._pace, self._slot
        if slot is None:
            return
        if pace.store is None:
            with pace._locked():
                pace._window.settle(pace.quota, moment, slot, write=self._write)
            return
        yield from self._change(
            "quota: settle", lambda w, at: w.settle(pace.quota, at, slot, write=self._write)
        )

    def refused(self, moment: float, seconds: float) -> Flow[None]:
        """The provider answered with a 429: another program uses the same quota."""
        pace = self._pace
        if pace.store is None:
            with pace._locked():
                pace._window.close(moment, seconds)
            return
        yield from self._change("quota: close", lambda w, at: w.close(at, seconds))

    def leave(self) -> None:
        """Give up a place in the queue. (A place in a stored queue expires a second after the
        moment it was promised.) A place in the window stays taken."""
        if self in self._pace._queue:
            with self._pace._locked():
                self._pace._queue.pop(self, None)

    def _ask(self, moment: float) -> Wait:
        pace = self._pace
        with pace._locked():
            ahead = 0
            for other, promised in pace._queue.items():
                if other is self:
                    break
                ahead += other._write == self._write and promised + _PATIENCE >= moment
            wait = pace._window.take(
                pace.quota, moment, write=self._write, share=self._share, ahead=ahead
            )
            self._slot = wait.slot
            if wait.slot is None:
                pace._queue[self] = moment + wait.seconds
            else:
                pace._queue.pop(self, None)
            return wait

    def _change(self, name: str, work: Callable[[Window, float], T]) -> Flow[T]:
        """Change the stored window in a transaction."""
        pace, at = self._pace, (yield from now()).timestamp()
        store: Any = pace.store

        def step(text: str | None, theirs: float | None) -> tuple[str, T]:
            window = Window.load(text)
            answer = work(window, at if theirs is None else theirs)
            return window.dump(), answer

        answer: T = yield from do(name, lambda: store.change(pace.name, step))
        return answer
