"""A reply that closes its conversation, and how that stood before."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0048b"
down_revision = "0047f"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reply", sa.Column("closes", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("reply", sa.Column("closed_at", core.db.UtcDateTime(), nullable=True))
    op.add_column("reply", sa.Column("stood", sa.String(length=40), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("reply", "stood")
    op.drop_column("reply", "closed_at")
    op.drop_column("reply", "closes")
