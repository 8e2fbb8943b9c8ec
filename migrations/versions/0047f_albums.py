"""The posts of an album that is one message here."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0047f"
down_revision = "0047g"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "album_item",
        sa.Column("key", sa.String(length=500), nullable=False),
        sa.Column("message_id", kind, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("edited_at", core.db.UtcDateTime(), nullable=True),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_album_item_message_id", "album_item", ["message_id"])


def downgrade() -> None:
    op.drop_table("album_item")
