"""When somebody last proved at the provider who they are, where it says so: a sign-in by an old proof is not fresh."""

import sqlalchemy as sa
from alembic import op

from core.db import UtcDateTime

revision = "0052k"
down_revision = "0051j"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("session", sa.Column("proved_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("session") as table:
        table.drop_column("proved_at")
