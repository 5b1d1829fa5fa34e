"""the first ledger"""

import sqlalchemy as sa
from alembic import op

from willcall.bridge.ledger.sql.schema import Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "box_offices",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("baseline_at", Moment(), nullable=True),
        sa.Column("swept_at", Moment(), nullable=True),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_holder", sa.Text(), nullable=True),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("troubles", sa.JSON(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_box_offices")),
    )
    op.create_table(
        "quotas",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("spent", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_quotas")),
    )
    op.create_table(
        "silences",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("box_office", sa.Text(), nullable=True),
        sa.Column("event", sa.Text(), nullable=True),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("begins", Moment(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silences")),
    )
    op.create_table(
        "cases",
        sa.Column("marker", sa.Text(), nullable=False),
        sa.Column("box_office", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("ticket_id", sa.Text(), nullable=True),
        sa.Column("acts", sa.Integer(), nullable=False),
        sa.Column("wishes", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("taken_back", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["box_office"], ["box_offices.name"], name=op.f("fk_cases_box_office")
        ),
        sa.PrimaryKeyConstraint("marker", name=op.f("pk_cases")),
        sa.UniqueConstraint(
            "box_office",
            "rule",
            "kind",
            "subject",
            "occurrence",
            name=op.f("uq_cases_box_office_rule_kind_subject_occurrence"),
        ),
    )
    op.create_index("ix_cases_box_office_state", "cases", ["box_office", "state"], unique=False)
    op.create_index(
        "uq_cases_live_condition",
        "cases",
        ["box_office", "rule", "kind", "subject"],
        unique=True,
        sqlite_where=sa.text("state IN ('open', 'held')"),
        postgresql_where=sa.text("state IN ('open', 'held')"),
    )
    op.create_table(
        "facts",
        sa.Column("box_office", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["box_office"], ["box_offices.name"], name=op.f("fk_facts_box_office")
        ),
        sa.PrimaryKeyConstraint("box_office", "digest", name=op.f("pk_facts")),
    )
    op.create_table(
        "history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("box_office", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("full", sa.Boolean(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["box_office"], ["box_offices.name"], name=op.f("fk_history_box_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
    )
    op.create_index("ix_history_box_office_at", "history", ["box_office", "at"], unique=False)
    op.create_table(
        "planners",
        sa.Column("box_office", sa.Text(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["box_office"], ["box_offices.name"], name=op.f("fk_planners_box_office")
        ),
        sa.PrimaryKeyConstraint("box_office", name=op.f("pk_planners")),
    )
    op.create_table(
        "predictions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("box_office", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("ticket_type_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("ticket_type", sa.Text(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("earliest", Moment(), nullable=False),
        sa.Column("likely", Moment(), nullable=False),
        sa.Column("latest", Moment(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("outcome_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["box_office"], ["box_offices.name"], name=op.f("fk_predictions_box_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_predictions")),
    )
    op.create_index(
        "ix_predictions_box_office_made_at", "predictions", ["box_office", "made_at"], unique=False
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("box_office", sa.Text(), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=False),
        sa.Column("exit_code", sa.Integer(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["box_office"], ["box_offices.name"], name=op.f("fk_runs_box_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index(
        "ix_runs_box_office_started_at", "runs", ["box_office", "started_at"], unique=False
    )
    op.create_table(
        "changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("box_office", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("ticket_type_id", sa.Text(), nullable=True),
        sa.Column("observed_at", Moment(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=True),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("ticket_type", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("marker", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["box_office", "before"], ["facts.box_office", "facts.digest"], name="fk_changes_before"
        ),
        sa.ForeignKeyConstraint(
            ["box_office", "event"], ["facts.box_office", "facts.digest"], name="fk_changes_event"
        ),
        sa.ForeignKeyConstraint(
            ["box_office"], ["box_offices.name"], name=op.f("fk_changes_box_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
    )
    op.create_index("ix_changes_before", "changes", ["box_office", "before"], unique=False)
    op.create_index(
        "ix_changes_box_office_observed_at", "changes", ["box_office", "observed_at"], unique=False
    )
    op.create_index("ix_changes_event", "changes", ["box_office", "event"], unique=False)
    op.create_index("ix_changes_event_id", "changes", ["event_id"], unique=False)
    op.create_table(
        "intents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("box_office", sa.Text(), nullable=False),
        sa.Column("case", sa.Text(), nullable=True),
        sa.Column("removal", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("settled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_tried_at", Moment(), nullable=True),
        sa.Column("attempted_at", Moment(), nullable=True),
        sa.Column("repeated_at", Moment(), nullable=True),
        sa.Column("retry_at", Moment(), nullable=True),
        sa.Column("settled_at", Moment(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("sent", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["box_office"], ["box_offices.name"], name=op.f("fk_intents_box_office")
        ),
        sa.ForeignKeyConstraint(["case"], ["cases.marker"], name=op.f("fk_intents_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intents")),
        sa.UniqueConstraint("box_office", "removal", name=op.f("uq_intents_box_office_removal")),
        sa.UniqueConstraint("case", "position", name=op.f("uq_intents_case_position")),
    )
    op.create_index("ix_intents_settled", "intents", ["settled", "case", "position"], unique=False)
    op.create_table(
        "snapshots",
        sa.Column("box_office", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["box_office", "facts"], ["facts.box_office", "facts.digest"], name="fk_snapshots_facts"
        ),
        sa.ForeignKeyConstraint(
            ["box_office"], ["box_offices.name"], name=op.f("fk_snapshots_box_office")
        ),
        sa.PrimaryKeyConstraint("box_office", "event_id", name=op.f("pk_snapshots")),
    )
    op.create_index("ix_snapshots_facts", "snapshots", ["box_office", "facts"], unique=False)
    op.create_table(
        "conditions",
        sa.Column("box_office", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("announced", sa.JSON(), nullable=False),
        sa.Column("covered_by", sa.Text(), nullable=True),
        sa.Column("ending", sa.Integer(), nullable=True),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("turned", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["box_office"], ["box_offices.name"], name=op.f("fk_conditions_box_office")
        ),
        sa.ForeignKeyConstraint(["change"], ["changes.id"], name=op.f("fk_conditions_change")),
        sa.ForeignKeyConstraint(["ending"], ["changes.id"], name=op.f("fk_conditions_ending")),
        sa.PrimaryKeyConstraint("box_office", "kind", "subject", name=op.f("pk_conditions")),
    )
    op.create_index("ix_conditions_change", "conditions", ["change"], unique=False)
    op.create_index("ix_conditions_ending", "conditions", ["ending"], unique=False)
