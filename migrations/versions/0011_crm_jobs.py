"""Salesforce: bulk jobs, what the exchange costs, how much of the day's calls is used."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "crm_job",
        sa.Column("id", kind, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("remote_id", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("sync_state", sa.Column("job_id", core.db.BigId, nullable=True))
    op.add_column("sync_state", sa.Column("again", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("sync_state", sa.Column("sending", sa.JSON(), nullable=False, server_default="{}"))
    op.create_index("ix_sync_state_job_id", "sync_state", ["job_id"])
    op.add_column("sync_run", sa.Column("calls", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("sync_run", sa.Column("sent_bytes", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("crm_connection", sa.Column("calls_used", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("crm_connection", sa.Column("calls_limit", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("crm_connection", sa.Column("calls_at", core.db.UtcDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("crm_connection") as batch:
        for name in ("calls_at", "calls_limit", "calls_used"):
            batch.drop_column(name)
    with op.batch_alter_table("sync_run") as batch:
        for name in ("sent_bytes", "calls"):
            batch.drop_column(name)
    with op.batch_alter_table("sync_state") as batch:
        batch.drop_index("ix_sync_state_job_id")
        for name in ("sending", "again", "job_id"):
            batch.drop_column(name)
    op.drop_table("crm_job")
