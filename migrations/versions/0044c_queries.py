"""Messages know the saved queries that found them, beside the subjects of those."""

import sqlalchemy as sa
from alembic import op

revision = "0044c"
down_revision = "0042b"
branch_labels = None
depends_on = None

NUMBERS = {
    "sqlite": "json_group_array(query_id) FROM hit WHERE message_id = message.id",
    "postgresql": "json_agg(query_id ORDER BY query_id) FROM hit WHERE message_id = message.id",
}


def upgrade() -> None:
    op.add_column("message", sa.Column("queries", sa.JSON(), nullable=False, server_default="[]"))
    numbers = NUMBERS[op.get_bind().dialect.name]
    found = "id IN (SELECT message_id FROM hit)"
    op.execute(sa.text(f"UPDATE message SET queries = (SELECT {numbers}) WHERE {found}"))  # noqa: S608


def downgrade() -> None:
    op.drop_column("message", "queries")
