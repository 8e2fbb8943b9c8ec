"""Spellings in which one name meets another, and those in which it must not."""

from __future__ import annotations

import pytest

from enrichment.matching import compare, keys
from enrichment.matching.people import Contact, Profile, account, name_of, person
from enrichment.matching.words import short_for, word
from enrichment.normalise import companies, japanese, mail, names, places
from tests.enrichment.matching.people import crm, seen, verdict


@pytest.mark.parametrize(("one", "two"), [("kazue", "kazumi"), ("c", "c"), ("hans", "j")])
def test_other_names_are_no_short_forms(one: str, two: str) -> None:
    assert not short_for(word(one, "given"), word(two, "given"))


@pytest.mark.parametrize(("one", "two"), [("flo", "florian"), ("ken", "kenneth"), ("uli", "ulrike")])
def test_short_forms_are_the_beginning_or_in_the_table(one: str, two: str) -> None:
    assert short_for(word(one, "given"), word(two, "given"))


def test_a_short_form_that_is_a_common_name_weighs_less() -> None:
    marie = Contact("C1", "Marie", "Ollerenshaw")
    marys = [Contact(f"M{n}", "Mary", f"Ode{n}") for n in range(300)]
    rare, often = crm(marie).match(seen("Mary Ollerenshaw")), crm(marie, *marys).match(seen("Mary Ollerenshaw"))
    assert rare.best is not None
    assert often.best is not None
    assert often.best.odds * 2 < rare.best.odds


@pytest.mark.parametrize(
    ("shown", "handle"), [("Julie", "jrichardson"), ("Julie R.", "richardson_j"), ("Julie", "richardson83")]
)
def test_shown_name_and_user_name_together_are_a_name(shown: str, handle: str) -> None:
    crowd = [Contact(f"J{n}", "Julie", f"Ode{n}") for n in range(80)]
    crowd += [Contact(f"R{n}", f"J{n}", "Richardson") for n in range(80)]
    found = crm(Contact("C1", "Julie", "Richardson"), *crowd).match(seen(shown, handle))
    assert found.best is not None
    assert (found.best.person.id, found.best.level) == ("C1", "together")


def test_the_beginnings_of_both_names_find_the_person() -> None:
    crowd = [Contact(f"D{n}", "大輔", f"田{n}", company="北斗製作所") for n in range(60)]
    index = crm(Contact("C1", "大輔", "渡辺"), *crowd)
    assert index.person(index.candidates(seen("ワタダイ"))[0]).id == "C1"
    assert "wataken" in keys.short_forms(name_of("健太", "渡辺"))
    assert japanese.beginning("o") == ""


def test_a_japanese_name_in_one_cell_is_cut() -> None:
    assert names.parts("", "佐々木健太", "") == ("健太", "佐々木")
    assert names.parts("", "佐々木", "") == ("", "佐々木")
    known = person(Contact("1", "", "佐々木健太"))
    assert compare.shown_name(account(Profile("1", "x", "zz", "Kenta Sasaki")), known.name) == "reading"


def test_names_written_in_one_are_cut() -> None:
    known = name_of("Anna", "Bergmann")
    assert compare.shown_name(account(Profile("1", "x", "zz", "AnnaBergmann")), known) == "full"
    known = name_of("Ewan", "McAllister")
    assert compare.shown_name(account(Profile("1", "x", "zz", "McAllister")), known) == "surname"


@pytest.mark.parametrize(
    ("location", "towns"),
    [
        ("New York", ("newyork",)),
        ("東京都千代田区", ("千代田", "東京")),
        ("横浜市南区", ("横浜",)),
    ],
)
def test_a_part_of_a_city_and_the_city(location: str, towns: tuple[str, ...]) -> None:
    assert places.read(location)[0] == towns


@pytest.mark.parametrize(("bio", "city"), [("東京都在住", "京都市"), ("New York, baby", "York")])
def test_a_longer_name_of_a_place_is_not_the_shorter(bio: str, city: str) -> None:
    known = person(Contact("1", "A", "B", city=city))
    assert compare.place(account(Profile("1", "x", "zz", bio=bio)), known) == ""


@pytest.mark.parametrize(
    ("bio", "employer"),
    [
        ("Bremen · @ Küstenholz", "kuestenholz"),
        ("Buchbeck SE勤務", "buchbeck"),
        ("Vertrieb, Loewe AG", "loewe"),
        ("株式会社青葉", "青葉"),
        ("青葉フーズ所属", "青葉フーズ"),
        ("Brightline employee", "brightline"),
    ],
)
def test_employers_in_other_words(bio: str, employer: str) -> None:
    assert employer in companies.employers(bio)


def test_a_shouted_at_is_an_address() -> None:
    assert mail.found_in("post to mkimura AT hayashi.example") == ("mkimura@hayashi.example",)
    assert mail.found_in("meet me at hayashi.example") == ()


def test_a_user_name_with_the_given_name_in_it_could_be_guessed() -> None:
    known = Contact("C1", "浩二", "木村", emails=("tiger.koji@yahoo.co.jp",))
    found = verdict(seen("Koji", "tiger.koji"), known)
    assert found.best is not None
    assert not any(one.name == "local" for one in found.best.signals)
