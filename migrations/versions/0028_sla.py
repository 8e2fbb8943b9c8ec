"""Promises: policies, and the clocks of conversations."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0028"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "sla_policy",
        sa.Column("id", kind, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("first_reply", sa.Integer(), nullable=False),
        sa.Column("next_reply", sa.Integer(), nullable=False),
        sa.Column("resolution", sa.Integer(), nullable=False),
        sa.Column("business", sa.Boolean(), nullable=False),
        sa.Column("warn", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "sla_clock",
        sa.Column("conversation_id", kind, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("started_at", core.db.UtcDateTime(), nullable=False),
        sa.Column("policy_id", kind, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("due_at", core.db.UtcDateTime(), nullable=True),
        sa.Column("warn_at", core.db.UtcDateTime(), nullable=True),
        sa.Column("stopped_at", core.db.UtcDateTime(), nullable=True),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("look_at", core.db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["policy_id"], ["sla_policy.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("conversation_id", "kind", "started_at"),
    )
    only = sa.text("look_at IS NOT NULL")
    op.create_index("sla_clock_look", "sla_clock", ["look_at"], sqlite_where=only, postgresql_where=only)


def downgrade() -> None:
    op.drop_table("sla_clock")
    op.drop_table("sla_policy")
