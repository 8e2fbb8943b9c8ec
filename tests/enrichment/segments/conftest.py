"""A hub that is connected to the simulated org, with a program that tells what customers do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core import db
from core.settings import settings
from enrichment import connection
from enrichment.salesforce import client as client_module
from inbox import consent
from tests.enrichment.behaviour import shop
from tests.enrichment.org_server import RunningOrg, running_org


@pytest.fixture
def org(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningOrg]:
    """The hub is connected; marketing is allowed."""
    monkeypatch.setenv("WIDERHALL_ALLOW_PRIVATE_HOSTS", "1")
    settings.cache_clear()
    client_module._tokens.clear()
    with running_org() as found:
        with db.write() as session:
            login = {"client_id": found.login.client_id, "client_secret": found.login.client_secret}
            connection.connect(session, url=found.url, basis="contract", actor="t", **login)
            consent.switch(session, "marketing", enabled=True, basis="consent", actor="t")
        yield found


@pytest.fixture
def key(org: RunningOrg) -> int:
    """The number of the write key."""
    return shop.opened()
