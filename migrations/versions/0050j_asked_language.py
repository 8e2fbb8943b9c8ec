"""The language a browser asked for, for mails to somebody who never chose one."""

import sqlalchemy as sa
from alembic import op

revision = "0050j"
down_revision = "0050i"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user", sa.Column("asks", sa.String(length=8), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("user") as table:
        table.drop_column("asks")
