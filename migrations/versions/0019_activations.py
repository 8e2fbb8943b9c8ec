"""Segments handed on: where to, who was told of, and each run."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "activation",
        sa.Column("id", kind, autoincrement=True, nullable=False),
        sa.Column("segment_id", core.db.BigId, nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", core.db.UtcDateTime(), nullable=False),
        sa.Column("looked_at", core.db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["segment_id"], ["segment.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_activation_segment_id", "activation", ["segment_id"])
    op.create_table(
        "activation_member",
        sa.Column("activation_id", core.db.BigId, nullable=False),
        sa.Column("person", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["activation_id"], ["activation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("activation_id", "person"),
    )
    op.create_table(
        "activation_run",
        sa.Column("id", kind, autoincrement=True, nullable=False),
        sa.Column("activation_id", core.db.BigId, nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["activation_id"], ["activation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_activation_run_activation_id", "activation_run", ["activation_id"])


def downgrade() -> None:
    for name in ("activation_run", "activation_member", "activation"):
        op.drop_table(name)
