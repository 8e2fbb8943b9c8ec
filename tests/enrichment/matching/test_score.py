"""Who is linked, who is asked about, and who never: the scorer and its competition."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichment.matching import compare, score
from enrichment.matching.people import Contact, person
from enrichment.matching.weights import shipped
from tests.enrichment.matching.people import crm, seen, verdict

ULI = Contact(
    "C1", "Ulrike", "Schönfeld", emails=("u.schoenfeld@nordwerk.example",), phones=("+4915112345678",),
    company="Nordwerk GmbH", domain="nordwerk.example", city="Kiel", country="Germany",
)  # fmt: skip
BOB = Contact("C3", "Robert", "Hayes", company="Hayes & Daughters", city="Portland", websites=("bobhayes.example",))


def test_name_company_and_town_link() -> None:
    found = verdict(seen("Uli Schönfeld 🌊", "uli_schoenfeld", bio="@ Nordwerk · Segeln", location="Kiel"), ULI)
    assert (found.decision, found.tier) == ("auto", "B")


def test_a_name_and_a_town_are_for_a_person_to_decide() -> None:
    assert verdict(seen("Ulrike Schönfeld", location="Kiel"), ULI).decision == "review"


def test_a_namesake_in_the_crm_forbids_tier_b() -> None:
    twin = replace(ULI, id="C9", emails=(), phones=(), company="", domain="", city="Passau")
    account = seen("Ulrike Schönfeld", "uli_schoenfeld", bio="@ Nordwerk", location="Kiel")
    found = verdict(account, ULI, twin)
    assert found.decision == "review"
    assert found.best is not None
    assert found.best.person.id == "C1"


def test_two_namesakes_and_nothing_else_are_nobody() -> None:
    other = Contact("C4", "Robert", "Hayes", company="Contoso Ltd", city="Boston", country="United States")
    assert verdict(seen("Robert Hayes", "rhayes_photo", location="London, UK"), BOB, other).decision == "none"


def test_a_proven_site_links() -> None:
    found = verdict(seen("Bob Hayes", "bobhayes.example", platform="bluesky"), BOB)
    assert (found.decision, found.tier) == ("auto", "A")


def test_a_site_that_is_only_said_does_not() -> None:
    found = verdict(seen("Bob Hayes", links=(("https://bobhayes.example", False),)), BOB)
    assert found.decision == "review"


def test_a_company_that_proves_its_site_is_not_the_person() -> None:
    shop = seen("Hayes & Daughters", "hayesdaughters", links=(("https://bobhayes.example", True),))
    assert verdict(shop, BOB).decision != "auto"


def test_a_hidden_address_links_when_the_name_agrees() -> None:
    bio = "u.schoenfeld (at) nordwerk (dot) example"
    assert verdict(seen("U. Schönfeld", bio=bio), ULI).tier == "A-"
    assert verdict(seen("Moosgrün", bio=bio), ULI).decision == "review"
    assert verdict(seen("Peter Schönfeld", bio=bio), ULI).decision != "auto"


def test_a_number_proven_by_the_platform_links() -> None:
    assert verdict(seen("Moosgrün", platform="whatsapp", phones=("+4915112345678",)), ULI).tier == "A"


def test_a_value_of_three_persons_is_nobody_s() -> None:
    shared = [replace(ULI, id=f"C{n}", first_name=name) for n, name in enumerate(("Ulrike", "Peter", "Anna"))]
    found = verdict(seen("Moosgrün", bio="+49 151 12345678"), *shared)
    assert found.decision == "none"


@pytest.mark.parametrize(
    ("name", "bio", "location"),
    [("Ulrike", "", ""), ("Möwe", "bei Nordwerk", "Kiel"), ("Möwe", "", "Kiel"), ("Schönfeld", "", "")],
)
def test_tier_c_is_never_proposed(name: str, bio: str, location: str) -> None:
    assert verdict(seen(name, bio=bio, location=location), ULI).decision == "none"


def test_rare_names_weigh_more() -> None:
    common = [Contact(f"H{n}", "Anna", "Huber") for n in range(40)]
    rare = verdict(seen("Ulrike Schönfeld"), ULI, *common)
    often = verdict(seen("Anna Huber"), *common)
    assert rare.score > 0.3 > often.score


def test_a_member_of_the_family_is_somebody_else() -> None:
    assert verdict(seen("Peter Schönfeld", bio="@ Nordwerk", location="Kiel"), ULI).decision == "none"


SHARED = st.sampled_from(["", "bei Nordwerk", "u.schoenfeld@nordwerk.example", "Tel +49 151 12345678"])
NAMES = st.sampled_from(
    ["Ulrike Schönfeld", "Uli Schönfeld", "U. Schönfeld", "Schönfeld", "Ulrike", "Möwe", "Peter Berg", ""]
)
TOWNS = st.sampled_from(["", "Kiel", "Hamburg"])
INDEX = crm(ULI, BOB)


@given(NAMES, SHARED, TOWNS)
def test_more_that_agrees_never_lowers_the_odds(name: str, bio: str, town: str) -> None:
    known = person(ULI)
    before = score.judge(seen(name, bio=bio, location=town), known, INDEX.crm)
    after = score.judge(seen(name, bio=f"{bio} · bei Nordwerk", location="Kiel"), known, INDEX.crm)
    assert after.odds >= before.odds


@given(NAMES, SHARED, TOWNS, st.sampled_from(["", "uli_schoenfeld", "hayes", "x99"]))
def test_no_link_without_evidence(name: str, bio: str, town: str, handle: str) -> None:
    found = INDEX.match(seen(name, handle, bio=bio, location=town))
    assert 0.0 <= found.score <= 1.0
    if found.decision != "none":
        assert found.best is not None
        assert found.best.families()
        assert score.words(found.best)
    if found.decision == "auto" and found.tier == "B":
        assert found.best is not None
        assert len(found.best.families()) > 1


@given(st.permutations(range(4)))
def test_the_order_of_candidates_does_not_matter(order: list[int]) -> None:
    account = seen("Ulrike Schönfeld", location="Kiel")
    people = [person(one) for one in (ULI, BOB, replace(ULI, id="C8", city="Passau"), replace(ULI, id="C7"))]
    expected = score.of(account, people, INDEX.crm)
    assert score.of(account, [people[place] for place in order], INDEX.crm) == expected


def test_calibration_keeps_the_order() -> None:
    weights = replace(shipped(), slope=0.8, shift=-0.5)
    values = [score.calibrated(step / 20, weights) for step in range(1, 20)]
    assert values == sorted(values)


def test_every_level_has_words_and_a_weight() -> None:
    weights = shipped()
    levels = {*weights.names, *weights.others}
    assert set(compare.ORDER) <= levels
    assert all(
        one.words for part in (weights.names, weights.others, weights.own, weights.shared) for one in part.values()
    )
