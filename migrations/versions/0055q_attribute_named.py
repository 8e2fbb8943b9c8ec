"""What is known about people is found by its name: for segments and lists that ask about a custom field."""

from alembic import op

revision = "0055q"
down_revision = "0054n"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("attribute_named", "attribute", ["name", "contact_id"])


def downgrade() -> None:
    op.drop_index("attribute_named", table_name="attribute")
