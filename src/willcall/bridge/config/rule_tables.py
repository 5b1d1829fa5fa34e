"""The [[rule]] and [[removal]] tables of the configuration, as they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, create_model, model_validator

from ..model.kinds import KINDS, Severity, matching
from ..model.predicates import CENTS, COUNT, PREDICATES, SHARE, SPAN, TEXTS, Predicates, ValueForm
from ..model.rules import GroupBy, OnClear, QuietHours, Rule
from ..model.sale import Include
from .account_tables import DeskTable, SettingsTable, own_fields
from .table import Email, Filled, Table

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class duration:  # noqa: N801 - it reads like the word it stands for
    """Spans of time as people write them: ``30s``, ``10m``, ``2h``, ``14d``, ``1w``."""

    @staticmethod
    def read(text: str) -> timedelta:
        """The span a text says.

        Raises:
            ValueError: it says none.
        """
        found = re.fullmatch(r"(\d+)\s*([smhdw])", text)
        if found is None or len(found[1]) > 6:
            raise ValueError(
                f"{text!r} is not a span of time; write it as in 30s, 10m, 2h, 14d or 1w"
            )
        return timedelta(**{_UNITS[found[2]]: int(found[1])})

    @classmethod
    def checked(cls, text: str) -> str:
        """The text, if it says a span."""
        cls.read(text)
        return text


Duration = Annotated[str, AfterValidator(duration.checked)]


def _clock(text: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError(f"{text!r} is not a time of day; write it as in 23:00")
    return text


def _timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        raise ValueError(f"{text!r} is not a time zone; write it as in America/New_York") from None
    return text


def _kinds(globs: list[str]) -> list[str]:
    for glob in globs:
        if not matching([glob]):
            from difflib import get_close_matches

            near = get_close_matches(glob, KINDS, n=1)
            fix = f"did you mean {near[0]!r}?" if near else "`willcall check --kinds` lists them"
            raise ValueError(f"{glob!r} is not a kind of change; {fix}")
    return globs


def _listed(value: Any) -> Any:
    """A text may stand for a list of one text."""
    return [value] if isinstance(value, str) else value


Words = Annotated[list[Filled], BeforeValidator(_listed), Field(min_length=1)]
Kinds = Annotated[Words, AfterValidator(_kinds)]

# How each form of value is read, and checked, from TOML.
_READ: Mapping[ValueForm[Any], Any] = {
    TEXTS: Annotated[Words, AfterValidator(tuple)],
    COUNT: Annotated[int, Field(ge=1)],
    CENTS: Annotated[int, Field(ge=0)],
    SHARE: Annotated[float, Field(gt=0, le=1)],
    SPAN: Annotated[str, AfterValidator(duration.read)],
}


class _If(Table):
    def predicates(self) -> Predicates:
        """The same as a value."""
        return Predicates(**{name: getattr(self, name) for name in type(self).model_fields})


if TYPE_CHECKING:
    If = _If
else:
    If = create_model(
        "If",
        __base__=_If,
        __doc__="What must be true of a change besides its kind: a key for each predicate.",
        **{name: (_READ[asked.form] | None, None) for name, asked in PREDICATES.items()},
    )


class TicketTable(SettingsTable):
    """The ticket that is opened; what is left out is as in [desk], and the built-in words."""

    customer_email: Email | None = None
    assignee_id: Filled | None = None
    tags: Annotated[tuple[Filled, ...], Field(strict=False)] = ()
    subject: Filled | None = None
    body: Filled | None = None


class MessageTable(Table):
    """The message to the customer."""

    body: Filled | None = None


class QuietTable(Table):
    """A time of day in which nothing is opened or sent."""

    start: Annotated[str, AfterValidator(_clock)] = Field(alias="from")
    to: Annotated[str, AfterValidator(_clock)]
    timezone: Annotated[str, AfterValidator(_timezone)]

    @model_validator(mode="after")
    def _some(self) -> QuietTable:
        if self.start == self.to:
            raise ValueError("it begins when it ends; leave quiet_hours out for none")
        return self

    def quiet_hours(self) -> QuietHours:
        """The same as a value."""
        return QuietHours(
            time.fromisoformat(self.start), time.fromisoformat(self.to), ZoneInfo(self.timezone)
        )


def _rule_id(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,79}", text):
        raise ValueError("it may hold letters, digits, '-', '_' and '.'; 80 at the most")
    return text


class RuleTable(Table):
    """One [[rule]]."""

    id: Annotated[str, AfterValidator(_rule_id)]
    when: Kinds
    conditions: If = Field(default=If(), alias="if")
    include: Annotated[tuple[Literal["drafts", "past"], ...], Field(strict=False)] = ()
    hold: Duration = Field(default="0s", alias="for")
    severity: Literal["low", "normal", "high"] | None = None
    group_by: Literal["event", "box_office", "day", "none"] = "event"
    ticket: TicketTable = TicketTable()
    message: MessageTable | bool = True
    note: Filled | None = None
    on_clear: Literal["resolve", "resolve_always", "message", "note", "nothing"] = "resolve"
    reopen_within: Duration = "0s"
    quiet_hours: QuietTable | None = None
    go_on: bool = Field(default=False, alias="continue")

    def rule(self, desk: DeskTable) -> Rule:
        """The same as a value; ``desk`` says where tickets go otherwise."""
        message, kinds = self.message, matching(self.when)
        own_words = message.body if isinstance(message, MessageTable) else None
        customer = self.ticket.customer_email
        if kinds and not any(KINDS[kind].of_event for kind in kinds):
            # Internal trouble: the organiser neither has to know of it nor can mend it.
            message = message if "message" in self.model_fields_set or customer else False
            customer = customer or desk.staff_email
        return Rule(
            id=self.id,
            kinds=kinds,
            predicates=self.conditions.predicates(),
            include=frozenset(map(Include, self.include)),
            hold=duration.read(self.hold),
            severity=None if self.severity is None else Severity(self.severity),
            group_by=GroupBy(self.group_by),
            address=desk.address(customer, self.ticket.settings),
            assignee_id=self.ticket.assignee_id,
            tags=self.ticket.tags,
            subject=self.ticket.subject,
            body=self.ticket.body,
            message=own_words or message is not False,
            note=self.note,
            on_clear=OnClear(self.on_clear),
            reopen_within=duration.read(self.reopen_within),
            quiet_hours=self.quiet_hours.quiet_hours() if self.quiet_hours else None,
            go_on=self.go_on,
        )


def rule_table(desk: type[DeskTable]) -> type[RuleTable]:
    """The ``[[rule]]`` table, whose tickets may have settings of their own for a desk.

    Raises:
        InputError: a setting of the desk has the name of a key that every ticket has.
    """
    settings = tuple(setting for setting in desk.added if setting.per_rule)
    own = own_fields(settings, TicketTable, required=False)
    ticket = create_model("TicketTable", __base__=TicketTable, __module__=__name__, **own)
    ticket.added = settings
    fields: dict[str, Any] = {"ticket": (ticket, TicketTable())}
    return create_model("RuleTable", __base__=RuleTable, __module__=__name__, **fields)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("it has no time zone; add one, as in 2026-12-01T00:00:00-05:00")
    return moment


def _moment(value: Any) -> Any:
    """TOML has moments of its own; in quotes they are read as well."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


class RemovalTable(Table):
    """One [[removal]]: a ticket type that is to be removed when its time has come."""

    box_office: Filled
    event: Filled
    ticket_type: Filled
    after: Annotated[datetime, BeforeValidator(_moment), AfterValidator(_aware)]

    @property
    def name(self) -> str:
        """By which the ledger knows it."""
        return f"{self.event}/{self.ticket_type}/{self.after.isoformat()}"
