"""What happens in the simulated world: sales, changes of events, and people at the desk."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

import attrs

from ..bridge.model.facts import TypeFacts
from ..bridge.model.rules import Rules
from ..sandbox import Sandbox
from ..sandbox.boxoffice import Event
from ..sandbox.desk import Inbox, Ticket, User
from .stage import Stage


@attrs.frozen
class Edit:
    """What a person has done to a ticket."""

    ticket: str
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

    ``ever`` are the conditions, by kind and subject, that were true at some time; ``edits`` what
    people have done to tickets, in order; ``removals`` the ticket types that are to be removed.
    """

    def __init__(self, seed: object, stage: Stage, sandbox: Sandbox, rules: Rules) -> None:
        self.dice = random.Random(f"town/{seed}")  # noqa: S311 - it must repeat itself
        self.stage, self.sandbox, self.rules = stage, sandbox, rules
        self.ever: set[tuple[str, str]] = set()
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
            name = address.options["inbox_id"]
            inbox = desk.inbox(name)
            senders = {address.options.get("from_address", "support@example.com").lower()}
            if inbox is not None:
                desk.inboxes.remove(inbox)
                senders |= set(inbox.addresses)
            desk.inboxes.append(Inbox(name, name, tuple(sorted(senders))))

    # -- the box office ---------------------------------------------------------------------------

    def sell(self) -> None:
        """Let something happen at the box office."""
        events = [e for e in self.sandbox.boxoffice.events if e.status in _ALIVE]
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
        elif what == "run low" and kind.available > 3:
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
        """Note what is true now."""
        for event in self.sandbox.boxoffice.events:
            self.ever.update(holding(event, self.rules))

    # -- the desk ---------------------------------------------------------------------------------

    def work(self) -> None:
        """A person changes a ticket of the bridge, or opens another."""
        if self.dice.random() < 0.25:
            desk = self.sandbox.desk
            inbox = self.rules.default.options["inbox_id"]
            desk.create_ticket("Where do I park?", "guest@example.com", inbox, "By car.")
            self.happened["ticket: of somebody else"] += 1
            return
        tickets = [t for t in self.sandbox.desk.tickets if "[wc-" in t.subject]
        if not tickets:
            return
        ticket = self.dice.choice(tickets)
        what = self.dice.choice(_WORK)
        desk = self.sandbox.desk
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
        self.happened[f"ticket: {what}"] += 1
        self.edits.append(Edit(ticket.id, what, value, self.stage.elapsed))


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
_WORK = ("tag", "untag", "assign", "assign", "resolve", "pending", "reply", "delete")


def holding(event: Event, rules: Rules) -> set[tuple[str, str]]:
    """The conditions that hold for an event, in truth."""
    found: set[tuple[str, str]] = set()
    if event.status == "CANCELLED":
        found.add(("event.cancelled", event.id))
    if event.status == "SOLD_OUT" or (event.status == "PUBLISHED" and event.sold_out):
        found.add(("event.sold_out", event.id))
    for kind in event.ticket_types:
        subject = f"{event.id}/{kind.id}"
        if kind.available == 0:
            found.add(("ticket_type.sold_out", subject))
        facts = TypeFacts(
            id=kind.id, name=kind.name, quantity=kind.quantity, available=kind.available
        )
        if rules.runs_low(facts):
            found.add(("ticket_type.low_stock", subject))
    return found


def is_open(ticket: Ticket) -> bool:
    """Whether anybody still has to do with it."""
    return ticket.status != "resolved"
