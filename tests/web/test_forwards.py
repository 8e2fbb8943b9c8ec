"""Claims about forwarding by e-mail: to whom, what stands in the mail, once, and not what was deleted meanwhile."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
import sqlalchemy as sa

from core import db, mail, outbox
from core.audit import AuditEntry
from core.errors import Rejected, TryLater, Unknown
from core.outbox import OutboxRow
from core.settings import settings
from core.topics import SUBSCRIBERS
from inbox import erasure, forwards
from inbox.forward_models import Forward
from inbox.forwards import BadAddress
from inbox.models import Activity, Conversation
from tests.web.conftest import Browser, account, event, store
from web import forwarding

PAGE = "/inbox/1/forward"


@pytest.fixture
def agent(as_role, monkeypatch: pytest.MonkeyPatch) -> Browser:
    monkeypatch.setenv("WIDERHALL_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("WIDERHALL_MAIL_FROM", "hub@brand.example")
    settings.cache_clear()
    one = account()
    store(one, event("m:1", "Is <b>this</b> open?", minutes=9, thread_key="m:1"))
    store(one, event("m:2", "My number is 4711", minutes=8, parent_key="m:1", thread_key="m:1"))
    return as_role("agent")


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> list[EmailMessage]:
    """A server that takes everything."""
    taken: list[EmailMessage] = []

    def send(message: EmailMessage, begins) -> None:
        begins()
        taken.append(message)

    monkeypatch.setattr(mail, "send", send)
    return taken


def rows(model):
    with db.read() as session:
        return list(session.scalars(sa.select(model)))


def work() -> int:
    return outbox.step(SUBSCRIBERS["web.forwarding.send"], forwarding.send)


def forward(agent: Browser, **form: object) -> int:
    return agent.post(PAGE, {"to": "a@x.example", "subject": "Look", **form}).status_code


def test_each_address_gets_one_mail_with_what_was_chosen(agent: Browser, post: list[EmailMessage]) -> None:
    form = {"to": "a@x.example, b@y.example", "note": "Please help", "what": "some", "message": "1"}
    assert forward(agent, **form) == 303
    while work():
        pass
    assert [str(one["To"]) for one in post] == ["a@x.example", "b@y.example"]
    (first, second), made = post, rows(Forward)
    assert {one["Message-ID"] for one in post} == {one.message_id for one in made}
    assert first["Message-ID"] != second["Message-ID"]
    assert (first["Subject"], first["From"], first["Reply-To"]) == ("Look", "hub@brand.example", "agent@demo.example")
    plain, html = (first.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert plain.startswith("Please help")
    assert "> Is <b>this</b> open?" in plain
    assert "Is &lt;b&gt;this&lt;/b&gt; open?" in html
    assert "4711" not in plain + html
    assert [one.state for one in made] == ["sent", "sent"]
    assert [one.detail["to"] for one in rows(Activity)] == ["a@x.example", "b@y.example"]
    told = [one.detail for one in rows(AuditEntry) if one.action == "conversation.forwarded"]
    assert [one["to"] for one in told] == ["a@x.example", "b@y.example"]
    assert "forwarded this by e-mail to a@x.example" in agent.get("/inbox/1").text


def test_a_mail_that_was_cut_off_is_repeated_by_a_person_alone_with_the_same_id(
    agent: Browser, post: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    forward(agent)
    answers: list[Exception] = [TryLater("busy", 0.0), Unknown("cut")]
    taking = mail.send

    def broken(message: EmailMessage, begins) -> None:
        error = answers.pop(0)
        if isinstance(error, Unknown):
            begins()
        raise error

    with monkeypatch.context() as context:
        context.setattr(mail, "send", broken)
        for _ in range(2):
            with db.write() as session:
                session.execute(sa.update(db.table(OutboxRow)).values(due_at=0))
            work()
    (row,) = rows(Forward)
    assert (row.state, post, work()) == ("unknown", [], 0)
    assert mail.send is taking
    assert agent.post(f"{PAGE}/{row.id}/retry").status_code == 303
    assert work() == 1
    assert (rows(Forward)[0].state, post[0]["Message-ID"]) == ("sent", row.message_id)
    agent.post(f"{PAGE}/{row.id}/retry")
    assert work() == 0


def test_a_worker_that_died_while_sending_sends_nothing_twice(agent: Browser, post: list[EmailMessage]) -> None:
    forward(agent)
    with db.write() as session:
        forwards.set_state(session, 1, "sending")
    work()
    assert (rows(Forward)[0].state, post) == ("unknown", [])


def test_what_was_erased_before_it_leaves_is_not_sent(agent: Browser, post: list[EmailMessage]) -> None:
    forward(agent, what="some", message="2")
    store(1, event("m:2", action="delete", parent_key="m:1"))
    work()
    assert (rows(Forward)[0].state, post) == ("failed", [])
    with db.write() as session:
        erasure.erase(session, str(rows(Conversation)[0].identity_id), "test")
    assert rows(Forward) == []


@pytest.mark.parametrize(
    "address",
    ["a", "a@x", "a@x.example\r\nBcc: b@y.example", "a b@x.example", "<a@x.example>", "a@-x.example", "ü@x.example",
     "a@x.example,,b@", f"{'a' * 65}@x.example"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(BadAddress):
        forwards.checked([address])


def test_nothing_typed_becomes_a_header(agent: Browser, post: list[EmailMessage]) -> None:
    assert forward(agent, subject="Hi\r\nBcc: b@y.example\x00\u2028X: y") == 303
    work()
    assert post[0]["Bcc"] is None
    assert str(post[0]["Subject"]) == "Hi Bcc: b@y.example X: y"
    refused = agent.post(PAGE, {"to": "a@x.example\nBcc:b@y.example", "note": "kept"})
    assert (refused.status_code, "kept" in refused.text) == (422, True)
    assert agent.post(PAGE, {"to": ",".join(f"a{n}@x.example" for n in range(11))}).status_code == 422
    assert agent.post(PAGE, {"to": "a@x.example", "what": "some"}).status_code == 422
    with db.write() as session, pytest.raises(Rejected):
        forwards.add(session, 1, forwards.Wanted(["a@x.example"], "", "n" * 5001), "user:1", "x")


def test_without_a_mail_server_it_says_so_and_others_may_not(as_role) -> None:
    store(account(), event("m:1"))
    assert "E-mail is not set up" in as_role("agent").get(PAGE).text
    assert as_role("agent").post(PAGE, {"to": "a@x.example"}).status_code == 422
    assert as_role("marketer").get(PAGE).status_code == 403
    assert rows(Forward) == []
