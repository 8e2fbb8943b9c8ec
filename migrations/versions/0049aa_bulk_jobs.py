"""One deed on many conversations, done step by step."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0049aa"
down_revision = "0049a"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bulk_job",
        sa.Column("id", core.db.BigId, autoincrement=True, nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("deeds", sa.JSON(), nullable=False),
        sa.Column("macro", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("total", "changed", "same", "left", "back", "kept")),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("made_at", core.db.UtcDateTime(), nullable=False),
        sa.Column("ended_at", core.db.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("bulk_job_of", "bulk_job", ["actor", "id"])
    op.create_table(
        "bulk_item",
        sa.Column("job_id", core.db.BigId, nullable=False),
        sa.Column("conversation_id", core.db.BigId, autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("back", sa.JSON(), nullable=False),
        sa.Column("stands", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["bulk_job.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "conversation_id"),
    )
    op.create_index("bulk_item_next", "bulk_item", ["job_id", "state", "conversation_id"])


def downgrade() -> None:
    op.drop_table("bulk_item")
    op.drop_table("bulk_job")
