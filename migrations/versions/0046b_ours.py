"""What we said in a conversation is found without reading all that others said."""

import sqlalchemy as sa
from alembic import op

revision = "0046b"
down_revision = "0046"
branch_labels = None
depends_on = None

OURS = sa.text("direction = 'outbound'")


def upgrade() -> None:
    op.create_index("message_ours", "message", ["conversation_id", "id"], sqlite_where=OURS, postgresql_where=OURS)


def downgrade() -> None:
    op.drop_index("message_ours", "message")
