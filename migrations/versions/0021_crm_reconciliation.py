"""Salesforce: comparisons of all keys, and rules of single fields."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0021"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "crm_reconciliation",
        sa.Column("id", kind, autoincrement=True, nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.Column("ended_at", core.db.UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("unknown", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "crm_field_policy",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("field", sa.String(length=80), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "field"),
    )


def downgrade() -> None:
    op.drop_table("crm_field_policy")
    op.drop_table("crm_reconciliation")
