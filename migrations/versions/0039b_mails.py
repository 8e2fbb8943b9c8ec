"""Mails that tell people what is unread."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0039b"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "digest",
        sa.Column("id", kind, autoincrement=True, nullable=False),
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.Column("period", sa.String(length=60), nullable=False),
        sa.Column("notices", sa.JSON(), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.Column("made_at", core.db.UtcDateTime(), nullable=False),
        sa.Column("sent_at", core.db.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("who", "period", name="digest_once"),
    )
    op.create_index("ix_digest_made_at", "digest", ["made_at"])


def downgrade() -> None:
    op.drop_table("digest")
