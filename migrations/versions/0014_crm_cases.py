"""Salesforce: cases opened for conversations, and comments on them that are answers to customers."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0014"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "crm_case",
        sa.Column("hub_id", sa.String(length=64), nullable=False),
        sa.Column("message_id", core.db.BigId, nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("sent_at", core.db.UtcDateTime(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("hub_id"),
    )
    op.create_index("ix_crm_case_message_id", "crm_case", ["message_id"])
    op.create_table(
        "crm_comment",
        sa.Column("comment_id", sa.String(length=18), nullable=False),
        sa.Column("hub_id", sa.String(length=64), nullable=False),
        sa.Column("reply_id", core.db.BigId, nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", core.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("comment_id"),
    )
    op.create_index("ix_crm_comment_hub_id", "crm_comment", ["hub_id"])
    op.add_column("crm_connection", sa.Column("case_watermark", core.db.UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("crm_connection", "case_watermark")
    op.drop_table("crm_comment")
    op.drop_table("crm_case")
