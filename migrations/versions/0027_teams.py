"""Teams, and what a conversation has of a case: team, priority, type, when it is due."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0027"
down_revision = "0025"
branch_labels = None
depends_on = None

INDICES = {
    "conversation_team": (["team_id", "inbox", "state", "last_at"], "team_id IS NOT NULL"),
    "conversation_priority": (["priority", "inbox", "last_at", "id"], "priority <> 'normal'"),
    "conversation_due": (["sla_due_at", "id"], "sla_due_at IS NOT NULL"),
}


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "team",
        sa.Column("id", kind, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("holidays", sa.JSON(), nullable=False),
        sa.Column("assign", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "team_member",
        sa.Column("team_id", kind, nullable=False),
        sa.Column("member", sa.String(length=40), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team_id", "member"),
    )
    op.create_index("team_member_of", "team_member", ["member"])
    op.create_table(
        "away",
        sa.Column("member", sa.String(length=40), nullable=False),
        sa.Column("since", core.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("member"),
    )
    for table in ("account", "conversation"):
        op.add_column(table, sa.Column("team_id", kind, nullable=True))
    op.add_column("conversation", sa.Column("priority", sa.String(10), server_default="normal", nullable=False))
    op.add_column("conversation", sa.Column("type", sa.String(20), server_default="", nullable=False))
    op.add_column("conversation", sa.Column("sla_due_at", core.db.UtcDateTime(), nullable=True))
    for name, (columns, only) in INDICES.items():
        text = sa.text(only)
        op.create_index(name, "conversation", columns, sqlite_where=text, postgresql_where=text)


def downgrade() -> None:
    for name in INDICES:
        op.drop_index(name, table_name="conversation")
    for column in ("sla_due_at", "type", "priority"):
        op.drop_column("conversation", column)
    for table in ("conversation", "account"):
        op.drop_column(table, "team_id")
    for table in ("away", "team_member", "team"):
        op.drop_table(table)
