"""The order of the parts of a name."""

from __future__ import annotations

import pytest

from core import names


@pytest.mark.parametrize(
    ("given", "family", "whole"),
    [
        ("Anna", "Berg", "Anna Berg"), ("太郎", "山田", "山田 太郎"), ("さくら", "佐々木", "佐々木 さくら"),
        ("ケン", "タナカ", "タナカ ケン"), ("Taro", "山田", "Taro 山田"), ("太郎", "", "太郎"), ("", "山田", "山田"),
        (" Anna ", "", "Anna"), ("", "", ""), ("민수", "김", "민수 김"),
    ],
)  # fmt: skip
def test_the_family_name_comes_first_where_both_are_kanji_or_kana(given: str, family: str, whole: str) -> None:
    assert names.whole(given, family) == whole
