"""From messages that a search found to their conversations by one narrow index."""

from alembic import op

revision = "0038b"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("message_found", "message", ["id", "conversation_id"])


def downgrade() -> None:
    op.drop_index("message_found", table_name="message")
