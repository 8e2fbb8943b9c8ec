"""Reports: an index that holds what they count by; links to a report for roles."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COUNTED = ["posted_at", "erased", "visibility", "direction", "origin", "deleted_at", "platform", "kind", "language",
           "sentiment", "intent", "identity_id", "account_id"]  # fmt: skip
LISTS = ["labels", "hashtags", "counts"]


def _id() -> sa.types.TypeEngine:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.create_index("message_figures", "message", COUNTED + LISTS)
    else:  # an entry is at most a third of a page there: no column without a limit
        op.create_index("message_figures", "message", COUNTED[:1], postgresql_include=COUNTED[1:])
    op.create_table(
        "shared_report",
        sa.Column("id", _id(), autoincrement=True, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("subject_id", _id(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked", core.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["subject_id"], ["subject.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("ix_shared_report_subject_id", "shared_report", ["subject_id"])


def downgrade() -> None:
    op.drop_table("shared_report")
    op.drop_index("message_figures", table_name="message")
