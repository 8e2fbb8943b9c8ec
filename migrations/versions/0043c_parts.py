"""Merged conversations, and to which of them a message belongs."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0043c"
down_revision = "0041"
branch_labels = None
depends_on = None

KIND = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "case_part",
        sa.Column("conversation_id", KIND, nullable=False),
        sa.Column("parent_id", KIND, nullable=False),
        sa.Column("identity_id", KIND, nullable=True),
        sa.Column("own", sa.JSON(), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["parent_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("conversation_id"),
    )
    op.create_index("ix_case_part_parent_id", "case_part", ["parent_id"])
    op.create_index("ix_case_part_identity_id", "case_part", ["identity_id"])
    op.add_column("message", sa.Column("home_id", KIND, nullable=True))
    only = sa.text("home_id IS NOT NULL")
    op.create_index("message_home", "message", ["home_id"], sqlite_where=only, postgresql_where=only)


def downgrade() -> None:
    op.drop_index("message_home", "message")
    op.drop_column("message", "home_id")
    op.drop_table("case_part")
