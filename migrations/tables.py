"""Every table there is: importing this module registers them all with SQLModel's metadata."""

from importlib import import_module
from importlib.util import find_spec

from sqlmodel import SQLModel

for _room in (
    "core.audit",
    "core.outbox",
    "enrichment.models",
    "inbox.models",
    "listening.models",
    "sentiment.models",
    "web.models",
):
    if find_spec(_room):
        import_module(_room)

metadata = SQLModel.metadata
