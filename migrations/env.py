"""Alembic's entry: one connection, given by `migrations.upgrade`."""

from alembic import context

from migrations.env_options import OPTIONS
from migrations.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, **OPTIONS)
context.run_migrations()
