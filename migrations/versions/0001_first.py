"""The first shape."""

from alembic import op

from inbox import search
from migrations.tables import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())
    for statement in search.CREATE[op.get_bind().dialect.name]:
        op.execute(statement)
