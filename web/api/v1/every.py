"""The routes of the API, in the order in which its description names them."""

from __future__ import annotations

from web.api.v1 import me, openapi

ROUTERS = (
    openapi.router,
    me.router,
)
