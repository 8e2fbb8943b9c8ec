"""Stand-ins that the connectors' tests share: tokens in memory, pages collected, a connector by platform."""

from contextlib import nullcontext

from connectors.base import AccountRef
from connectors.registry import connect
from core import db
from core.event import Page
from inbox import accounts, ingest


class Tokens:
    """The secrets of one account, in memory; counts how often they were saved."""

    def __init__(self, **secrets):
        self.secrets, self.saved = secrets, 0

    def get(self):
        return dict(self.secrets)

    def save(self, new):
        self.secrets, self.saved = dict(new), self.saved + 1

    def lock(self):
        return nullcontext()


def connector(platform, base_url, tokens=None, budget=None, **options):
    """A connector of an account on a server of ours."""
    config = {"history_days": 3650, **options.pop("config", {})}
    account = AccountRef(1, platform, base_url, config=config, **options)
    return connect(account, tokens or Tokens(token="t", identifier="i", password="p"), budget, allow_private=True)


def drain(pages):
    """All events of some pages, what could not be read, and the last cursor."""
    events, bad, cursor = [], [], None
    for page in pages:
        events += page.events
        bad += page.bad
        cursor = cursor if page.cursor is None else page.cursor
    return events, bad, cursor


def lived(sandbox, platform):
    """Our account at the simulated platform is connected, and conversation 1 can be answered."""
    account, connector = sandbox.account(platform), sandbox.checked(platform)
    secrets = {name: account[name] for name in ("token", "identifier", "password") if name in account}
    with db.write() as session:
        ours = accounts.add(
            session, platform=platform, profile=connector.check(), base_url=account["base_url"], secrets=secrets,
            feeds=["notifications"],
        )  # fmt: skip
    ingest.store_page(ours, Page(events=(_question(connector),)))


def _question(connector):
    """A message of somebody that can be answered, a public one where there are any."""
    kinds = {("mention", "public"), ("reply", "public"), ("message", "private"), ("dm", "private")}
    for feed in connector.feeds():
        for page in connector.pull(feed, None):
            for one in page.events:
                if one.direction == "inbound" and (one.kind, one.visibility) in kinds:
                    return one
    raise AssertionError("nobody has written")
