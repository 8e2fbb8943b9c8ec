"""Salesforce Cases: opened once, by hand or by rule; status both ways without loops; comments become answers once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from core import db
from core.errors import NotConfigured, Rejected
from core.event import Author
from core.settings import settings
from enrichment.cases import opening, rule
from enrichment.crm import CaseNews, CommentNews
from enrichment.models import CrmCase, CrmComment
from enrichment.profile import hub_id
from inbox import actions, activities, consent, desk, erasure
from inbox.models import Conversation, Message, ReplyRow
from tests.enrichment import house
from tests.enrichment.fake_crm import FakeCrm

KEY = hub_id("case", "mastodon:m1")


@pytest.fixture
def talk(crm: FakeCrm, ours: int) -> int:
    """The number of a conversation with Anna, whom the CRM knows."""
    house.store(ours, house.event("m1", ref="1"), sentiment="negative")
    house.work()
    return conversation().id or 0


def conversation() -> Conversation:
    with db.read() as session:
        return session.scalars(sa.select(Conversation)).one()


def open_case(number: int, actor: str = "user:1") -> str:
    with db.write() as session:
        key = opening.open_case(session, number, actor).hub_id
    house.work()
    return key


def told(crm: FakeCrm, status: str = "New", *, deleted: bool = False, at: datetime | None = None) -> None:
    """The next read of the CRM says this about the case."""
    crm.clock += timedelta(seconds=1)
    moment = at or db.now()
    crm.case_news = [CaseNews(KEY, "500A", "00001001", status, status == "Closed", moment, deleted)]
    read()


def read() -> None:
    from core import outbox

    with db.write() as session:
        outbox.emit(session, "crm.due", [("crm", {})])
    house.work()


def commented(crm: FakeCrm, text: str, id_: str = "00aA") -> None:
    crm.comment_news.append(CommentNews(id_, KEY, text, "005A", db.now()))
    read()


def did() -> list[str]:
    with db.read() as session:
        return [f"{one.actor} {one.what}" for one in activities.of_conversation(session, conversation().id or 0)]


def replies() -> list[tuple[str, str, str]]:
    with db.read() as session:
        return [(one.author, one.text, one.state) for one in session.scalars(sa.select(ReplyRow))]


# --- opening --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
def test_a_case_is_opened_once_whoever_asks_how_often(crm: FakeCrm, talk: int) -> None:
    assert {open_case(talk), open_case(talk), open_case(talk, "cli")} == {KEY}
    case = crm.only("case")
    assert (case["Subject"], case["Origin"]) == ("text m1", "Social")
    assert (case["ContactId"], case["AccountId"]) == ("003A", "001A")
    assert did() == ["user:1 case"]
    assert [kind for _, kind, _ in crm.calls].count("case") == 1


def test_the_conversations_messages_hang_from_it_those_before_and_those_after(
    crm: FakeCrm, ours: int, talk: int
) -> None:
    open_case(talk)
    house.store(ours, house.event("m2", parent_key="mastodon:m1", kind="reply"))
    house.work()
    assert [row["Case__r"] for row in crm.records["interaction"].values()] == [{"Hub_Id__c": KEY}] * 2


def test_nothing_of_an_interaction_is_sent_again_where_there_is_no_case(crm: FakeCrm, talk: int) -> None:
    assert "Case__r" not in crm.only("interaction")
    assert "Case__c" not in crm.only("interaction")


def test_who_objects_or_is_not_linked_gets_no_case(crm: FakeCrm, ours: int, talk: int) -> None:
    with db.write() as session:
        consent.object_to(session, f"identity:{house.identity().id}", "all", "mail", "t")
    house.work()
    with pytest.raises(Rejected, match="they object to it"), db.write() as session:
        opening.open_case(session, talk, "user:1")
    stranger = Author(platform="mastodon", id="https://t.example/users/z", handle="z@t.example", name="Zoe")
    house.store(ours, house.event("m9", stranger))
    house.work()
    with db.read() as session:
        m = db.table(Message)
        other = session.execute(sa.select(m.c.conversation_id).where(m.c.key == "mastodon:m9")).scalar_one()
    with pytest.raises(Rejected, match="linked to a contact"), db.write() as session:
        opening.open_case(session, other, "user:1")


def test_an_objection_leaves_the_case_to_the_people_who_work_on_it(crm: FakeCrm, talk: int) -> None:
    open_case(talk)
    with db.write() as session:
        consent.object_to(session, f"identity:{house.identity().id}", "all", "mail", "t")
        session.flush()
    house.work()
    desk_close(talk)
    assert "Status" not in crm.only("case")


def test_an_erased_persons_case_is_deleted_and_proven_gone(crm: FakeCrm, talk: int) -> None:
    open_case(talk)
    with db.write() as session:
        erasure.erase(session, f"identity:{house.identity().id}", "t")
    house.work()
    assert crm.records["case"] == {}
    with db.read() as session:
        assert session.scalars(sa.select(CrmCase)).all() == []


def test_text_that_is_deleted_on_its_platform_leaves_the_subject(crm: FakeCrm, ours: int, talk: int) -> None:
    open_case(talk)
    house.store(ours, house.event("m1", ref="1", action="delete"))
    house.work()
    case = crm.only("case")
    assert (case["Subject"], case["Description"]) == ("Mastodon message", "https://x.example/m1")


def test_a_private_message_names_nothing_of_its_text(crm: FakeCrm, ours: int) -> None:
    house.store(ours, house.event("m1", ref="1", kind="dm", visibility="private"))
    house.work()
    open_case(conversation().id or 0)
    assert (crm.only("case")["Subject"], crm.only("case")["Description"]) == ("Mastodon message", None)


# --- by rule --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "held"),
    [
        ("", False),
        ("intent:complaint", True),
        ("urgency:high", False),
        ("urgency:high, label:Refund", True),
        ("intent:complaint+urgency:high", False),
        ("intent:complaint+label:refund", True),
    ],
)
def test_a_rule_asks_for_facts(words: str, held: bool) -> None:
    facts = {"intent": "complaint", "urgency": "low", "label": ["refund", "train"]}
    assert rule.matches(words, facts) is held


@pytest.mark.parametrize("words", ["complaint", "intent:", "colour:red", "intent:a+b"])
def test_a_rule_that_means_nothing_says_how_to_write_one(words: str) -> None:
    with pytest.raises(NotConfigured, match="intent:…"):
        rule.groups(words)


def test_a_message_that_the_rule_asks_for_opens_a_case_and_others_none(
    crm: FakeCrm, ours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIDERHALL_CRM_CASE_WHEN", "sentiment:negative")
    settings.cache_clear()
    house.store(ours, house.event("m1", ref="1"), sentiment="positive")
    house.work()
    assert crm.records["case"] == {}
    house.store(ours, house.event("m2", parent_key="mastodon:m1", kind="reply"), sentiment="negative")
    house.work()
    assert set(crm.records["case"]) == {KEY}
    assert did() == ["rule:crm-case case"]


def test_a_rule_that_cannot_be_read_holds_up_nothing(crm: FakeCrm, ours: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIDERHALL_CRM_CASE_WHEN", "nonsense")
    settings.cache_clear()
    house.store(ours, house.event("m1", ref="1"), sentiment="negative")
    house.work()
    assert (len(crm.records["interaction"]), crm.records["case"], house.waiting()) == (1, {}, [])


# --- status, both ways ----------------------------------------------------------------------------------


def desk_close(number: int, *, again: bool = False) -> None:
    with db.write() as session:
        (desk.reopen if again else desk.close)(session, number, "user:1")
    house.work()


@pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
def test_closing_here_closes_there_and_comes_back_as_nothing(crm: FakeCrm, talk: int) -> None:
    open_case(talk)
    told(crm)
    desk_close(talk)
    assert crm.only("case")["Status"] == "Closed"
    writes = crm.writes()
    told(crm, "Closed")
    assert (crm.writes(), conversation().state) == (writes, "closed")
    desk_close(talk, again=True)
    assert crm.only("case")["Status"] == "Working"
    told(crm, "Working")
    assert (conversation().state, did()) == ("open", ["user:1 case", "user:1 closed", "user:1 reopened"])


@pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
def test_closing_there_closes_here_with_a_sign_in_the_thread_and_sends_nothing_back(crm: FakeCrm, talk: int) -> None:
    open_case(talk)
    told(crm)
    writes = crm.writes()
    told(crm, "Closed")
    read()
    assert (conversation().state, crm.writes()) == ("closed", writes)
    told(crm, "Working")
    assert (conversation().state, crm.writes()) == ("open", writes)
    assert did() == ["user:1 case", "crm closed", "crm reopened"]


def test_a_status_that_people_set_there_is_not_overwritten(crm: FakeCrm, talk: int) -> None:
    open_case(talk)
    told(crm, "Escalated")
    with db.write() as session:
        activities.changed(session, [talk])
    house.work()
    assert "Status" not in crm.only("case")


def test_a_customer_who_wrote_after_the_case_was_closed_keeps_the_conversation_open(crm: FakeCrm, talk: int) -> None:
    open_case(talk)
    told(crm, "Closed", at=house.AT - timedelta(days=1))
    assert conversation().state == "open"
    with db.write() as session:
        activities.changed(session, [talk])
    house.work()
    assert crm.only("case")["Status"] == "Working"


def test_a_case_that_is_deleted_there_stays_deleted_and_another_is_not_made_by_itself(crm: FakeCrm, talk: int) -> None:
    open_case(talk)
    crm.records["case"].clear()
    told(crm, deleted=True)
    desk_close(talk)
    assert crm.records["case"] == {}
    assert "crm case-deleted" in did()


# --- comments -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
def test_a_marked_comment_is_queued_as_an_answer_once_however_often_it_is_read(crm: FakeCrm, talk: int) -> None:
    open_case(talk)
    commented(crm, "[Reply] The refund is on its way.")
    read()
    with db.write() as session:
        session.execute(sa.delete(db.table(CrmComment)))  # as if the worker had died before it kept the comment
    read()
    assert replies() == [("crm", "The refund is on its way.", "queued")]


def test_a_comment_without_the_mark_stays_where_it_is(crm: FakeCrm, talk: int) -> None:
    open_case(talk)
    commented(crm, "Called the warehouse. [reply] is not at the beginning.")
    assert replies() == []


def test_a_comment_that_cannot_be_sent_is_shown_with_its_reason(crm: FakeCrm, talk: int) -> None:
    open_case(talk)
    commented(crm, "[reply]   ")
    assert replies() == []
    with db.read() as session:
        shown = opening.shown(session, talk)
    assert shown is not None
    assert shown.refused == ("The reply is empty. Write something first.",)
    assert "crm comment-refused" in did()


def test_an_answer_that_cannot_be_placed_is_refused_not_lost(crm: FakeCrm, talk: int) -> None:
    open_case(talk)
    with db.write() as session:
        session.execute(sa.update(db.table(Message)).values(ref=""))
    commented(crm, "[reply] Hello")
    with db.read() as session:
        (row,) = session.scalars(sa.select(CrmComment)).all()
    assert (row.reply_id, "can be answered" in row.reason) == (None, True)


def test_a_case_that_a_rule_asks_for_is_opened_once_and_why_there_is_none_stands_in_the_thread(
    talk: int, ours: int, crm: FakeCrm
) -> None:
    house.store(ours, house.event("m9", ref="9", author=Author(platform="mastodon", id="x9", handle="x9")))
    house.work()
    with db.read() as session:
        other = max(session.scalars(sa.select(db.table(Conversation).c.id)))
    for number in (talk, talk, other):
        with db.write() as session:
            actions.act(session, number, actions.Action("case"), "rule:3")
        house.work()
    with db.read() as session:
        assert session.scalars(sa.select(db.table(CrmCase).c.actor)).all() == ["rule:3"]
        (said,) = [one for one in activities.of_conversation(session, other) if one.what == "case-refused"]
    assert (said.actor, "Link them first." in said.detail["reason"]) == ("rule:3", True)
