"""Conversations that were split off another one from a message on."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0045w"
down_revision = "0041b"
branch_labels = None
depends_on = None

KIND = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "thread_cut",
        sa.Column("conversation_id", KIND, nullable=False),
        sa.Column("root_id", KIND, nullable=False),
        sa.Column("from_id", KIND, nullable=False),
        sa.Column("message_id", KIND, nullable=False),
        sa.Column("begins_at", core.db.UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.Column("back_at", core.db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["root_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["from_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("conversation_id"),
    )
    op.create_index("ix_thread_cut_root_id", "thread_cut", ["root_id"])
    op.create_index("ix_thread_cut_from_id", "thread_cut", ["from_id"])


def downgrade() -> None:
    op.drop_table("thread_cut")
