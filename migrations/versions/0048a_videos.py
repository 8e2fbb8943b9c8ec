"""How long videos are and what they measure, and what platforms call files that were uploaded for a reply."""

import sqlalchemy as sa
from alembic import op

revision = "0048a"
down_revision = "0048b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attached", sa.Column("seconds", sa.Double(), nullable=False, server_default="0"))
    op.add_column("attached", sa.Column("width", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("attached", sa.Column("height", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("attached", sa.Column("uploaded", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("attached") as batch:
        for name in ("seconds", "width", "height", "uploaded"):
            batch.drop_column(name)
