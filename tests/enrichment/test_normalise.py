"""One form for what people write in many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichment.normalise import companies, handles, mail, names, nicknames, phones, sites, text

NAMES = [
    # shown on the platform, given name and surname in the CRM, level
    ("Uli Schönfeld 🌊", "Ulrike", "Schönfeld", "nickname"),
    ("Schoenfeld, U.", "Ulrike", "Schönfeld", "initial"),
    ("D. Pfaff", "Dieter", "Pfaff", "initial"),
    ("Dieter Pfaff", "D.", "Pfaff", "initial"),
    ("Hans Muller", "Hans", "Müller", "full"),
    ("𝓗𝓪𝓷𝓼 𝓜ü𝓵𝓵𝓮𝓻 :verified:", "Hans", "Müller", "full"),
    ("Dr. Hans-Peter von der Heide (er/ihm)", "Peter", "von der Heide", "full"),
    ("Bob Hayes", "Robert", "Hayes", "nickname"),
    ("Hayes", "Robert", "Hayes", "surname"),
    ("Anna Müller", "Peter", "Müller", "other_given"),
    ("Anna M. Müller", "Markus", "Müller", "other_given"),
    ("Martina Groß", "Martin", "Gross", "other_given"),
    ("Nora Falk", "Tilo", "Wegner", "different"),
    ("Segelfreund", "Ulrike", "Schönfeld", "different"),
    ("Anna", "Anna", "Bergmann", "given"),
    ("🦊", "Anna", "Bergmann", "empty"),
    ("佐々木 典子", "典子", "佐々木", "full"),
    ("佐々木典子", "典子", "佐々木", "full"),
    ("典子 佐々木", "典子", "佐々木", "full"),
    ("髙橋一郎さん", "一郎", "高橋", "full"),
    ("山﨑 光", "光", "山崎", "full"),
    ("佐藤健", "健太", "佐藤", "other_given"),
    ("林田太郎", "太郎", "林", "other_given"),
    ("さとう けん", "ケン", "サトウ", "full"),
    ("Ken Satoh", "けん", "さとう", "full"),
    ("Shota Suzuki", "しょうた", "すずき", "full"),
    ("ササキ ノリコ", "典子", "佐々木", "unreadable"),
    ("Noriko Sasaki", "典子", "佐々木", "unreadable"),
    ("けんた@松本", "健太", "松本", "unreadable"),
]


@pytest.mark.parametrize(("shown", "first", "last", "level"), NAMES)
def test_names_agree_as_far_as_they_do(shown: str, first: str, last: str, level: str) -> None:
    assert names.agreement(shown, first, last) == level


def test_a_name_without_parts_is_cut_at_its_last_space() -> None:
    assert names.agreement("Anna Bergmann", "", "", "Anna Bergmann") == "full"


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
    assert companies.named_in("Maschinenbau @ Nordwerk · Segeln", "Nordwerk Maschinenbau GmbH")
    assert companies.named_in("青葉フーズで働いています", "青葉フーズ株式会社")
    assert not companies.named_in("Ich segle", "Nordwerk Maschinenbau GmbH")


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


@given(ANY, ANY, ANY)
def test_comparing_names_never_fails_and_prefers_agreement(shown: str, first: str, last: str) -> None:
    names.agreement(shown, first, last)
    names.keys(shown)
    names.record_keys(first, last)


LATIN = st.text(st.sampled_from("abcdefghijklmnoprstuvwzäöüß"), min_size=2, max_size=10)


@given(LATIN, LATIN)
def test_a_name_agrees_with_itself_in_any_order(first: str, last: str) -> None:
    if {first, last} & (names._TITLES | names._PARTICLES):
        return
    assert names.agreement(f"{first} {last}", first, last) in names.AGREES
    assert names.agreement(f"{last}, {first}", first, last) in names.AGREES
    assert names.keys(f"{last} {first}") & names.record_keys(first, last)


@given(ANY)
def test_bios_of_any_kind_are_read(bio: str) -> None:
    mail.found_in(bio)
    phones.found_in(bio, "DE")
    companies.named_in(bio, bio)
