"""The whole OAuth round over HTTP: our page, the platform's consent, our callback, an account that works."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import httpx
import pytest

from connectors import setup
from core import db
from core.settings import settings
from inbox import accounts
from tests.living import Sandbox
from tests.web.conftest import Browser

pytestmark = [pytest.mark.usefixtures("valkey"), pytest.mark.xdist_group("living")]


def agree(where: str) -> str:
    """Press the platform's own button; the address it sends the browser back to."""
    page = httpx.get(where, timeout=30)
    fields = {
        name: html.unescape(value)
        for name, value in re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page.text)
    }
    fields["account"] = re.findall(r'<option value="([^"]+)"', page.text)[0]
    answer = httpx.post(where.partition("?")[0], data={**fields, "decision": "allow"}, timeout=30)
    return answer.headers["location"]


@pytest.mark.parametrize("platform", ["mastodon", "bluesky"])
def test_an_account_is_connected_by_consent(
    platform: str, as_role: Callable[[str], Browser], platforms: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIDERHALL_ALLOW_PRIVATE_HOSTS", "1")
    settings.cache_clear()
    browser = as_role("admin")
    page = browser.post("/oauth/start", {"platform": platform, "server": platforms.announced[platform]})
    forward = re.search(r'href="([^"]+)"[^>]*data-forward', page.text)
    assert forward is not None, page.text
    back = httpx.URL(agree(html.unescape(forward[1])))
    where = browser.get(back.raw_path.decode()).headers["location"]
    assert where.startswith("/settings/accounts?note=account-connected")
    with db.read() as session:
        (account,) = accounts.all_accounts(session)
    assert (account.platform, account.state) == (platform, "active")
    assert setup.check(account.id or 0).author.id == account.external_id
