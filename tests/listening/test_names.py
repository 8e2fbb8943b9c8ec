from __future__ import annotations

import pytest

from listening.names import names
from listening.query import parse


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("acme", ["Acme"]),
        ('"acme phone" OR #acmefan OR @acme_help@social.example', ["Acme", "acme phone", "acmefan", "acme_help"]),
        ("アクメ", ["Acme", "アクメ"]),
        ("acme AND charger", ["Acme"]),
        ("phone NOT acme", ["Acme"]),
        ("acm* OR lang:de", ["Acme"]),
        ("phone OR (cable charger)", ["Acme"]),
    ],
)
def test_names_are_the_subjects_and_those_its_queries_list(query: str, found: list[str]) -> None:
    assert names("Acme", "brand", [parse(query)]) == found


def test_a_campaign_has_no_name_of_its_own() -> None:
    assert names("Summer", "campaign", [parse("summer")]) == []
