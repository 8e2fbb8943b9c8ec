"""Town and country of a CRM record; all of them are read once more."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("crm_record", sa.Column("city", sa.String(200), nullable=False, server_default=""))
    op.add_column("crm_record", sa.Column("country", sa.String(80), nullable=False, server_default=""))
    op.execute("UPDATE crm_connection SET watermark = NULL")


def downgrade() -> None:
    with op.batch_alter_table("crm_record") as records:
        records.drop_column("country")
        records.drop_column("city")
