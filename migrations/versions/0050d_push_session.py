"""A browser is told as long as the sign-in holds in which somebody asked for it."""

import sqlalchemy as sa
from alembic import op

revision = "0050d"
down_revision = "0049aa"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM push_browser")  # whose sign-in it was is not known: they are asked again
    with op.batch_alter_table("push_browser") as table:
        table.add_column(sa.Column("session", sa.String(length=64), nullable=False))
        table.create_index("ix_push_browser_session", ["session"])


def downgrade() -> None:
    with op.batch_alter_table("push_browser") as table:
        table.drop_index("ix_push_browser_session")
        table.drop_column("session")
