"""what a watch has to remember: where it looked last, and what it foretold"""

import sqlalchemy as sa
from alembic import op

from willcall.bridge.ledger.sql.schema import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
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
    op.create_index("ix_predictions_box_office_made_at", "predictions", ["box_office", "made_at"])
