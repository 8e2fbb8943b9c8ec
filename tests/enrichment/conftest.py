"""A connected hub on a fresh database, with a CRM in memory."""

from __future__ import annotations

import pytest

from core import db
from core.settings import settings
from enrichment import connection
from tests.enrichment import house
from tests.enrichment.fake_crm import FakeCrm


@pytest.fixture
def crm(database: str, monkeypatch: pytest.MonkeyPatch) -> FakeCrm:
    """The CRM that the hub is connected to, on a lawful basis; it knows Anna."""
    monkeypatch.setenv("WIDERHALL_CRM_GATHER_SECONDS", "0")
    settings.cache_clear()
    fake = FakeCrm()
    fake.put(house.CRM_ANNA)
    monkeypatch.setattr(connection, "crm", lambda: fake)
    with db.write() as session:
        connection.connect(
            session, url="https://fake.example", client_id="c", client_secret="s", basis="contract", actor="t"
        )
    house.work(waits=0)
    return fake


@pytest.fixture
def ours(crm: FakeCrm) -> int:
    """Our account's id on the connected hub."""
    return house.account()
