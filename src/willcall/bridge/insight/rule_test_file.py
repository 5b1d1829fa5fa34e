"""The file of rule tests: its tables, as they are written."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from ...errors import ApiError, ConfigError
from ..config.complaints import complaints_of
from ..config.positions import SourcePositions
from ..config.rule_tables import Duration, Kinds, duration
from ..config.table import Filled, Table
from ..model.kinds import KINDS, ReadFailure


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("it has no time zone; add one, as in 2026-12-01T19:00:00-05:00")
    return moment


Moment = Annotated[datetime, AfterValidator(_aware)]
Count = Annotated[int, Field(ge=0)]

READ_FAILURES: Mapping[str, ApiError] = {
    kind.name.partition(".")[2]: kind.seen.example
    for kind in KINDS.values()
    if isinstance(kind.seen, ReadFailure)
}
"""The troubles of a box office that a step may name, and the error that a pass then meets."""


def _trouble(text: str) -> str:
    if text not in {"none", *READ_FAILURES}:
        known = ", ".join(["none", *READ_FAILURES])
        raise ValueError(f"{text!r} is not a trouble of a box office; write one of: {known}")
    return text


Trouble = Annotated[str, AfterValidator(_trouble)]


class TypeTable(Table):
    """A ticket type; prices are in cents."""

    name: Filled
    price: Count = 0
    quantity: Count | None = None
    available: Count | None = None
    hidden: bool = False


class EventTable(Table):
    """An event as it is at the baseline; ``starts`` is a span after it, or a moment."""

    id: Filled
    title: Filled | None = None
    slug: Filled | None = None
    status: Filled = "PUBLISHED"
    starts: Duration | Moment = "30d"
    timezone: Filled | None = None
    venue: Filled | None = None
    city: Filled | None = None
    category: Filled | None = None
    visibility: Filled | None = None
    ticket_types: Annotated[tuple[TypeTable, ...], Field(strict=False)] = ()


class StepTable(Table):
    """Something that happens to an event, to a ticket type, or to the box office."""

    at: Duration
    event: Filled | None = None
    ticket_type: Filled | None = None
    gone: bool = False
    removal_fails: bool = False
    trouble: Trouble | None = None
    title: Filled | None = None
    slug: Filled | None = None
    status: Filled | None = None
    starts: Duration | Moment | None = None
    timezone: Filled | None = None
    venue: Filled | None = None
    city: Filled | None = None
    category: Filled | None = None
    visibility: Filled | None = None
    price: Count | None = None
    quantity: Count | None = None
    available: Count | None = None
    hidden: bool | None = None

    @model_validator(mode="after")
    def _fitting(self) -> StepTable:
        if (self.trouble is None) == (self.event is None):
            raise ValueError("it is about nothing; name the event, or the box office's trouble")
        given = self.model_fields_set
        of_type, of_event = given & set(OF_TYPE), given & set(OF_EVENT)
        if self.ticket_type is None and (of_type or self.removal_fails):
            field = min(of_type or {"removal_fails"})
            raise ValueError(f"{field} is a ticket type's; name that with ticket_type")
        if self.ticket_type is not None and of_event:
            raise ValueError(f"{min(of_event)} is an event's; leave ticket_type out")
        return self


OF_TYPE = ("price", "quantity", "available", "hidden")
OF_EVENT = (
    "title",
    "slug",
    "status",
    "starts",
    "timezone",
    "venue",
    "city",
    "category",
    "visibility",
)


class SilenceTable(Table):
    """A silence, from one time to another."""

    start: Duration = Field(default="0s", alias="from")
    until: Duration
    event: Filled | None = None
    kinds: Kinds = Field(default_factory=list)
    rule: Filled | None = None


class ExpectedTicket(Table):
    """A ticket as it is expected; what is left out may be anything. ``*`` stands for any text."""

    subject: Filled | None = None
    status: Literal["open", "resolved"] | None = None
    rule: Filled | None = None
    options: dict[str, Filled] = Field(default_factory=dict)
    customer_email: Filled | None = None
    assignee_id: Filled | None = None
    tags: Annotated[tuple[Filled, ...], Field(strict=False)] | None = None
    body: Filled | None = None
    messages: Annotated[tuple[Filled, ...], Field(strict=False)] | None = None
    notes: Annotated[tuple[Filled, ...], Field(strict=False)] | None = None


class ExpectTable(Table):
    """All tickets that are at the desk at a time, in any order."""

    at: Duration
    tickets: Annotated[tuple[ExpectedTicket, ...], Field(strict=False)] = ()
    held: Count | None = None


class TestTable(Table):
    """A test: the events at its start, what happens, and what is expected."""

    __test__ = False

    name: Filled
    start: Moment = datetime.fromisoformat("2027-03-01T12:00:00+00:00")
    every: Duration = "1m"
    box_office: Filled | None = None
    """Its name; else the first box office of the configuration."""
    event: Annotated[tuple[EventTable, ...], Field(strict=False)] = ()
    step: Annotated[tuple[StepTable, ...], Field(strict=False)] = ()
    silence: Annotated[tuple[SilenceTable, ...], Field(strict=False)] = ()
    expect: Annotated[tuple[ExpectTable, ...], Field(strict=False, min_length=1)]

    @property
    def interval(self) -> timedelta:
        """The time between two passes."""
        return max(timedelta(seconds=1), duration.read(self.every))


class TestFile(Table):
    """The whole file."""

    __test__ = False

    config: Filled | None = None
    """The configuration whose rules are tested, beside this file; else the built-in rules."""
    test: Annotated[tuple[TestTable, ...], Field(strict=False, min_length=1)]


def read_tests(text: str, name: str) -> tuple[TestFile, SourcePositions]:
    """The tests in a text, and the positions of their keys in it.

    Args:
        text: the file.
        name: what it is called, for complaints.

    Raises:
        ConfigError: it is not TOML, or something in it makes no sense; the first complaint.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(name, f"it is not TOML: {error}") from None
    positions = SourcePositions(text)
    try:
        return TestFile.model_validate(values), positions
    except ValidationError as error:
        first = complaints_of(error, TestFile)[0]
        place = positions.of(first.field)
        where = f"{name}:{place}" if place else name
        raise ConfigError(f"{where}: {first.field}", first.problem, first.fix) from None
