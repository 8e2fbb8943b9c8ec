"""Claims about contacts out of a file: read as people write them, kept once, and never in the CRM's way."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import db
from core.errors import Rejected
from core.event import Author
from enrichment import connection, contacts, csv
from enrichment.models import ContactFile, CrmRecord
from inbox.fields import kinds
from inbox.fields import people as own_fields
from inbox.fields import store as definitions
from inbox.fields.store import Wanted
from tests.conftest import BOTH
from tests.enrichment import house
from tests.enrichment.fake_crm import FakeCrm

ANNA = b"Vorname;Nachname;E-Mail;Firma;Mastodon\nAnna;Bergmann;anna@post.example;Chor;@annab@troet.example\n"


def _store(data: bytes) -> csv.Report:
    sheet = csv.read(data)
    with db.write() as session:
        return csv.store(session, sheet, csv.guess(sheet.columns), "contacts.csv", "test")


def _living() -> list[tuple[str, str]]:
    r = db.table(CrmRecord)
    with db.read() as session:
        query = sa.select(r.c.object, r.c.last_name).where(~r.c.deleted, r.c.successor == "").order_by(r.c.id)
        return [tuple(row) for row in session.execute(query)]


@pytest.mark.parametrize(
    ("data", "last_name"),
    [
        ("Nachname;E-Mail\nMüller;a@b.example\n".encode(), "Müller"),
        ("Nachname,E-Mail\r\nMüller,a@b.example\r\n".encode("utf-8-sig"), "Müller"),
        ("Nachname;E-Mail\nMüller;a@b.example\n".encode("cp1252"), "Müller"),
        ("姓\tメールアドレス\nさとう\ta@b.example\n".encode("cp932"), "さとう"),
        ("Surname,Mail\nSmith,a@b.example\n".encode("utf-16"), "Smith"),
    ],
)
def test_encoding_and_separator_are_recognised(data: bytes, last_name: str) -> None:
    sheet = csv.read(data)
    found, bad = csv.persons(sheet, csv.guess(sheet.columns))
    assert [(one.last_name, one.emails) for one in found] == [(last_name, ("a@b.example",))]
    assert bad == []


@pytest.mark.parametrize("data", [b"", b"\n\n", b"name,mail\n", b"PK\x03\x04\x00\x00"])
def test_what_is_no_table_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(Rejected, match="file"):
        csv.read(data)


def test_bad_rows_are_named_by_their_line() -> None:
    text = 'name,email,company\nNobody,,\n"Two\nLines",two@b.example,\nOdd,not an address,\nTwice,TWO@b.example,\n'
    sheet = csv.read(text.encode())
    found, bad = csv.persons(sheet, csv.guess(sheet.columns))
    assert [one.name for one in found] == ["Two\nLines"]
    assert [(one.line, one.reason) for one in bad] == [(2, "nobody"), (5, "mail"), (6, "twice")]


@BOTH
def test_same_file_again_changes_nothing(database: str) -> None:
    assert (_store(ANNA).stored, _store(ANNA).stored) == (1, 0)
    assert _living() == [("csv", "Bergmann")]
    with db.read() as session:
        assert [one.unchanged for one in csv.files(session)] == [1, 0]


def test_person_who_wrote_before_is_found_by_the_file(database: str) -> None:
    house.store(house.account(), house.event("1"))
    house.work()
    _store(ANNA)
    house.work()
    assert house.identity().contact_id is not None
    assert set(house.states().values()) == {"new"}


def test_contact_of_a_file_is_never_sent_to_the_crm(crm: FakeCrm) -> None:
    _store(b"name,mastodon,email\nKim Park,@kim@a.example,kim@a.example\n")
    kim = Author(platform="mastodon", id="https://a.example/users/kim", handle="kim@a.example", name="Kim")
    house.store(house.account(), house.event("1", kim), sentiment="positive")
    house.work()
    assert house.identity(kim).contact_id is not None
    assert not any(crm.records.values())


def test_row_the_crm_knows_by_its_address_is_left_to_it(crm: FakeCrm) -> None:
    report = _store(ANNA)
    assert (report.stored, report.known) == (0, 1)
    assert _living() == [("Contact", "Bergmann")]


def test_contact_of_a_file_ends_in_the_crms_record_with_its_links(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = house.account()
    _store(ANNA)
    house.store(ours, house.event("1"), sentiment="positive")
    house.work()
    before = house.identity().contact_id
    fake = FakeCrm()
    fake.put(house.CRM_ANNA)
    monkeypatch.setattr(connection, "crm", lambda: fake)
    with db.write() as session:
        connection.connect(
            session, url="https://f.example", client_id="c", client_secret="s", basis="contract", actor="t"
        )
    house.work()
    assert _living() == [("Contact", "Bergmann")]
    assert house.identity().contact_id == before is not None
    assert fake.only("profile")["Contact__c"] == "003A"


def test_no_data_of_people_is_kept_of_bad_rows(database: str) -> None:
    _store(b"name,email\nNobody Special,\nAnna,anna@post.example\n")
    with db.read() as session:
        assert session.scalars(sa.select(ContactFile)).one().bad == [[2, "nobody"]]


@pytest.fixture
def seats(database: str) -> int:
    """A custom field of people that holds a number."""
    with db.write() as session:
        wanted = Wanted("person", "number", {"en": "Seats", "de": "Plätze"})
        return definitions.save(session, None, wanted, "user:1")


def _import(text: str) -> csv.Report:
    sheet = csv.read(text.encode())
    with db.write() as session:
        fields = definitions.every(session, "person")
        return csv.store(session, sheet, csv.guess(sheet.columns, csv.known(fields)), "seats.csv", "user:1", fields)


def _stands(field: int, record: str = "") -> list[str]:
    r = db.table(CrmRecord)
    with db.read() as session:
        where = r.c.record_id == record if record else r.c.object == "csv"
        contacts_ = [one for one in session.scalars(sa.select(r.c.contact_id).where(where).order_by(r.c.id)) if one]
        filled = own_fields.filled_in(session, contacts_)
        return [filled.get(one, {}).get(field, "") for one in contacts_]


@BOTH
def test_custom_fields_of_a_file_are_filled_in_once_somebody_is_recognised(seats: int) -> None:
    text = "E-Mail;Plätze\nanna@post.example;12,5\nben@post.example;viele\n"
    report = _import(text)
    assert (report.stored, [(one.line, one.reason) for one in report.bad]) == (
        1, [(3, f"field:{seats}:{kinds.NO_NUMBER}")],
    )  # fmt: skip
    assert _stands(seats) == []
    r = db.table(CrmRecord)
    with db.write() as session:
        contacts.contact_of(session, session.scalars(sa.select(CrmRecord).where(r.c.object == "csv")).one())
    assert _stands(seats) == ["12.5"]
    with db.write() as session:
        whose = session.scalars(sa.select(r.c.contact_id)).one()
        own_fields.put(session, str(whose), seats, "7", "user:2")
    assert _import(text).stored == 0
    assert _stands(seats) == ["7"], "the same file again changes nothing"
    assert _import("email,field: Seats\nanna@post.example,8\n").stored == 1
    assert _stands(seats) == ["8"], "what a file says anew is filled in"
    _import("email,Seats\nanna@post.example,\n")
    assert _stands(seats) == ["8"], "an empty cell says nothing"


def test_custom_fields_of_somebody_in_the_crm_are_filled_in_there(crm: FakeCrm, seats: int) -> None:
    report = _import("email,Seats\nanna@post.example,3\n")
    assert (report.stored, report.known) == (0, 1)
    house.store(house.account(), house.event("1"), sentiment="positive")
    house.work()
    assert _stands(seats, "003A") == ["3"]


def test_custom_fields_follow_a_contact_of_a_file_into_the_crms_record(
    database: str, seats: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _import("email,Seats\nanna@post.example,3\n")
    fake = FakeCrm()
    fake.put(house.CRM_ANNA)
    monkeypatch.setattr(connection, "crm", lambda: fake)
    login = {"client_id": "c", "client_secret": "s"}
    with db.write() as session:
        connection.connect(session, url="https://f.example", basis="contract", actor="t", **login)
    house.work()
    house.store(house.account(), house.event("1"), sentiment="positive")
    house.work()
    assert _stands(seats, "003A") == ["3"]
