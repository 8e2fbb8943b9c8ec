"""Two accounts of one person are one author: in every count, in one row, on the page, in CSV and in PDF alike."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from core.event import Author
from enrichment import merging
from inbox import people
from inbox.models import Identity
from inbox.visibility import EVERYTHING
from listening import subjects
from listening.exports import as_json, write_csv
from listening.figures import behind
from listening.figures.scope import Scope
from listening.reports import Report, period, report
from tests.conftest import BOTH
from tests.listening.conftest import Store, author, live

pytestmark = BOTH


def known(name: str, followers: int) -> Author:
    return author(name).model_copy(update={"followers": followers})


@pytest.fixture
def ids(store: Store) -> dict[str, int]:
    """Anna writes with two accounts, twice and once; Ben writes twice, Cleo once."""
    with db.write() as session:
        subjects.add_query(session, subjects.create(session, "Acme"), "q", "acme")
    for name, followers, texts in (("anna", 10, 2), ("anna2", 500, 1), ("ben", 100, 2), ("cleo", 50, 1)):
        live(*store(*["acme"] * texts, author=known(name, followers), annotated={"sentiment": "negative"}))
    i = db.table(Identity)
    with db.read() as session:
        return {row.handle.partition("@")[0]: row.id for row in session.execute(sa.select(i).where(~i.c.ours))}


def linked(ids: dict[str, int], *names: str) -> str:
    """These accounts are of one contact."""
    with db.write() as session:
        contact = people.create_contact(session, names[0])
        for name in names:
            people.link(session, ids[name], contact, "t", "t")
    return contact


def made() -> Report:
    with db.read() as session:
        return report(session, subjects.get(session, "Acme"), period("2026-10-31", "2026-11-02", "UTC"))


def rows(found: Report) -> list[tuple[str, int, int | None, int]]:
    return [(one.handle.partition("@")[0], one.messages, one.followers, one.accounts) for one in found.busiest]


def checked(found: Report, authors: int, in_crm: int) -> None:
    """The same numbers in the report, its days, what is behind it, JSON and CSV."""
    stream = io.StringIO()
    write_csv(found, stream)
    table = list(csv.DictReader(io.StringIO(stream.getvalue())))
    total = next(row for row in table if row["table"] == "total")
    written = [row for row in table if row["table"] == "authors"]
    value = as_json(found)
    with db.read() as session:
        sums = behind.sums(session, found.scope)
        scopes = [found.scope.of(author=str(one.identity_id), public=True) for one in found.busiest]
        lists = [behind.sums(session, scope) for scope in scopes]
        said = [behind.of_author(session, one.identity_id, sight=EVERYTHING) for one in found.busiest]
    assert {found.now.authors, sums.authors, value["authors_count"], int(total["authors"])} == {authors}
    assert {found.now.in_crm, sums.in_crm, int(total["in_crm"])} == {in_crm}
    assert {found.now.reach, sums.reach, int(total["reach"])} == {660}
    assert max(day.authors for _, day in found.counted.days) <= authors
    assert len(found.busiest) == len(found.widest) == len(written) == authors
    assert [one.messages for one in found.busiest] == [one.tally.messages for one in lists]
    assert [one.messages for one in found.busiest] == [one.messages for one in said]
    assert [one.authors for one in lists] == [1] * authors
    assert [(int(row["messages"]), int(row["accounts"])) for row in written] == [
        (one.messages, one.accounts) for one in found.busiest
    ]


def test_accounts_of_nobody_in_particular_are_authors_of_their_own(ids: dict[str, int]) -> None:
    found = made()
    checked(found, 4, 0)
    assert rows(found) == [("anna", 2, 10, 1), ("ben", 2, 100, 1), ("anna2", 1, 500, 1), ("cleo", 1, 50, 1)]


def test_two_accounts_of_one_person_are_one_row(ids: dict[str, int]) -> None:
    linked(ids, "anna", "anna2")
    found = made()
    checked(found, 3, 1)
    assert rows(found) == [("anna", 3, 510, 2), ("ben", 2, 100, 1), ("cleo", 1, 50, 1)]
    assert [one.identity_id for one in found.widest] == [ids["anna"], ids["ben"], ids["cleo"]]


def test_merged_people_are_one_until_the_merge_is_taken_back(ids: dict[str, int]) -> None:
    one, other = linked(ids, "anna"), linked(ids, "anna2", "ben")
    before = made()
    checked(before, 3, 2)
    with db.write() as session:
        number = merging.merge(session, one, other, "t")
    whole = made()
    checked(whole, 2, 1)
    assert rows(whole) == [("anna", 5, 610, 3), ("cleo", 1, 50, 1)]
    with db.write() as session:
        merging.unmerge(session, number, "t")
    after = made()
    assert (after.busiest, after.widest, after.now) == (before.busiest, before.widest, before.now)


def test_more_people_than_are_named_still_count(ids: dict[str, int]) -> None:
    linked(ids, "anna", "anna2")
    with db.read() as session:
        found = report(session, subjects.get(session, "Acme"), period("2026-10-31", "2026-11-02", "UTC"), top=1)
    assert (len(found.busiest), len(found.widest), found.now.authors) == (1, 1, 3)


def test_a_filter_by_author_is_the_whole_person(ids: dict[str, int]) -> None:
    linked(ids, "anna", "anna2")
    numbers: list[Any] = []
    with db.read() as session:
        for name in ("anna", "anna2", "ben"):
            scope = Scope(author=str(ids[name]))
            numbers.append((behind.tally(session, scope).messages, len(behind.ids(session, scope, None, 10))))
    assert numbers == [(3, 3), (3, 3), (2, 2)]
