"""A program that calls the API without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from core import db
from tests.web import conftest as web
from web import auth


@dataclass
class Program:
    """Calls with one token."""

    app: Any
    token: str
    user_id: int

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return asyncio.run(self._call(method, f"/api/v1/{path}", headers=headers, **options))

    async def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app, client=("127.0.0.1", 4711))
        async with httpx.AsyncClient(transport=transport, base_url=web.BASE) as client:
            return await client.request(method, path, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, key: str = "", **options: Any) -> httpx.Response:
        headers = {"idempotency-key": key} if key else {}
        return self.call("POST", path, json={} if body is None else body, headers=headers, **options)


@pytest.fixture
def program(app: FastAPI) -> Callable[..., Program]:
    """A program of somebody of a role, with these scopes or all they may."""

    def made(role: str = "admin", *scopes: str, days: int | None = None) -> Program:
        email = web.user(role)
        with db.read() as session:
            found = auth.find(session, email)
        assert found is not None
        number = found.id or 0
        return Program(app, web.api_token(number, *scopes, days=days), number)

    return made
