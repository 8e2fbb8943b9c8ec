"""What the platform calls an album, so that posts that come one by one are found to be one message."""

import sqlalchemy as sa
from alembic import op

revision = "0048aa"
down_revision = "0048a"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("album_item", sa.Column("album", sa.String(length=500), nullable=False, server_default=""))
    op.create_index("ix_album_item_album", "album_item", ["album"])


def downgrade() -> None:
    op.drop_index("ix_album_item_album", "album_item")
    with op.batch_alter_table("album_item") as batch:
        batch.drop_column("album")
