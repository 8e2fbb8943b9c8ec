"""Accounts of the CRM in a table of their own; what they say stands on their contacts."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0026"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "crm_account",
        sa.Column("id", kind, autoincrement=True, nullable=False),
        sa.Column("record_id", sa.String(length=18), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("website", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("modified", core.db.UtcDateTime(), nullable=True),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("successor", sa.String(length=18), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("record_id"),
    )
    op.add_column("crm_record", sa.Column("company_site", sa.String(), nullable=False, server_default=""))
    op.add_column("crm_record", sa.Column("company_phone", sa.String(), nullable=False, server_default=""))
    op.create_index("crm_record_company", "crm_record", ["company_id", "id"])
    op.add_column("crm_connection", sa.Column("accounts_watermark", core.db.UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("crm_connection", "accounts_watermark")
    op.drop_index("crm_record_company", "crm_record")
    with op.batch_alter_table("crm_record") as records:
        records.drop_column("company_phone")
        records.drop_column("company_site")
    op.drop_table("crm_account")
