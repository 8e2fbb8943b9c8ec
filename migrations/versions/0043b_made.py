"""Leads and contacts that are made from here."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0043b"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "crm_made",
        sa.Column("hub_id", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=10), nullable=False),
        sa.Column("identity_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("record_id", sa.String(length=18), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("hub_id"),
    )
    op.create_index("ix_crm_made_identity_id", "crm_made", ["identity_id"])


def downgrade() -> None:
    op.drop_table("crm_made")
