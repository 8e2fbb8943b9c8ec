"""A provider at which people sign in, and who they are here."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0037c"
down_revision = "0037b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    off = sa.text("0" if op.get_bind().dialect.name == "sqlite" else "false")
    op.add_column("sign_in_policy", sa.Column("only_provider", sa.Boolean(), nullable=False, server_default=off))
    op.create_table(
        "oidc_provider",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("default_role", sa.String(), nullable=False),
        sa.Column("domains", sa.JSON(), nullable=False),
        sa.Column("role_claim", sa.String(), nullable=False),
        sa.Column("role_map", sa.JSON(), nullable=False),
        sa.Column("asks", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "oidc_link",
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("sub", sa.String(length=255), nullable=False),
        sa.Column("user_id", kind, nullable=False),
        sa.Column("made_at", core.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issuer", "sub"),
    )
    op.create_index("ix_oidc_link_user_id", "oidc_link", ["user_id"])


def downgrade() -> None:
    op.drop_table("oidc_link")
    op.drop_table("oidc_provider")
    with op.batch_alter_table("sign_in_policy") as batch:
        batch.drop_column("only_provider")
