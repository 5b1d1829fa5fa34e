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
        "quotas",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("spent", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_quotas")),
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
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.create_index("ix_cases_box_office_state", ["box_office", "state"], unique=False)
        batch_op.create_index(
            "uq_cases_live_condition",
            ["box_office", "rule", "kind", "subject"],
            unique=True,
            sqlite_where=sa.text("state IN ('open', 'held')"),
            postgresql_where=sa.text("state IN ('open', 'held')"),
        )

    op.create_table(
        "changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("box_office", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("ticket_type_id", sa.Text(), nullable=True),
        sa.Column("observed_at", Moment(), nullable=False),
        sa.Column("change", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("marker", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["box_office"], ["box_offices.name"], name=op.f("fk_changes_box_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
    )
    with op.batch_alter_table("changes", schema=None) as batch_op:
        batch_op.create_index(
            "ix_changes_box_office_observed_at", ["box_office", "observed_at"], unique=False
        )
        batch_op.create_index("ix_changes_event_id", ["event_id"], unique=False)

    op.create_table(
        "conditions",
        sa.Column("box_office", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("change", sa.JSON(), nullable=False),
        sa.Column("announced", sa.JSON(), nullable=False),
        sa.Column("covered_by", sa.Text(), nullable=True),
        sa.Column("ending", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["box_office"], ["box_offices.name"], name=op.f("fk_conditions_box_office")
        ),
        sa.PrimaryKeyConstraint("box_office", "kind", "subject", name=op.f("pk_conditions")),
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
    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.create_index("ix_history_box_office_at", ["box_office", "at"], unique=False)

    op.create_table(
        "removals",
        sa.Column("box_office", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempted_at", Moment(), nullable=True),
        sa.Column("sold", sa.Integer(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["box_office"], ["box_offices.name"], name=op.f("fk_removals_box_office")
        ),
        sa.PrimaryKeyConstraint("box_office", "name", name=op.f("pk_removals")),
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
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.create_index(
            "ix_runs_box_office_started_at", ["box_office", "started_at"], unique=False
        )

    op.create_table(
        "snapshots",
        sa.Column("box_office", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["box_office"], ["box_offices.name"], name=op.f("fk_snapshots_box_office")
        ),
        sa.PrimaryKeyConstraint("box_office", "event_id", name=op.f("pk_snapshots")),
    )
    op.create_table(
        "intents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("settled", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempted_at", Moment(), nullable=True),
        sa.Column("retry_at", Moment(), nullable=True),
        sa.Column("settled_at", Moment(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("sent", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.marker"], name=op.f("fk_intents_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intents")),
        sa.UniqueConstraint("case", "position", name=op.f("uq_intents_case_position")),
    )
    with op.batch_alter_table("intents", schema=None) as batch_op:
        batch_op.create_index("ix_intents_settled", ["settled", "case", "position"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("intents", schema=None) as batch_op:
        batch_op.drop_index("ix_intents_settled")

    op.drop_table("intents")
    op.drop_table("snapshots")
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_index("ix_runs_box_office_started_at")

    op.drop_table("runs")
    op.drop_table("removals")
    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.drop_index("ix_history_box_office_at")

    op.drop_table("history")
    op.drop_table("conditions")
    with op.batch_alter_table("changes", schema=None) as batch_op:
        batch_op.drop_index("ix_changes_event_id")
        batch_op.drop_index("ix_changes_box_office_observed_at")

    op.drop_table("changes")
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_cases_live_condition",
            sqlite_where=sa.text("state IN ('open', 'held')"),
            postgresql_where=sa.text("state IN ('open', 'held')"),
        )
        batch_op.drop_index("ix_cases_box_office_state")

    op.drop_table("cases")
    op.drop_table("silences")
    op.drop_table("quotas")
    op.drop_table("box_offices")
