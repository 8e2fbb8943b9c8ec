"""What a file of contacts says of custom fields, kept with its rows."""

import sqlalchemy as sa
from alembic import op

revision = "0056q"
down_revision = "0055r"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("crm_record", sa.Column("own", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    with op.batch_alter_table("crm_record") as batch:
        batch.drop_column("own")
