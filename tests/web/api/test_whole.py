"""The claim that programs can do what people can: no right or deed of the pages is without an address of the API."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from starlette.routing import Mount

from web.app import create_app
from web.permissions import API, SAFE, permission_of


def asked(*, api: bool, changes: bool) -> set[str]:
    """What the routes of the API ask for, or all others; of those that change something, or of all."""
    found = set()
    for route in create_app().routes:
        permission = None if isinstance(route, Mount) else permission_of(route)
        if permission not in (None, "self") and route.path.startswith(API) is api:
            found |= {permission for method in route.methods or () if not changes or method not in SAFE}
    return found


@pytest.mark.parametrize("changes", [False, True])
def test_every_right_of_the_pages_is_asked_by_the_api_too(changes: bool) -> None:
    here = asked(api=False, changes=changes)
    assert len(here) > 20
    assert here - asked(api=True, changes=changes) == set()


DEEDS = (
    (Path(__file__).parents[3] / "docs" / "api.md").read_text().split("## Every deed of the pages")[1].split("\n## ")[0]
)
ROWS = [tuple(part.strip() for part in line.strip("|").split("|")) for line in DEEDS.splitlines() if line[:2] == "| "][
    1:
]
ADDRESS = re.compile(r"`(/[^`]*)`")


def plain(path: str) -> str:
    """An address without the names of what stands in it."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def changing(*, api: bool) -> set[str]:
    """The addresses that change something, of the API or of all pages that not everybody may see."""
    return {
        plain(route.path.removeprefix(API.rstrip("/")))
        for route in create_app().routes
        if not isinstance(route, Mount)
        and permission_of(route) is not None
        and route.path.startswith(API) is api
        and set(route.methods or ()) - SAFE
    }


def test_every_deed_of_the_pages_is_named_once_with_its_address_in_the_api_or_why_it_has_none() -> None:
    named = Counter(plain(one) for left, _ in ROWS for one in ADDRESS.findall(left))
    assert set(named) ^ changing(api=False) == set()
    assert {one for one, times in named.items() if times > 1} == set()


def test_what_stands_beside_a_deed_is_there_or_a_reason() -> None:
    there, wrong = changing(api=True), []
    for left, right in ROWS:
        found = ADDRESS.findall(right)
        wrong += [f"{left}: {one}" for one in found if plain(one) not in there]
        wrong += [left] if not found and len(right) < 20 else []
    assert wrong == []
