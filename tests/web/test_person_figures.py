"""Claims about the figures of a person's page: each is what its list says."""

from __future__ import annotations

import re

from tests.web import lived


def test_person_s_messages_are_as_many_as_the_list_behind_says(database: str, as_role) -> None:
    lived.everything()
    kim = lived.who(lived.KIM.handle)
    for role in ("admin", "marketer"):  # who may not read private messages counts without them
        browser = as_role(role)
        page = browser.get(f"/people/{kim}").text
        shown = re.findall(rf'href="(/messages\?author={kim}[^"]*)">(\d+)', page)
        assert len(shown) == 2
        for address, number in shown:
            behind = browser.get(address.replace("&amp;", "&")).text
            assert f'<data value="{number}" data-sum="messages">' in behind, address
