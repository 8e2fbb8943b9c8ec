"""Surveys: who is asked and who is not, once; an answer counts once, can be changed, and goes with the person."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from connectors import surveys
from core import db, outbox
from core.errors import Rejected
from core.outbox import OutboxRow
from core.settings import settings
from core.topics import SUBSCRIBERS
from inbox import consent, desk, erasure, replies, rules, ruling
from inbox.actions import Action
from inbox.conditions import known, predicate, sql, tree
from inbox.models import Account, Activity, Contact, Conversation, Identity, Message, ReplyRow
from inbox.surveys import answering, sending, store
from inbox.surveys.models import SurveyAnswer, SurveyInvitation
from inbox.surveys.questions import Branch
from inbox.surveys.store import Wanted, Wrong
from tests.conftest import BOTH
from tests.inbox.conftest import person

from .made import TEXTS, came, close, question, rows, states, survey, token, work


@pytest.fixture(autouse=True)
def address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIDERHALL_PUBLIC_URL", "https://hub.example/")
    settings.cache_clear()


def put(given: str, question_id: str = "score", language: str = "en") -> answering.Asked:
    with db.write() as session:
        return answering.put(session, token(), question_id, [given], language)


@BOTH
def test_a_closing_is_asked_about_once_in_private_and_in_their_language(account: int) -> None:
    number, talk = survey(), came(account)
    close(talk)
    work()
    (reply,) = rows(ReplyRow)
    assert (reply.author, reply.visibility, reply.state) == (f"survey:{number}", "private", "queued")
    assert reply.text.startswith("How was it? https://hub.example/s/")
    assert token() not in str(rows(SurveyInvitation))
    with db.write() as session:  # everything once more
        outbox.emit(session, "activity.recorded", [("x", {"activity_id": rows(Activity)[0].id})])
        outbox.emit(session, "survey.due", [("y", {"invitation_id": 1})])
    work()
    assert states() == [("sent", "")]
    assert len(rows(ReplyRow)) == 1
    with db.write() as session:
        desk.reopen(session, talk, "user:1")
    close(talk)
    work()
    assert states() == [("sent", ""), ("unsent", "lately")]
    with db.write() as session:  # an invitation that the platform refused asked nobody
        replies.mark(session, reply.id, "failed", "no")
        desk.reopen(session, talk, "user:1")
    close(talk)
    work()
    assert [state for state, _ in states()] == ["sent", "unsent", "sent"]


def test_nobody_is_asked_before_the_answer_that_closed_it_has_left(account: int) -> None:
    survey()
    talk = came(account)
    with db.write() as session:
        replies.queue(session, talk, "Done.", author="user:1", close=True)
    work()
    assert states() == [("waiting", "")]
    (due,) = [one.due_at for one in rows(OutboxRow) if one.topic == "survey.due"]
    assert due > rows(ReplyRow)[0].send_at.timestamp()


def test_what_opens_again_meanwhile_is_not_asked_about(account: int) -> None:
    survey(delay=10)
    talk = came(account)
    close(talk)
    work()
    assert states() == [("waiting", "")]
    (letter,) = [row for row in rows(OutboxRow) if row.topic == "survey.due"]
    assert letter.due_at == pytest.approx(rows(Activity)[0].at.timestamp() + 600)
    came(account, 2, parent_key="mastodon:https://social.example/statuses/1")
    with db.write() as session:
        sending.send(session, 1, surveys.way)
    assert states() == [("withdrawn", "")]


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ({"allowed": False}, "consent"), ({"objects": True}, "consent"), ({"address": ""}, "address"),
        ({"public_only": True}, "public"), ({"bot": True}, "nobody"), ({"off": True}, "off"), ({"long": True}, "long"),
    ],
)  # fmt: skip
def test_who_is_not_asked_and_why(
    account: int, before: dict[str, Any], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = survey(allowed=before.get("allowed", True))
    talk = came(account)
    with db.write() as session:
        if before.get("objects"):
            consent.object_to(session, "identity:2", "survey", "mail", "user:1")
            consent.object_to(session, "identity:1", "survey", "mail", "user:1")
        if before.get("bot"):
            session.execute(sa.update(db.table(Identity)).values(bot=True))
        if before.get("public_only"):
            session.execute(sa.update(db.table(Account)).values(platform="telegram"))
        if before.get("long"):
            session.execute(sa.update(db.table(Account)).values(config={"limits": {"max_characters": 20}}))
    if "address" in before:
        monkeypatch.setenv("WIDERHALL_PUBLIC_URL", "")
        settings.cache_clear()
    close(talk)
    if before.get("off"):
        with db.write() as session:
            outbox.emit(session, "activity.recorded", [("1", {"activity_id": rows(Activity)[0].id})])
        while outbox.step(SUBSCRIBERS["inbox.surveys.sending.on_activity"], sending.on_activity):
            pass
        with db.write() as session:
            store.switch(session, number, "user:1", on=False)
    work()
    assert states() == [("unsent", reason)]
    assert rows(ReplyRow) == []
    assert [one.what for one in rows(Activity)] == ["closed"] + ["survey-unsent"] * (reason in sending.SHOWN)


def test_only_what_people_closed_after_the_switch_and_fits_is_asked_about(account: int) -> None:
    early = came(account)
    close(early)
    german = tree.read({"match": "all", "of": [{"field": "tag", "op": "is", "value": "vip"}]})
    survey(conditions=german)
    work()
    other = came(account, 2, author=person("bert"))
    close(other, "rule:1")
    close(came(account, 3, author=person("cem")))
    spam = came(account, 4, author=person("dora"))
    with db.write() as session:
        desk.spam(session, spam, "user:1")
    work()
    assert states() == []
    fits = came(account, 5, author=person("eva"))
    with db.write() as session:
        desk.tag(session, fits, "vip", "user:1")
    close(fits)
    work()
    assert states() == [("sent", "")]


@BOTH
def test_of_two_that_fall_due_at_once_in_two_workers_one_asks(account: int) -> None:
    survey()
    for number in (1, 2):
        close(came(account, number, author=person("anna"), thread_key=f"t{number}"))
    while outbox.step(SUBSCRIBERS["inbox.surveys.sending.on_activity"], sending.on_activity):
        pass
    ready, first = threading.Event(), threading.Event()

    def one() -> None:
        with db.write() as session:
            sending.send(session, 1, surveys.way)
            ready.set()
            first.wait(1)

    def other() -> None:
        ready.wait(10)
        with db.write() as session:
            sending.send(session, 2, surveys.way)
        first.set()

    threads = [threading.Thread(target=run) for run in (one, other)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert states() == [("sent", ""), ("unsent", "lately")]


def test_a_merged_person_is_asked_once_over_all_accounts(account: int) -> None:
    survey()
    for number, name in enumerate(("anna", "bert")):
        close(came(account, number, author=person(name)))
    with db.write() as session:
        session.add(Contact(id="01J" + "0" * 23, name="Anna", created_at=db.now()))
        session.flush()
        session.execute(sa.update(db.table(Identity)).values(contact_id="01J" + "0" * 23))
    work()
    assert states() == [("sent", ""), ("unsent", "lately")]


def test_the_window_of_a_business_chat(account: int) -> None:
    came(account)
    talk, message = rows(Conversation)[0], rows(Message)[0]
    message.ref = '{"business_connection_id": "b"}'
    assert not surveys.over("telegram", talk, message)
    talk.last_inbound_at = db.now() - timedelta(hours=25)
    assert surveys.over("telegram", talk, message)
    assert not surveys.over("mastodon", talk, message)


def test_a_survey_is_no_reply_of_anybody(account: int) -> None:
    survey()
    talk = came(account)
    close(talk)
    work()
    m = db.table(Message)
    with db.write() as session:
        session.execute(sa.update(m).values(direction="outbound").where(m.c.id == 0))
        replies.mark_sent(session, 1, "none")
    row = rows(Conversation)[0]
    assert (row.state, row.first_reply_at, row.last_outbound_at) == ("closed", None, None)


# --- answers ------------------------------------------------------------------------------------------------


@BOTH
def test_answers_are_put_down_with_their_words_told_once_and_can_be_changed(account: int) -> None:
    survey("csat", question("q1", "choices", "Speed", "Tone"), question("q2", "text", needed=False))
    talk = came(account)
    close(talk)
    work()
    with db.read() as session:
        assert answering.find(session, token()).state == "open"
        assert answering.find(session, "x").state == "gone"
    assert put("4").values == {"score": 4}
    assert put("2", "q1").values == {"score": 4, "q1": [2]}
    put("Lovely", "q2")
    put("5")
    (one,) = rows(SurveyAnswer)
    assert (one.score, one.verdict, one.finished, one.conversation_id) == (5, "good", True, talk)
    assert [each["said"] for each in one.answers] == ["5", "Tone", "Lovely"]
    assert [each.what for each in rows(Activity)].count("surveyed") == 1
    assert len([row for row in rows(OutboxRow) if row.topic == "survey.answered"]) == 4
    with pytest.raises(Rejected):
        put("9")
    with db.write() as session:
        past = db.now() - answering.CHANGEABLE - timedelta(minutes=1)
        session.execute(sa.update(db.table(SurveyAnswer)).values(answered_at=past))
    assert put("1").state == "over"
    assert rows(SurveyAnswer)[0].score == 5


def test_what_an_answer_leads_past_is_forgotten(account: int) -> None:
    survey("csat", question("q1", "text"), question("q2", "text"))
    with db.write() as session:
        row = store.get(session, 1)
        found = [question("score", "csat", branches=(Branch("at_least", 4, "q2"),)), question("q1", "text"),
                 question("q2", "text")]  # fmt: skip
        store.save(session, 1, "csat", Wanted(row.name, found, TEXTS, delay=0), "user:1")
    close(came(account))
    work()
    put("1")
    put("why", "q1")
    assert put("good", "q2").answer is not None
    assert put("5").values == {"score": 5, "q2": "good"}
    assert put("late", "q1").values == {"score": 5, "q2": "good"}


def test_an_expired_link_takes_nothing(account: int) -> None:
    survey()
    close(came(account))
    work()
    with db.write() as session:
        session.execute(sa.update(db.table(SurveyInvitation)).values(expires_at=db.now() - timedelta(days=1)))
    assert put("5").state == "expired"
    assert rows(SurveyAnswer) == []


@BOTH
def test_erasing_a_person_takes_their_answers_away(account: int) -> None:
    survey()
    close(came(account))
    work()
    link = token()
    put("5")
    with db.write() as session:
        erasure.erase(session, f"identity:{rows(SurveyInvitation)[0].identity_id}", "user:1")
    assert rows(SurveyAnswer) == rows(SurveyInvitation) == []
    with db.read() as session:
        assert answering.find(session, link).state == "gone"


def test_an_answer_asks_rules(account: int) -> None:
    survey()
    with db.write() as session:
        number = rules.save(session, None, name="thanks", trigger="survey", asked=tree.EVERYTHING,
                            deeds=[Action("tag", "rated")], last=False, actor="user:1")  # fmt: skip
        rules.switch(session, number, "user:1", on=True)
    talk = came(account)
    close(talk)
    work()
    put("2")
    while outbox.step(SUBSCRIBERS["inbox.ruling.on_activity"], ruling.on_activity):
        pass
    with db.read() as session:
        assert desk.tags_of(session, talk) == ["rated"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"), ({"texts": {"en": {"invitation": "no link"}}}, "en"), ({"texts": {}}, "texts"),
        ({"questions": [question("score", "nps")]}, "score"), ({"questions": []}, "questions"),
        ({"questions": [question("score", "csat"), question("q1", "choice", "only")]}, "q1"),
        ({"questions": [question("score", "csat", branches=(Branch("is", 9, "end"),))]}, "score"),
        ({"questions": [question("score", "csat", branches=(Branch("is", 2, "score"),))]}, "score"),
        ({"delay": -1}, "delay"), ({"rest": 9999}, "rest"), ({"valid": 0}, "valid"),
        ({"conditions": tree.read({"match": "all", "of": [{"field": "unread", "op": "yes"}]})}, "conditions"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_names_its_field(database: str, changes: dict[str, Any], field: str) -> None:
    values = {"name": "One", "questions": [question("score", "csat")], "texts": TEXTS, **changes}
    with pytest.raises(Wrong) as refused, db.write() as session:
        store.save(session, None, "csat", Wanted(**values), "user:1")
    assert refused.value.field == field
    assert refused.value.sentence in store.SENTENCES
    assert rows(store.Survey) == []


@BOTH
@pytest.mark.parametrize(
    ("field", "op", "value", "meant"),
    [
        ("survey", "is", ["bad"], [1]), ("survey", "is", ["good", "none"], [2]), ("survey", "is_not", ["bad"], [2]),
        ("survey_score", "at_least", "2", [1]), ("survey_score", "at_most", "1", []),
    ],
)  # fmt: skip
def test_conditions_ask_the_newest_answer(account: int, field: str, op: str, value: Any, meant: list[int]) -> None:
    survey()
    talk = came(account)
    close(talk)
    other = came(account, 2, author=person("bert"))
    work()
    put("5")
    put("2")
    group = tree.read({"match": "all", "of": [{"field": field, "op": op, "value": value}]})
    asker = tree.Asker("", db.now())
    c = db.table(Conversation)
    with db.read() as session:
        assert list(session.scalars(sa.select(c.c.id).where(sql.holds(group, asker)).order_by(c.c.id))) == meant
        talks = known.read(session, [talk, other], group)
    assert [one.id for one in talks if predicate.holds(group, one, asker)] == meant
