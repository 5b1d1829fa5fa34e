"""Somebody on another machine uses the same key: not on our ledger, so that only refusals tell.

Virtual time, as in ``hour.py``, and an event that gets hot every hundred seconds. Who it is:
*steady*, one request every two seconds; *bursts*, thirty at once at every full minute, each until
it is answered; *a watch*, a second willcall with a ledger of its own; *strays*, one refusal from
nowhere every quarter of an hour; *nowhere*, every second request refused, whoever makes it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import attrs
from scaled import quantile

from support.virtual_watch import VirtualWatch
from willcall.bridge.ledger import MemoryLedger
from willcall.bridge.polling import rate as controller
from willcall.bridge.watching.watch import Watch
from willcall.client.flow import Effect, Flow, Send, sleep, tick, watched
from willcall.client.provider import open_account
from willcall.errors import RateLimitError
from willcall.simulation.network import BASE
from willcall.simulation.stage import START
from willcall.ticketsmart.api import PROVIDER, FlowTicketSmart
from willcall.ticketsmart.box_office import ADAPTER

WARM = 600.0
HOT = 100.0
"""Seconds from one event that gets hot to the next."""
LATE = 1800.0
EVERY = 2.0
BURST = 30
STRAY = 900.0
WHO = ("nobody", "steady", "bursts", "a watch", "strays", "nowhere")


@attrs.define
class Other:
    """What somebody with the same key wanted, got, and was refused."""

    wanted: int = 0
    got: int = 0
    refused: int = 0


@attrs.frozen
class Shared:
    """How an hour with somebody else went, a minute or an hour each as it says.

    ``unseen`` is the longest that an event was not polled, and ``stated`` the longest that the
    watch had said it could be; in seconds, as ``took``, from a sale to its ticket.
    """

    ours: float
    theirs: float
    wanted: float
    refused: float
    they_were: float
    took: tuple[float, ...]
    unseen: float
    stated: float

    def __str__(self) -> str:
        late = sum(one >= LATE for one in self.took)
        mean = sum(self.took) / len(self.took) if self.took else 0.0
        return (
            f"we made {self.ours:.1f} requests a minute and were refused {self.refused:.0f} times "
            f"an hour; they got {self.theirs:.1f} of {self.wanted:.1f} a minute and were refused "
            f"{self.they_were:.0f} times; {len(self.took)} sudden sell-outs: mean {mean:.0f} s, "
            f"p50 {quantile(self.took, 0.5):.0f} s, p95 {quantile(self.took, 0.95):.0f} s"
            + (f", {late} not within {LATE:.0f} s" if late else "")
            + f"; longest unseen {self.unseen:.0f} s of {self.stated:.0f} s stated"
        )


def shared(
    who: str,
    hours: float,
    events: int = 200,
    seed: int = 6,
    *,
    giving_way: bool = True,
    warm: float = WARM,
) -> Shared:
    """Play it, after ``warm`` seconds; without ``giving_way``: as if refusals told nothing."""
    with _kept(controller.KEPT if giving_way else 1.0):
        virtual = VirtualWatch(
            events, shared=True, switches={"ticket_types_in_rows": False, "auto_sold_out": False}
        )
        virtual.run()
        virtual.begin()
        virtual.pass_time(warm)
        virtual.sandbox.forget_requests()
        begins = virtual.stage.elapsed
        ends, other = begins + 3600.0 * hours, Other()
        _begin(who, virtual, other, ends)
        sold = _hot(virtual, random.Random(seed), ends - LATE)
        stated: list[float] = []
        while virtual.stage.elapsed < ends:
            virtual.pass_time(60.0)
            run = virtual.ledger.office("main-room").last_run
            stated.append(0.0 if run is None else run.summary["longest_unseen"] or 0.0)
        took = tuple(sorted(_took(virtual, *one) for one in sold))
        asked = [
            request for request in virtual.sandbox.requests if request.service == "ticketsmart"
        ]
        answered = sum(one.status == 200 for one in asked)
        refused = len(asked) - answered - other.refused
        unseen = _unseen(asked, {str(event.id) for event in virtual.box_office.events})
        virtual.leave()
    minutes = 60.0 * hours
    return Shared(
        ours=(answered - other.got) / minutes,
        theirs=other.got / minutes,
        wanted=other.wanted / minutes,
        refused=refused / hours,
        they_were=other.refused / hours,
        took=took,
        unseen=unseen,
        stated=max(stated),
    )


@contextmanager
def _kept(part: float) -> Iterator[None]:
    before, controller.KEPT = controller.KEPT, part
    try:
        yield
    finally:
        controller.KEPT = before


def _unseen(asked: list[Any], events: set[str]) -> float:
    """The longest that an event was not polled, by whoever answers."""
    polls: dict[str, list[float]] = {}
    for one in asked:
        name = one.path.rsplit("/", 1)[-1]
        if name in events and one.status == 200:
            polls.setdefault(name, []).append(one.time.timestamp())
    return max(b - a for times in polls.values() for a, b in pairwise(times))


# -- what sells ---------------------------------------------------------------------------------


def _hot(virtual: VirtualWatch, dice: random.Random, ends: float) -> list[tuple[Any, Any, float]]:
    """From now on one event after another gets hot; what has sold out, and when."""
    sold: list[tuple[Any, Any, float]] = []
    events = virtual.on_sale()
    dice.shuffle(events)
    fit = (
        (event, kind)
        for event in events[1:]  # the first is the one that others ask for
        if (
            kind := next(
                (ticket_type for ticket_type in event.ticket_types if ticket_type.available >= 40),
                None,
            )
        )
    )

    def begin() -> None:
        chosen = next(fit, None)
        if chosen is not None and virtual.stage.elapsed < ends:
            pause = dice.uniform(2.0, 6.0)
            order(*chosen, pause)
            virtual.stage.after(HOT, begin)

    def order(event: Any, kind: Any, pause: float) -> None:
        virtual.box_office.sell(event.id, kind.id, min(dice.randint(1, 4), kind.available))
        if kind.available:
            virtual.stage.after(dice.expovariate(1 / pause), lambda: order(event, kind, pause))
        else:
            sold.append((event, kind, virtual.stage.elapsed))

    begin()
    return sold


def _took(virtual: VirtualWatch, event: Any, kind: Any, sold_at: float) -> float:
    begins = (f"{kind.name} sold out: {event.title}, ", f"Sold out: {event.title}, ")
    for ticket in virtual.desk.tickets:
        if ticket.subject.startswith(begins):
            return float((ticket.created_at - START).total_seconds() - sold_at)
    return LATE


# -- who else uses the key ------------------------------------------------------------------------


def _client(virtual: VirtualWatch) -> FlowTicketSmart:
    """One that knows nothing of our ledger, and does not count."""
    url = f"http://localhost{BASE['ticketsmart']}"
    account = open_account(PROVIDER, virtual.keys["ticketsmart"], url)
    return FlowTicketSmart(attrs.evolve(account, pace=None)).with_options(tries=1)


def _asking(
    virtual: VirtualWatch, other: Other, count: int, every: float, ends: float
) -> Flow[None]:
    """So many requests every so many seconds; who is refused waits for as long as he is told, and
    asks again as long as it is worth it."""
    api, due = _client(virtual), (yield from tick())
    event = str(virtual.on_sale()[0].id)
    while due < ends:
        yield from sleep(max(0.0, due - (yield from tick())))
        due += every
        other.wanted += count
        left = count
        while left and (yield from tick()) < due:
            try:
                yield from api.events.get(event)
            except RateLimitError as error:
                other.refused += 1
                yield from sleep(error.retry_after or 1.0)
            else:
                other.got += 1
                left -= 1


def _watching(virtual: VirtualWatch, other: Other) -> Flow[Any]:
    """A second watch, which only polls; its requests are counted as it leaves them."""
    url = f"http://localhost{BASE['ticketsmart']}"
    box_office = ADAPTER.open(open_account(PROVIDER, virtual.keys["ticketsmart"], url), {})
    second = Watch(virtual.job(ledger=MemoryLedger(), box_office=box_office), lambda _: None)
    second.delivered = True
    return watched(second.observing(), _Counting(other))


@attrs.define
class _Counting:
    """Looks on at a flow."""

    other: Other

    def begins(self, effect: Effect) -> None:
        self.other.wanted += isinstance(effect, Send)

    def ended(self, effect: Effect, answer: Any) -> None:
        if isinstance(effect, Send):
            self.other.got += getattr(answer, "status", None) == 200
            self.other.refused += getattr(answer, "status", None) == 429


def _begin(who: str, virtual: VirtualWatch, other: Other, ends: float) -> None:
    if who == "steady":
        virtual.start("other", _asking(virtual, other, 1, EVERY, ends))
    elif who == "bursts":
        virtual.start("other", _asking(virtual, other, BURST, 60.0, ends))
    elif who == "a watch":
        virtual.start("other", _watching(virtual, other))
    elif who == "strays":
        for number in range(int((ends - virtual.stage.elapsed) // STRAY)):
            virtual.stage.after(STRAY * number + 60.0, lambda: _refusing(virtual, count=1))
    elif who == "nowhere":
        _refusing(virtual, probability=0.5)


def _refusing(virtual: VirtualWatch, **more: Any) -> None:
    virtual.sandbox.faults.add(
        "status", service="ticketsmart", status=429, headers={"Retry-After": "3"}, **more
    )
