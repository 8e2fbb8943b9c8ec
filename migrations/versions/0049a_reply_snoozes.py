"""A reply that snoozes its conversation."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0049a"
down_revision = "0048aa"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reply", sa.Column("snooze_until", core.db.UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("reply", "snooze_until")
