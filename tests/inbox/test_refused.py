"""Claims about what is never kept: by name and by shape, at any depth, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox import refused

CARD, IBAN = "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("cardNumber", "payment"), ("card_number", "payment"), ("payment_method", "payment"), ("cvv", "payment"),
        ("IBAN", "payment"), ("credit-card", "payment"), ("creditCard", "payment"), ("bank_account", "payment"),
        ("personality_type", "psychographic"), ("MBTI", "psychographic"), ("psychographicSegment", "psychographic"),
        ("big_five", "psychographic"), ("inferred_age", "guess"), ("predictedGender", "guess"),
        ("estimated_income", "guess"), ("age_guess", "guess"), ("religion", "sensitive"), ("ethnicity", "sensitive"),
        ("age", None), ("gender", None), ("interests", None), ("cardinality", None), ("cardigan_size", None),
        ("company", None), ("pan_size", None), ("order_id", None), ("estimated_delivery", None),
    ],
)  # fmt: skip
def test_names(name: str, reason: str | None) -> None:
    assert refused.by_name(name) == reason


@pytest.mark.parametrize(
    "value",
    [CARD, "4111111111111111", 4111111111111111, "pay with 5555-5555-5555-4444 please", "378282246310005", IBAN,
     "de89370400440532013000", "IBAN: GB82WEST12345698765432."],
)  # fmt: skip
def test_shapes_of_payment_data(value: object) -> None:
    assert refused.by_shape(value) == "payment"


@pytest.mark.parametrize(
    "value",
    ["4111111111111112", "+4915112345678", "2026-11-22T10:00:00Z", "DE89370400440532013001", 12345, True, 19.99, None,
     "Order 10002345 of 2026", "a" * 5000, float("nan")],
)  # fmt: skip
def test_what_only_looks_like_it(value: object) -> None:
    assert refused.by_shape(value) is None


@pytest.mark.parametrize("value", ["GT40 racing since 1966 and a few more words to come", "order 4111 1111 1111 1112"])
def test_words_that_begin_like_an_account_are_none(value: str) -> None:
    assert refused.by_shape(value) is None


@pytest.mark.parametrize(
    ("name", "source", "reason"),
    [
        ("age", "inferred:model", "guess"), ("gender", "inferred:model", "guess"), ("age", "identity:1", None),
        ("language", "inferred:model", None), ("place", "inferred:model", None), ("iban", "typed:cli", "payment"),
    ],
)  # fmt: skip
def test_what_a_source_infers_about_circumstances_is_a_guess(name: str, source: str, reason: str | None) -> None:
    assert refused.statement(name, "x", source) == reason


@given(st.text(alphabet="0123456789", min_size=18, max_size=18))
def test_every_german_iban_is_found(account: str) -> None:
    rest = int(account + "131400") % 97  # D is 13, E is 14
    assert refused.by_shape(f"my IBAN: de{98 - rest:02d}{account}, thanks") == "payment"


def test_the_rest_goes_on_at_any_depth() -> None:
    kept, dropped = refused.sift(
        {"total": 5, "note": {"to": f"my card {CARD}", "color": "red"}, "list": [1, IBAN, {"cvc": 1, "sku": "A"}]}
    )
    assert kept == {"total": 5, "note": {"color": "red"}, "list": [1, {"sku": "A"}]}
    assert [(one.reason, one.name) for one in dropped] == [
        ("payment", "note.to"), ("payment", "list"), ("payment", "list.cvc"),
    ]  # fmt: skip


def test_what_lies_too_deep_is_not_kept_unseen() -> None:
    deep: object = {"cvv": "123"}
    for _ in range(20):
        deep = {"in": deep}
    kept, dropped = refused.sift({"a": deep})
    assert "cvv" not in str(kept)
    assert [one.reason for one in dropped] == ["depth"]


@given(st.integers(min_value=10**14, max_value=10**15 - 1), st.sampled_from(["", " ", "-"]))
def test_every_visa_number_is_found_in_any_spelling(middle: int, between: str) -> None:
    digits = f"4{middle}"[:15]
    full = next(digits + str(last) for last in range(10) if refused.luhn(digits + str(last)))
    spelled = between.join(full[place : place + 4] for place in range(0, 16, 4))
    assert refused.by_shape(f"card {spelled}!") == "payment"


JSON = st.recursive(
    st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(JSON)
def test_nothing_refused_is_left_in_what_is_kept(value: object) -> None:
    kept, _ = refused.sift({"a": value})
    assert refused.sift(kept) == (kept, [])
