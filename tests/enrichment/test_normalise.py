"""One form for what people write in many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichment.matching import agreement, compare, keys, people
from enrichment.normalise import companies, handles, japanese, mail, names, nicknames, phones, places, sites, text

SOUNDS = [
    ("さとう", "Satoh"), ("しょうた", "Shota"), ("ケンタ", "Kenta"), ("おおの", "Ohno"), ("じゅんいち", "Jun'ichi"),
    ("いっぺい", "Ippei"), ("ほんま", "Homma"), ("しょうた", "syouta"), ("コーヘイ", "Kohei"),
]  # fmt: skip


@pytest.mark.parametrize(("kana", "latin"), SOUNDS)
def test_kana_and_romaji_sound_the_same(kana: str, latin: str) -> None:
    assert japanese.sound(kana) == japanese.sound(latin)


def test_kanji_have_their_possible_readings() -> None:
    assert "sasaki" in japanese.surname_readings("佐々木")
    assert "nanami" in japanese.given_readings("菜々美")
    assert japanese.surname_readings("齟齬") == frozenset()
    assert japanese.splits("佐々木健太")[0] == ("佐々木", "健太")


@pytest.mark.parametrize(
    ("location", "towns", "country"),
    [
        ("Kiel, Germany", ("kiel",), "de"),
        ("📍 Munich", ("munchen",), ""),
        ("宮城県仙台市", ("仙台",), ""),
        ("Sendai, Japan", ("仙台",), "jp"),
        ("London / Berlin", ("london", "berlin"), ""),
        ("", (), ""),
    ],
)
def test_places_in_one_form(location: str, towns: tuple[str, ...], country: str) -> None:
    assert places.read(location) == (towns, country)


def test_what_a_shown_name_says_besides_is_cut_off() -> None:
    assert names.before_work("Anna Berg @ Nordwerk") == "Anna Berg"
    assert names.before_work("けんた＠松本") == "けんた"
    assert names.tokens("Dr. Anna Berg (she/her) 🌊") == ("anna", "berg")


def test_handles_are_read_as_names() -> None:
    assert people.handle_words("b0bh4yes") == ("bobhayes",)
    assert people.handle_words("RobertHayes83") == ("robert", "hayes")
    assert people.handle_words("rhayes_photo") == ("rhayes",)


def test_employers_in_bios() -> None:
    assert companies.employers("works at Harbor Foods") == ("harbor",)
    assert companies.employers("青葉フーズ勤務") == ("青葉フーズ",)
    assert companies.employers("meet me at noon") == ()


def test_organisations_are_told_from_people() -> None:
    assert companies.is_organisation("Nordwerk GmbH")
    assert companies.is_organisation("青葉フーズ公式")
    assert not companies.is_organisation("Anna Berg")


@pytest.mark.parametrize(
    ("bio", "found"),
    [
        ("Post an f.lohmeyer@briefkasten.example", ["f.lohmeyer@briefkasten.example"]),
        ("Mail: u.schoenfeld (at) nordwerk (dot) example", ["u.schoenfeld@nordwerk.example"]),
        ("hans [ät] firma punkt de", ["hans@firma.de"]),
        ("hans at firma dot co dot uk", ["hans@firma.co.uk"]),
        ("E-Mail:a.b@X.de.", ["a.b@x.de"]),
        ("ご連絡は noriko@tegami.example まで", ["noriko@tegami.example"]),
        ("taro★example.jp", ["taro@example.jp"]),
        ("taro●example.jp", ["taro@example.jp"]),
        ("anna dot berg at firma dot de", ["anna.berg@firma.de"]),
        ("anna.berg at firma.co.jp", ["anna.berg@firma.co.jp"]),
        ("a.berg -at- firma -dot- de", ["a.berg@firma.de"]),
        ("a.berg_at_firma.de", ["a.berg@firma.de"]),
        ("a.berg @ firma . de", ["a.berg@firma.de"]),
        ("a.berg [a] firma.de", ["a.berg@firma.de"]),
        ("works at firma.de", []),
        ("ｔａｒｏ＠ｅｘａｍｐｌｅ．ｊｐ", ["taro@example.jp"]),
        ("foo+shop@GoogleMail.com oder f.o.o@gmail.com", ["foo@gmail.com"]),
        ("first.last+x@firma.de", ["first.last@firma.de"]),
        ("auch @user@troet.example", []),
        ("meet me at noon, dot the i", []),
        ("https://user@host.example/x", []),
    ],
)
def test_addresses_in_bios(bio: str, found: list[str]) -> None:
    assert list(mail.found_in(bio)) == found


def test_roles_and_free_providers_are_nobodys() -> None:
    assert mail.is_role("info@firma.de")
    assert not mail.is_role("anna@firma.de")
    assert (mail.company_domain("a@gmail.com"), mail.company_domain("a@firma.de")) == ("", "firma.de")


@pytest.mark.parametrize(
    ("bio", "country", "found"),
    [
        ("Mobil: +49 172 5550144", None, ["+491725550144"]),
        ("call +44 7700 900144", None, ["+447700900144"]),
        ("089 5550177", "DE", ["+49895550177"]),
        ("電話 ０９０－１２３４－５６７８", "JP", ["+819012345678"]),
        ("089 5550177", None, []),
        ("2024-2025, 3:2, 100 %", "DE", []),
    ],
)
def test_numbers_in_bios(bio: str, country: str | None, found: list[str]) -> None:
    assert list(phones.found_in(bio, country)) == found


def test_the_country_of_a_number_comes_from_place_or_language() -> None:
    assert phones.region("München", "") == "DE"
    assert phones.region("Wien", "de") == "AT"
    assert phones.region("仙台市", "") == "JP"
    assert phones.region("", "ja") == "JP"
    assert phones.region("", "en") is None


@pytest.mark.parametrize(
    ("platform", "typed", "form"),
    [
        ("mastodon", "@Anna@Troet.Example", "anna@troet.example"),
        ("mastodon", "https://troet.example/@anna", "anna@troet.example"),
        ("mastodon", "https://troet.example/users/anna", "anna@troet.example"),
        ("mastodon", "https://troet.example/@anna@other.example", "anna@other.example"),
        ("mastodon", "http://127.0.0.1:9001/users/anna", "anna@127.0.0.1:9001"),
        ("mastodon", "anna", ""),
        ("bluesky", "@Anna.bsky.social", "anna.bsky.social"),
        ("bluesky", "https://bsky.app/profile/did:plc:abc", "did:plc:abc"),
        ("bluesky", "anna", ""),
        ("telegram", "https://t.me/Anna_B?start=1", "anna_b"),
        ("telegram", "@anna_b", "anna_b"),
        ("telegram", "5611000102", "5611000102"),
        ("x", "https://x.com/Anna/", "anna"),
        ("mastodon", "http://[broken", ""),
    ],
)
def test_handles_in_one_form(platform: str, typed: str, form: str) -> None:
    assert handles.comparable(platform, typed) == form


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("https://www.Bob.example/?utm_source=x#top", "bob.example"),
        ("bob.example/index.html", "bob.example"),
        ("http://bob.example:8080/a//b/", "bob.example:8080/a/b"),
        ("https://münchen.example", "xn--mnchen-3ya.example"),
        ("https://github.com/bob", "github.com/bob"),
        ("https://github.com", ""),
        ("https://bit.ly/abc", ""),
        ("javascript:alert(1)", ""),
        ("mailto:a@b.example", ""),
    ],
)
def test_sites_in_one_form(url: str, form: str) -> None:
    assert sites.comparable(url) == form


def test_companies_without_their_legal_form() -> None:
    assert companies.significant("Nordwerk Maschinenbau GmbH & Co. KG") == ("nordwerk", "maschinenbau")
    assert companies.significant("株式会社青葉フーズ") == ("青葉フーズ",)


def test_short_forms_share_a_root() -> None:
    assert nicknames.related("Uli", "Ulrike")
    assert nicknames.related("Uli", "Ulrich")
    assert not nicknames.related("Ulrike", "Ulrich")


ANY = st.text(max_size=60)


@given(ANY)
def test_plain_text_is_plain(shown: str) -> None:
    assert text.plain(text.plain(shown)) == text.plain(shown)


@given(st.sampled_from(["mastodon", "bluesky", "telegram", "x"]), ANY)
def test_a_handle_s_form_is_its_own_form(platform: str, typed: str) -> None:
    form = handles.comparable(platform, typed)
    assert form == "" or handles.comparable(platform, form) == form


@given(ANY)
def test_a_site_s_form_is_its_own_form(url: str) -> None:
    form = sites.comparable(url)
    assert form == "" or sites.comparable(form) == form


@given(st.emails())
def test_an_address_s_form_is_its_own_form(address: str) -> None:
    form = mail.canonical(address)
    assert form == "" or mail.canonical(form) == form


LATIN = st.text(st.sampled_from("abcdefghijklmnoprstuvwzäöüß"), min_size=2, max_size=10)


@given(LATIN, LATIN)
def test_a_name_is_found_in_any_order(first: str, last: str) -> None:
    if {first, last} & (names._TITLES | names._PARTICLES):
        return
    known = people.person(people.Contact("1", first, last))
    for shown in (f"{first} {last}", f"{last}, {first}"):
        seen = people.account(people.Profile("1", "x", "zz", shown))
        assert compare.shown_name(seen, known.name) in agreement.VOUCHED
        assert keys.second(seen, ()) & keys.of_person(known)


@given(ANY)
def test_bios_of_any_kind_are_read(bio: str) -> None:
    mail.found_in(bio)
    phones.found_in(bio, "DE")
    companies.employers(bio)
    places.read(bio)
