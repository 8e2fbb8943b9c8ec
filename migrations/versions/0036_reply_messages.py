"""Replies by the message they became: asked for with every thread."""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_reply_message_id", "reply", ["message_id"])


def downgrade() -> None:
    op.drop_index("ix_reply_message_id", table_name="reply")
