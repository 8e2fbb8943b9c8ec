"""Who is linked by the rules, who goes to review, and who never."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichment.keys import IdentityView, Key, of_record
from enrichment.match import CandidateView, LinkedAccount, match, rank
from enrichment.matching.people import Contact
from enrichment.profile import MessageView, Policy, build_interaction, changed_fields, hub_id, payload_hash
from tests.enrichment.house import AT

ANNA = IdentityView(1, "mastodon", "https://t.example/users/annab", "annab@t.example", "Anna Bergmann")


def record(row: int = 1, first: str = "Anna", last: str = "Bergmann", **values: Any) -> CandidateView:
    """A CRM record as the matcher sees it; `emails=…`, `phones=…`, `websites=…`, `handles=…`, `company=…`."""
    own = {name: values.pop(name) for name in ("contact_id", "accounts", "refused", "objects") if name in values}
    handles = tuple(values.pop("handles", {}).items())
    view = Contact(f"003{row}", first, last, f"{first} {last}".strip(), handles=handles, **values)
    company = str(values.get("company", ""))
    places = {name: str(values[name]) for name in ("city", "country") if name in values}
    return CandidateView(row, of_record(view), first, last, view.name, company, **places, **own)


def verdict(identity: IdentityView, *candidates: CandidateView) -> tuple[str, str]:
    found = match(identity, candidates)
    return found.decision, found.tier


def signals(identity: IdentityView, *candidates: CandidateView) -> set[str]:
    return {one.signal for one in match(identity, candidates).evidence}


def test_the_handle_in_the_crm_links_whatever_the_name() -> None:
    pseudonym = replace(ANNA, name="Möwe")
    assert verdict(pseudonym, record(handles={"mastodon": "https://t.example/@AnnaB"})) == ("auto", "A")


def test_the_same_user_name_on_another_server_is_nothing() -> None:
    assert verdict(ANNA, record(handles={"mastodon": "@annab@other.example"}))[0] == "none"


def test_a_did_in_the_crm_links() -> None:
    who = IdentityView(1, "bluesky", "did:plc:abc", "anna.example", "A")
    assert verdict(who, record(handles={"bluesky": "at://did:plc:abc"})) == ("auto", "A")


def test_a_verified_link_to_the_record_s_site_links() -> None:
    site = {"url": "https://www.anna-bergmann.example/", "verified": True}
    assert verdict(replace(ANNA, links=(site,)), record(websites=("anna-bergmann.example",))) == ("auto", "A")


def test_an_unverified_link_does_not() -> None:
    site = {"url": "https://anna-bergmann.example", "verified": False}
    known = record(websites=("https://anna-bergmann.example",))
    assert verdict(replace(ANNA, name="wren", links=(site,)), known)[0] == "none"
    assert verdict(replace(ANNA, links=(site,)), known)[0] == "review"


def test_a_domain_as_handle_links_to_the_same_site() -> None:
    who = IdentityView(1, "bluesky", "did:plc:abc", "bobhayes.example", "Bob Hayes", domain_handle=True)
    known = record(1, "Robert", "Hayes", websites=("https://bobhayes.example",), company="Hayes & Daughters")
    assert verdict(who, known) == ("auto", "A")
    assert verdict(replace(who, domain_handle=False), known)[0] != "auto"


def test_a_company_s_site_links_nobody() -> None:
    who = IdentityView(1, "bluesky", "did:plc:abc", "nordwerk.example", "Nordwerk", domain_handle=True)
    known = record(1, "Ulrike", "Schönfeld", websites=("https://nordwerk.example",), company="Nordwerk GmbH")
    assert verdict(who, known)[0] == "none"


@pytest.mark.parametrize("name", ["Anna Bergmann", "A. Bergmann", "Bergmann, Anna", "Anni Bergmann"])
def test_an_e_mail_in_the_bio_links_when_the_name_agrees(name: str) -> None:
    who = replace(ANNA, name=name, bio="anna.b (at) post (dot) example")
    assert verdict(who, record(emails=("Anna.B@post.example",))) == ("auto", "A-")


def test_a_phone_in_the_bio_links_when_initial_and_surname_agree() -> None:
    who = replace(ANNA, name="A. Bergmann", bio="Mobil 0172 5550144", location="Kassel, Deutschland")
    assert verdict(who, record(phones=("+49 172 5550144",))) == ("auto", "A-")


@pytest.mark.parametrize("name", ["Nora Falk", "Bergmann", "Peter Bergmann", "Anna", "けんた"])
def test_an_e_mail_with_another_name_goes_to_review(name: str) -> None:
    assert verdict(replace(ANNA, name=name, bio="a@post.example"), record(emails=("a@post.example",)))[0] == "review"


def test_a_name_in_another_script_agrees_when_it_can_be_read_so() -> None:
    who = replace(ANNA, name="Noriko Sasaki", bio="n@tegami.example")
    assert verdict(who, record(1, "典子", "佐々木", emails=("n@tegami.example",))) == ("auto", "A-")
    assert verdict(who, record(1, "翔太", "佐々木", emails=("n@tegami.example",)))[0] == "review"


def test_a_value_on_two_records_goes_to_review() -> None:
    who = replace(ANNA, name="Rosalind Keane", bio="keane@mail.example")
    twins = (
        record(1, "Rosalind", "Keane", emails=("keane@mail.example",)),
        record(2, "Rupert", "Keane", emails=("keane@mail.example",)),
    )
    found = rank(who, twins)
    assert [(one.decision, one.candidate) for one in found] == [("review", 1), ("review", 2)]


def test_two_records_of_one_contact_are_one_person() -> None:
    who = replace(ANNA, bio="a@post.example")
    both = [record(row, emails=("a@post.example",), contact_id="01C") for row in (1, 2)]
    assert verdict(who, *both) == ("auto", "A-")


def test_a_value_on_three_persons_belongs_to_nobody() -> None:
    who = replace(ANNA, bio="family@post.example")
    three = [record(row, "Anna", "Bergmann", emails=("family@post.example",)) for row in (1, 2, 3)]
    assert all(one.decision == "none" for one in rank(who, three))


def test_values_known_to_be_shared_count_nothing() -> None:
    who = replace(ANNA, bio="a@post.example")
    shared = {Key("email", "a@post.example")}
    assert match(who, [record(emails=("a@post.example",))], shared).decision == "none"


def test_addresses_of_roles_count_nothing() -> None:
    assert verdict(replace(ANNA, bio="info@post.example"), record(emails=("info@post.example",)))[0] == "none"


def test_a_handle_on_two_records_goes_to_review() -> None:
    two = [record(row, handles={"mastodon": "annab@t.example"}) for row in (1, 2)]
    assert all(one.decision == "review" for one in rank(ANNA, two))


def test_a_directory_of_addresses_is_nobody_s() -> None:
    bio = " ".join(f"a{number}@post.example" for number in range(6))
    assert verdict(replace(ANNA, bio=bio), record(emails=("a1@post.example",)))[0] == "none"


def test_another_handle_in_the_crm_speaks_against_an_e_mail() -> None:
    who = replace(ANNA, bio="a@post.example")
    known = record(emails=("a@post.example",), handles={"mastodon": "@anna2@t.example"})
    assert verdict(who, known)[0] == "review"
    assert "other_handle" in signals(who, known)


def test_a_second_account_on_a_platform_needs_more_than_an_e_mail() -> None:
    who = replace(ANNA, bio="a@post.example")
    other = LinkedAccount("mastodon", "https://t.example/users/other", "other@t.example")
    known = record(emails=("a@post.example",), contact_id="01C", accounts=(other,))
    assert verdict(who, known)[0] == "review"


def test_a_handle_given_to_somebody_else_goes_to_review() -> None:
    other = LinkedAccount("mastodon", "https://t.example/users/before", "annab@t.example")
    known = record(handles={"mastodon": "annab@t.example"}, contact_id="01C", accounts=(other,))
    assert verdict(ANNA, known)[0] == "review"
    assert "recycled_handle" in signals(ANNA, known)


def test_not_the_same_is_respected() -> None:
    known = record(handles={"mastodon": "annab@t.example"}, refused=True)
    assert verdict(ANNA, known)[0] == "none"


def test_an_objection_is_respected() -> None:
    known = record(handles={"mastodon": "annab@t.example"}, objects=True)
    assert verdict(ANNA, known)[0] == "none"


def test_an_account_that_is_linked_stays_linked() -> None:
    who = replace(ANNA, name="Möwe", contact_id="01C")
    assert verdict(who, record(1, "Peter", "Pan", contact_id="01C")) == ("auto", "A")


def test_ten_accounts_of_one_contact_go_to_review() -> None:
    accounts = tuple(LinkedAccount("bluesky", f"did:{number}") for number in range(10))
    known = record(handles={"mastodon": "annab@t.example"}, contact_id="01C", accounts=accounts)
    assert verdict(ANNA, known)[0] == "review"


def test_name_and_company_are_worth_a_look_only() -> None:
    who = replace(ANNA, name="Uli Schönfeld", bio="Maschinenbau @ Nordwerk")
    assert verdict(who, record(1, "Ulrike", "Schönfeld", company="Nordwerk Maschinenbau GmbH"))[0] == "review"


@pytest.mark.parametrize(
    ("name", "bio"),
    [("Anna", ""), ("Möwe", ""), ("Möwe", "arbeitet bei Nordwerk"), ("Anna Bergmann", "")],
)
def test_a_given_name_a_company_or_a_name_alone_is_nothing(name: str, bio: str) -> None:
    who = replace(ANNA, name=name, bio=bio)
    assert verdict(who, record(company="Nordwerk GmbH"))[0] == "none"


def test_every_decision_has_evidence_in_words() -> None:
    found = match(replace(ANNA, bio="a@post.example"), [record(emails=("a@post.example",))])
    assert [(one.signal, bool(one.value)) for one in found.evidence] == [("email", True), ("name_full", False)]
    assert all(one.words and "@" not in one.words for one in found.evidence)


NAMES = st.sampled_from(["Anna Bergmann", "佐藤 健", "Thomas Müller", "Emma Clarke", "A. Bergmann"])
PLACES = st.sampled_from(["", "Berlin", "札幌", "Nordwerk GmbH, Kiel"])


@given(NAMES, PLACES, st.sampled_from(["", "Nordwerk GmbH"]), st.integers(1, 4))
def test_homonyms_are_never_linked(name: str, bio: str, company: str, number: int) -> None:
    last, first = name.split() if name[0] > "z" else reversed(name.split())
    who = IdentityView(1, "mastodon", "https://t.example/users/x", "x@t.example", name, bio=bio)
    namesakes = [
        record(row, first, last, company=company, emails=(f"n{row}@post.example",), handles={"bluesky": "x.example"})
        for row in range(1, number + 1)
    ]
    assert all(one.decision != "auto" for one in rank(who, namesakes))


@given(st.permutations([1, 2, 3]))
def test_the_order_of_candidates_does_not_matter(order: list[int]) -> None:
    known = {
        1: record(1, emails=("a@post.example",)),
        2: record(2, "Peter", "Bergmann", phones=("+49 172 5550144",)),
        3: record(3, company="Nordwerk GmbH"),
    }
    who = replace(ANNA, bio="a@post.example +49 172 5550144 Nordwerk")
    assert rank(who, [known[one] for one in order]) == rank(who, list(known.values()))


def test_hub_ids_are_short_and_the_same_for_ever() -> None:
    assert hub_id("profile", "mastodon:https://t.example/users/annab") == "74dvl6whqmvts2xnq5u75hahfy"
    assert len(hub_id("profile", "a")) == 26
    assert hub_id("profile", "a") != hub_id("interaction", "a")


MESSAGE = MessageView("k", "p", "inbound", "mention", "x" * 256, AT)


@pytest.mark.parametrize(
    ("change", "policy", "text"),
    [
        ({}, Policy(), "x" * 254 + "…"),
        ({"text": "x" * 255}, Policy(), "x" * 255),
        ({}, Policy(0), None),
        ({"private": True}, Policy(), None),
        ({"private": True}, Policy(255, True), "x" * 256),
        ({"deleted": True}, Policy(255, True), None),
        ({"text": ""}, Policy(), None),
    ],
)
def test_how_much_text_leaves(change: dict[str, Any], policy: Policy, text: str | None) -> None:
    assert build_interaction(replace(MESSAGE, **change), policy)["Text__c"] == text


def test_an_answer_of_ours_is_a_reply_or_a_dm() -> None:
    ours = replace(MESSAGE, direction="outbound", kind="mention")
    assert build_interaction(ours, Policy())["Kind__c"] == "reply"
    assert build_interaction(replace(ours, private=True), Policy())["Kind__c"] == "dm"


def test_only_changes_are_sent() -> None:
    sent = build_interaction(MESSAGE, Policy())
    assert changed_fields(sent, sent) == {}
    new = build_interaction(replace(MESSAGE, sentiment="negative"), Policy())
    assert changed_fields(new, sent) == {"Hub_Id__c": sent["Hub_Id__c"], "Sentiment__c": "negative"}
    assert payload_hash(new) != payload_hash(sent)


# --- town and country --------------------------------------------------------------------------------


def test_a_name_and_its_town_are_worth_a_look_and_no_more() -> None:
    who = IdentityView(1, "mastodon", "https://t.example/users/x", "x@t.example", "Ulrike Schönfeld", location="Kiel")
    here = record(1, "Ulrike", "Schönfeld", city="Kiel", country="Germany")
    away = record(1, "Ulrike", "Schönfeld", city="München", country="Germany")
    assert (verdict(who, here), verdict(who, away)) == (("review", "B"), ("none", "C"))
    assert "same_town" in signals(who, here)


def test_a_town_alone_is_nothing() -> None:
    who = IdentityView(1, "mastodon", "https://t.example/users/x", "x@t.example", "Kieler Sprotte", location="Kiel")
    assert verdict(who, record(1, "Ulrike", "Schönfeld", city="Kiel"))[0] == "none"


def test_a_number_without_its_country_takes_it_from_the_record() -> None:
    keys = of_record(Contact("003A", "Ken", "Sato", phones=("090-1234-5678",), country="Japan"))
    assert Key("phone", "+819012345678") in keys
