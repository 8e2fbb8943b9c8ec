"""The routes of the API, in the order in which its description names them."""

from __future__ import annotations

from web.api.v1 import (
    accounts,
    admin,
    approvals,
    conversations,
    fields,
    labels,
    listening,
    me,
    messages,
    metrics,
    openapi,
    people,
    reports,
    segments,
    surveys,
    themes,
    threads,
    webhooks,
)

ROUTERS = (
    openapi.router,
    me.router,
    conversations.router,
    threads.router,
    messages.router,
    approvals.router,
    people.router,
    fields.router,
    accounts.router,
    listening.router,
    labels.router,
    themes.router,
    reports.router,
    metrics.router,
    segments.router,
    surveys.router,
    admin.router,
    webhooks.router,
)
