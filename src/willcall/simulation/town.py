"""What happens in the simulated world: sales, changes of events, and people at the desk."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

import attrs

from ..bridge.model.markers import read_subject
from ..bridge.model.rules import Rules
from ..sandbox import Sandbox
from ..sandbox.desk import CLOSED, Inbox, Ticket, User
from ..sandbox.events import UNLIMITED, Event
from . import desks
from .habits import HABITS, Deed, DrawnWorld, drawn
from .stage import Stage
from .truth import CANCELLED, SOLD_OUT, Name, Times, conditions, news, turns_between


@attrs.frozen
class Edit:
    """What a person has done to a ticket."""

    ticket: str
    marker: str
    what: str
    value: str
    at: float


@attrs.frozen
class Removal:
    """A ticket type that is to be removed once its time has come, as a configuration has it."""

    event: str
    ticket_type: str
    after: datetime

    @property
    def name(self) -> str:
        """By which the ledger knows it."""
        return f"{self.event}/{self.ticket_type}"


class Town:
    """The box office, the desk, and everybody who does something there.

    ``may`` are the conditions that a ticket may state, ``must`` those that one must state, ``ever``
    those that were true at some time. ``edits`` is what people have done to tickets, in order,
    ``removals`` are the ticket types that are to be removed. ``habits`` are names in
    ``habits.HABITS`` and ``desks.HABITS`` of which the seed draws some, or ``("all",)``; ``deeds``
    is what happens because of those drawn. ``desk_habits`` are the drawn habits of the desk.
    """

    def __init__(
        self,
        seed: object,
        stage: Stage,
        sandbox: Sandbox,
        rules: Rules,
        habits: Sequence[str] = (),
    ) -> None:
        self.dice = random.Random(f"town/{seed}")  # noqa: S311 - it must repeat itself
        self.stage, self.sandbox, self.rules = stage, sandbox, rules
        self.ever: set[Name] = set()
        self.may, self.must = Times(), Times()
        self.edits: list[Edit] = []
        self.happened: Counter[str] = Counter()
        self._number = 0
        for number in range(self.dice.randint(2, 4)):
            types = [
                {"name": name, "price": 2500, "quantity": 60, "sold": 20}
                for name in ("Floor", "Balcony")[: self.dice.randint(1, 2)]
            ]
            sandbox.boxoffice.create(
                f"Night {number + 1}",
                stage.now() + timedelta(days=20 + number),
                ticket_types=types,
                status="PUBLISHED",
                venue_name="The Lantern Room",
            )
        self.removals = tuple(self._scheduled(random.Random(f"removals/{seed}")))  # noqa: S311
        self.world = DrawnWorld(random.Random(f"habits/{seed}"), stage, sandbox)  # noqa: S311
        self.deeds: list[Deed] = []
        self.habits = drawn(self.world.dice, habits)
        for name in self.habits:
            self.deeds += HABITS[name](self.world)
            self.happened[f"habit: {name}"] += 1
        self._desk_dice = random.Random(f"desk/{seed}")  # noqa: S311 - it must repeat itself
        self.desk_habits = desks.take_up(self._desk_dice, sandbox, habits)
        for name in self.desk_habits:
            self.happened[f"habit: {name}"] += 1
        if "other-workspace" in self.desk_habits:
            self.deeds.append(self._elsewhere)

    def _scheduled(self, dice: random.Random) -> Iterator[Removal]:
        """In two thirds of the seeds the early birds of some events are to go: what was sold of
        them stands in the way, until it is refunded. Some are misspelt."""
        if dice.random() < 0.33:
            return
        office = self.sandbox.boxoffice
        for event in dice.sample(office.events, dice.randint(1, 2)):
            office.add_ticket_type(event.id, name="Early Bird", price=900, quantity=12)
            if dice.random() < 0.4:
                office.sell(event.id, "Early Bird", 2)
                if dice.random() < 0.6:
                    self.stage.after(dice.uniform(60, 150), partial(self._refund, event.id))
            after = self.stage.now() + timedelta(seconds=dice.uniform(31, 300))
            yield Removal(event.id, "Early Bird" if dice.random() < 0.9 else "Erly Bird", after)

    def _refund(self, event: str) -> None:
        kinds = [kind for kind in self.sandbox.boxoffice.event(event).ticket_types if kind.sold]
        for kind in kinds:
            if kind.name == "Early Bird":
                self.sandbox.boxoffice.refund(event, kind.id, kind.sold)
                self.note()

    def furnish(self, rules: Rules) -> None:
        """Give the desk the inboxes and the people that rules speak of."""
        desk = self.sandbox.desk
        wanted = {rule.assignee_id for rule in rules.rules if rule.assignee_id is not None}
        for name in sorted(wanted - {user.id for user in desk.users}):
            desk.users.append(User(name, name, f"{name}@example.com"))
        for address in (rules.default, *(rule.address for rule in rules.rules)):
            name = address.options.get("inbox_id", desk.inboxes[0].id)
            inbox = desk.inbox(name)
            senders = {address.options.get("from_address", "support@example.com").lower()}
            if inbox is not None:
                desk.inboxes.remove(inbox)
                senders |= set(inbox.addresses)
            desk.inboxes.append(Inbox(name, name, tuple(sorted(senders))))

    # -- the box office ---------------------------------------------------------------------------

    def sell(self) -> None:
        """Let something happen at the box office."""
        apart = self.world.flapping
        events = [
            e for e in self.sandbox.boxoffice.events if e.status in _ALIVE and e.id not in apart
        ]
        if not events:
            return
        what = self.dice.choice(_DEEDS)
        event = self.dice.choice(events)
        kind = self.dice.choice(event.ticket_types)
        office = self.sandbox.boxoffice
        if what == "sell out":
            office.sell_out(event.id)
        elif what == "sell out a type":
            office.sell_out(event.id, kind.id)
        elif what == "restock":
            office.restock(event.id, kind.id, 30)
        elif what == "run low" and 3 < kind.available < UNLIMITED:
            office.sell(event.id, kind.id, kind.available - 3)
        elif what == "cancel":
            office.cancel(event.id)
        elif what == "publish":
            office.publish(event.id)
        elif what == "reschedule":
            office.reschedule(event.id, days=1)
            self.ever.add(("event.rescheduled", event.id))
        elif what == "move":
            office.move(event.id, f"Hall {self.dice.randint(1, 9)}")
            self.ever.add(("event.moved", event.id))
        self.happened[what] += 1
        self.note()

    def note(self) -> None:
        """Note what is true now.

        What goes by the time is told by the machine's clock, so both its time and the true one
        count.
        """
        may: set[Name] = set()
        must: set[Name] = set()
        was, now, wall = self.may.now(), self.stage.now(), self.stage.wall()
        for event in self.sandbox.boxoffice.events:
            settings = self.sandbox.settings.of(event.id)
            may |= conditions(event, self.rules, settings, now, was)
            shown = self._shown(event, news(event, self.rules, settings, now))
            if wall != now:
                may |= conditions(event, self.rules, settings, wall, was, shown_at=now)
                shown &= news(event, self.rules, settings, wall)
                if turns_between(event, wall, now):
                    # What a clock has seen begin or end before it was set back stays so.
                    shown = {name for name in shown if name[0] == CANCELLED}
            must |= shown
        self.ever |= may
        self.may.note(may, self.stage.elapsed)
        self.must.note(must, self.stage.elapsed)

    def do(self, deed: Deed) -> None:
        """Let something happen because of a habit, and note what is true now and next."""
        before = {event.id: event.starts_at for event in self.sandbox.boxoffice.events}
        deed()
        for event in self.sandbox.boxoffice.events:
            odd = event.id in self.world.odd  # it may be shown with another date
            if odd or before.get(event.id, event.starts_at) != event.starts_at:
                self.ever.add(("event.rescheduled", event.id))
        self.note()
        change = self.sandbox.boxoffice.next_change()
        if change is not None:
            self.stage.after((change - self.stage.now()).total_seconds(), self.note)

    def _shown(self, event: Event, news: set[Name]) -> set[Name]:
        """The news that the box office lets anybody know."""
        if event.id in self.world.odd:
            return set()
        if event.id not in self.world.untold:
            return news
        shown = {"CANCELLED": CANCELLED, "SOLD_OUT": SOLD_OUT}.get(event.status)
        return {name for name in news if name[0] == shown}

    # -- the desk ---------------------------------------------------------------------------------

    def _elsewhere(self) -> None:
        """For a while the key is that of another workspace."""
        before = self.sandbox.faults.all()
        desks.elsewhere(self.sandbox)
        added = [fault for fault in self.sandbox.faults.all() if fault not in before]

        def back() -> None:
            for fault in added:
                if fault in self.sandbox.faults.all():
                    self.sandbox.faults.remove(fault)

        self.stage.after(self._desk_dice.choice((30.0, 90.0, 200.0)), back)

    def work(self) -> None:
        """A person changes a ticket of the bridge, or opens another."""
        if self.dice.random() < 0.25:
            desk = self.sandbox.desk
            inbox = self.rules.default.options.get("inbox_id")
            desk.create_ticket("Where do I park?", "guest@example.com", inbox, "By car.")
            self.happened["ticket: of somebody else"] += 1
            return
        tickets = [t for t in self.sandbox.desk.tickets if "[wc-" in t.subject]
        if not tickets:
            return
        ticket = self.dice.choice(tickets)
        what = self.dice.choice(_WORK)
        desk = self.sandbox.desk
        if self.desk_habits and self._desk_dice.random() < 0.5:
            what = self._desk_dice.choice(_WORK_OF_2026)
        if ticket.status == CLOSED and what in _NOT_WHEN_CLOSED:
            return
        self._number += 1
        value = ""
        if what == "tag":
            value = f"vip-{self._number}"
            desk.tag(ticket.id, value)
        elif what == "untag":
            if "willcall" not in ticket.tags:
                return
            value = "willcall"
            desk.untag(ticket.id, value)
        elif what == "assign":
            value = self.dice.choice(desk.users).id
            desk.assign(ticket.id, value)
        elif what == "resolve":
            desk.resolve(ticket.id)
        elif what == "pending":
            desk.update_ticket(ticket.id, status="pending")
        elif what == "reply":
            desk.reply(ticket.id, "Thank you!")
        elif what == "delete":
            desk.delete(ticket.id)
        elif what in {"answer", "note"}:
            getattr(desk, what)(ticket.id, "We are on it.")
        elif what == "close":
            desk.close(ticket.id)
        elif what == "merge":
            others = [other for other in tickets if other.status != CLOSED and other is not ticket]
            if not others:
                return
            value = self._desk_dice.choice(others).id
            desk.merge(ticket.id, value)
        elif what == "snooze":
            seconds = self._desk_dice.choice((20.0, 90.0, 400.0))
            desk.snooze(ticket.id, seconds)
            self.world.restless(seconds)
        self.happened[f"ticket: {what}"] += 1
        marker = read_subject(ticket.subject) or ""
        self.edits.append(Edit(ticket.id, marker, what, value, self.stage.elapsed))


_ALIVE = ("PUBLISHED", "SOLD_OUT", "CANCELLED")
_DEEDS = (
    "sell out",
    "sell out",
    "sell out a type",
    "restock",
    "restock",
    "run low",
    "cancel",
    "publish",
    "reschedule",
    "move",
)
_WORK_OF_2026 = ("answer", "note", "close", "merge", "snooze", "reply", "resolve")
_NOT_WHEN_CLOSED = {"resolve", "pending", "reply", "answer", "note", "merge", "snooze"}
_WORK = ("tag", "untag", "assign", "assign", "resolve", "pending", "reply", "delete")


def is_open(ticket: Ticket) -> bool:
    """Whether anybody still has to do with it."""
    return ticket.status not in {"resolved", CLOSED}
