"""Claims about everything else by the API: people, saved replies, listening, segments, users, work that is stuck."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from core import db
from enrichment.models import MatchLink
from inbox import consent
from inbox.models import Identity
from inbox.worker_models import User
from listening import reports, subjects
from tests.conftest import BOTH
from tests.web import lived
from tests.web.api.conftest import Program
from tests.web.api.test_conversations import full, walked

__all__ = ["full"]
Programs = Callable[..., Program]


# --- people -------------------------------------------------------------------------------------------


@BOTH
def test_everybody_is_listed_once(full: None, program: Programs) -> None:
    one, i = program("agent"), db.table(Identity)
    with db.read() as session:
        known = session.scalars(sa.select(i.c.id).where(~i.c.ours)).all()
    for sort in ("recent", "followers"):
        assert sorted(row["id"] for row in walked(one, f"people?sort={sort}", 2)) == sorted(known)


def test_person_comes_with_sources_links_notes_and_history(full: None, program: Programs) -> None:
    one, kim = program("agent"), lived.who(lived.KIM.handle)
    found = one.get(f"people/{kim}").json()
    assert (found["name"], found["contact_id"]) == ("Ким Ли", lived.CONTACT)
    assert {fact["name"]: fact["source"] for fact in found["facts"]}["place"] == "mastodon"
    assert found["links"][0]["decision"] == "auto"
    said = one.get(f"people/{kim}/attributes").json()["items"]
    assert ("place", "Осло") in [(row["name"], row["value"]) for row in said]
    assert [row["text"] for row in one.get(f"people/{kim}/notes").json()["items"]] == ["Любит поезда."]
    assert len(list(walked(one, f"people/{kim}/history"))) > 3
    talks = [row["private"] for row in walked(program("marketer"), f"people/{kim}/history")]
    assert talks
    assert not any(talks)


def test_proposal_is_decided_and_two_are_merged_and_parted(full: None, program: Programs) -> None:
    one, kim, twin = program("agent"), lived.who(lived.KIM.handle), lived.who(lived.TWIN.handle)
    with db.read() as session:
        number = session.scalar(sa.select(MatchLink.id).where(MatchLink.identity_id == twin))
    assert one.post(f"people/{kim}/links/{number}", {"decision": "accept"}).status_code == 404
    assert one.post(f"people/{twin}/links/{number}", {"decision": "accept"}).json()["changed"] is True
    assert one.get(f"people/{twin}").json()["contact_id"] == lived.CONTACT
    assert one.post(f"people/{twin}/unlink").json()["changed"] is True
    other = lived.who(lived.OTHER.handle)
    merged = one.post(f"people/{other}/merge", {"other": twin, "why": "Сами сказали"}, key="m").json()["id"]
    assert one.post(f"people/{other}/merge", {"other": twin}).status_code == 422
    decision = one.get(f"people/{other}/decisions").json()["items"][0]
    assert (decision["id"], decision["what"], decision["stands"]) == (merged, "merged", True)
    assert one.post(f"decisions/{merged}/undo", {}).status_code == 201
    assert one.post(f"decisions/{merged}/undo", {}).status_code == 422


def test_objection_and_erasure(full: None, program: Programs) -> None:
    one, kim = program("dpo"), lived.who(lived.KIM.handle)
    one.post(f"people/{kim}/objection", {"purpose": "match", "objects": True})
    with db.read() as session:
        assert not consent.may(session, kim, "match")
    assert one.get(f"people/{kim}").json()["objections"] == ["match"]
    assert one.post(f"people/{kim}/erase", {"sure": kim + 1}).status_code == 422
    assert one.post(f"people/{kim}/erase", {"sure": kim}).json()["identities"] == 1
    assert one.get(f"people/{kim}").status_code == 404
    assert program("agent").post(f"people/{kim}/erase", {"sure": kim}).status_code == 403


# --- what answering stands on ---------------------------------------------------------------------------


def test_accounts_tell_their_trouble_and_no_secret(full: None, program: Programs) -> None:
    answer = program("agent").get("accounts")
    assert {feed["error"] for one in answer.json()["items"] for feed in one["feeds"]} == {"", "Так нельзя."}
    assert "secret" not in answer.text


def test_saved_reply_is_made_changed_and_removed(full: None, program: Programs) -> None:
    one, body = program("agent"), {"name": "Возврат", "texts": {"de": "Привет {first_name}"}}
    number = one.post("saved-replies", body).json()["id"]
    assert one.post("saved-replies", body).status_code == 422
    assert one.post(f"saved-replies/{number}", {**body, "shortcut": "возврат"}).json()["changed"] is True
    (found,) = one.get("saved-replies?q=возврат").json()["items"]
    assert (found["id"], found["shortcut"]) == (number, "возврат")
    assert one.post(f"saved-replies/{number}", {**body, "texts": {"de": "{nobody}"}}).status_code == 422
    assert one.post(f"saved-replies/{number}/remove").json()["changed"] is True
    assert one.post(f"saved-replies/{number}/remove").status_code == 404


# --- listening and segments ---------------------------------------------------------------------------


def test_subject_and_its_queries(full: None, program: Programs) -> None:
    one = program("marketer")
    number = one.post("subjects", {"name": "Печь", "kind": "product"}).json()["id"]
    query = one.post(f"subjects/{number}/queries", {"name": "Слово", "text": "печь"}).json()["id"]
    assert one.post(f"subjects/{number}/queries", {"name": "Ещё", "text": "(печь"}).status_code == 422
    one.post(f"subjects/{number}/queries/{query}", {"enabled": False})
    found = one.get(f"subjects/{number}").json()
    assert (found["kind"], [row["enabled"] for row in found["queries"]]) == ("product", [False])
    assert one.post(f"subjects/1/queries/{query}", {"enabled": True}).status_code == 404
    one.post(f"subjects/{number}/remove")
    assert one.get(f"subjects/{number}").status_code == 404
    assert program("agent").post("subjects", {"name": "x"}).status_code == 403


def test_report_has_the_figures_of_the_page(full: None, program: Programs) -> None:
    one = program("marketer")
    found = one.get("subjects/2/report?timezone=Europe/Berlin&compare=1").json()
    with db.read() as session:
        made = reports.report(session, subjects.get(session, "2"), reports.period(None, None, "Europe/Berlin"))
    assert found["total"]["messages"] == made.now.tally.messages > 0
    assert found["period"]["timezone"] == "Europe/Berlin"
    for bad in ("from=2026-13-01", "from=x", "timezone=Nowhere", "from=2026-11-02&to=2026-11-01", "extra=1"):
        assert one.get(f"subjects/2/report?{bad}").status_code == 422, bad


def test_segment_has_its_members(full: None, program: Programs) -> None:
    one = program("marketer")
    (segment,) = one.get("segments").json()["items"]
    members = list(walked(one, f"segments/{segment['id']}/members", 1))
    assert len(members) == one.get(f"segments/{segment['id']}/count").json()["people"] > 0
    body = {"name": "Ещё", "conditions": segment["conditions"]}
    number = one.post("segments", body).json()["id"]
    assert one.post("segments", body).status_code == 422
    assert one.post(f"segments/{number}", {**body, "conditions": {"match": "no"}}).status_code == 422
    assert one.post(f"segments/{number}/remove").json()["changed"] is True


# --- webhooks -------------------------------------------------------------------------------------------


def test_endpoint_is_made_tested_rotated_and_removed(full: None, program: Programs) -> None:
    one = program()
    body = {"url": "https://x.example/hook", "events": ["reply.sent"]}
    made = one.post("webhooks", body, key="w").json()
    assert one.post("webhooks", body, key="w").json() == made
    here = f"webhooks/{made['id']}"
    assert one.post(here, {**body, "texts": "public"}).json()["changed"] is True
    number = one.post(f"{here}/test").json()["id"]
    (told,) = one.get(f"{here}/deliveries").json()["items"]
    assert (told["id"], told["type"], told["state"]) == (number, "webhook.test", "waiting")
    assert one.post(f"{here}/deliveries/{number}/replay").json()["changed"] is False
    assert one.post(f"webhooks/1/deliveries/{number}/replay").status_code == 404
    assert one.post(f"{here}/rotate").json()["secret"] != made["secret"]
    assert [one.post(f"{here}/{deed}").json()["changed"] for deed in ("pause", "pause", "resume")] == [
        True,
        False,
        True,
    ]
    assert made["secret"] not in one.get(here).text
    assert one.post(f"{here}/remove").json()["changed"] is True
    assert one.get(here).status_code == 404
    assert one.post("webhooks", {**body, "url": "http://x.example"}).status_code == 422
    wrong = one.post("webhooks", {**body, "events": ["reply.sent", "no.such"]}).json()["errors"]
    assert [each["where"] for each in wrong] == ["body.events.1"]
    assert "there are: conversation.opened, " in wrong[0]["why"]
    assert [row["type"] for row in walked(one, "webhooks/3/deliveries", 1)] == ["webhook.test"] * 2
    assert one.post("webhooks/2/replay", {"since": "2020-01-01T00:00:00Z"}).json() == {"count": 1}
    assert program("marketer").get("webhooks").status_code == 403


# --- administration -------------------------------------------------------------------------------------


def test_users_are_made_and_shut_out(full: None, program: Programs) -> None:
    one = program()
    body = {"email": "new@a.example", "name": "Нина", "password": "several quiet words", "role": "agent"}
    number = one.post("users", body).json()["id"]
    one.post(f"users/{number}", {"role": "marketer", "disabled": True})
    found = {row["id"]: row for row in one.get("users").json()["items"]}[number]
    assert (found["role"], found["disabled"]) == ("marketer", True)
    assert "password" not in found
    assert one.post("users/1", {"role": "agent"}).status_code == 422
    assert one.post("users/99", {"role": "agent"}).status_code == 404
    with db.read() as session:
        assert session.get_one(User, 1).role == "admin"


def test_dead_letters_are_listed_retried_and_dropped(full: None, program: Programs) -> None:
    one = program()
    (letter,) = walked(one, "dead-letters", 1)
    assert letter["reason"] == "Сломалось"
    standing: list[dict[str, Any]] = one.get("outbox").json()["items"]
    assert sum(row["dead"] for row in standing) == 1
    assert one.post(f"dead-letters/{letter['id']}/retry").json()["changed"] is True
    assert one.post(f"dead-letters/{letter['id']}/drop").status_code == 404
    assert program("agent").get("dead-letters").status_code == 403
