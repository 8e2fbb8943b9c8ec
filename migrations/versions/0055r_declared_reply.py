"""When a reply was tried, and who says that one whose fate was unclear did arrive."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0055r"
down_revision = "0055q"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reply", sa.Column("tried_at", core.db.UtcDateTime(), nullable=True))
    op.add_column("reply", sa.Column("declared_by", sa.String(length=40), nullable=False, server_default=""))
    op.add_column("reply", sa.Column("declared_at", core.db.UtcDateTime(), nullable=True))
    op.execute("UPDATE reply SET tried_at = send_at WHERE state = 'unknown'")


def downgrade() -> None:
    for name in ("declared_at", "declared_by", "tried_at"):
        op.drop_column("reply", name)
