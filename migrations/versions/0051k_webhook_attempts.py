"""Each attempt of a webhook's delivery with its answer, and when the next one is due."""

import sqlalchemy as sa
from alembic import op

from core.db import UtcDateTime

revision = "0051k"
down_revision = "0050j"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook_delivery", sa.Column("attempts", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("webhook_delivery", sa.Column("next_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("webhook_delivery") as table:
        table.drop_column("next_at")
        table.drop_column("attempts")
