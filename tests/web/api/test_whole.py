"""The claim that programs can do what people can: no right of the pages is without an address of the API."""

from __future__ import annotations

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
