"""Annotation: emotion, offensive language, all probabilities, and what a message means as numbers."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SHOWN = ("message", "conversation")


def upgrade() -> None:
    for table in (*SHOWN, "annotation"):
        op.add_column(table, sa.Column("emotion", sa.String(), nullable=False, server_default=""))
        op.add_column(table, sa.Column("offensive", sa.Boolean(), nullable=True))
    op.add_column("annotation", sa.Column("details", sa.JSON(), nullable=False, server_default="{}"))
    op.create_table(
        "message_embedding",
        sa.Column("message_id", core.db.BigId, nullable=False, autoincrement=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("model_version", sa.String(length=40), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message_id"),
    )


def downgrade() -> None:
    op.drop_table("message_embedding")
    op.drop_column("annotation", "details")
    for table in ("annotation", *SHOWN):
        op.drop_column(table, "offensive")
        op.drop_column(table, "emotion")
