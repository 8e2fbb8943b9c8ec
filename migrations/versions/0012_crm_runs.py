"""Salesforce: what each run changed, so that it can be taken back."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "crm_run",
        sa.Column("id", kind, autoincrement=True, nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("taken_back_at", core.db.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_crm_run_at", "crm_run", ["at"])
    op.create_table(
        "crm_change",
        sa.Column("run_id", core.db.BigId, nullable=False),
        sa.Column("hub_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["crm_run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "hub_id"),
    )
    op.create_index("ix_crm_change_hub_id", "crm_change", ["hub_id"])


def downgrade() -> None:
    op.drop_table("crm_change")
    op.drop_table("crm_run")
