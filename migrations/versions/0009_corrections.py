"""Annotation: corrections by people, passes over stored messages, speed, which heads are in use."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None


def _number() -> sa.Column:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", kind, autoincrement=True, nullable=False)


def upgrade() -> None:
    op.create_table(
        "correction",
        _number(),
        sa.Column("message_id", core.db.BigId, nullable=False),
        sa.Column("message_version", sa.Integer(), nullable=False),
        sa.Column("task", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=20), nullable=False),
        sa.Column("was", sa.String(length=20), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("message_id", "message_version", "task", name="correction_once"),
    )
    op.create_table(
        "annotation_pass",
        _number(),
        sa.Column("since", core.db.UtcDateTime(), nullable=True),
        sa.Column("rated_since", core.db.UtcDateTime(), nullable=True),
        sa.Column("below", core.db.BigId, nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("started_at", core.db.UtcDateTime(), nullable=False),
        sa.Column("ended_at", core.db.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "annotator_heads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("encoder", sa.String(length=40), nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "annotation_speed",
        sa.Column("hour", core.db.UtcDateTime(), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "model"),
    )


def downgrade() -> None:
    for table in ("annotation_speed", "annotator_heads", "annotation_pass", "correction"):
        op.drop_table(table)
