"""Claims about the copy of a person's data: whole, readable, about them alone, and only for who may hand it out."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
import sqlalchemy as sa

from core import audit, db
from enrichment import merging
from inbox import consent, erasure, notes
from inbox.fields import people as of_people
from inbox.fields import store as fields
from inbox.fields.store import Wanted
from inbox.models import Contact
from migrations.tables import metadata
from tests.conftest import BOTH
from tests.web import lived
from tests.web.api.conftest import Program, program
from web import roles
from web.handout import parts

__all__ = ["program"]


def opened(body: bytes) -> tuple[dict[str, Any], str, list[str]]:
    """What is in a copy: the data, the page, the names of its files."""
    with zipfile.ZipFile(io.BytesIO(body)) as box:
        assert box.testzip() is None
        return json.loads(box.read("data.json")), box.read("read.html").decode(), box.namelist()


@pytest.fixture
def kim(database: str) -> int:
    """Somebody of whom every table holds something that lived.everything puts there."""
    lived.everything()
    return lived.who(lived.KIM.handle)


def test_no_table_is_forgotten() -> None:
    copied = {one.table for one in parts.PARTS}
    assert copied | parts.LEFT_OUT.keys() == erasure.TABLES.keys()
    assert copied & parts.LEFT_OUT.keys() == set()
    reached = parts.reach([1], ["x"])
    for part in parts.PARTS:
        assert set(part.whose.values()) <= reached.keys(), part
        assert {*part.whose, *part.without, *part.only} <= set(metadata.tables[part.table].c.keys()), part
    assert len({one.name for one in parts.PARTS}) == len(parts.PARTS)


@BOTH
def test_the_copy_holds_what_is_known_and_names_nobody_else(kim: int, as_role) -> None:
    browser = as_role("dpo")
    with db.write() as session:
        number = fields.save(session, None, Wanted("person", "number", {"en": "Seats", "de": "Sitze"}), "user:1")
        of_people.put(session, merging.contact_for(session, kim, "user:1"), number, "1234.5", "user:1")
        consent.object_to(session, f"identity:{kim}", "marketing", "web", "user:1")
        notes.add(session, identity_id=kim, author="user:1", text="<i>Likes tea</i>")
    answer = browser.get(f"/people/{kim}/copy.zip?language=de")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert f'filename="identity-{kim}.zip"' in answer.headers["content-disposition"]
    assert "no-store" in answer.headers["cache-control"]
    data, page, names = opened(answer.content)
    assert {"data.json", "read.html", "handout.css"} <= set(names)
    rows = data["parts"]
    wrote = {row["id"] for row in rows["message"]}
    assert wrote
    assert all(row["identity_id"] == rows["message"][0]["identity_id"] or row["identity_id"] in
               {one["id"] for one in rows["identity"]} for row in rows["message"])  # fmt: skip
    assert rows["others"]
    assert {*rows["others"][0]} == {"id", "conversation_id", "direction", "posted_at", "subject", "text"}
    assert not wrote & {row["id"] for row in rows["others"]}
    assert [row["text"] for row in rows["note"] if row["identity_id"] == kim][-1] == "<i>Likes tea</i>"
    assert "user:1" not in answer.content.decode(errors="replace") + json.dumps(rows["attribute"] + rows["note"])
    assert [(one["name"], one["value"]) for one in data["custom_fields"]] == [("Seats", "1234.5")]
    assert {"name": "marketing", "on": False, "basis": "", "against": True} in data["purposes"]
    assert {row["action"] for row in rows["audit"]} >= {"objection.recorded"}
    assert lived.OTHER.handle not in json.dumps(rows, ensure_ascii=False) + page
    for words in ('<html lang="de">', "Daten über", "Sitze", "1.234,5", "&lt;i&gt;Likes tea&lt;/i&gt;", "Widerspruch"):
        assert words in page, words
    assert "<script" not in page
    a = db.table(audit.AuditEntry)
    with db.read() as session:
        last = session.execute(sa.select(a).where(a.c.action == "person.copied")).one()
    assert (last.target, last.detail) == (f"identity:{kim}", {"messages": len(wrote), "language": "de"})


def test_a_customer_without_an_account_has_a_copy_too(kim: int, as_role) -> None:
    with db.write() as session:
        session.add(Contact(id="01COPY", name="Ola <b>", created_at=db.now()))
    browser = as_role("admin")
    assert "/people/contacts/01COPY/copy.zip" in browser.get("/people/contacts/01COPY").text
    data, page, _ = opened(browser.get("/people/contacts/01COPY/copy.zip").content)
    assert (data["name"], data["parts"]["message"]) == ("Ola <b>", [])
    assert "Ola &lt;b&gt;" in page
    assert browser.get("/people/contacts/nobody/copy.zip").status_code == 404


def test_only_who_may_hand_it_out_and_sees_everything_gets_it(kim: int, as_role, database: str) -> None:
    here = f"/people/{kim}/copy.zip"
    assert as_role("agent").get(here).status_code == 403
    assert "copy.zip" not in as_role("agent").get(f"/people/{kim}").text
    with db.write() as session:
        needed = ["people.read", "people.erase", "messages.read", "messages.private"]
        key = roles.save(session, None, roles.Wanted("Sees little", needed, "own"), "test")
    refused = as_role(key).get(here)
    assert (refused.status_code, "does not see every conversation" in refused.text) == (422, True)
    assert as_role("dpo").get("/people/987654/copy.zip").status_code == 404
    assert 'action="/people/' in as_role("dpo").get(f"/people/{kim}").text


def test_programs_get_the_same_copy(kim: int, program) -> None:
    one: Program = program("dpo")
    answer = one.get(f"people/{kim}/copy?language=ja")
    data, page, _ = opened(answer.content)
    assert (data["format"], '<html lang="ja">' in page) == ("widerhall-person/1", True)
    assert one.get("people/987654/copy").status_code == 404
    assert one.get(f"people/{kim}/copy?language=xx").status_code == 422
    assert program("agent").get(f"people/{kim}/copy").status_code == 403
