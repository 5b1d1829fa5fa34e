"""Everything that is wrong with a configuration, found before it is used. Pure.

An *error* certainly does not do what was meant. A *warning* may be intended, but should be checked.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

import attrs

from ...client.redact import scrub
from ...errors import ConfigError
from ..model.facts import EventFacts, ambiguous, named_by
from ..model.kinds import KINDS, matching
from ..model.kinds.box_offices import STORM
from ..model.predicates import Vocabulary
from ..model.rules import Rule, Silence
from ..templates.lint import flaws, near, some
from .account_tables import SettingsTable
from .complaints import closest, closest_part, nearest, spoken
from .file import examined, no_toml
from .positions import SourcePosition, SourcePositions
from .rule_tables import RuleTable
from .shadowing import good_news, impossible, shadowing
from .tables import Config

_ROBOTS = (
    r"(do[-_.]?)?no[-_.]?t?[-_.]?reply.*|mailer[-_.]?daemon|postmaster|bounces?([-_.+].*)?|"
    r"notifications?|alerts?|robot|auto[-_.]?(reply|responder)"
)
"""Names of mailboxes that usually belong to a program."""


@attrs.frozen(kw_only=True)
class Complaint:
    """What is wrong, where, and what to do about it.

    ``path`` is the key's (``rule[0].ticket.subject``), or names what is not in the file
    (``silence 3``), which then has no ``place``; ``spoken`` is the same for people
    (``rule "gala".ticket.subject``).
    """

    path: str
    spoken: str = attrs.field(default=attrs.Factory(lambda self: self.path, takes_self=True))
    problem: str
    fix: str = ""
    grave: bool = True
    place: SourcePosition | None = None

    @property
    def level(self) -> str:
        """``error`` or ``warning``."""
        return "error" if self.grave else "warning"


@attrs.frozen(kw_only=True)
class Known:
    """What the ledger knows, where there is one: the events by box office, the silences, and by box
    office the names of the scheduled removals that are done; and the names of all box offices that
    have a baseline."""

    events: Mapping[str, Mapping[str, EventFacts]] = attrs.field(factory=dict)
    silences: Sequence[Silence] = ()
    removed: Mapping[str, Collection[str]] = attrs.field(factory=dict)
    offices: Sequence[str] = ()

    def all_events(self, box_office: str | None = None) -> list[EventFacts]:
        """Every event that is known, or those of one box office."""
        return [
            event
            for name, events in self.events.items()
            for event in events.values()
            if box_office in {None, name}
        ]


@attrs.frozen(kw_only=True)
class Checked:
    """What a check has found."""

    config: Config | None
    complaints: tuple[Complaint, ...]
    untaken: tuple[str, ...] = ()

    @property
    def errors(self) -> int:
        """How many complaints are grave."""
        return sum(complaint.grave for complaint in self.complaints)


def parsed(text: str) -> tuple[Config | None, list[Complaint]]:
    """The configuration in a text, and what is wrong with its form."""
    positions = SourcePositions(text)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place, problem, fix = no_toml(text, error)
        return None, [Complaint(path="", problem=problem, fix=fix, place=place)]
    config, problems = examined(values)
    return config, [
        attrs.evolve(_placed(positions, problem), spoken=spoken(problem.field, values))
        for problem in problems
    ]


def _placed(positions: SourcePositions, error: ConfigError) -> Complaint:
    place = positions.of(error.field)
    return Complaint(path=error.field, problem=error.problem, fix=error.fix, place=place)


def check(text: str, known: Known, now: datetime) -> Checked:
    """Check a configuration.

    Args:
        text: the file.
        known: what the ledger knows.
        now: the time.
    """
    config, complaints = parsed(text)
    if config is None:
        return Checked(config=None, complaints=tuple(complaints))
    finder = _Finder(config, SourcePositions(text), known, now)
    complaints += finder.all()
    values = tomllib.loads(text)
    complaints = [
        attrs.evolve(complaint, spoken=spoken(complaint.path, values)) for complaint in complaints
    ]
    complaints.sort(key=lambda found: (found.place is None, found.place and (found.place.line,)))
    rules = config.rules().rules
    taken = {kind for rule in rules for kind in rule.kinds}
    untaken = tuple(kind for kind in KINDS if kind not in taken and kind != STORM)
    return Checked(config=config, complaints=tuple(complaints), untaken=untaken)


class _Finder:
    """Goes through a configuration that is well-formed."""

    def __init__(
        self, config: Config, positions: SourcePositions, known: Known, now: datetime
    ) -> None:
        self._config = config
        self._positions = positions
        self._known = known
        self._now = now
        self._rules = tuple(table.rule(config.desk) for table in config.rule)
        self._vocabulary = Vocabulary(
            box_offices=[office.name for office in config.box_office],
            categories=[
                name for office in self._config.box_office for name in office.adapter.categories
            ],
            events=known.all_events(),
        )

    def all(self) -> list[Complaint]:
        """Every complaint."""
        found = [*self._settings(), *self._renamed()]
        for number, (table, rule) in enumerate(zip(self._config.rule, self._rules, strict=True)):
            at = f"rule[{number}]"
            found += self._templates(at, table, rule)
            found += self._predicates(at, rule)
            found += self._good_news(at, table, rule, self._rules[:number])
            found += self._words(at, table, rule)
        found += self._unreachable()
        found += self._removals()
        found += self._silences()
        return found

    def _say(self, path: str, problem: str, fix: str = "", *, grave: bool = True) -> Complaint:
        place = self._positions.of(path)
        return Complaint(path=path, problem=problem, fix=fix, grave=grave, place=place)

    def _renamed(self) -> Iterator[Complaint]:
        """A box office that the ledger knows and the configuration does not name."""
        names = [office.name for office in self._config.box_office]
        new = [name for name in names if name not in self._known.offices]
        for old in self._known.offices:
            if old not in names:
                to = new[0] if len(new) == 1 else "NEW"
                yield self._say(
                    f"box_office[{names.index(to)}].name" if to in names else "box_office",
                    f"the ledger knows {scrub(old)!r}, which is not configured: nothing happens to "
                    "its open tickets",
                    f"if it has another name now, run `willcall rename {scrub(old)} {scrub(to)}`",
                    grave=False,
                )

    # -- rules --------------------------------------------------------------------------------

    def _templates(self, at: str, table: RuleTable, rule: Rule) -> Iterator[Complaint]:
        message = table.message
        for path, source in (
            ("ticket.subject", table.ticket.subject),
            ("ticket.body", table.ticket.body),
            ("note", table.note),
            ("message.body", None if isinstance(message, bool) else message.body),
        ):
            for flaw in flaws(source, rule.kinds) if source is not None else ():
                yield Complaint(
                    path=f"{at}.{path}",
                    problem=flaw.problem,
                    fix=flaw.fix,
                    grave=flaw.grave,
                    place=self._positions.inside(f"{at}.{path}", flaw.index),
                )

    def _predicates(self, at: str, rule: Rule) -> Iterator[Complaint]:
        never = impossible(rule)
        if never is not None:
            yield self._say(f"{at}.if.{never[0]}", f"this rule takes nothing: {never[1]}")
        for predicate, value in rule.predicates:
            names = predicate.known
            if names is None:
                continue
            for number, name in enumerate(value):
                known = names.unknown(name, self._vocabulary)
                if known is None:
                    continue
                problem, fix = f"{scrub(name)!r} is not known", nearest(name, known)
                if names.parts:
                    problem = f"no {names.parts} that was seen contains {scrub(name)!r}"
                    near = closest_part(name, known)
                    fix = f"did you mean {near!r}?" if near else fix
                yield self._say(
                    f"{at}.if.{predicate.name}[{number}]", problem, fix, grave=names.complete
                )

    def _good_news(
        self, at: str, table: RuleTable, rule: Rule, earlier: Sequence[Rule]
    ) -> Iterator[Complaint]:
        for number, glob in enumerate(table.when):
            kinds = good_news(rule, glob, table.when, earlier)
            if kinds:
                many = len(kinds) > 1
                ends = f"{some(kinds)} {'end' if many else 'ends'} a ticket"
                yield self._say(
                    f"{at}.when[{number}]",
                    f"it takes good news as well: {ends} and {'open' if many else 'opens'} another",
                    "name the kinds you mean instead; or the good news beside it, if you mean it",
                    grave=False,
                )

    def _words(self, at: str, table: RuleTable, rule: Rule) -> Iterator[Complaint]:
        own = not isinstance(table.message, bool)
        if own and not rule.address.mails:
            yield self._say(
                f"{at}.message",
                "this message is never sent: nobody writes it",
                f"set {self._config.desk.adapter.mails_with} in [desk], or in the rule's ticket",
            )
        if rule.on_clear.value == "message" and not rule.writes:
            yield self._say(
                f"{at}.on_clear",
                "no message is sent: this rule writes to nobody",
                f"set {self._config.desk.adapter.mails_with}, or use 'note'",
                grave=False,
            )
        if table.hold != "0s" and not any(KINDS[kind].holds for kind in rule.kinds):
            yield self._say(
                f"{at}.for",
                "it waits for nothing: what this rule takes happens, and does not last",
                grave=False,
            )

    def _unreachable(self) -> Iterator[Complaint]:
        numbers = {rule.id: number for number, rule in enumerate(self._rules)}
        for rule, takers in shadowing(self._rules):
            by = ", ".join(
                f"{taker.id!r} (line {place.line})"
                if (place := self._positions.of(f"rule[{numbers[taker.id]}]"))
                else repr(taker.id)
                for taker in takers
            )
            yield self._say(
                f"rule[{numbers[rule.id]}]",
                f"{rule.id!r} never gets anything: {by} takes it all before",
                "put it further up, or give the other `continue = true`",
            )

    # -- the rest -----------------------------------------------------------------------------

    def _settings(self) -> Iterator[Complaint]:
        """What is odd about the values of the adapters' settings."""
        for number, office in enumerate(self._config.box_office):
            yield from self._odd(f"box_office[{number}]", office)
        yield from self._admission()
        desk = self._config.desk
        yield from self._odd("desk", desk)
        yield from self._own_address("desk", desk, desk.customer_email)
        yield from self._robot("desk.customer_email", desk.customer_email)
        if desk.staff_email is not None:
            yield from self._robot("desk.staff_email", desk.staff_email)
        prefix = desk.adapter.assignee_prefix
        for number, (table, rule) in enumerate(zip(self._config.rule, self._rules, strict=True)):
            if rule.assignee_id is not None and not rule.assignee_id.startswith(prefix):
                yield self._say(
                    f"rule[{number}].ticket.assignee_id",
                    f"{scrub(rule.assignee_id)!r} may be wrong: it is not a name but an id",
                    f"ids of {desk.adapter.title} begin with {prefix}",
                    grave=False,
                )
            at, customer = f"rule[{number}].ticket", rule.address.customer_email
            yield from self._odd(at, table.ticket)
            yield from self._own_address(at, table.ticket, customer)
            if table.ticket.customer_email is not None:
                yield from self._robot(f"{at}.customer_email", customer)

    def _admission(self) -> Iterator[Complaint]:
        """A pattern that no ticket type matches."""
        types = [kind for event in self._known.all_events() for kind in event.ticket_types or ()]
        for number, pattern in enumerate(self._config.sale.admission):
            if types and not any(named_by(kind, [pattern.removeprefix("!")]) for kind in types):
                names = sorted({kind.name for kind in types})
                yield self._say(
                    f"sale.admission[{number}]",
                    f"no ticket type that was seen matches {scrub(pattern)!r}",
                    nearest(pattern.strip("!*?"), names),
                    grave=False,
                )

    def _odd(self, at: str, table: SettingsTable) -> Iterator[Complaint]:
        for setting in table.added:
            value = table.settings.get(setting.name)
            if value is not None and not value.startswith(setting.prefix):
                problem = f"{scrub(value)!r} may be wrong"
                fix = f"{setting.name} begins with {setting.prefix}"
                yield self._say(f"{at}.{setting.name}", problem, fix, grave=False)

    def _own_address(self, at: str, table: SettingsTable, customer: str) -> Iterator[Complaint]:
        name = self._config.desk.adapter.mails_with
        if table.settings.get(name, "").casefold() == customer.casefold():
            yield self._say(
                f"{at}.{name}",
                "it is the customer's own address: willcall would write to itself",
                "set it to an address of the desk that people read",
            )

    def _robot(self, path: str, address: str) -> Iterator[Complaint]:
        """An address that nobody reads, or that answers by itself."""
        if re.fullmatch(_ROBOTS, address.partition("@")[0], re.IGNORECASE):
            yield self._say(
                path,
                f"{scrub(address)!r} looks like an address that nobody reads",
                "set an address that a person reads; one that answers by itself makes a loop",
                grave=False,
            )

    def _removals(self) -> Iterator[Complaint]:
        seen: dict[tuple[str, str, str], int] = {}
        for number, removal in enumerate(self._config.removal):
            at = f"removal[{number}]"
            key = (removal.box_office, removal.event, removal.ticket_type)
            if key in seen:
                first = self._positions.of(f"removal[{seen[key]}]")
                there = f"line {first.line}" if first else "another one"
                yield self._say(
                    at, f"it is there twice: {there} removes the same", "drop one of them"
                )
            seen.setdefault(key, number)
            if removal.name in self._known.removed.get(removal.box_office, ()):
                continue
            yield from self._removal_target(
                at, removal.box_office, removal.event, removal.ticket_type
            )

    def _removal_target(
        self, at: str, box_office: str, event: str, ticket_type: str
    ) -> Iterator[Complaint]:
        events = self._known.all_events(box_office)
        if not events:
            return
        found = next((known for known in events if event in {known.id, known.slug}), None)
        if found is None:
            slugs = [known.slug or known.id for known in events]
            fix = near(event, slugs) if event else ""
            fix = fix if fix.startswith("did") else "`willcall events list` shows them"
            yield self._say(f"{at}.event", f"no event {event!r} was seen", fix, grave=False)
        elif found.ticket_types and found.ticket_type(ticket_type) is None:
            names = ", ".join(kind.name for kind in found.ticket_types)
            problem = f"{found.title} has no ticket type {ticket_type!r}"
            yield self._say(f"{at}.ticket_type", problem, f"it has: {names}", grave=False)
        elif len(called := found.types_called(ticket_type)) > 1:
            problem, _, ids = ambiguous(called).partition("; ")
            yield self._say(f"{at}.ticket_type", f"{ticket_type!r}: {problem}", ids)

    def _silences(self) -> Iterator[Complaint]:
        live = [silence for silence in self._known.silences if silence.until > self._now]
        ids = [rule.id for rule in self._config.rules().rules]
        for silence in live:
            at = f"silence {silence.id}"
            fix = f"end it with `willcall silence expire {silence.id}`, and add it anew"
            for glob in silence.kinds:
                if not matching([glob]):
                    yield _silent(at, f"{glob!r} is not a kind of change: it silences nothing", fix)
            yield from self._silence_scope(at, silence, fix)
            if silence.rule is not None and silence.rule not in ids:
                yield _silent(at, f"there is no rule {silence.rule!r}: it silences nothing", fix)
            for other in live:
                if other is not silence and _within(silence, other):
                    problem = (
                        f"it adds nothing to silence {other.id}, which is wider and ends later"
                    )
                    yield _silent(
                        at, problem, f"end it with `willcall silence expire {silence.id}`"
                    )
                elif other is not silence and _same(silence, other) and silence.until < other.until:
                    ends = f"{silence.until:%Y-%m-%d %H:%M} UTC"
                    problem = f"it ends {ends}, but silence {other.id} goes on"
                    yield _silent(at, problem, f"end both, or only {silence.id}")

    def _silence_scope(self, at: str, silence: Silence, fix: str) -> Iterator[Complaint]:
        """What a silence names and nobody has seen."""
        names = [office.name for office in self._config.box_office]
        if silence.box_office is not None and silence.box_office not in names:
            problem = f"no box office is called {silence.box_office!r}: it silences nothing"
            yield _silent(at, problem, f"{nearest(silence.box_office, names)}; {fix}")
        events = self._known.all_events(silence.box_office)
        if silence.event is not None and events and not any(map(silence.names, events)):
            near = closest_part(silence.event, [event.title for event in events])
            near = near or closest(silence.event, [event.slug or event.id for event in events])
            problem = f"no event {silence.event!r} was seen: it silences nothing"
            yield _silent(at, problem, f"did you mean {near!r}? {fix}" if near else fix)


def _silent(path: str, problem: str, fix: str) -> Complaint:
    return Complaint(path=path, problem=problem, fix=fix, grave=False)


def _within(silence: Silence, other: Silence) -> bool:
    """Whether a silence lies wholly in a wider one."""
    if _same(silence, other):
        return False
    return (
        other.begins <= silence.begins
        and silence.until <= other.until
        and other.box_office in {None, silence.box_office}
        and other.event in {None, silence.event}
        and other.rule in {None, silence.rule}
        and (not other.kinds or bool(silence.kinds and _all_in(silence.kinds, other.kinds)))
    )


def _all_in(globs: Iterable[str], wider: Iterable[str]) -> bool:
    return all(
        any(fnmatchcase(kind, wide) for wide in wider)
        for glob in globs
        for kind in matching([glob])
    )


def _same(silence: Silence, other: Silence) -> bool:
    def what(silence: Silence) -> object:
        return silence.box_office, silence.event, silence.rule, frozenset(silence.kinds)

    return what(silence) == what(other)
