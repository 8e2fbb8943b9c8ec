"""Names, user names, places and companies agree as far as they do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichment.matching import compare
from enrichment.matching.people import Contact, Profile, account, name_of, person

NAMES = [
    ("Uli Schönfeld 🌊", "Ulrike", "Schönfeld", "nickname"),
    ("Schoenfeld, U.", "Ulrike", "Schönfeld", "initial"),
    ("Hans Muller", "Hans", "Müller", "full"),
    ("Dr. Hans-Peter von der Heide (er/ihm)", "Peter", "von der Heide", "full"),
    ("Hayes", "Robert", "Hayes", "surname"),
    ("Anna M. Müller", "Markus", "Müller", "other_given"),
    ("Martina Groß", "Martin", "Gross", "other_given"),
    ("Anna Schmidt", "Anna", "Bergmann", "other_surname"),
    ("Anna B.", "Anna", "Bergmann", "given_initial"),
    ("Anna Berg @ Nordwerk", "Anna", "Berg", "full"),
    ("Stephan Meier", "Stefan", "Meier", "nickname"),
    ("Ulirke Schönfeld", "Ulrike", "Schönfeld", "typo"),
    ("Ulrike Schöneld", "Ulrike", "Schönfeld", "typo"),
    ("Segelfreund", "Ulrike", "Schönfeld", "different"),
    ("", "Ulrike", "Schönfeld", "empty"),
    ("佐々木典子", "典子", "佐々木", "full"),
    ("髙橋一郎さん", "一郎", "高橋", "full"),
    ("佐藤健", "健太", "佐藤", "other_given"),
    ("田中健二", "健司", "田中", "other_given"),
    ("さとう けん", "ケン", "サトウ", "full"),
    ("Shota Suzuki", "しょうた", "すずき", "full"),
    ("ササキ ノリコ", "典子", "佐々木", "reading"),
    ("Noriko Sasaki", "典子", "佐々木", "reading"),
    ("Mikako Sasaki", "舞", "佐々木", "other_given"),
    ("佐々木典子", "Noriko", "Sasaki", "reading"),
    ("ササケン", "健太", "佐々木", "abbreviated"),
]


@pytest.mark.parametrize(("shown", "first", "last", "level"), NAMES)
def test_a_shown_name_agrees_as_far_as_it_does(shown: str, first: str, last: str, level: str) -> None:
    assert compare.shown_name(account(Profile("1", "x", "zz", shown)), name_of(first, last)) == level


HANDLES = [
    ("bobhayes", "Robert", "Hayes", "nickname"),
    ("rhayes_photo", "Robert", "Hayes", "initial"),
    ("hayesr", "Robert", "Hayes", "initial"),
    ("hayess", "Susan", "Hayes", "surname"),
    ("the_thorntons", "Sarah", "Thornton", "surname"),
    ("b0bh4yes", "Robert", "Hayes", "nickname"),
    ("uli_schoenfeld", "Ulrike", "Schönfeld", "nickname"),
    ("sasaken_sendai", "健太", "佐々木", "abbreviated"),
    ("kenta.sasaki", "健太", "佐々木", "reading"),
    ("k_sasaki", "健太", "佐々木", "initial"),
    ("hansmuller", "Hans", "Müller", "full"),
    ("segelfreund", "Ulrike", "Schönfeld", "empty"),
]


@pytest.mark.parametrize(("handle", "first", "last", "level"), HANDLES)
def test_a_user_name_may_be_made_of_a_name(handle: str, first: str, last: str, level: str) -> None:
    assert compare.user_name(account(Profile("1", "x", handle)), name_of(first, last)) == level


@pytest.mark.parametrize("handle", ["anna.berg.example", "annaberg.bsky.social", "anna.berg", "anna-berg.de"])
def test_a_domain_as_user_name_is_read_without_its_ending(handle: str) -> None:
    assert compare.user_name(account(Profile("1", "bluesky", handle)), name_of("Anna", "Berg")) == "full"


def test_an_address_gives_away_how_kanji_are_read() -> None:
    known = person(Contact("1", "颯馬", "御厨", emails=("soma.mikuriya@firma.example",)))
    assert compare.shown_name(account(Profile("1", "x", "zz", "Soma Mikuriya")), known.name) in ("reading", "different")
    initial = person(Contact("1", "健太", "御厨", emails=("k.mikuriya@firma.example",)))
    assert compare.shown_name(account(Profile("1", "x", "zz", "Kenta Mikuriya")), initial.name) == "reading"


@pytest.mark.parametrize(
    ("location", "city", "country", "found"),
    [
        ("Kiel, Germany", "Kiel", "Germany", "same_town"),
        ("Munich", "München", "Germany", "same_town"),
        ("仙台", "仙台市", "Japan", "same_town"),
        ("Sendai, Japan", "仙台市", "Japan", "same_town"),
        ("Leeds, UK", "Kiel", "Germany", "other_country"),
        ("Hamburg", "Kiel", "", "other_town"),
        ("Deutschland", "Kiel", "Germany", "same_country"),
        ("", "Kiel", "Germany", ""),
    ],
)
def test_places_agree_in_any_language(location: str, city: str, country: str, found: str) -> None:
    known = person(Contact("1", "A", "B", city=city, country=country))
    assert compare.place(account(Profile("1", "x", "zz", location=location)), known) == found


@pytest.mark.parametrize(
    ("bio", "company", "found"),
    [
        ("Maschinenbau @ Nordwerk · Segeln", "Nordwerk Maschinenbau GmbH", "company_part"),
        ("works at Harbor Foods", "Harbor Foods Inc.", "company"),
        ("青葉フーズで働いています", "青葉フーズ株式会社", "company"),
        ("Ich segle", "Nordwerk GmbH", ""),
    ],
)
def test_a_bio_names_a_company(bio: str, company: str, found: str) -> None:
    known = person(Contact("1", "A", "B", company=company))
    assert compare.work(account(Profile("1", "x", "zz", bio=bio)), known) == found


def test_a_surname_in_the_shown_name_is_no_company() -> None:
    known = person(Contact("1", "Anna", "Müller", company="Müller GmbH"))
    assert compare.work(account(Profile("1", "x", "zz", "Anna Müller")), known) == ""


ANY = st.text(max_size=40)


@given(ANY, ANY, ANY, ANY, ANY)
def test_comparing_never_fails(shown: str, handle: str, bio: str, first: str, last: str) -> None:
    one = account(Profile("1", "x", handle, shown, bio, bio))
    known = person(Contact("1", first, last, company=bio, city=shown))
    compare.shown_name(one, known.name)
    compare.user_name(one, known.name)
    compare.place(one, known)
    compare.work(one, known)


NAME = st.sampled_from(
    ["Anna", "Ulrike", "Bergmann", "Müller", "Robert", "Hayes", "健太", "佐々木", "けんた", "Sasaki"]
)


@given(NAME, NAME)
def test_the_order_of_a_name_does_not_matter(one: str, two: str) -> None:
    for known in (name_of("Anna", "Müller"), name_of("健太", "佐々木"), name_of("Robert", "Hayes")):
        left = compare.shown_name(account(Profile("1", "x", "zz", f"{one} {two}")), known)
        right = compare.shown_name(account(Profile("1", "x", "zz", f"{two} {one}")), known)
        assert left == right


LATIN = st.sampled_from(["Anna", "Ulrike", "Bergmann", "Robert", "Hayes", "Uli", "Bob", "Anni", "Kathi", "Katharina"])


@given(LATIN, LATIN, LATIN, LATIN)
def test_what_agrees_does_so_from_both_sides(given_1: str, surname_1: str, given_2: str, surname_2: str) -> None:
    there = compare.shown_name(account(Profile("1", "x", "zz", f"{given_1} {surname_1}")), name_of(given_2, surname_2))
    back = compare.shown_name(account(Profile("1", "x", "zz", f"{given_2} {surname_2}")), name_of(given_1, surname_1))
    if there in ("full", "nickname") and surname_1 == surname_2 and given_1 not in (surname_1, given_2):
        assert back in ("full", "nickname")
