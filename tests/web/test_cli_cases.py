"""A conversation, its Salesforce Case and the customer's platform, all the way and back, over HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from core import db
from core.outbox import OutboxRow
from enrichment.models import CrmComment
from inbox.models import Conversation, Message, ReplyRow
from tests.living import Sandbox, done, refused, widerhall
from tests.web.conftest import Browser
from web.app import create_app
from web.demo.compare import query

pytestmark = [pytest.mark.xdist_group("living")]

DYING = """
import os, signal
from connectors import tasks
from core import db, queue
from core.settings import settings
db.configure(settings().url)
tasks.ingest.store_page = lambda *args, **more: os.kill(os.getpid(), signal.SIGKILL)
queue.work_inline()
"""
"""A worker that is killed after the platform took the answer, before it is marked as sent."""


@pytest.fixture
def app(home: Sandbox) -> FastAPI:
    """The pages of the hub that lives with the platforms."""
    return create_app()


@pytest.fixture
def talk(home: Sandbox) -> int:
    """A new conversation with somebody whom the org knows."""
    key = home.post("lindenbahn", "Mein Zug kam nicht. Was jetzt?", person="anna")
    done("pull", "--wait")
    with db.read() as session:
        m = db.table(Message)
        return int(session.scalars(sa.select(m.c.conversation_id).where(m.c.key == key)).one())


def hook(home: Sandbox, name: str, **body: Any) -> Any:
    answer = httpx.post(f"{home.announced['crm']['url']}/_org/{name}", json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()


def comment(home: Sandbox, case_id: str, text: str) -> None:
    row = {"attributes": {"type": "CaseComment"}, "ParentId": case_id, "CommentBody": text, "IsPublished": True}
    hook(home, "records", records=[row])


def case_of(home: Sandbox, hub_id: str) -> dict[str, Any]:
    soql = "SELECT Id, Subject, Status, IsClosed, ContactId, CaseNumber FROM Case WHERE Hub_Id__c = "
    (found,) = query(home.announced, f"{soql}'{hub_id}'")
    return found


def state(number: int) -> str:
    with db.read() as session:
        found = session.get(Conversation, number)
        assert found is not None
        return found.state


def test_a_case_from_the_command_line_and_its_status_both_ways(home: Sandbox, talk: int) -> None:
    said = done("crm", "case", talk)
    assert done("crm", "case", talk)["hub_id"] == said["hub_id"]
    case = case_of(home, said["hub_id"])
    assert (case["Subject"], case["Status"]) == ("@lindenbahn Mein Zug kam nicht. Was jetzt?", "New")
    assert case["ContactId"] is not None
    soql = "SELECT Direction__c FROM SocialInteraction__c WHERE Case__c = "
    assert [one["Direction__c"] for one in query(home.announced, f"{soql}'{case['Id']}'")] == ["inbound"]
    done("close", talk)
    done("crm", "sync")
    assert case_of(home, said["hub_id"])["IsClosed"] is True
    hook(home, "change", id=case["Id"], fields={"Status": "Working"})
    done("crm", "sync")
    assert state(talk) == "open"


def test_a_case_needs_a_conversation_there_is(home: Sandbox) -> None:
    assert "no conversation 987654" in refused("crm", "case", 987654)


def test_a_comment_is_answered_once_though_the_worker_is_killed_between_sending_and_marking(
    home: Sandbox, talk: int
) -> None:
    case_id = case_of(home, done("crm", "case", talk)["hub_id"])["Id"]
    comment(home, case_id, "[reply] Wir erstatten Ihnen die Fahrkarte, Nummer 4711.")
    comment(home, case_id, "Nur für uns: Kulanz.")
    done("outbox", "pause", "connectors.tasks.send")
    done("crm", "sync")
    with db.read() as session:
        (row,) = session.scalars(sa.select(CrmComment)).all()
    done("outbox", "resume", "connectors.tasks.send")
    died = subprocess.run([sys.executable, "-c", DYING], env=dict(os.environ), timeout=120, check=False)
    assert died.returncode == -signal.SIGKILL
    with db.read() as session:
        assert getattr(session.get(ReplyRow, row.reply_id), "state", "") == "sending"
    assert home.sent("Nummer 4711") == 1
    with db.write() as session:
        session.execute(sa.update(db.table(OutboxRow)).values(due_at=0.0))
    done("crm", "sync")
    with db.read() as session:
        assert getattr(session.get(ReplyRow, row.reply_id), "state", "") == "sent"
    done("crm", "sync")
    assert (home.sent("Nummer 4711"), home.sent("Kulanz")) == (1, 0)


def test_an_agent_opens_a_case_in_the_thread_and_sees_it_there(
    home: Sandbox, talk: int, as_role: Callable[[str], Browser]
) -> None:
    browser = as_role("agent")
    assert "Open a Salesforce Case" in browser.get(f"/inbox/{talk}").text
    assert browser.post(f"/inbox/{talk}/case", {}).status_code == 303
    assert browser.post(f"/inbox/{talk}/case", {}).status_code == 303
    done("crm", "sync")
    text = browser.get(f"/inbox/{talk}").text
    assert "Open a Salesforce Case" not in text
    assert case_of(home, widerhall("crm", "case", talk, "--json").json["hub_id"])["CaseNumber"] in text
    assert "opened a Salesforce Case for this" in text
    assert as_role("marketer").post(f"/inbox/{talk}/case", {}).status_code == 403
