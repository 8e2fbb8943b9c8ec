"""Five same-named things for each platform: table row, module, simulator, fixtures, page."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from connectors.base import AccountRef
from connectors.capabilities import TABLE, capability
from connectors.registry import connect, rate
from core.errors import NotConfigured
from tests.connectors.support import Tokens

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "platforms"
ROWS = pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
MODULES = {path.stem for path in (ROOT / "connectors" / "platforms").iterdir() if not path.name.startswith("_")}
METHODS = ("check", "feeds", "pull", "thread", "recheck", "send", "delete", "count", "stream", "receive", "subscribe")


@ROWS
def test_a_platform_has_all_five_things(row):
    assert find_spec(f"connectors.platforms.{row.name}") is not None
    assert list((ROOT / "tests" / "connectors" / "fixtures" / row.name).glob("*.event.json"))
    assert (PAGES / f"{row.name}.md").is_file()
    assert row.no_simulator or (ROOT / "sandbox" / row.name).exists() or (ROOT / "sandbox" / f"{row.name}.py").exists()


def test_there_is_no_module_without_a_row():
    assert {row.name for row in TABLE} == MODULES


@ROWS
def test_a_connector_has_every_method_and_the_rows_feeds(row):
    address = row.base_url or "https://x.example"
    ours = connect(AccountRef(1, row.name, address), Tokens(token="1:a", identifier="i", password="p"), None)
    assert all(callable(getattr(ours, name)) for name in METHODS)
    assert ours.feeds() == row.feeds


@ROWS
def test_a_page_names_the_documentation_and_each_feed(row):
    page = (PAGES / f"{row.name}.md").read_text()
    assert row.docs.rstrip("/") in page
    assert all(f"`{feed}`" in page for feed in row.feeds)


def carried(row):
    """The files that go with an answer, in public and in private."""
    ways = {"": row.attach, " in private": row.attach_dm}
    cells = [
        " or ".join(f"{one.most} {one.name}" for one in rule.groups) + way
        for way, rule in ways.items()
        if rule is not None and not (way and rule == row.attach)
    ]
    return ", ".join(cells) + (" (public alone)" if row.attach and not row.attach_dm else "") or "–"


def table():
    """The table of docs/platforms/README.md."""
    heads = (
        "Platform", "Sign in", "Polled every", "Feeds", "Listening", "Stream", "Webhook", "Reply", "DM", "Limit",
        "Files", "Rate", "Sent once by",
    )  # fmt: skip
    head = f"| {' | '.join(heads)} |"
    lines = [head, "|---" * len(heads) + "|"]
    yes = {True: "yes", False: "no"}
    for row in TABLE:
        limit = f"{row.limit} ({row.counting})" if row.limit else "–"
        cells = [
            f"[{row.title}]({row.name}.md)", ", ".join(row.auth), f"{row.poll_seconds} s" if row.poll_seconds else "–",
            ", ".join(row.feeds) or "–", ", ".join(row.listening) or "–", yes[row.stream], yes[row.webhook],
            yes[row.reply], yes[row.dm], limit, carried(row), f"{row.rate[0]} in {row.rate[1]} s" if row.feeds else "–",
            row.idempotency if row.reply else "–",
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def test_the_documentation_shows_the_table_as_it_is():
    assert table() in (PAGES / "README.md").read_text()


def test_an_unknown_platform_is_named_with_those_there_are():
    with pytest.raises(NotConfigured, match="mastodon, bluesky"):
        capability("friendster")


def test_an_accounts_own_rate_wins():
    assert rate(AccountRef(1, "mastodon", "https://x", config={"rate": [7, 60]})).limit == 7
    assert rate(AccountRef(1, "mastodon", "https://x")).limit == 300
