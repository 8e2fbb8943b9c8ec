"""Views that people keep."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0030"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "saved_view",
        sa.Column("id", kind, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("owner", sa.String(length=40), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("base", sa.String(), nullable=False),
        sa.Column("sort", sa.String(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("changed_at", core.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_saved_view_owner", "saved_view", ["owner"])


def downgrade() -> None:
    op.drop_table("saved_view")
