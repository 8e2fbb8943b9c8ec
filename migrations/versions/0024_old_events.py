"""Events by their age, for their retention."""

from alembic import op

revision = "0024"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("track_event_age", "track_event", ["kind", "at", "id"])


def downgrade() -> None:
    op.drop_index("track_event_age", table_name="track_event")
