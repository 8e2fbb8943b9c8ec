"""Links by which people choose a password; who came by the provider alone has none that nobody knows."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0051j"
down_revision = "0051w"
branch_labels = None
depends_on = None

CHOSEN = "('user.password_changed', 'user.password_reset')"


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "password_link",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", kind, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("expires_at", core.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_password_link_user_id", "password_link", ["user_id"])
    op.create_index("ix_password_link_expires_at", "password_link", ["expires_at"])
    op.execute(
        "UPDATE \"user\" SET password = '' WHERE 'user:' || id IN "  # noqa: S608  # constants
        "(SELECT target FROM audit WHERE action = 'user.created' AND actor = 'oidc') "
        f"AND 'user:' || id NOT IN (SELECT target FROM audit WHERE action IN {CHOSEN})"
    )


def downgrade() -> None:
    op.drop_table("password_link")
