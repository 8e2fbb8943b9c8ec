"""Accounts of the CRM: what they say reaches their contacts, and is evidence of a company, never of a person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from core.event import Author
from enrichment import companies, connection, index, mirror
from enrichment.crm import CrmAccount, CrmPerson
from enrichment.keys import IdentityView, Key, of_record
from enrichment.match import CandidateView, rank
from enrichment.matching.people import Contact as Typed
from enrichment.models import CrmAccount as Row
from enrichment.models import CrmConnection, CrmRecord
from inbox.knowledge import Attribute
from tests.enrichment import house
from tests.enrichment.fake_crm import FakeCrm
from tests.enrichment.house import event
from tests.enrichment.test_linking import links, read_crm

both = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
NORDWIND = CrmAccount("001N", "Nordwind GmbH", "https://www.nordwind.example", "+49 431 555000")
KIM = CrmPerson("Contact", "003S", "Kim", "Sommerfeld", "Kim Sommerfeld", company_id="001N", country="Germany")


def record(record_id: str = "003S") -> CrmRecord:
    with db.read() as session:
        return session.scalars(sa.select(CrmRecord).where(db.table(CrmRecord).c.record_id == record_id)).one()


def shown(record_id: str = "003S") -> tuple[str, str, str, str]:
    one = record(record_id)
    return one.company, one.company_id, one.company_site, one.company_phone


@both
def test_a_renamed_account_reaches_its_contacts_and_who_is_matched(crm: FakeCrm, ours: int) -> None:
    crm.found(NORDWIND)
    crm.put(KIM)
    read_crm()
    assert shown() == ("Nordwind GmbH", "001N", "https://www.nordwind.example", "+49 431 555000")
    author = Author(platform="mastodon", id="https://t.example/users/ks", handle="ks@t.example", name="Kim Sommerfeld",
                    bio="Einkauf bei Südwind")  # fmt: skip
    house.store(ours, event("1", author))
    house.work()
    assert links() == []
    before = record().modified
    crm.found(replace(NORDWIND, name="Südwind AG", website="https://suedwind.example"))
    read_crm()
    assert shown()[:3] == ("Südwind AG", "001N", "https://suedwind.example")
    assert record().modified == before
    with db.read() as session:
        work = {key.value for key in index.stored_keys(session, [record().id or 0])[record().id or 0]}
    assert {"@suedwind.example", "suedwind"} & work == {"@suedwind.example", "suedwind"}
    (link,) = links()
    assert (link.decision, {one["signal"] for one in link.evidence} >= {"name_full", "company"}) == ("review", True)
    everything = house.everything()
    read_crm()
    assert house.everything() == everything


@both
def test_what_is_known_of_a_person_follows_the_account(crm: FakeCrm, ours: int) -> None:
    crm.found(CrmAccount("001A", "Chor"))
    house.store(ours, event("1"))
    read_crm()

    def said() -> set[str]:
        a = db.table(Attribute)
        with db.read() as session:
            query = sa.select(a.c.value).where(a.c.name == "company", a.c.removed_at.is_(None))
            return set(session.scalars(query))

    assert said() == {"Chor"}
    crm.found(CrmAccount("001A", "Orchester"))
    read_crm()
    assert said() == {"Orchester"}


@both
def test_contacts_of_a_merged_account_belong_to_the_survivor_and_of_a_deleted_one_to_none(crm: FakeCrm) -> None:
    crm.found(NORDWIND)
    crm.put(KIM)
    read_crm()
    crm.found(replace(NORDWIND, deleted=True, merged_into="001S"))
    read_crm()
    assert shown()[0] == "Nordwind GmbH"  # until the survivor is known
    crm.found(CrmAccount("001S", "Südwind AG"))
    crm.found(replace(NORDWIND, deleted=True, merged_into="001S"))
    read_crm()
    assert shown() == ("Südwind AG", "001S", "", "")
    crm.found(CrmAccount("001S", "Südwind AG", deleted=True))
    read_crm()
    assert shown() == ("", "", "", "")
    with db.read() as session:
        assert {(one.record_id, one.name) for one in session.scalars(sa.select(Row))} == {("001N", ""), ("001S", "")}


def test_many_contacts_are_reached_in_portions_and_a_lost_read_is_made_up_for(
    crm: FakeCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "CHUNK", 2)
    ids = [f"003{number}" for number in range(5)]
    for one in ids:
        crm.put(replace(KIM, id=one))
    crm.found(NORDWIND)
    read_crm()
    crm.found(replace(NORDWIND, name="Südwind AG"))
    with db.read() as session:
        row = session.get_one(CrmConnection, 1)
        since = mirror.Since(row.watermark, row.accounts_watermark, row.case_watermark)
    told: list[int] = []

    def fails(session: Any, rows: list[dict[str, Any]], before: Any) -> None:
        told.append(len(rows))
        if len(told) == 2:
            raise RuntimeError("lost")
        fill(session, rows, before)

    fill = companies.fill
    with monkeypatch.context() as patch:
        patch.setattr(companies, "fill", fails)
        with pytest.raises(RuntimeError):
            mirror.pull(crm, since)
    assert [record(one).company for one in ids] == ["Südwind AG"] * 2 + ["Nordwind GmbH"] * 3
    read_crm()
    assert {record(one).company for one in ids} == {"Südwind AG"}


def test_accounts_are_read_once_more_where_only_people_were_read_before(crm: FakeCrm) -> None:
    crm.put(replace(KIM, company="Nordwind"))
    read_crm()
    crm.found(replace(NORDWIND, modified=None))
    with db.write() as session:
        session.execute(sa.update(db.table(CrmConnection)).values(accounts_watermark=None))
    read_crm()
    assert shown()[0] == "Nordwind GmbH"


def test_another_org_is_read_from_the_beginning(crm: FakeCrm) -> None:
    crm.found(NORDWIND)
    read_crm()

    def marks(url: str) -> list[Any]:
        with db.write() as session:
            connection.connect(session, url=url, client_id="c", client_secret="s", actor="t")
            row = session.get_one(CrmConnection, 1)
            return [row.watermark, row.accounts_watermark]

    assert None not in marks("https://fake.example")
    assert marks("https://other.example") == [None, None]


# --- as evidence ---------------------------------------------------------------------------------------


def candidate(row: int = 1, **values: Any) -> CandidateView:
    own: dict[str, Any] = {name: values.pop(name) for name in ("phones", "websites") if name in values}
    company: dict[str, Any] = {"domain": NORDWIND.website, "switchboard": NORDWIND.phone}
    typed = Typed(str(row), "Kim", "Sommerfeld", company="Nordwind GmbH", country="Germany", **own, **company)
    return CandidateView(
        row,
        of_record(typed),
        "Kim",
        "Sommerfeld",
        company="Nordwind GmbH",
        company_site=NORDWIND.website,
        company_phone=NORDWIND.phone,
        country="Germany",
        **values,
    )


def signals(bio: str = "", *known: CandidateView, link: str = "") -> tuple[str, dict[str, float]]:
    view = IdentityView(1, "x", "9", "ks", "Kim Sommerfeld", bio=bio, links=({"url": link, "verified": True},))
    (found,) = rank(view, known or [candidate()], records=5000)
    return found.decision, {one.signal: one.weight for one in found.evidence}


def test_a_switchboard_is_evidence_of_the_company_and_no_proof_of_a_person() -> None:
    assert Key("phone", "+49431555000") not in candidate(phones=("0431 555000",)).keys
    decision, found = signals("Tel. +49 431 555000", candidate(phones=("0431 555000",)))
    assert (decision, found["switchboard"] > 0, "phone" in found) == ("review", True, False)
    assert "other_phone" not in signals("Nordwind, +49 431 555000", candidate(phones=("0171 234567",)))[1]
    assert "other_phone" in signals("Nordwind, +49 171 999999", candidate(phones=("0171 234567",)))[1]


def test_the_account_s_site_is_the_company_s_and_links_nobody() -> None:
    decision, found = signals(link="https://nordwind.example")
    assert (decision, found["domain"] > 0) == ("review", True)
    own = candidate(websites=("https://nordwind.example",))
    decision, found = signals("", own, link="https://nordwind.example")
    assert (decision, found.get("company_site")) == ("review", 0.0)


def test_a_page_on_a_host_of_many_is_no_company_s_domain() -> None:
    elsewhere = replace(candidate(), company_site="https://facebook.com/nordwind")
    assert "domain" not in signals("", elsewhere, link="https://facebook.com/somebody")[1]
