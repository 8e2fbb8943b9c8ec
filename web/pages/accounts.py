"""`/settings/accounts`: our accounts with their health; connecting, checking, pausing, removing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response

from connectors import schedule, setup
from connectors.capabilities import BY_NAME, TABLE, Capability
from core import db
from core.errors import WiderhallError
from core.settings import settings
from inbox import accounts, submissions
from inbox.models import Account, Feed
from web import approving, render
from web.i18n import N_
from web.permissions import allow
from web.reader import Reader

router = APIRouter()

Reading = Annotated[Reader, Depends(allow("accounts.read"))]
Managing = Annotated[Reader, Depends(allow("accounts.manage"))]

UNTOLD = N_("The account is removed. The platform could not be told to stop delivering here: %(words)s")

LABELS = {
    "base_url": (N_("Address of the server"), N_("For example https://mastodon.social")),
    "token": (N_("Access token"), ""),
    "identifier": (N_("Name or e-mail address there"), N_("For example brand.bsky.social")),
    "password": (
        N_("App password"),
        N_("Make one in the platform's settings; do not use the main password."),
    ),
}


@dataclass(frozen=True)
class Card:
    """One account with what is pulled for it."""

    account: Account
    feeds: list[Feed]
    interval: timedelta
    """From one pull of a feed to the next."""

    def looked_at(self, feed: Feed) -> datetime | None:
        """When this feed was last asked for news: one interval before it is due again; None before the first time."""
        asked = feed.due_at - self.interval
        moments = [one for one in (feed.pulled_at, asked) if one is not None and one >= self.account.created_at]
        return max(moments, default=None)

    @property
    def looked(self) -> datetime | None:
        """When anything was last asked for."""
        return max((at for feed in self.following if (at := self.looked_at(feed)) is not None), default=None)

    @property
    def errors(self) -> list[str]:
        """What is wrong with the account or one of its feeds, each once."""
        found = [self.account.error, *(feed.error for feed in self.feeds if feed.enabled)]
        return list(dict.fromkeys(error for error in found if error))

    @property
    def health(self) -> str:
        """fine, new, trouble, paused or expired: what the page says in words; trouble stands first."""
        if self.account.state in ("paused", "auth_expired"):
            return "paused" if self.account.state == "paused" else "expired"
        if any(feed.error for feed in self.feeds if feed.enabled):
            return "trouble"
        return "fine" if self.looked is not None or self.listens or not self.following else "new"

    @property
    def following(self) -> list[Feed]:
        """What is pulled by itself."""
        return [feed for feed in self.feeds if feed.enabled]

    @property
    def listens(self) -> bool:
        """The platform is asked all the time, by a poll that stays open until something happens."""
        row = BY_NAME.get(self.account.platform)
        return row is not None and row.long_poll and not self.delivers

    @property
    def delivers(self) -> bool:
        """The platform delivers to a webhook of ours."""
        return bool(self.account.config.get("webhook"))


ORDER = ("expired", "trouble", "new", "paused", "fine")


@router.get("/settings/accounts")
def index(request: Request, reader: Reading) -> Response:
    """The list, with a form per platform for administrators."""
    return page(request, reader)


@router.post("/settings/accounts")
def connect(
    request: Request,
    reader: Managing,
    platform: Annotated[str, Form()],
    base_url: Annotated[str, Form()] = "",
    token: Annotated[str, Form()] = "",
    identifier: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    starting: Annotated[str, Form()] = "",
) -> Response:
    """Connect with a token or an app password."""
    secrets = {"token": token.strip(), "identifier": identifier.strip().lstrip("@"), "password": password}
    kept = {"platform": platform, "base_url": base_url, "identifier": identifier}
    try:
        account_id, _ = setup.add(
            platform,
            base_url=base_url.strip(),
            secrets={name: value for name, value in secrets.items() if value},
            actor=reader.actor,
        )
    except WiderhallError as error:
        return page(request, reader, 422, str(error), kept)
    return render.to("/start" if starting else f"/settings/accounts#a{account_id}", "account-connected")


@router.post("/settings/accounts/{account_id}/check")
def check(request: Request, account_id: int, reader: Managing) -> Response:
    """Ask the platform whether the account works."""
    _known(account_id)
    try:
        setup.check(account_id, reader.actor)
    except WiderhallError as error:
        return page(request, reader, 422, str(error))
    return render.to(f"/settings/accounts#a{account_id}", "account-fine")


@router.post("/settings/accounts/{account_id}/state")
def set_state(account_id: int, reader: Managing, state: Annotated[str, Form()]) -> Response:
    """Pause, or go on."""
    _known(account_id)
    notes = {"paused": "account-paused", "active": "account-resumed"}
    if state not in notes:
        raise HTTPException(400)
    with db.write() as session:
        accounts.switch(session, account_id, state == "active", reader.actor)
    return render.to(f"/settings/accounts#a{account_id}", notes[state])


@router.post("/settings/accounts/{account_id}/approval")
def approval(account_id: int, reader: Managing, approver: Annotated[str, Form()] = "") -> Response:
    """Who approves public replies of this account from now on; empty: nobody has to."""
    _known(account_id)
    with db.write() as session:
        if approver not in dict(approving.choices(session, reader)):
            raise HTTPException(422)
        submissions.demand(session, account_id, approver, reader.actor)
    return render.to(f"/settings/accounts#a{account_id}", "approval-kept")


@router.post("/settings/accounts/{account_id}/remove")
def remove(request: Request, account_id: int, reader: Managing) -> Response:
    """Forget the account and its secrets; the platform is told to stop delivering."""
    _known(account_id)
    untold = setup.remove(account_id, reader.actor)
    if untold:
        return page(request, reader, 200, reader.words(UNTOLD, words=untold))
    return render.to("/settings/accounts", "account-removed")


def _known(account_id: int) -> None:
    with db.read() as session:
        account = session.get(Account, account_id)
    if account is None or account.state == "removed":
        raise HTTPException(404)


def offered() -> list[Capability]:
    """Platforms an account can be connected on."""
    return [row for row in TABLE if "file" not in row.auth]


def page(
    request: Request, reader: Reader, status: int = 200, problem: str = "", kept: dict[str, str] | None = None
) -> Response:
    """The accounts, after a failure with what went wrong and what was typed."""
    with db.read() as session:
        approvers = approving.choices(session, reader)
        cards = [
            Card(
                one,
                list(accounts.feeds(session, one.id or 0)),
                timedelta(seconds=schedule.interval(one.platform, one.id or 0)),
            )
            for one in accounts.all_accounts(session)
            if one.state != "removed"
        ]
    cards.sort(key=lambda card: ORDER.index(card.health))
    return render.page(
        request,
        reader,
        "accounts.html",
        status,
        cards=cards,
        approvers=approvers,
        offered=offered(),
        rows=BY_NAME,
        labels=LABELS,
        kept=kept or {},
        problem=problem,
        private_hosts=settings().allow_private_hosts,
    )
