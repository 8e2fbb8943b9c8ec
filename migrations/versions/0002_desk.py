"""The desk: who takes care, tags, notes, activities, drafts, what was seen; indices for the list."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import core.db

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _tables()
    op.add_column("conversation", sa.Column("assignee", sa.String(), server_default="", nullable=False))
    op.drop_index("ix_conversation_last_at", table_name="conversation")
    op.drop_index("conversation_list", table_name="conversation")
    op.create_index(
        "conversation_list", "conversation", ["inbox", "state", "last_at", "id", "waiting_since", "assignee", "private"]
    )
    op.create_index("conversation_newest", "conversation", ["inbox", "last_at"])
    op.create_index(
        "conversation_assigned",
        "conversation",
        ["assignee", "last_at"],
        sqlite_where=sa.text("assignee <> ''"),
        postgresql_where=sa.text("assignee <> ''"),
    )
    op.create_index(
        "conversation_snoozed",
        "conversation",
        ["snoozed_until"],
        sqlite_where=sa.text("state = 'snoozed'"),
        postgresql_where=sa.text("state = 'snoozed'"),
    )


def _tables() -> None:
    op.create_table(
        "activity",
        sa.Column("id", _id(), autoincrement=True, nullable=False),
        sa.Column("conversation_id", _id(), nullable=False),
        sa.Column("at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("what", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("activity_thread", "activity", ["conversation_id", "at", "id"])
    op.create_table(
        "conversation_tag",
        sa.Column("conversation_id", _id(), nullable=False),
        sa.Column("tag", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("conversation_id", "tag"),
    )
    op.create_index("conversation_tag_tag", "conversation_tag", ["tag", "conversation_id"])
    op.create_table(
        "draft",
        sa.Column("conversation_id", _id(), nullable=False),
        sa.Column("author", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("saved_at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("conversation_id", "author"),
    )
    op.create_table(
        "note",
        sa.Column("id", _id(), autoincrement=True, nullable=False),
        sa.Column("conversation_id", _id(), nullable=True),
        sa.Column("identity_id", _id(), nullable=True),
        sa.Column("author", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_note_conversation_id", "note", ["conversation_id"])
    op.create_index("ix_note_identity_id", "note", ["identity_id"])
    op.create_table(
        "seen",
        sa.Column("conversation_id", _id(), nullable=False),
        sa.Column("author", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("conversation_id", "author"),
    )


def downgrade() -> None:
    for name in ("conversation_snoozed", "conversation_newest", "conversation_assigned", "conversation_list"):
        op.drop_index(name, table_name="conversation")
    op.create_index("conversation_list", "conversation", ["inbox", "state", "last_at"])
    op.create_index("ix_conversation_last_at", "conversation", ["last_at"])
    op.drop_column("conversation", "assignee")
    for name in ("seen", "note", "draft", "conversation_tag", "activity"):
        op.drop_table(name)
