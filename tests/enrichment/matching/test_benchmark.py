"""The people of the benchmark are the same each time, and its figures are counted as they are named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks import people_habits, people_world
from benchmarks.match_people import curve
from benchmarks.people_world import World, contacts
from enrichment.matching import memory
from enrichment.matching.people import Contact, Profile, account

WORLDS = pytest.mark.parametrize("world", [people_world.world, people_habits.world])
Maker = Callable[[int, int, int], World]


@WORLDS
def test_the_same_seed_makes_the_same_people(world: Maker) -> None:
    assert world(60, 40, 5) == world(60, 40, 5)
    assert list(contacts(20, 5)) != list(contacts(20, 6))


@WORLDS
def test_half_of_the_accounts_have_no_contact(world: Maker) -> None:
    made = world(200, 100, 5)
    assert sum(1 for contact in made.truth.values() if contact) == 50
    assert {one.locale[:2] for one in made.contacts} - {""} == {"de", "en", "ja"}


def test_equal_scores_stand_or_fall_together() -> None:
    assert curve([(0.9, True), (0.9, False), (0.5, True)], 2) == {"best_f1": 0.8, "recall_at_precision_98": 0.0}
    assert curve([(0.9, True), (0.5, False)], 2)["recall_at_precision_98"] == 0.5


@WORLDS
def test_no_stranger_is_linked_in_a_small_world(world: Maker) -> None:
    made = world(600, 400, 9)
    index = memory.filled(made.contacts)
    for profile in made.profiles:
        found = index.match(account(profile))
        if found.decision == "auto":
            assert found.best is not None
            assert found.best.person.id == made.truth[profile.id]


def test_a_common_name_is_found_by_name_and_town() -> None:
    crowd = [Contact(f"C{n}", "Anna", "Müller", city=f"Ort{n}") for n in range(120)]
    index = memory.filled(crowd)
    seen = account(Profile("S", "x", "zz", "Anna Müller", location="Ort77"))
    assert index.person(index.candidates(seen)[0]).id == "C77"


def test_in_other_habits_nobody_has_somebody_else_s_address() -> None:
    made = people_habits.world(400, 200, 5)
    emails = [email for one in made.contacts for email in one.emails if not email.startswith("info@")]
    assert len(emails) == len(set(emails))
    assert {"homonym", "family", "colleague", "brand", "stranger", "pseudonym"} <= set(made.kinds.values())
