"""Notifications: what people who work here are told, how they want it, mentions, browsers, mails."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0039"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "notification",
        sa.Column("id", kind, autoincrement=True, nullable=False),
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("conversation_id", kind, nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.Column("read_at", core.db.UtcDateTime(), nullable=True),
        sa.Column("page", sa.Boolean(), nullable=False),
        sa.Column("push", sa.Boolean(), nullable=False),
        sa.Column("mail", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("who", "reason", name="notification_once"),
        sqlite_autoincrement=True,
    )
    op.create_index("notification_list", "notification", ["who", "id"])
    op.create_index("notification_unread", "notification", ["who", "conversation_id"], **_only("read_at IS NULL"))
    op.create_index("notification_mail", "notification", ["who", "at"], **_only("mail = 1 AND read_at IS NULL"))
    op.create_table(
        "notification_choice",
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_until", sa.Integer(), nullable=True),
        sa.Column("mail", sa.String(length=10), nullable=False),
        sa.Column("mail_at", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("who"),
    )
    op.create_table(
        "note_mention",
        sa.Column("note_id", kind, nullable=False),
        sa.Column("target", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["note_id"], ["note.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("note_id", "target"),
    )
    op.create_index("note_mention_of", "note_mention", ["target", "note_id"])
    op.add_column("note", sa.Column("edited_at", core.db.UtcDateTime(), nullable=True))


def _only(condition: str) -> dict[str, sa.TextClause]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def downgrade() -> None:
    op.drop_column("note", "edited_at")
    op.drop_table("note_mention")
    op.drop_table("notification_choice")
    op.drop_table("notification")
