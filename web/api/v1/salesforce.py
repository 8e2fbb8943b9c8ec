"""The exchange with Salesforce: where it stands, what is asked of the org, records, and who wins in which field."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from core import db
from core.errors import Rejected
from enrichment import connection, overview, packing, policies
from enrichment.crm import CrmStatus
from web import crm_words
from web.api.v1 import shapes
from web.api.v1.change import Changing
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Cursor, Given, Limit, Moment, Page, Shown, Text
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/salesforce"
TAG = "salesforce"

router = _router()
Reading = Annotated[Reader, Depends(allow("crm.read"))]
Managing = Annotated[Reader, Depends(allow("crm.manage"))]
Basis = Literal["consent", "contract", "legitimate_interest"]
State = Literal["new", "pending", "synced", "failed", "quarantined", "ignored", "merged"]
Kind = Literal["profile", "interaction", "case", "member"]


class Standing(BaseModel):
    """Where the exchange stands."""

    model_config = ConfigDict(extra="ignore")
    connected: bool
    url: str
    switched_on: bool = Field(description="Its lawful basis is named.")
    basis: str
    error: str
    pulled_at: str | None = Field(description="When the org was last read.")
    mirror: dict[str, int] = Field(description="Records of the org that are known here, by object.")
    links: dict[str, int] = Field(description="Accounts and records that belong together, by decision.")
    records: dict[str, dict[str, int]] = Field(description="Ours there, by kind and state.")
    runs: list[dict[str, Any]] = Field(description="What was sent and read, by hour, the newest first.")
    budget: dict[str, Any] = Field(description="Calls of the day: used, limit, most, left.")
    jobs: list[dict[str, Any]] = Field(description="Bulk jobs on the way.")
    compared: dict[str, Any] | None = Field(description="The newest comparison of all records.")


class NewOrg(Given):
    """An org and what opens it; the secret is kept sealed and never shown."""

    url: Text = Field(min_length=8, max_length=500, description="https://acme.my.salesforce.com")
    client_id: Text = Field(min_length=1, max_length=500, description="Consumer key of the connected app.")
    secret: Text = Field(min_length=1, max_length=500)
    basis: Basis | None = Field(None, description="Lawful basis; without it nothing is read or sent yet.")


class Named(Given):
    """The lawful basis for passing data on."""

    basis: Basis


class Problem(Shown):
    """One thing the org lacks, and how an administrator mends it."""

    what: str
    fix: str


class Checked(Shown):
    """What the org says."""

    version: str
    instance: str
    used: int = Field(description="Calls of the last 24 hours, over all programs.")
    limit: int
    ok: bool
    problems: list[Problem]
    optional: list[Problem] = Field(description="What the hub does without as long as it is missing.")


class Done(BaseModel):
    """Whether anything was to be done."""

    changed: bool


class Again(Given):
    """Which record."""

    hub_id: Text = Field("", max_length=100, description="Empty: every record that the org refuses.")


class Number(BaseModel):
    """How many records are sent once more."""

    count: int


class OneRecord(Shown):
    """A record of ours and where it stands."""

    id: int
    kind: str
    hub_id: str
    state: str
    code: str
    message: str = Field(description="The org's words when it refused.")
    at: Moment
    identity_id: int | None
    name: str
    url: str


class OneField(Shown):
    """A field that is written there, and who wins."""

    object: str
    field: str
    rule: Literal["", "hub", "crm", "empty", "newest"] = Field(description="As docs/salesforce.md tells.")


class Rule(Given):
    """Who wins in a field."""

    field: Text = Field(min_length=1, max_length=200, description="Object.Field")
    rule: Literal["", "hub", "crm", "empty", "newest"]


class Rules(Given):
    """The rules to set; all of them or none."""

    rules: list[Rule] = Field(min_length=1, max_length=200)


class Zip(Response):
    """A package."""

    media_type = "application/zip"


@router.get(HERE, tags=[TAG])
def index(reader: Reading) -> Standing:
    """Where the exchange with Salesforce stands."""
    with db.read() as session:
        return Standing.model_validate(overview.status(session))


@router.get(f"{HERE}/records", tags=[TAG])
def records(
    reader: Reading,
    state: Annotated[list[State], Query(max_length=10, description="In one of these states; none: in any.")] = [],  # noqa: B006  # not changed
    kind: Annotated[Kind | Literal[""], Query()] = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Page[OneRecord]:
    """Our records and where they stand, the newest first."""
    found = shapes.place(cursor)
    before = shapes.number(found[0]) if found else 0
    with db.read() as session:
        rows, following = overview.standing(session, state or list(crm_words.SYNC), kind, before, limit)
    return Page(
        items=[OneRecord.model_validate(one) for one in rows], next=shapes.mark(following) if following else None
    )


@router.get(f"{HERE}/fields", tags=[TAG])
def fields(reader: Reading) -> All[OneField]:
    """Who wins in each field that is written when people in the org say something else."""
    with db.read() as session:
        return All(items=[OneField.model_validate(one) for one in policies.listed(session)])


@router.get(f"{HERE}/package", tags=[TAG], response_class=Zip)
def package(reader: Managing) -> Response:
    """Our objects and permission set, for an administrator of the org to deploy."""
    return Zip(packing.packed()[0])


# --- deeds --------------------------------------------------------------------------------------------


@router.post(HERE, tags=[TAG], response_model=Done)
def connect(change: Changing, reader: Managing, body: NewOrg) -> Response:
    """Sign in at an org, and connect it when that works."""
    url, client_id, secret = body.url.strip(), body.client_id.strip(), body.secret.strip()

    def ask() -> CrmStatus:
        return connection.probe(url, client_id, secret)

    def work(session: Session, said: CrmStatus) -> Done:
        connection.connect(
            session, url=url, client_id=client_id, client_secret=secret, basis=body.basis or "", actor=reader.actor
        )
        return Done(changed=True)

    return change.asking(ask, work)


@router.post(f"{HERE}/check", tags=[TAG], response_model=Checked)
def check(change: Changing, reader: Managing) -> Response:
    """Ask the org: version, limits, and what is missing with the way to mend it."""

    def work(session: Session, said: CrmStatus) -> Checked:
        connection.note(session, "")
        return Checked.model_validate(said)

    return change.asking(lambda: connection.crm().check(), work)


@router.post(f"{HERE}/sync", tags=[TAG], response_model=Done)
def sync(change: Changing, reader: Managing) -> Response:
    """Read the org now, and send what waits, in the background."""

    def work(session: Session) -> Done:
        connection.exchange(session)
        return Done(changed=True)

    return change.do(work)


@router.post(f"{HERE}/compare", tags=[TAG], response_model=Done)
def compare(change: Changing, reader: Managing) -> Response:
    """Have all records there compared with ours, in the background."""

    def work(session: Session) -> Done:
        connection.compare(session, reader.actor)
        return Done(changed=True)

    return change.do(work)


@router.post(f"{HERE}/basis", tags=[TAG], response_model=Done)
def basis(change: Changing, reader: Managing, body: Named) -> Response:
    """Switch the exchange on for its lawful basis; `POST /purposes` switches it off."""

    def work(session: Session) -> Done:
        connection.name_basis(session, body.basis, reader.actor)
        return Done(changed=True)

    return change.do(work)


@router.post(f"{HERE}/disconnect", tags=[TAG], response_model=Done)
def disconnect(change: Changing, reader: Managing) -> Response:
    """Forget the org; what was sent stays there."""

    def work(session: Session) -> Done:
        there = connection.standing(session).connected
        if there:
            connection.disconnect(session, reader.actor)
        return Done(changed=there)

    return change.do(work)


@router.post(f"{HERE}/retry", tags=[TAG], response_model=Number)
def retry(change: Changing, reader: Managing, body: Again) -> Response:
    """Send a record that the org refused once more, or all of them."""

    def work(session: Session) -> Number:
        chosen = [body.hub_id] if body.hub_id else overview.refused_ids(session)
        number = overview.retry(session, chosen, reader.actor)
        if body.hub_id and not number:
            raise Refused(422, "The org refuses no record of this key.", "rejected")
        return Number(count=number)

    return change.do(work)


@router.post(f"{HERE}/fields", tags=[TAG], response_model=Done)
def set_fields(change: Changing, reader: Managing, body: Rules) -> Response:
    """Say who wins in fields; an empty rule takes one away."""

    def work(session: Session) -> Done:
        try:
            changed = [policies.put(session, one.field, one.rule, reader.actor) for one in body.rules]
        except Rejected as error:
            raise Refused(422, str(error), "rejected") from error
        return Done(changed=any(changed))

    return change.do(work)
