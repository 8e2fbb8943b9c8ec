"""Annotation: brands by their names, and what messages that name several say of each."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    brand = op.create_table(
        "brand",
        sa.Column("subject_id", core.db.BigId, autoincrement=False, nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id"),
    )
    op.create_table(
        "message_towards",
        sa.Column("message_id", core.db.BigId, nullable=False),
        sa.Column("subject_id", core.db.BigId, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sentiment", sa.String(), nullable=False),
        sa.Column("p_neg", sa.Float(), nullable=False),
        sa.Column("p_neu", sa.Float(), nullable=False),
        sa.Column("p_pos", sa.Float(), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("model_version", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message_id", "subject_id"),
    )
    query = "SELECT id, name FROM subject WHERE kind IN ('brand', 'product', 'competitor') AND NOT removed"
    there = op.get_bind().execute(sa.text(query)).all()
    op.bulk_insert(brand, [{"subject_id": number, "names": [name]} for number, name in there])


def downgrade() -> None:
    op.drop_table("message_towards")
    op.drop_table("brand")
