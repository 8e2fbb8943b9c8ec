"""A rule may be for business hours alone, or for the time outside of them."""

import sqlalchemy as sa
from alembic import op

revision = "0050i"
down_revision = "0050d"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("rule") as table:
        table.add_column(sa.Column("hours", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("rule") as table:
        table.drop_column("hours")
