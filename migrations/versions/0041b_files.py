"""Files that are attached to replies and notes, and pictures of customers that are kept."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0041b"
down_revision = "0043c"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "stored_file",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size", kind, nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "attached",
        sa.Column("id", kind, autoincrement=True, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("conversation_id", kind, nullable=False),
        sa.Column("author", sa.String(length=40), nullable=False),
        sa.Column("reply_id", kind, nullable=True),
        sa.Column("note_id", kind, nullable=True),
        sa.Column("message_id", kind, nullable=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("mime", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("alt", sa.String(length=1500), nullable=False),
        sa.Column("size", kind, nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["stored_file.digest"]),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["note_id"], ["note.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    for name in ("digest", "conversation_id", "reply_id", "note_id", "message_id"):
        op.create_index(f"ix_attached_{name}", "attached", [name])


def downgrade() -> None:
    op.drop_table("attached")
    op.drop_table("stored_file")
