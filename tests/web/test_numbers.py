"""A number in an address that no database can hold is no row: refused or ignored, never an error of ours."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import BOTH
from tests.web import lived, places

pytestmark = BOTH
HUGE = "9" * 25
QUERIES = (
    f"/inbox?account={HUGE}", f"/inbox?assignee={HUGE}", f"/inbox?before=0_{HUGE}_1", f"/inbox?before=0_1_{HUGE}",
    f"/inbox/rows?ids={HUGE}", f"/messages?subject={HUGE}", f"/messages?author={HUGE}", f"/messages?clock={HUGE}",
    f"/messages?before=1794990000000000-{HUGE}", f"/people?before=1_{HUGE}", f"/reports/1?subject={HUGE}",
    f"/people/1?skip={HUGE}", f"/people/1?undo={HUGE}", f"/settings/salesforce/records?before={HUGE}",
)  # fmt: skip


@pytest.mark.slow
def test_a_number_too_large_is_never_an_error_of_ours(database: str, as_role: Any) -> None:
    lived.everything()
    browser = as_role("admin")
    huge = dict.fromkeys(places.NUMBERS, HUGE)
    paths = [*QUERIES, *(one for one in places.pages({**huge, "state": "closed", "token": "x"}) if HUGE in one)]
    found = {path: browser.get(path).status_code for path in paths}
    assert [path for path, status in found.items() if status >= 500] == []
