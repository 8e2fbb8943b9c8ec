"""Macros and saved replies are shared with teams or with everybody."""

import sqlalchemy as sa
from alembic import op

revision = "0044b"
down_revision = "0043b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("saved_reply", sa.Column("shared", sa.JSON(), nullable=False, server_default='["all"]'))
    op.add_column("macro", sa.Column("shared_with", sa.JSON(), nullable=False, server_default="[]"))
    op.execute(sa.text("UPDATE macro SET shared_with = '[\"all\"]' WHERE shared"))
    with op.batch_alter_table("macro") as batch:
        batch.drop_column("shared")
        batch.alter_column("shared_with", new_column_name="shared")


def downgrade() -> None:
    op.add_column("macro", sa.Column("shared_all", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(sa.text("UPDATE macro SET shared_all = TRUE WHERE CAST(shared AS TEXT) <> '[]'"))
    with op.batch_alter_table("macro") as batch:
        batch.drop_column("shared")
        batch.alter_column("shared_all", new_column_name="shared")
    op.drop_column("saved_reply", "shared")
