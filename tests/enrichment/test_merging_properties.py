"""Properties of merges, splits, links and what is known: any sequence can be taken back, in any order, exactly."""

from __future__ import annotations

import random
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlmodel import Session

from core import db, outbox
from core.errors import Rejected
from enrichment import contacts, merging, splitting
from enrichment.models import CannotLink, CrmRecord, Duplicate, MatchLink
from inbox import attributes, people, survivors
from inbox.knowledge import Attribute, ContactEdge, PersonDecision
from inbox.models import Contact, Identity

ACCOUNTS = 6
RECORDS = 3
NUMBERS = st.integers(1, ACCOUNTS)
KEPT = (Contact, Identity, CrmRecord, MatchLink, CannotLink, Duplicate, Attribute, ContactEdge)
EVIDENCE = [{"signal": "handle", "words": "the CRM names this very account", "weight": 0.5, "supports": True}]
LINK = {"tier": "A", "score": 1.0, "decision": "auto", "rules": "1", "actor": "rules", "evidence": EVIDENCE}


def dump() -> list[str]:
    """Every row of every table that says who is who or what is known."""
    with db.read() as session:
        return [f"{model.__name__} {tuple(row)}" for model in KEPT for row in _rows(session, model)]


def _rows(session: Session, model: Any) -> list[Any]:
    return sorted(session.execute(sa.select(db.table(model))).all(), key=str)


def begin() -> None:
    """Six accounts, three records of the CRM, and nobody linked."""
    with db.write() as session:
        for model in (ContactEdge, PersonDecision, Attribute, Duplicate, CannotLink, MatchLink, Identity, CrmRecord):
            session.execute(sa.delete(db.table(model)))
        for name in ("contact", "audit", "outbox"):
            session.execute(sa.text(f"DELETE FROM {name}"))  # noqa: S608  # constants
        for number in range(1, ACCOUNTS + 1):
            session.add(Identity(
                id=number, platform="mastodon", external_id=str(number), handle=f"h{number}", name=f"N{number}",
                first_seen=db.now(), last_seen=db.now(),
            ))  # fmt: skip
        for number in range(1, RECORDS + 1):
            kind = "Contact" if number < RECORDS else "Lead"
            session.add(CrmRecord(
                id=number, record_id=f"003{number}", object=kind, name=f"R{number}", emails=[f"r{number}@a.example"]
            ))  # fmt: skip


class Persons(RuleBasedStateMachine):
    """Whoever links, types, merges and splits, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.homes: dict[int, str | None] = {}
        self.standing: list[int] = []
        self.splits: list[int] = []

    @initialize()
    def start(self) -> None:
        begin()
        self.homes = dict.fromkeys(range(1, ACCOUNTS + 1))

    def _try(self, deed: Any) -> Any:
        """What the deed returns; a refused one leaves no trace."""
        before = dump()
        try:
            with db.write() as session:
                return deed(session)
        except Rejected:
            assert dump() == before
            return None

    def _note_homes(self) -> None:
        with db.read() as session:
            self.homes = {one.id or 0: people.home(one) for one in session.scalars(sa.select(Identity))}

    @rule(account=NUMBERS, record=st.integers(1, RECORDS))
    def link(self, account: int, record: int) -> None:
        def deed(session: Session) -> None:
            home = contacts.contact_of(session, session.get_one(CrmRecord, record))
            people.link(session, account, home, "rules", "test")
            row = {**LINK, "identity_id": account, "crm_record_id": record, "contact_id": home, "at": db.now()}
            session.execute(db.upsert(MatchLink).on_conflict_do_nothing(), [row])

        if self.homes[account] is None:
            self._try(deed)
            self._note_homes()

    @rule(account=NUMBERS)
    def unlink(self, account: int) -> None:
        def deed(session: Session) -> None:
            people.unlink(session, account, "user:1", "test")
            t = db.table(MatchLink)
            session.execute(sa.delete(t).where(t.c.identity_id == account))

        self._try(deed)
        self._note_homes()

    @rule(account=NUMBERS, value=st.sampled_from(["Kiel", "Bonn", ""]))
    def type_something(self, account: int, value: str) -> None:
        home = self.homes[account]
        if home is not None:
            self._try(lambda session: attributes.know(session, home, "place", value, "user:1"))

    @rule(account=NUMBERS, name=st.sampled_from(["Anna", "Bea"]))
    def describe(self, account: int, name: str) -> None:
        def deed(session: Session) -> None:
            i = db.table(Identity)
            session.execute(sa.update(i).where(i.c.id == account).values(name=name))
            attributes.hear(session, [account])

        self._try(deed)

    @rule(left=NUMBERS, right=NUMBERS)
    def merge(self, left: int, right: int) -> None:
        number = self._try(lambda session: _merge(session, left, right))
        if number is not None:
            self.standing.append(number)
            self._note_homes()

    @rule(picked=st.randoms())
    def unmerge(self, picked: random.Random) -> None:
        if self.standing:
            number = self.standing.pop(picked.randrange(len(self.standing)))
            assert self._try(lambda session: merging.unmerge(session, number, "user:1")) is not None
            self._note_homes()

    def _some_of_one(self, picked: random.Random) -> list[int]:
        """Some accounts of a person who has more; any account when nobody has two."""
        with db.read() as session:
            i = db.table(Identity)
            rows = session.execute(sa.select(i.c.id, i.c.contact_id).where(i.c.contact_id.is_not(None))).all()
        whole: dict[str, list[int]] = {}
        for one, contact in rows:
            whole.setdefault(contact, []).append(one)
        several = sorted(sorted(ids) for ids in whole.values() if len(ids) > 1)
        if not several:
            return [picked.randint(1, ACCOUNTS)]
        ids = picked.choice(several)
        return picked.sample(ids, picked.randint(1, len(ids) - 1))

    @rule(picked=st.randoms())
    def split(self, picked: random.Random) -> None:
        chosen = self._some_of_one(picked)
        number = self._try(lambda session: splitting.split(session, chosen, "user:1"))
        if number is not None:
            self.splits.append(number)
            self._note_homes()

    @rule()
    def rejoin(self) -> None:
        if self.splits:
            number = self.splits.pop()
            self._try(lambda session: splitting.rejoin(session, number, "user:1"))
            self._note_homes()

    @rule(pairs=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=4), order=st.randoms())
    def merge_and_take_back_in_any_order(self, pairs: list[tuple[int, int]], order: random.Random) -> None:
        before = dump()
        numbers = [self._try(lambda session, pair=pair: _merge(session, *pair)) for pair in pairs]
        done = [one for one in numbers if one is not None]
        order.shuffle(done)
        for number in done:
            self._try(lambda session, number=number: merging.unmerge(session, number, "user:1"))
        assert dump() == before

    @rule(accounts=st.sets(NUMBERS, min_size=1, max_size=3))
    def split_anybody(self, accounts: set[int]) -> None:
        number = self._try(lambda session: splitting.split(session, accounts, "user:1"))
        if number is not None:
            self.splits.append(number)
            self._note_homes()

    @rule(picked=st.randoms())
    def split_and_take_back(self, picked: random.Random) -> None:
        before, chosen = dump(), self._some_of_one(picked)
        number = self._try(lambda session: splitting.split(session, chosen, "user:1"))
        if number is not None:
            assert self._try(lambda session: splitting.rejoin(session, number, "user:1")) is not None
        assert dump() == before

    @invariant()
    def everybody_belongs_to_the_survivor_of_their_home(self) -> None:
        with db.read() as session:
            edges = session.scalars(sa.select(ContactEdge)).all()
            whole = survivors.survivors((one.left_id, one.right_id) for one in edges)
            for contact in session.scalars(sa.select(Contact)):
                assert (contact.survivor_id or contact.id) == whole.get(contact.id, contact.id)
            for model in (Identity, CrmRecord):
                for row in session.scalars(sa.select(model)):
                    home = row.home_id or row.contact_id
                    assert row.contact_id == (whole.get(home, home) if home else None)
                    assert row.home_id != row.contact_id or home is None
            assert sorted(one.decision_id for one in edges) == sorted(self.standing)

    @invariant()
    def no_link_is_without_evidence_and_none_goes_astray(self) -> None:
        with db.read() as session:
            t = db.table(MatchLink)
            for link in session.scalars(sa.select(MatchLink).where(t.c.decision.in_(("auto", "accepted")))):
                assert link.evidence
                assert people.home(session.get_one(Identity, link.identity_id)) == link.contact_id

    @invariant()
    def what_is_known_is_of_those_who_said_it(self) -> None:
        with db.read() as session:
            for one in session.scalars(sa.select(Attribute)):
                kind, _, rest = one.source.partition(":")
                if kind == "identity":
                    assert people.home(session.get_one(Identity, int(rest))) == one.contact_id

    def teardown(self) -> None:
        """However much was merged: take all back, and everybody is where they were linked."""
        if not self.homes:
            return
        for number in random.Random(len(self.standing)).sample(self.standing, len(self.standing)):
            with db.write() as session:
                merging.unmerge(session, number, "user:1")
        with db.read() as session:
            assert session.scalars(sa.select(ContactEdge)).all() == []
            for contact in session.scalars(sa.select(Contact)):
                assert contact.survivor_id is None
            for one in session.scalars(sa.select(Identity)):
                made = self.homes[one.id or 0]
                assert one.home_id is None
                assert one.contact_id in (made, None)
                assert one.contact_id == made or session.get(Contact, made) is None


def _merge(session: Session, left: int, right: int) -> int:
    pair = [merging.contact_for(session, one, "user:1") for one in (left, right)]
    return merging.merge(session, *pair, "user:1")


@pytest.mark.parametrize(
    ("db_url", "examples"), [("sqlite", 25), ("postgresql", 6)], indirect=["db_url"], ids=["sqlite", "postgresql"]
)
def test_any_sequence_is_taken_back_exactly(database: str, examples: int) -> None:
    run_state_machine_as_test(
        Persons,
        settings=settings(
            max_examples=examples, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


PEOPLE = st.sampled_from("ABCDEF")
EDGES = st.lists(st.tuples(PEOPLE, PEOPLE), max_size=8)


@given(EDGES, st.randoms())
def test_the_map_depends_on_the_edges_alone(edges: list[tuple[str, str]], order: random.Random) -> None:
    shuffled = [pair if order.random() < 0.5 else (pair[1], pair[0]) for pair in edges]
    order.shuffle(shuffled)
    assert survivors.survivors(shuffled) == survivors.survivors(edges)


@given(EDGES)
def test_the_survivor_is_the_oldest_one_is_connected_with(edges: list[tuple[str, str]]) -> None:
    found = survivors.survivors(edges)
    for left, right in edges:
        assert found[left] == found[right]
    for one, survivor in found.items():
        assert survivor <= one
        assert found[survivor] == survivor


def test_outbox_knows_who_follows_a_merge() -> None:
    assert "enrichment.tasks.sync_profiles" in outbox.TOPICS["person.merged"]
    assert outbox.TOPICS["person.merged"] == outbox.TOPICS["person.split"]
