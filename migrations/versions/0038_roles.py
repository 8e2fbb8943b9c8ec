"""Roles that administrators make, and which conversations somebody sees."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0038"
down_revision = "0037c"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "role",
        sa.Column("id", kind, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.Column("reach", sa.String(length=10), nullable=False),
        sa.Column("accounts", sa.JSON(), nullable=True),
        sa.Column("changed_at", core.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
        sqlite_autoincrement=True,
    )
    op.add_column("user", sa.Column("accounts", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("user") as batch:
        batch.drop_column("accounts")
    op.drop_table("role")
