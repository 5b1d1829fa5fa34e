"""Which rule takes which change, and when. Pure: a rule is a value, and time is an argument.

Rules are tried in order; the first that takes a condition decides, unless it says ``continue``.
What a rule may ask besides the kind of change is in ``predicates.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

import attrs

from .address import Address
from .changes import SERVICE, Change
from .facts import Admission, EventFacts, LowStock, TypeFacts
from .kinds import KINDS, Severity
from .kinds.ticket_types import LOW_STOCK
from .predicates import Predicates, Situation
from .sale import Include, needs

BUILT_IN = "built-in"

STORM_KNOWN = timedelta(days=1)
"""How long a digest is remembered. Cases that are held later go into the next digest."""


KNOWN_BEFORE = "it held before: at the baseline, or when a sell-out was over"
"""Why nothing is announced of a condition that was known before it could be news."""


class GroupBy(StrEnum):
    """What shares a ticket."""

    EVENT = "event"
    BOX_OFFICE = "box_office"
    DAY = "day"
    NONE = "none"


class OnClear(StrEnum):
    """What is done with a ticket when its condition clears."""

    RESOLVE = "resolve"  # write to the customer, and resolve it; where people talk, only a note
    RESOLVE_ALWAYS = "resolve_always"  # the same, even where people talk in it
    MESSAGE = "message"  # write to the customer
    NOTE = "note"  # write an internal note
    NOTHING = "nothing"

    @property
    def resolves(self) -> bool:
        """Whether the ticket is resolved."""
        return self in {OnClear.RESOLVE, OnClear.RESOLVE_ALWAYS}


@attrs.frozen
class QuietHours:
    """A time of day in which a rule sends nothing. It may cross midnight."""

    start: time
    end: time
    timezone: ZoneInfo

    def until(self, now: datetime) -> datetime | None:
        """When the quiet hours end that it is in, or None."""
        here = now.astimezone(self.timezone)
        ends = here.replace(
            hour=self.end.hour, minute=self.end.minute, second=0, microsecond=0, fold=0
        )
        clock = here.time()
        if self.start <= self.end:
            quiet = self.start <= clock < self.end
        else:
            quiet = clock >= self.start or clock < self.end
            if clock >= self.start:
                ends = _next_day(ends)
        # When the clocks go back an hour comes twice, and it is the second end that counts. (Two
        # moments of one zone are compared by what its clocks show, so by way of UTC.)
        if ends.astimezone(UTC) <= now.astimezone(UTC):
            ends = ends.replace(fold=1)
        return ends if quiet else None


def _next_day(moment: datetime) -> datetime:
    # On the wall clock, whatever the night's length: local arithmetic, as people mean it.
    return (moment.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=moment.tzinfo)


@attrs.frozen(kw_only=True)
class Rule:
    """What to do about some kinds of change.

    Texts are Liquid templates; None takes the built-in words. ``message`` False writes to nobody.
    ``hold`` is the time a condition must hold before it counts, and must be gone before it is over.
    ``include`` names events that the rule takes besides: nothing about them is news by itself.
    """

    id: str
    kinds: tuple[str, ...]
    predicates: Predicates = attrs.field(factory=Predicates)
    include: frozenset[Include] = frozenset()
    hold: timedelta = timedelta(0)
    severity: Severity | None = None
    group_by: GroupBy = GroupBy.EVENT
    address: Address
    assignee_id: str | None = None
    tags: tuple[str, ...] = ()
    subject: str | None = None
    body: str | None = None
    message: str | bool = True
    note: str | None = None
    on_clear: OnClear = OnClear.RESOLVE
    reopen_within: timedelta = timedelta(0)
    quiet_hours: QuietHours | None = None
    go_on: bool = False

    @property
    def built_in(self) -> bool:
        """Whether it is a built-in rule."""
        return self.id.startswith(f"{BUILT_IN}/")

    @property
    def writes(self) -> bool:
        """Whether the customer is written to."""
        return self.message is not False and self.address.mails

    def is_quiet(self, now: datetime) -> bool:
        """Whether it is in its quiet hours."""
        return self.quiet_hours is not None and self.quiet_hours.until(now) is not None

    def severity_of(self, kind: str) -> Severity:
        """How much a change of that kind matters under this rule."""
        return self.severity or KINDS[kind].severity


@attrs.frozen
class Storm:
    """How many cases a pass may open. More than ``limit`` are held until they are released, and a
    digest ticket lists them; 0 for no limit."""

    limit: int = 20


@attrs.frozen
class Damping:
    """When it is announced that a sell-out or low stock is over, if only a ``few`` tickets are
    back: once it has lasted for so long, and once a day at the most. They may be in somebody's
    basket again in a moment. By default at once."""

    lasts: timedelta = timedelta(0)
    few: int = 10

    @property
    def once_in(self) -> timedelta:
        """The end of the same condition is announced once in this time, if it is damped at all."""
        return timedelta(days=1) if self.lasts else timedelta(0)


@attrs.frozen(kw_only=True)
class Silence:
    """For a while some changes open nothing.

    Args:
        id: its number in the ledger, once it has one.
        box_office: in which box office; None for all.
        event: for which events, by id, slug or a part of the title; None for all.
        kinds: for which kinds (globs); none for all.
        rule: under which rule; None for all.
        begins: from when on.
        until: until when.
        author: who added it.
        reason: why.
    """

    id: int | None = None
    box_office: str | None = None
    event: str | None = None
    kinds: tuple[str, ...] = ()
    rule: str | None = None
    begins: datetime
    until: datetime
    author: str
    reason: str

    def covers(self, change: Change, rule: Rule, now: datetime) -> bool:
        """Whether it silences this change under this rule now."""
        if not self.begins <= now < self.until:
            return False
        if self.box_office is not None and self.box_office != change.box_office:
            return False
        if self.kinds and not any(fnmatchcase(change.kind, glob) for glob in self.kinds):
            return False
        if self.rule is not None and self.rule != rule.id:
            return False
        return self.event is None or (change.event is not None and self.names(change.event))

    def names(self, event: EventFacts) -> bool:
        """Whether its ``event``, if it has one, names this event."""
        if self.event is None or self.event in {event.id, event.slug}:
            return True
        return self.event.casefold() in event.title.casefold()


@attrs.frozen(kw_only=True)
class Verdict:
    """The answer of a rule about a change: None in ``why_not`` if it takes it, else why not."""

    rule: Rule
    why_not: str | None = None


@attrs.frozen(kw_only=True)
class Rules:
    """All rules in order, and the settings that they share."""

    rules: tuple[Rule, ...]
    default: Address
    low_stock: LowStock = attrs.field(factory=LowStock)
    admission: Admission | None = None
    """Which ticket types count for whether an event is sold out; None: all but the add-ons."""
    storm: Storm = attrs.field(factory=Storm)
    damping: Damping = attrs.field(factory=Damping)
    staff: Address | None = None
    """Where tickets about internal trouble go, unless a rule says otherwise; None: the default."""
    services: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    """What people call the service of each box office, by its name."""

    def service(self, box_office: str) -> str:
        """What people call the service of a box office, such as ``TicketSmart``."""
        return self.services.get(box_office, SERVICE)

    def by_id(self, rule_id: str) -> Rule | None:
        """The rule of that id, or None."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)

    def address(self, rule_id: str) -> Address:
        """Where a rule's tickets go. For a rule that was removed it is the default address."""
        rule = self.by_id(rule_id)
        if rule is not None:
            return rule.address
        return self.internal if rule_id.startswith(f"{BUILT_IN}/box_office.") else self.default

    @property
    def internal(self) -> Address:
        """Where tickets about internal trouble go."""
        return self.staff or self.default

    def runs_low(self, ticket_type: TypeFacts) -> bool:
        """Whether a ticket type runs low for any of the rules."""
        return self.low_stock(ticket_type) or any(
            rule.predicates.has_threshold and rule.predicates.runs_low(ticket_type)
            for rule in self.rules
            if LOW_STOCK in rule.kinds
        )

    def verdicts(self, now: Situation) -> Iterator[Verdict]:
        """What each rule says of a change, in order, until a rule has taken it for good."""
        for rule in self.rules:
            why_not = self._why_not(rule, now)
            yield Verdict(rule=rule, why_not=why_not)
            if why_not is None and not rule.go_on:
                return

    def taking(self, now: Situation) -> list[Rule]:
        """The rules that take a change."""
        return [verdict.rule for verdict in self.verdicts(now) if verdict.why_not is None]

    def took(self, rule: Rule, change: Change, since: datetime) -> bool:
        """Whether a rule takes a condition as it was when it began. If its ticket is under another
        rule all the same, an edit of the rules is why, and not a new state.

        Args:
            rule: the rule.
            change: what began the condition.
            since: when that was.
        """
        then = Situation(change, change.event, change.ticket_type, since)
        return any(taking.id == rule.id for taking in self.taking(then))

    def still_low(self, rule: Rule, ticket_type: TypeFacts | None) -> bool:
        """Whether a ticket type that ran low for a rule still does."""
        if ticket_type is None:
            return True
        asks = rule.predicates
        return asks.runs_low(ticket_type) if asks.has_threshold else self.low_stock(ticket_type)

    def _why_not(self, rule: Rule, now: Situation) -> str | None:
        kind, ticket_type = now.change.kind, now.ticket_type
        if kind not in rule.kinds:
            return f"it is not about {kind}"
        left_out = _left_out(rule, now)
        if left_out is not None:
            return left_out
        why_not = rule.predicates.why_not(now)
        if why_not is None and kind == LOW_STOCK and ticket_type is not None:
            left = f"remaining: {ticket_type.available} are left"
            why_not = None if self.still_low(rule, ticket_type) else left
        return why_not


_LEFT_OUT = {
    Include.DRAFTS: 'it is about a draft: a rule with include = ["drafts"] takes it',
    Include.PAST: 'the event is over: a rule with include = ["past"] takes it',
}


def _left_out(rule: Rule, now: Situation) -> str | None:
    """Why a rule leaves out an event that is a draft or over; None if it does not."""
    event = now.event or now.change.event
    needed = None if event is None else needs(event, now.at)
    if needed is None or needed in rule.include or needed in KINDS[now.change.kind].include:
        return None
    return _LEFT_OUT[needed]


def wait(
    rule: Rule, change: Change, since: datetime, silences: Iterable[Silence], now: datetime
) -> str | None:
    """Why a rule that takes a condition does not announce it yet; None if it does.

    Args:
        rule: the rule.
        change: what began the condition.
        since: when that was.
        silences: what people have silenced.
        now: the time.
    """
    silence = next((known for known in silences if known.covers(change, rule, now)), None)
    if silence is not None:
        return f"silenced by {silence.author}: {silence.reason}"
    # A refused removal is later than the moment at which the events were read.
    if KINDS[change.kind].holds and max(now - since, timedelta(0)) < rule.hold:
        return f"waits whether it holds for {rule.hold}"
    until = rule.quiet_hours.until(now) if rule.quiet_hours else None
    return None if until is None else f"quiet until {until:%H:%M %Z}"


def built_in_rules(address: Address, staff: Address | None = None) -> tuple[Rule, ...]:
    """The built-in rules: one for each kind, so that the subject of a ticket names its kind.

    Args:
        address: where their tickets go.
        staff: where those about internal trouble go, which nobody is mailed; None for the same.
    """
    return tuple(
        Rule(
            id=f"{BUILT_IN}/{kind.name}",
            kinds=(kind.name,),
            address=address if kind.of_event else staff or address,
            message=kind.of_event,
        )
        for kind in KINDS.values()
        if kind.built_in
    )
