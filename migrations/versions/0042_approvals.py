"""Replies that somebody has to approve, and that are held when they write again."""

import json

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0042"
down_revision = "0044b"
branch_labels = None
depends_on = None

_WAITING = sa.text("state <> 'sent' AND state <> 'cancelled'")
_OPEN = sa.text("state = 'submitted'")
_LISTS = (("role", "permissions"), ("api_token", "scopes"))


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("account", sa.Column("approval", sa.String(length=40), nullable=False, server_default=""))
    op.add_column("reply", sa.Column("hold", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("reply", sa.Column("after_id", kind, nullable=False, server_default="0"))
    op.create_index(
        "reply_waiting", "reply", ["send_at", "id"], sqlite_where=_WAITING, postgresql_where=_WAITING
    )
    op.create_table(
        "approval",
        sa.Column("reply_id", kind, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("why", sa.String(length=10), nullable=False),
        sa.Column("approver", sa.String(length=40), nullable=False),
        sa.Column("submitted_by", sa.String(length=100), nullable=False),
        sa.Column("submitted_at", core.db.UtcDateTime(), nullable=False),
        sa.Column("planned_at", core.db.UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(length=100), nullable=False),
        sa.Column("decided_at", core.db.UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("reply_id"),
    )
    op.create_index(
        "approval_open", "approval", ["submitted_at", "reply_id"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    _rename("conversations.reply", ["conversations.reply", "replies.send"])  # who could send goes on sending


def _rename(old: str, new: list[str]) -> None:
    for table, column in _LISTS:
        rows = sa.table(table, sa.column("id", sa.Integer), sa.column(column, sa.JSON))
        connection = op.get_bind()
        for row in connection.execute(sa.select(rows.c.id, rows.c[column])).all():
            given = json.loads(row[1]) if isinstance(row[1], str) else row[1]
            if old in given:
                kept = sorted({*(one for one in given if one != old), *new})
                connection.execute(sa.update(rows).where(rows.c.id == row[0]).values({column: kept}))


def downgrade() -> None:
    _rename("replies.send", [])
    op.drop_table("approval")
    op.drop_index("reply_waiting", "reply")
    with op.batch_alter_table("reply") as batch:
        batch.drop_column("after_id")
        batch.drop_column("hold")
    with op.batch_alter_table("account") as batch:
        batch.drop_column("approval")
