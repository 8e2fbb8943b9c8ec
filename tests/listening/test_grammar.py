from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listening.query import QueryError, parse
from listening.query.nodes import And, Between, Field, Mention, Near, Not, Or, Raw, Tag, Text, wanted


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("storm", Text("storm")),
        ("storm warning", And((Text("storm"), Text("warning")))),
        ("a AND b OR c", Or((And((Text("a"), Text("b"))), Text("c")))),
        ("a | b & c", Or((Text("a"), And((Text("b"), Text("c")))))),
        ("a (b OR c)", And((Text("a"), Or((Text("b"), Text("c")))))),
        ("a NOT b", And((Text("a"), Not(Text("b"))))),
        ("a -b", And((Text("a"), Not(Text("b"))))),
        ("NOT (a OR b)", Not(Or((Text("a"), Text("b"))))),
        ("ORDER notes ANDY", And((Text("ORDER"), Text("notes"), Text("ANDY")))),
        ('"late delivery"', Text("late delivery", phrase=True)),
        ('"late delivery"~3', Text("late delivery", phrase=True, slop=3)),
        ("a NEAR/3 b", Near(Text("a"), Text("b"), 3)),
        ('"a b" NEAR/3f c', Near(Text("a b", phrase=True), Text("c"), 3, ordered=True)),
        ("a NEAR b", Near(Text("a"), Text("b"), 5)),
        ("#Fail @Shop", And((Tag("Fail"), Mention("Shop")))),
        ("lang:de,EN", Field("lang", ("de", "EN"))),
        ('topic:"late parcels"', Field("topic", ("late parcels",))),
        ("raw:C++", Raw("C++")),
        ("e-mail", Text("e-mail")),
        ("返品 OR 返金", Or((Text("返品"), Text("返金")))),
        (
            "返品　（返金 OR “交換 希望”）",
            And((Text("返品"), Or((Text("返金"), Text("交換 希望", phrase=True))))),
        ),
        ("since:2026-11-01", Between(datetime(2026, 11, 1, tzinfo=UTC), None)),
        ("until:2026-11-01", Between(None, datetime(2026, 11, 2, tzinfo=UTC))),
        (
            "date:2026-11-01..2026-11-03",
            Between(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 4, tzinfo=UTC)),
        ),
        ("date:2026-11-01", Between(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))),
    ],
)
def test_reading(query: str, tree: object) -> None:
    assert parse(query) == tree


@pytest.mark.parametrize(
    ("query", "position", "words"),
    [
        ("", 1, "empty"),
        ("a AND", 6, "missing"),
        ("a AND OR b", 7, "both sides"),
        ("OR a", 1, "both sides"),
        ("(a OR b", 1, "never closed"),
        ("a OR b)", 7, "no opening"),
        ("a ()", 4, "nothing stands"),
        ('a "late delivery', 3, "never closed"),
        ('a ""', 3, "empty"),
        ("a colour:red", 3, "no field colour:"),
        ("a lang:", 3, "needs a value"),
        ("lang:german", 1, "takes codes"),
        ("sentiment:bad", 1, "knows negative"),
        ("since:yesterday", 1, "not a day"),
        ("#a NEAR/2 b", 4, "NEAR stands between"),
        ("a *", 3, "wildcard"),
        ("10:30", 3, "colon"),
    ],
)
def test_errors_name_the_place_and_what_to_change(query: str, position: int, words: str) -> None:
    with pytest.raises(QueryError, match=words) as caught:
        parse(query)
    assert caught.value.position == position
    assert str(caught.value).startswith(f"At character {position}:")


@given(st.text(alphabet='ab ()"-#@:*?~/ANDORTE返、lang', max_size=30))
def test_any_text_is_a_query_or_a_clear_error(text: str) -> None:
    position = 1
    try:
        parse(text)
    except QueryError as error:
        position = error.position
    assert 1 <= position <= len(text) + 1


def test_what_a_query_wants_leaves_exclusions_out() -> None:
    assert list(wanted(parse('#a (b OR "c d") -e NOT (f g) lang:de'))) == [
        Tag("a"),
        Text("b"),
        Text("c d", phrase=True),
        Field("lang", ("de",)),
    ]
