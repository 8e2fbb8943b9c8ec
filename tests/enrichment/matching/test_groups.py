"""What a group shares is no proof of one person: sites of companies and families, colleagues in the company's town."""

from __future__ import annotations

from dataclasses import replace

import pytest

from enrichment.matching import memory, score
from enrichment.matching.people import Contact, Profile, account, person
from tests.enrichment.matching.people import crm, seen, verdict

ELMA = Contact("C1", "Elma", "Jungfer", websites=("https://mangold.example",), country="Germany")
KATE = Contact("C2", "Katharina", "Dussen", company="Mangold KG", domain="mangold.example")
JENNA = Contact("C3", "Jenna", "Owens", websites=("https://familie-owens.example",))
PROVEN = (("https://familie-owens.example", True),)


def signals(found: score.Verdict) -> set[str]:
    assert found.best is not None
    return {one.name for one in (*found.best.signals, *found.best.against)}


def test_a_site_where_others_work_is_the_company_s() -> None:
    shown = seen("Elma", links=(("https://mangold.example", True),))
    assert verdict(shown, ELMA).tier == "A"
    assert verdict(shown, ELMA, KATE).decision != "auto"


def test_a_proven_site_does_not_outweigh_another_given_name() -> None:
    assert verdict(seen("Katie", links=PROVEN), JENNA).decision == "review"
    assert verdict(seen("Jenna", links=PROVEN), JENNA).tier == "A"


def test_a_family_s_site_proves_nobody_without_a_given_name() -> None:
    found = verdict(seen("Wren", links=PROVEN), JENNA)
    assert found.decision == "review"
    assert "family" in signals(found)
    assert verdict(seen("Owens", links=PROVEN), JENNA).decision == "review"
    own = replace(JENNA, websites=("https://jenna-owens.example",))
    assert verdict(seen("Wren", links=(("https://jenna-owens.example", True),)), own).tier == "A"


def test_a_family_s_site_that_is_only_said_weighs_less() -> None:
    said = (("https://familie-owens.example", False),)
    alone, named = (
        score.judge(seen(name, links=said), person(JENNA), crm(JENNA).crm) for name in ("Owens", "Jenna Owens")
    )
    weights = [one.times for judged in (alone, named) for one in judged.signals if one.name == "said_site"]
    assert weights[0] < weights[1] / 10


def test_a_proven_site_and_another_employer_is_for_a_person_to_decide() -> None:
    known = replace(JENNA, websites=("https://jennaowens.example",), company="Harbor Foods Ltd")
    links = (("https://jennaowens.example", True),)
    assert verdict(seen("Jenna Owens", bio="works at Harbor Foods", links=links), known).tier == "A"
    assert verdict(seen("Jenna Owens", bio="works at Bluewave", links=links), known).decision == "review"


def test_a_user_name_in_the_plural_is_the_family_s() -> None:
    sarah = Contact("C1", "Sarah", "Thornton", websites=("https://die-thorntons.example",))
    links = (("https://die-thorntons.example", True),)
    assert verdict(seen("Nachteule", handle="die-thorntons", links=links), sarah).decision == "review"
    assert verdict(seen("Sarah", handle="die-thorntons", links=links), sarah).tier == "A"


def test_an_initial_does_not_tell_a_person_from_the_family() -> None:
    assert verdict(seen("J. Owens", links=PROVEN), JENNA).decision == "review"
    own = replace(JENNA, websites=("https://jenna-owens.example",))
    assert verdict(seen("J. Owens", links=(("https://jenna-owens.example", True),)), own).tier == "A"


def test_an_initial_in_the_user_name_vouches_for_no_address() -> None:
    known = replace(JENNA, websites=(), emails=("owensj@post.example",))
    assert verdict(seen("moonbase", handle="owensj", emails=known.emails), known).decision == "review"
    assert verdict(seen("J. Owens", handle="owensj", emails=known.emails), known).tier == "A-"


def test_a_handle_in_the_crm_links_whatever_else_is_said() -> None:
    known = replace(JENNA, handles=(("mastodon", "jo@t.example"),))
    shown = account(Profile("S", "mastodon", "jo@t.example", "Owens", links=PROVEN))
    assert verdict(shown, known).tier == "A"


def test_colleagues_in_the_company_s_town_are_no_second_evidence() -> None:
    staff = [
        Contact(f"H{n}", f"Hanna{n}", "Reuter", company="Nordwerk GmbH", city="Kiel" if n < 30 else "")
        for n in range(40)
    ]
    elsewhere = [Contact(f"K{n}", "Karl", f"Ode{n}", company="Werft AG", city="Kiel") for n in range(10)]
    known = Contact("C1", "Ulrike", "Schönfeld", company="Nordwerk GmbH", city="Kiel")
    index = memory.filled([known, *staff, *elsewhere])
    judged = score.judge(seen("Ulrike Schönfeld", bio="@ Nordwerk", location="Kiel"), person(known), index.crm)
    place = next(one.times for one in judged.signals if one.name == "same_town")
    alone = score.judge(seen("Ulrike Schönfeld", location="Kiel"), person(known), index.crm)
    assert place < next(one.times for one in alone.signals if one.name == "same_town")


@pytest.mark.parametrize(
    ("name", "links", "phones"),
    [
        ("Mangold KG", (("https://mangold.example", True),), ("+4917645958858",)),
        ("Mangold Karriere", (("https://mangold.example", False),), ("+4917645958858",)),
    ],
)
def test_a_company_s_account_is_none_of_its_people(
    name: str, links: tuple[tuple[str, bool], ...], phones: tuple[str, ...]
) -> None:
    known = replace(KATE, company="", phones=phones, city="Kiel")
    assert verdict(seen(name, "mangold", links=links, phones=phones, location="Kiel"), known).score < 0.9


def test_a_colleague_s_address_speaks_against() -> None:
    known = Contact("C1", "Anna", "Reuter", emails=("a.reuter@nordwerk.example",), company="Nordwerk GmbH")
    other = verdict(seen("Anna Reuter", bio="anna.reuter2@nordwerk.example"), known)
    assert "colleague_email" in signals(other)
    assert other.decision != "auto"
    assert other.score < verdict(seen("Anna Reuter", bio="@ Nordwerk"), known).score


def test_an_address_is_counted_once() -> None:
    known = Contact("C1", "Anna", "Reuter", emails=("a.reuter@nordwerk.example",), company="Nordwerk GmbH")
    assert "domain" not in signals(verdict(seen("Anna Reuter", bio="a.reuter@nordwerk.example"), known))


def test_a_value_of_many_does_not_crowd_out_a_name() -> None:
    staff = [Contact(f"H{n}", f"Hanna{n}", f"Ode{n}", websites=("https://nordwerk.example",)) for n in range(40)]
    known = Contact("C1", "Ulrike", "Schönfeld", city="Kiel")
    index = memory.filled([*staff, known])
    found = index.candidates(seen("Ulrike Schönfeld", location="Kiel", links=(("https://nordwerk.example", True),)))
    assert index.person(found[0]).id == "C1"


def test_an_account_called_as_its_site_is_not_the_person_with_that_number() -> None:
    known = Contact("C1", "Klaus", "Tannenmann", phones=("+4917645958858",), city="Kiel")
    links, phones = (("https://suedholz.example", False),), ("+4917645958858",)
    shop = verdict(seen("Südholz", links=links, phones=phones, location="Kiel"), known)
    wren = verdict(seen("Wren", links=links, phones=phones, location="Kiel"), known)
    assert "name_company_itself" in signals(shop)
    assert shop.score < wren.score


def test_one_of_the_family_with_the_same_number_lives_there_too() -> None:
    known = Contact("C1", "Lena", "Wintergerst", phones=("+4917645958858",), city="Kassel")
    found = verdict(seen("Falk Wintergerst", phones=("+4917645958858",), location="Kassel"), known)
    assert found.decision != "auto"
    assert "same_town" not in signals(found)


def test_a_name_typed_the_wrong_way_round_is_as_common_as_it_is() -> None:
    crowd = [Contact(f"U{n}", "Ulrich", f"Ode{n}") for n in range(60)]
    crowd += [Contact(f"K{n}", f"K{n}", "Krüger") for n in range(60)]
    straight, turned = Contact("C1", "Ulrich", "Krüger"), Contact("C1", "Krüger", "Ulrich")
    odds = [found.best.odds for found in (crm(one, *crowd).match(seen("Ulrich Krüger")) for one in (straight, turned))
            if found.best is not None]  # fmt: skip
    assert odds[1] == pytest.approx(odds[0], rel=0.3)


def test_a_proven_site_and_another_number_is_for_a_person_to_decide() -> None:
    known = replace(JENNA, websites=("https://jennaowens.example",), phones=("+447760181620",))
    links = (("https://jennaowens.example", True),)
    assert verdict(seen("Jenna Owens", links=links), known).tier == "A"
    found = verdict(seen("Jenna Owens", links=links, phones=("+447760181621",)), known)
    assert found.decision == "review"
    assert "other_phone" in signals(found)


def test_a_slip_in_the_given_name_may_be_a_brother_on_the_family_s_site() -> None:
    michael = replace(JENNA, first_name="Michael")
    assert verdict(seen("Micheal Owens", links=PROVEN), michael).decision == "review"


def test_a_domain_handle_of_the_family_is_no_given_name() -> None:
    shown = account(Profile("S", "bluesky", "familie-owens.example", "Wren", domain_handle=True))
    assert verdict(shown, JENNA).decision == "review"


def test_a_user_name_with_another_surname_is_somebody_else() -> None:
    brown, woodby = Contact("C1", "Alistair", "Brown"), Contact("C2", "Carol", "Woodby")
    judged = score.judge(seen("Alistair", "alistairwoodby"), person(brown), crm(brown, woodby).crm)
    assert judged.level == "other_surname"
    unknown = score.judge(seen("Alistair", "alistair_photos"), person(brown), crm(brown, woodby).crm)
    assert unknown.level == "given"
