"""Webhooks on the command line: listed, tested, made again."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import db
from tests.living import done, widerhall
from web.outgoing import store
from web.outgoing.models import Told

pytestmark = pytest.mark.xdist_group("living")


def test_endpoints_are_listed_tested_and_told_again(hub: None) -> None:
    with db.write() as session:
        store.add(session, "https://x.example/1", ["reply.sent"], "none", "user:1")
    assert done("webhooks", "test", "1")["delivery"] == 1
    (row,) = done("webhooks", "list")
    assert (row["url"], row["state"], row["waiting"], row["missed"]) == ("https://x.example/1", "active", 1, 0)
    assert "whsec" not in str(row)
    with db.write() as session:
        session.execute(sa.update(db.table(Told)).values(state="failed"))
    assert done("webhooks", "replay", "1")["count"] == 1
    assert done("webhooks", "replay", "1", "--delivery", "1")["count"] == 0
    said = widerhall("webhooks", "replay", "2", "--delivery", "1")
    assert (said.code, "There is no such delivery" in said.err) == (1, True)
