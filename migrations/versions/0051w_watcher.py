"""Who watches a conversation."""

import sqlalchemy as sa
from alembic import op

from core.db import BigId

revision = "0051w"
down_revision = "0051k"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "watcher",
        sa.Column("conversation_id", BigId, sa.ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "who"),
    )
    op.create_index("watcher_of", "watcher", ["who", "conversation_id"])


def downgrade() -> None:
    op.drop_table("watcher")
