"""Alembic's entry: one connection, given by `migrations.upgrade`."""

from alembic import context

from migrations.tables import metadata


def _ours(_: object, name: str | None, kind: str, __: bool, ___: object) -> bool:
    return not (kind == "table" and (name or "").startswith("message_search"))  # made by hand in the first revision


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    include_object=_ours,
    compare_type=True,
)
context.run_migrations()
