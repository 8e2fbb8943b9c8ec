"""Segments handed on to campaigns of the CRM: which, and how each member stands."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0024"
branch_labels = None
depends_on = None

COLUMNS = {
    "activation": (("kind", 10, "webhook"), ("campaign", 18, ""), ("label", 80, "")),
    "activation_member": (("record_id", 18, ""), ("state", 10, "in"), ("code", None, ""), ("message", None, "")),
}
NUMBERS = (("activation", "outside"), ("activation_run", "refused"))


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for name, length, default in columns:
            op.add_column(table, sa.Column(name, sa.String(length), nullable=False, server_default=default))
    for table, name in NUMBERS:
        op.add_column(table, sa.Column(name, sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    for table, name in NUMBERS:
        op.drop_column(table, name)
    for table, columns in COLUMNS.items():
        for name, _, _ in columns:
            op.drop_column(table, name)
