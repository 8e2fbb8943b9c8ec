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


@pytest.mark.parametrize(
    ("name", "given", "family", "called"),
    [
        ("健 佐藤", "健", "佐藤", "佐藤 健"), ("Dr. Anna Berg", "Anna", "Berg", "Dr. Anna Berg"),
        ("", "Anna", "Berg", "Anna Berg"), ("佐藤", "", "佐藤", "佐藤"), ("株式会社 海辺", "", "", "株式会社 海辺"),
    ],
)  # fmt: skip
def test_a_name_that_a_crm_put_together_in_another_order_is_put_right(
    name: str, given: str, family: str, called: str
) -> None:
    assert names.called(name, given, family) == called
