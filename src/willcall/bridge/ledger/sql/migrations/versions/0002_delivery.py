"""what delivery has to remember: first tries and repeats"""

import sqlalchemy as sa
from alembic import op

from willcall.bridge.ledger.sql.schema import Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("intents") as intents:
        intents.add_column(sa.Column("first_tried_at", Moment(), nullable=True))
        intents.add_column(sa.Column("repeated_at", Moment(), nullable=True))
