"""A conversation that is closed or spam waits for nobody, whatever arrived late in it."""

import sqlalchemy as sa
from alembic import op

revision = "0047g"
down_revision = "0046b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        sa.text(
            "UPDATE conversation SET waiting_since = NULL "
            "WHERE waiting_since IS NOT NULL AND state IN ('closed', 'spam')"
        )
    )


def downgrade() -> None:
    """Nothing to take back."""
