"""The tables. Whatever changes here needs a migration beside it; a test holds the two together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.engine import Dialect


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC: SQLite has no time zones, and we have no others."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text of any length. PostgreSQL cannot store the character NUL, which JSON may carry: it is
    replaced, so that a title with it does not fail every pass."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else value.replace("\x00", "\ufffd")


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# One row a box office. `fence` grows with every lease taken, so that a process which lost its lease
# without noticing differs from the process that has it now.
box_offices = Table(
    "box_offices",
    metadata,
    Column("name", Words, primary_key=True),
    Column("baseline_at", Moment),
    Column("swept_at", Moment),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("lease_holder", Words),
    Column("lease_until", Moment),
    # How many runs in a row had which trouble, by kind of change; see troubles.py.
    Column("troubles", JSON, nullable=False, server_default="{}"),
)

# How many requests were spent, and when: one text under each name, see client/quota.py.
quotas = Table(
    "quotas",
    metadata,
    Column("name", Words, primary_key=True),
    Column("spent", Words, nullable=False),
)

# An event as it was seen, once for each state, under a digest of it. Snapshots and changes refer to
# it; what nothing refers to any more is deleted.
facts = Table(
    "facts",
    metadata,
    Column("box_office", ForeignKey("box_offices.name"), primary_key=True),
    Column("digest", Words, primary_key=True),
    Column("facts", JSON, nullable=False),
)


def _to_facts(table: str, column: str) -> list[Any]:
    """The reference of a column to facts, and the index by which their deletion finds it."""
    return [
        ForeignKeyConstraint(
            ["box_office", column],
            ["facts.box_office", "facts.digest"],
            name=f"fk_{table}_{column}",
        ),
        Index(f"ix_{table}_{column}", "box_office", column),
    ]


snapshots = Table(
    "snapshots",
    metadata,
    Column("box_office", ForeignKey("box_offices.name"), primary_key=True),
    Column("event_id", Words, primary_key=True),
    Column("facts", Words, nullable=False),
    Column("seen_at", Moment, nullable=False),
    *_to_facts("snapshots", "facts"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("box_office", ForeignKey("box_offices.name"), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment, nullable=False),
    Column("exit_code", Integer, nullable=False),
    Column("summary", JSON, nullable=False),
    Index("ix_runs_box_office_started_at", "box_office", "started_at"),
)

# The last safeguard against opening two cases for the same condition.
_LIVE = text("state IN ('open', 'held')")
_LIVE_CONDITION = Index(
    "uq_cases_live_condition",
    "box_office",
    "rule",
    "kind",
    "subject",
    unique=True,
    sqlite_where=_LIVE,
)
cases = Table(
    "cases",
    metadata,
    Column("marker", Words, primary_key=True),
    Column("box_office", ForeignKey("box_offices.name"), nullable=False),
    Column("rule", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("subject", Words, nullable=False),
    Column("occurrence", Integer, nullable=False),
    Column("title", Words, nullable=False),
    Column("members", JSON, nullable=False),
    Column("group_key", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("ticket_id", Words),
    Column("acts", Integer, nullable=False),
    # The rule it was opened under, as it was then; and when which ends were announced.
    Column("wishes", JSON(none_as_null=True)),
    Column("taken_back", JSON, nullable=False),
    UniqueConstraint("box_office", "rule", "kind", "subject", "occurrence"),
    _LIVE_CONDITION,
    Index("ix_cases_box_office_state", "box_office", "state"),
)

# What has changed. `outcome` is null for a change that is not in the log: of a lost ledger that was
# read back. `ticket_type` is null where the event, as it is now or else before, shows the type.
changes = Table(
    "changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("box_office", ForeignKey("box_offices.name"), nullable=False),
    Column("kind", Words, nullable=False),
    Column("event_id", Words),
    Column("ticket_type_id", Words),
    Column("observed_at", Moment, nullable=False),
    Column("detail", Words, nullable=False),
    Column("event", Words),
    Column("before", Words),
    Column("ticket_type", JSON(none_as_null=True)),
    Column("outcome", Words),
    Column("marker", Words),
    *_to_facts("changes", "event"),
    *_to_facts("changes", "before"),
    Index("ix_changes_box_office_observed_at", "box_office", "observed_at"),
    Index("ix_changes_event_id", "event_id"),
)

# `change` began a condition; `ending` has ended it, while a rule waits whether it stays so.
conditions = Table(
    "conditions",
    metadata,
    Column("box_office", ForeignKey("box_offices.name"), primary_key=True),
    Column("kind", Words, primary_key=True),
    Column("subject", Words, primary_key=True),
    Column("change", ForeignKey("changes.id"), nullable=False),
    Column("announced", JSON, nullable=False),
    Column("covered_by", Words),
    Column("ending", ForeignKey("changes.id")),
    Column("known", Boolean, nullable=False),
    # By rule, since when it is otherwise under it than its ticket says.
    Column("turned", JSON, nullable=False),
    Index("ix_conditions_change", "change"),
    Index("ix_conditions_ending", "ending"),
)

silences = Table(
    "silences",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("box_office", Words),
    Column("event", Words),
    Column("kinds", JSON, nullable=False),
    Column("rule", Words),
    Column("begins", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("author", Words, nullable=False),
    Column("reason", Words, nullable=False),
)

history = Table(
    "history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("box_office", ForeignKey("box_offices.name"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("full", Boolean, nullable=False),
    Column("blob", LargeBinary, nullable=False),
    Index("ix_history_box_office_at", "box_office", "at"),
)

# What the planner has learned of a box office, as one packed text: see planner.py.
planners = Table(
    "planners",
    metadata,
    Column("box_office", ForeignKey("box_offices.name"), primary_key=True),
    Column("blob", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
)

predictions = Table(
    "predictions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("box_office", ForeignKey("box_offices.name"), nullable=False),
    Column("event_id", Words, nullable=False),
    Column("ticket_type_id", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("ticket_type", Words, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("left", Integer, nullable=False),
    Column("earliest", Moment, nullable=False),
    Column("likely", Moment, nullable=False),
    Column("latest", Moment, nullable=False),
    Column("outcome", Words),
    Column("outcome_at", Moment),
    Index("ix_predictions_box_office_made_at", "box_office", "made_at"),
)

# An intent is of a case, or of a scheduled removal, which has a name.
intents = Table(
    "intents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("box_office", ForeignKey("box_offices.name"), nullable=False),
    Column("case", ForeignKey("cases.marker")),
    Column("removal", Words),
    Column("position", Integer, nullable=False),
    Column("act", Words, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("state", Words, nullable=False),
    Column("settled", Boolean, nullable=False, server_default=text("false")),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("first_tried_at", Moment),
    Column("attempted_at", Moment),
    Column("repeated_at", Moment),
    Column("retry_at", Moment),
    Column("settled_at", Moment),
    Column("error", Words),
    Column("sent", JSON, nullable=False),
    UniqueConstraint("case", "position"),
    UniqueConstraint("box_office", "removal"),
    Index("ix_intents_settled", "settled", "case", "position"),
)


@event.listens_for(cases, "before_create")
def _for_postgresql(_table: Table, connection: Connection, **_: Any) -> None:
    """The same condition for PostgreSQL. It is added only there, since naming it loads that
    dialect, which would slow every start on SQLite."""
    if connection.dialect.name == "postgresql":
        _LIVE_CONDITION.dialect_kwargs["postgresql_where"] = _LIVE
