"""What one running sandbox consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp

from sandbox import libretranslate, oidc
from sandbox.brands import accounts
from sandbox.faults import Faults
from sandbox.limits import Limits
from sandbox.mail import Mailbox
from sandbox.store import Store
from sandbox.world import World

Doc = dict[str, Any]
SERVICES = ("control", "mastodon", "bluesky", "telegram", "salesforce", "oidc", "libretranslate")
CLIENT_ID, CLIENT_SECRET = "sandbox-client", "sandbox-secret"


@dataclass
class Sandbox:
    """Everything that one running sandbox consists of."""

    store: Store
    world: World
    faults: Faults
    limits: Limits
    apps: dict[str, ASGIApp]
    urls: dict[str, str]
    mails: Mailbox = field(default_factory=Mailbox)

    def announcement(self) -> Doc:
        """What the announce file and ``GET /_services.json`` say."""
        crm = {"url": self.urls["salesforce"], "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        sign_in = {"issuer": self.urls["oidc"], "client_id": oidc.CLIENT_ID, "client_secret": oidc.CLIENT_SECRET}
        translation = {"url": self.urls["libretranslate"], "key": libretranslate.KEY}
        more = {"crm": crm, "sign_in": sign_in, "translation": translation}
        return {**self.urls, "accounts": accounts(self.urls), **more}
