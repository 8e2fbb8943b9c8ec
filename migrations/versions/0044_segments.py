"""Who is in which segment for lists and rules; what paused webhooks missed; when a promise was broken."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0044"
down_revision = "0038b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "segment_member",
        sa.Column("segment_id", kind, autoincrement=False, nullable=False),
        sa.Column("identity_id", kind, nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("segment_id", "identity_id"),
    )
    op.create_index("ix_segment_member_identity_id", "segment_member", ["identity_id"])
    op.add_column("webhook_endpoint", sa.Column("missed", sa.Integer(), server_default="0", nullable=False))
    op.add_column("sla_clock", sa.Column("over_at", core.db.UtcDateTime(), nullable=True))
    going = sa.text("stopped_at IS NULL")
    op.create_index(
        "sla_clock_open", "sla_clock", ["conversation_id"], sqlite_where=going, postgresql_where=going
    )


def downgrade() -> None:
    op.drop_index("sla_clock_open", table_name="sla_clock")
    with op.batch_alter_table("sla_clock") as batch:
        batch.drop_column("over_at")
    with op.batch_alter_table("webhook_endpoint") as batch:
        batch.drop_column("missed")
    op.drop_index("ix_segment_member_identity_id", table_name="segment_member")
    op.drop_table("segment_member")
