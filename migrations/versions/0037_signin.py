"""Signing in: second factors, recovery codes, steps under way, and what is demanded."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0037"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("session", sa.Column("way", sa.String(length=20), nullable=False, server_default=""))
    op.create_table(
        "second_factor",
        sa.Column("user_id", kind, nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("last_step", kind, nullable=False),
        sa.Column("made_at", core.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", kind, nullable=False),
        sa.Column("used_at", core.db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_recovery_code_user_id", "recovery_code", ["user_id"])
    op.create_table(
        "sign_in_round",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("user_id", kind, nullable=True),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("expires_at", core.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_sign_in_round_user_id", "sign_in_round", ["user_id"])
    op.create_index("ix_sign_in_round_expires_at", "sign_in_round", ["expires_at"])
    op.create_table(
        "sign_in_policy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("second_factor", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    for table in ("sign_in_policy", "sign_in_round", "recovery_code", "second_factor"):
        op.drop_table(table)
    with op.batch_alter_table("session") as batch:
        batch.drop_column("way")
