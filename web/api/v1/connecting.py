"""Our own accounts: connected with a token or an app password, checked, paused, approved, removed."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from connectors import setup
from connectors.capabilities import TABLE
from core import db
from inbox import accounts, submissions
from inbox.models import Account
from web import approving
from web.api.v1.change import Changing
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Given, Id, Made, Text
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/accounts"
TAG = "accounts"

router = _router()
Reading = Annotated[Reader, Depends(allow("accounts.read"))]
Managing = Annotated[Reader, Depends(allow("accounts.manage"))]


class Platform(BaseModel):
    """Where accounts can be connected."""

    name: str
    title: str
    ways: list[str] = Field(description="oauth (a sign-in there, on the page alone), token or password.")
    needs: list[str] = Field(description="Without a sign-in: base_url, token, identifier, password.")
    base_url: str = Field(description="Where it is unless told otherwise; empty: every server has its own address.")


class NewAccount(Given):
    """An account and what opens it; kept sealed and never shown."""

    platform: Text = Field(min_length=1, max_length=40, description="As /platforms names it.")
    base_url: Text = Field("", max_length=500, description="For example https://mastodon.social")
    token: Text = Field("", max_length=4000)
    identifier: Text = Field("", max_length=320, description="Name or e-mail address there.")
    password: Text = Field("", max_length=1000, description="An app password, not the main one.")


class Checked(BaseModel):
    """What the platform says."""

    id: int
    handle: str
    warnings: list[str]


class Approval(Given):
    """Who approves what this account says in public."""

    approver: Text = Field(
        max_length=40, description="any (whoever may), user:3, team:2; empty: nobody has to approve."
    )


class Removed(Changed):
    """What became of a removal."""

    untold: str = Field(description="Why the platform could not be told to stop delivering here; empty when it was.")


@router.get("/api/v1/platforms", tags=[TAG])
def platforms(reader: Reading) -> All[Platform]:
    """Where accounts can be connected, and with what."""
    return All(
        items=[
            Platform(name=one.name, title=one.title, ways=list(one.auth), needs=list(one.needs), base_url=one.base_url)
            for one in TABLE
            if "file" not in one.auth
        ]
    )


@router.post(HERE, tags=[TAG], response_model=Made, status_code=201)
def connect(change: Changing, reader: Managing, body: NewAccount) -> Response:
    """Connect with a token or an app password, once the platform takes it; one that was connected before goes on."""
    name = body.identifier.strip().lstrip("@")
    given = {"token": body.token.strip(), "identifier": name, "password": body.password}

    def work(session: Session, met: setup.Met) -> Made:
        return Made(id=setup.keep(session, met, reader.actor))

    def ask() -> setup.Met:
        secrets = {name: value for name, value in given.items() if value}
        return setup.meet(body.platform, base_url=body.base_url.strip(), secrets=secrets)

    return change.asking(ask, work, 201)


@router.post(f"{HERE}/{{account_id}}/check", tags=[TAG], response_model=Checked)
def check(change: Changing, reader: Managing, account_id: Id) -> Response:
    """Ask the platform whether the account works; one that works becomes active again."""

    def ask() -> Checked:
        with db.read() as session:
            _known(session, account_id)
        found = setup.check(account_id, reader.actor)
        return Checked(id=account_id, handle=found.author.handle, warnings=list(found.warnings))

    return change.asking(ask, lambda session, found: found)


@router.post(f"{HERE}/{{account_id}}/pause", tags=[TAG], response_model=Changed)
def pause(change: Changing, reader: Managing, account_id: Id) -> Response:
    """Fetch nothing for it and send nothing by it for now."""
    return change.do(lambda session: _switched(session, account_id, reader, on=False))


@router.post(f"{HERE}/{{account_id}}/resume", tags=[TAG], response_model=Changed)
def resume(change: Changing, reader: Managing, account_id: Id) -> Response:
    """Let it go on; what came meanwhile is fetched at once."""
    return change.do(lambda session: _switched(session, account_id, reader, on=True))


def _switched(session: Session, account_id: int, reader: Reader, *, on: bool) -> Changed:
    before = _known(session, account_id).state
    accounts.switch(session, account_id, on, reader.actor)
    return Changed(id=account_id, changed=before != ("active" if on else "paused"))


@router.post(f"{HERE}/{{account_id}}/approval", tags=[TAG], response_model=Changed)
def approval(change: Changing, reader: Managing, account_id: Id, body: Approval) -> Response:
    """Say who approves public replies of this account from now on; what waits already is theirs to decide, too."""

    def work(session: Session) -> Changed:
        before = _known(session, account_id).approval
        if body.approver not in dict(approving.choices(session, reader)):
            raise Refused(422, "Nobody of this name may approve.", "rejected")
        submissions.demand(session, account_id, body.approver, reader.actor)
        return Changed(id=account_id, changed=before != body.approver)

    return change.do(work)


@router.post(f"{HERE}/{{account_id}}/remove", tags=[TAG], response_model=Removed)
def remove(change: Changing, reader: Managing, account_id: Id) -> Response:
    """Forget the account and its secrets; what it brought stays, and the platform is told to stop delivering."""

    def ask() -> str:
        with db.read() as session:
            _known(session, account_id)
        return setup.remove(account_id, reader.actor)

    return change.asking(ask, lambda session, untold: Removed(id=account_id, changed=True, untold=untold))


def _known(session: Session, account_id: int) -> Account:
    found = session.get(Account, account_id)
    if found is None or found.state == "removed":
        raise Refused(404)
    return found
