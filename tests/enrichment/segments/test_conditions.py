"""Claims about filters as values: what makes sense passes unchanged, everything else says what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Rejected
from enrichment.segments import conditions
from enrichment.segments.conditions import FIELDS, OPS, Condition, Group, read, written
from enrichment.segments.people import BUILT

ONE = {"field": "platform", "op": "is", "value": "mastodon"}


def all_(*of: Any) -> dict[str, Any]:
    return {"match": "all", "of": list(of)}


def test_a_filter_is_written_as_it_was_read() -> None:
    raw = all_(ONE, {"match": "any", "of": [
        {"field": "order_value", "op": "at_least", "value": "100.5", "days": 365, "currency": "EUR"},
        {"field": "linked", "op": "no"},
    ]})  # fmt: skip
    assert written(read(raw)) == raw


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (None, conditions.BAD_SHAPE), ([], conditions.BAD_SHAPE),
        ({"match": "none", "of": [ONE]}, conditions.BAD_SHAPE),
        (all_(), conditions.EMPTY), (all_(all_(all_(all_(ONE)))), conditions.TOO_DEEP),
        (all_(*[ONE] * 51), conditions.TOO_MANY), (all_(*[all_(*[ONE] * 30)] * 2), conditions.TOO_MANY),
        (all_({**ONE, "field": "password"}), conditions.NO_FIELD), (all_({**ONE, "op": "has"}), conditions.WRONG_OP),
        (all_({**ONE, "value": " "}), conditions.NO_VALUE), (all_({**ONE, "value": "x" * 201}), conditions.NO_VALUE),
        (all_({"field": "crm_object", "op": "is", "value": "Case"}), conditions.NO_CHOICE),
        (all_({"field": "followers", "op": "at_least", "value": "-1"}), conditions.NO_NUMBER),
        (all_({"field": "followers", "op": "at_least", "value": "١٢"}), conditions.NO_NUMBER),
        (all_({"field": "followers", "op": "at_least", "value": "9" * 14}), conditions.NO_NUMBER),
        (all_({"field": "negative_share", "op": "at_least", "value": "101"}), conditions.NO_SHARE),
        (all_({"field": "last_order", "op": "within", "value": "0"}), conditions.NO_DAYS),
        (all_({"field": "orders", "op": "at_least", "value": "1", "days": 99999}), conditions.NO_DAYS),
        (all_({"field": "order_value", "op": "at_least", "value": "1"}), conditions.NO_CURRENCY),
        (all_({"field": "order_value", "op": "at_least", "value": "1", "currency": "EURO"}), conditions.NO_CURRENCY),
        (all_("platform"), conditions.BAD_SHAPE),
    ],
)  # fmt: skip
def test_what_makes_no_sense_says_why(raw: Any, words: str) -> None:
    with pytest.raises(Rejected) as refused:
        read(raw)
    assert str(refused.value) == words


JSON = st.recursive(
    st.none() | st.text() | st.integers() | st.sampled_from(["match", "of", "all", *FIELDS]),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["match", "of", "field", "op", "value"]), inner),
)


@given(JSON)
def test_any_json_is_a_filter_or_refused(raw: Any) -> None:
    try:
        group = read(raw)
    except Rejected:
        return
    assert read(written(group)) == group


def test_every_field_can_be_asked_in_every_way_of_its_kind() -> None:
    assert set(BUILT) == set(FIELDS)
    for field in FIELDS.values():
        for op in OPS[field.kind]:
            raw = {"field": field.name, "op": op, "value": (*field.options, "7")[0], "currency": "EUR"}
            (found,) = read(all_(raw)).of
            assert isinstance(found, Condition)
            assert found.days == (conditions.DAYS if field.timed else 0)


def test_groups_count_what_is_in_them() -> None:
    group = read(all_(ONE, all_(ONE, ONE)))
    assert isinstance(group, Group)
    assert conditions.count(group) == 3


@pytest.mark.parametrize(
    ("leaf", "far"),
    [
        ({"field": "event", "op": "is", "value": "Order Completed"}, False),
        ({"field": "event", "op": "is", "value": "Order Completed", "days": 91}, True),
        ({"field": "event", "op": "is", "value": "Order Completed", "days": 90}, False),
        ({"field": "last_event", "op": "not_within", "value": "365"}, True),
        ({"field": "last_order", "op": "within", "value": "365"}, False),
        ({"field": "messages", "op": "at_least", "value": "3", "days": 365}, False),
    ],
)
def test_what_looks_further_back_than_events_are_kept_is_told(leaf: dict[str, Any], far: bool) -> None:
    inner = {"match": "any", "of": [{"field": "email", "op": "yes"}, leaf]}
    group = conditions.read({"match": "all", "of": [inner]})
    assert conditions.beyond(group, 90) is far
    assert conditions.beyond(group, 0) is False
