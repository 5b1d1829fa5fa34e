"""Runs rule tests: plays what happens, and compares the tickets with those expected. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from ..config.rule_tables import duration
from ..detection.diff import diff
from ..detection.troubles import noted
from ..model.address import Address
from ..model.changes import Change
from ..model.facts import EventFacts, TypeFacts
from ..model.kinds.ticket_types import REMOVAL_FAILED
from ..model.observation import SWEEPS, Observation
from ..model.rules import Rules, Silence, built_in_rules
from .rule_test_file import (
    OF_TYPE,
    READ_FAILURES,
    EventTable,
    ExpectedTicket,
    ExpectTable,
    StepTable,
    TestTable,
)
from .virtual import Virtual, VirtualTicket

ADDRESS = Address(
    customer_email="organiser@example.com",
    options={"inbox_id": "inb_01abc", "from_address": "boxoffice@example.com"},
    mails=True,
)
"""Where tickets go in tests that name no configuration."""


@attrs.frozen(kw_only=True)
class Failure:
    """An expectation that was not met: its path in the file, and the differences, line by line."""

    path: str
    at: str
    lines: tuple[str, ...]


def built_in() -> Rules:
    """The built-in rules alone, for tests that name no configuration."""
    return Rules(rules=built_in_rules(ADDRESS), default=ADDRESS)


def run_test(test: TestTable, rules: Rules, box_office: str = "main-room") -> list[Failure]:
    """Run a test; the expectations that were not met.

    Args:
        test: the test.
        rules: the rules that it tests.
        box_office: the name of the box office, unless the test gives one.
    """
    stage = _Stage(test, rules, test.box_office or box_office)
    expected = sorted(enumerate(test.expect), key=lambda pair: duration.read(pair[1].at))
    failures: list[Failure] = []
    for number, expectation in expected:
        stage.play(until=duration.read(expectation.at))
        lines = tuple(_differences(expectation, stage.virtual))
        if lines:
            failures.append(Failure(path=f"expect[{number}]", at=expectation.at, lines=lines))
    return failures


class _Stage:
    """The box office of a test, and the passes over it."""

    def __init__(self, test: TestTable, rules: Rules, box_office: str) -> None:
        self._test = test
        self._box_office = box_office
        self._rules = rules
        self._events = {event.id: _facts(event, test.start) for event in test.event}
        self._gone: set[str] = set()
        self._trouble: str = "none"
        self._steps = sorted(test.step, key=lambda step: duration.read(step.at))
        self._next: timedelta | None = None
        self.virtual = Virtual(box_office, rules, list(_silences(test)))

    def play(self, until: timedelta) -> None:
        """Run every pass up to this time, including one at it."""
        if self._next is None:
            self._happen(timedelta(0))
            self.virtual.baseline(self._seen(), self._test.start)
            self._next = self._test.interval
        while self._next <= until:
            self._pass(self._next)
            self._next += self._test.interval

    def _pass(self, elapsed: timedelta) -> None:
        at = self._test.start + elapsed
        reported = self._happen(elapsed)
        state = self.virtual.state
        snapshot = state.snapshot or {}
        if self._trouble != "none":
            changes, counts = noted(
                self._box_office, state.troubles, READ_FAILURES[self._trouble], at
            )
            self._note(counts)
            self.virtual.step(changes, {}, at, partial=True)
            return
        missing = {name for name in self._gone if name in snapshot}
        gone = {name for name in missing if snapshot[name].absent + 1 >= SWEEPS}
        seen = Observation(at, tuple(self._seen().values()), gone=frozenset(gone))
        changes, differing = diff(
            self._box_office, snapshot, seen, self._rules.runs_low, self._rules.admission
        )
        cleared, counts = noted(self._box_office, state.troubles, None, at)
        self._note(counts)
        self.virtual.step((*changes, *reported(at), *cleared), differing, at)

    def _note(self, counts: dict[str, int]) -> None:
        self.virtual.state = attrs.evolve(self.virtual.state, troubles=counts)

    def _seen(self) -> dict[str, EventFacts]:
        return {name: event for name, event in self._events.items() if name not in self._gone}

    def _happen(self, elapsed: timedelta) -> Callable[[datetime], list[Change]]:
        """Apply the steps that are due; what makes the changes that only a removal reports."""
        failed: list[tuple[str, str]] = []
        while self._steps and duration.read(self._steps[0].at) <= elapsed:
            step = self._steps.pop(0)
            if step.trouble is not None:
                self._trouble = step.trouble
            elif step.event is not None:
                self._change(step, step.event)
                if step.removal_fails and step.ticket_type is not None:
                    failed.append((step.event, step.ticket_type))
        return lambda at: [self._failed(event, name, at) for event, name in failed]

    def _failed(self, event_id: str, name: str, at: datetime) -> Change:
        event = self._events[event_id]
        return Change(
            kind=REMOVAL_FAILED,
            box_office=self._box_office,
            event=event,
            ticket_type=event.ticket_type(name),
            observed_at=at,
            detail="Cannot remove a ticket type that has sold tickets",
        )

    def _change(self, step: StepTable, event_id: str) -> None:
        event = self._events.get(event_id) or _facts(EventTable(id=event_id), self._test.start)
        if step.ticket_type is not None:
            event = _with_type(event, step, step.ticket_type)
        elif step.gone:
            self._gone.add(event_id)
        else:
            self._gone.discard(event_id)
            event = attrs.evolve(event, **_event_fields(step, self._test.start))
        self._events[event_id] = event


def _with_type(event: EventFacts, step: StepTable, name: str) -> EventFacts:
    types = list(event.ticket_types or ())
    old = event.ticket_type(name) or TypeFacts(id=name, name=name)
    given = {field: getattr(step, field) for field in OF_TYPE}
    new = _sold(attrs.evolve(old, **{f: v for f, v in given.items() if v is not None}))
    if step.gone:
        types = [known for known in types if known.id != old.id]
    elif old in types:
        types[types.index(old)] = new
    else:
        types.append(new)
    return attrs.evolve(event, ticket_types=tuple(types))


def _sold(ticket_type: TypeFacts) -> TypeFacts:
    """The ticket type with a count of what was sold, if that is known."""
    if ticket_type.quantity is None or ticket_type.available is None:
        return ticket_type
    sold = max(0, ticket_type.quantity - ticket_type.available)
    return attrs.evolve(ticket_type, sold=sold)


def _moment(starts: str | datetime, start: datetime) -> datetime:
    return starts if isinstance(starts, datetime) else start + duration.read(starts)


def _event_fields(table: EventTable | StepTable, start: datetime) -> dict[str, Any]:
    """The facts in a table."""
    given = {
        "title": table.title,
        "slug": table.slug,
        "status": table.status,
        "timezone": table.timezone,
        "venue_name": table.venue,
        "city": table.city,
        "category": table.category,
        "visibility": table.visibility,
        "starts_at": None if table.starts is None else _moment(table.starts, start),
    }
    return {name: value for name, value in given.items() if value is not None}


def _facts(table: EventTable, start: datetime) -> EventFacts:
    types = tuple(
        _sold(
            TypeFacts(
                id=row.name,
                name=row.name,
                price=row.price,
                quantity=row.quantity,
                available=row.quantity if row.available is None else row.available,
                hidden=row.hidden,
            )
        )
        for row in table.ticket_types
    )
    given = {"title": table.id, "slug": table.id, **_event_fields(table, start)}
    return EventFacts(
        id=table.id,
        ticket_types=types,
        types_seen_at=start,
        **given,
    )


def _silences(test: TestTable) -> Iterator[Silence]:
    for number, silence in enumerate(test.silence):
        yield Silence(
            id=number + 1,
            event=silence.event,
            kinds=tuple(silence.kinds),
            rule=silence.rule,
            begins=test.start + duration.read(silence.start),
            until=test.start + duration.read(silence.until),
            author="test",
            reason="test",
        )


# -- comparing --------------------------------------------------------------------------------


def _differences(expected: ExpectTable, virtual: Virtual) -> Iterator[str]:
    """The differences, line by line: ``-`` is expected, ``+`` is there."""
    left = list(virtual.tickets)
    for wanted in expected.tickets:
        found = max(left, key=lambda ticket: _likeness(wanted, ticket), default=None)
        if found is None or (wanted.subject is not None and not _like(wanted, found)):
            yield f"- {_wanted(wanted)}"
            continue
        left.remove(found)
        lines = list(_unlike(wanted, found))
        if lines:
            yield f"  ticket {found.subject!r}"
            yield from lines
    for ticket in left:
        yield f"+ ticket {ticket.subject!r}: {ticket.status}, under {ticket.rule}"
    if expected.held is not None and expected.held != len(virtual.held):
        yield f"- {expected.held} held"
        yield f"+ {len(virtual.held)} held"


def _like(wanted: ExpectedTicket, found: VirtualTicket) -> bool:
    """Whether it may be the ticket that is meant, though it may differ."""
    return wanted.subject is None or _fits(wanted.subject, found.subject)


def _likeness(wanted: ExpectedTicket, found: VirtualTicket) -> tuple[bool, int]:
    return _like(wanted, found), -len(list(_unlike(wanted, found)))


def _wanted(wanted: ExpectedTicket) -> str:
    fields = wanted.model_dump(exclude_defaults=True)
    subject = fields.pop("subject", None)
    more = ", ".join(f"{name} {value!r}" for name, value in fields.items())
    return f"ticket {subject!r}" + (f": {more}" if more else "")


def _unlike(wanted: ExpectedTicket, found: VirtualTicket) -> Iterator[str]:
    fields = ("subject", "status", "rule", "customer_email", "assignee_id", "body")
    pairs = [(name, getattr(wanted, name), getattr(found, name)) for name in fields]
    pairs += [(name, value, found.options.get(name)) for name, value in wanted.options.items()]
    for field, pattern, actual in pairs:
        if pattern is not None and (actual is None or not _fits(pattern, actual)):
            yield from _pair(field, pattern, actual)
    if wanted.tags is not None:
        missing = [tag for tag in wanted.tags if tag not in found.tags]
        if missing:
            yield from _pair("tags", ", ".join(missing), ", ".join(found.tags))
    for field, patterns, texts in (
        ("messages", wanted.messages, found.messages),
        ("notes", wanted.notes, found.notes),
    ):
        if patterns is not None:
            yield from _texts(field, patterns, texts)


def _texts(field: str, patterns: Sequence[str], texts: Sequence[str]) -> Iterator[str]:
    for number in range(max(len(patterns), len(texts))):
        pattern = patterns[number] if number < len(patterns) else None
        text = texts[number] if number < len(texts) else None
        if pattern is None or text is None or not _fits(pattern, text):
            yield from _pair(f"{field}[{number}]", pattern, text)


def _pair(field: str, wanted: str | None, found: str | None) -> Iterator[str]:
    yield from _block(f"  - {field}: ", wanted)
    yield from _block(f"  + {field}: ", found)


def _block(head: str, text: str | None) -> Iterator[str]:
    lines = ["(none)"] if text is None else text.strip().splitlines() or [""]
    yield head + lines[0]
    mark = head[:4]
    yield from (f"{mark}{' ' * (len(head) - 4)}{line}" for line in lines[1:])


def _fits(pattern: str, text: str) -> bool:
    """Whether a text is as expected. ``*`` stands for any text; white space does not matter."""
    parts = [r"\s+".join(map(re.escape, part.split())) for part in pattern.split("*")]
    loose = [_edges(part, raw) for part, raw in zip(parts, pattern.split("*"), strict=True)]
    return re.fullmatch(".*".join(loose), text.strip(), re.DOTALL) is not None


def _edges(part: str, raw: str) -> str:
    """A part of a pattern, with optional white space on the sides that had some."""
    before = r"\s*" if raw[:1].isspace() else ""
    after = r"\s*" if raw[-1:].isspace() else ""
    return before + part + after if part else before
