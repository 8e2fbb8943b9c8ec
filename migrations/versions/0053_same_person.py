"""Whether a team's same_person customers are given to whom they had last."""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052k"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("team", sa.Column("same_person", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("team") as table:
        table.drop_column("same_person")
