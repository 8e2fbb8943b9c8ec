"""The web process: every way in, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from core.settings import settings
from web import health, hooks, permissions
from web.api import tracking
from web.api.v1 import reading
from web.api.v1.every import ROUTERS as API
from web.fanout import Hub
from web.middleware import AccessLog, Headers, Hosts
from web.pages import (
    accounts,
    address,
    asked,
    attaching,
    beside,
    bulk_jobs,
    campaigns,
    casework,
    commands,
    contacts,
    customers,
    cuts,
    dead,
    door,
    failures,
    fields,
    filling,
    finding,
    forgotten,
    forwards,
    handout,
    inbox,
    inbox_deeds,
    keys,
    labels,
    listening,
    macros,
    making,
    merging,
    messages,
    model,
    narrow,
    notes,
    notices,
    oauth,
    orders,
    parts,
    passkeys,
    people,
    performance,
    profile,
    promises,
    provider,
    purposes,
    rating,
    replies,
    reports,
    review,
    roles,
    rules,
    salesforce,
    saved,
    second,
    security,
    segments,
    signin,
    start,
    states,
    stream,
    surveys,
    system,
    teams,
    themes,
    thread,
    tokens,
    translating,
    ui,
    users,
    views,
    waiting,
    webhooks,
)
from web.render import STATIC

BODY_LIMIT = 1_000_000
"""Bytes of a form; webhooks have their own limit."""

ROUTERS = (
    macros.router,
    inbox_deeds.router,
    narrow.router,  # looked through in this order: what is asked for most comes first, words before numbers
    waiting.router,
    bulk_jobs.router,
    inbox.router,
    thread.router,
    beside.router,
    replies.router,
    forwards.router,
    people.router,
    filling.router,
    finding.router,
    parts.router,
    cuts.router,
    making.router,
    fields.router,
    notes.router,
    attaching.router,
    handout.router,
    customers.router,
    stream.router,
    commands.router,
    health.router,
    hooks.router,
    tracking.router,
    *API,
    door.router,
    forgotten.router,
    second.router,
    passkeys.router,
    provider.router,
    messages.router,
    labels.router,  # before listening, whose pages have numbers where these have words
    themes.router,
    listening.router,
    performance.router,  # before reports, whose pages have numbers where these have words
    reports.router,
    accounts.router,
    oauth.router,
    segments.router,
    campaigns.router,
    merging.router,
    review.router,
    start.router,
    salesforce.router,
    contacts.router,
    keys.router,
    orders.router,
    purposes.router,
    system.router,
    model.router,
    dead.router,
    views.router,
    rules.router,
    users.router,
    roles.router,
    address.router,
    profile.router,
    notices.router,
    security.router,
    signin.router,
    tokens.router,
    translating.router,
    webhooks.router,
    casework.router,
    states.router,
    teams.router,
    promises.router,
    surveys.router,
    asked.router,
    saved.router,
    rating.router,
    ui.router,
)


class Static(StaticFiles):
    """Files whose address carries a mark of their content: kept by browsers for a year."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        marked = scope["query_string"].startswith(b"v=")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if marked else "no-cache"
        return response


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    yield
    await app.state.hub.close()


def create_app() -> FastAPI:
    """The application; RuntimeError when a route asks for no permission and is not public."""
    app = FastAPI(
        title="Widerhall",
        lifespan=_life,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.hub = Hub()
    for router in ROUTERS:  # as they are, so that check_routes sees each of them
        app.router.routes.extend(router.routes)
    # Compressed: files only. A page carries its form's token, and compressing it would let its length tell.
    app.router.routes.append(Mount("/static", GZipMiddleware(Static(directory=STATIC), minimum_size=500)))
    permissions.check_routes(app.router.routes)
    failures.register(app)
    app.add_middleware(failures.TooLarge, limit=BODY_LIMIT)
    app.add_middleware(failures.Broken)
    app.add_middleware(reading.Head)
    app.add_middleware(Hosts)
    app.add_middleware(Headers)
    app.add_middleware(AccessLog)
    app.add_middleware(
        ProxyHeadersMiddleware,
        trusted_hosts=[one.strip() for one in settings().trusted_proxies.split(",") if one.strip()],
    )
    return app
