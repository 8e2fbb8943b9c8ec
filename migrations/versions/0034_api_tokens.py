"""Tokens of the JSON API, and what it answered to requests with a key of their own."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0034"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "api_token",
        sa.Column("id", kind, autoincrement=True, nullable=False),
        sa.Column("user_id", kind, sa.ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("hint", sa.String(length=4), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("made_at", core.db.UtcDateTime(), nullable=False),
        sa.Column("expires_at", core.db.UtcDateTime(), nullable=True),
        sa.Column("used_at", core.db.UtcDateTime(), nullable=True),
        sa.Column("revoked_at", core.db.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("ix_api_token_user_id", "api_token", ["user_id"])
    op.create_table(
        "api_answer",
        sa.Column("token_id", kind, sa.ForeignKey("api_token.id", ondelete="CASCADE"), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("token_id", "key"),
    )
    op.create_index("ix_api_answer_at", "api_answer", ["at"])


def downgrade() -> None:
    op.drop_table("api_answer")
    op.drop_table("api_token")
