"""The routes of the API, in the order in which its description names them."""

from __future__ import annotations

from web.api.v1 import (
    accounts,
    admin,
    approvals,
    conversations,
    fields,
    listening,
    me,
    metrics,
    openapi,
    people,
    segments,
    surveys,
    threads,
    webhooks,
)

ROUTERS = (
    openapi.router,
    me.router,
    conversations.router,
    threads.router,
    approvals.router,
    people.router,
    fields.router,
    accounts.router,
    listening.router,
    metrics.router,
    segments.router,
    surveys.router,
    admin.router,
    webhooks.router,
)
