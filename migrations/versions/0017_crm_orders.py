"""Orders of the CRM: how far they are mirrored."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("crm_connection", sa.Column("orders_watermark", core.db.UtcDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("crm_connection") as connection:
        connection.drop_column("orders_watermark")
