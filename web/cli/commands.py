"""Every command of `widerhall`, put together."""

from __future__ import annotations

from web.cli import (
    accounts,
    annotate,
    archive,
    crm,
    hub,
    inbox,
    keys,
    learning,
    listen,
    merging,
    outbox,
    people,
    persons,
    receivers,
    segments,
    sentiment,
    signin,
    system,
    themes,
    tokens,
    towards,
    upkeep,
    webhooks,
)
from web.cli.base import app

__all__ = ["app"]

for _part in (
    hub,
    accounts,
    inbox,
    archive,
    people,
    learning,
    keys,
    tokens,
    webhooks,
    segments,
    receivers,
    persons,
    merging,
    crm,
    listen,
    annotate,
    sentiment,
    towards,
    upkeep,
    themes,
    outbox,
    system,
    signin,
):
    _part.register(app)
