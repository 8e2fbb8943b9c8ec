"""Where segments are handed on to: addresses of programs and campaigns of Salesforce; and who is in one, as CSV."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

from fastapi import Depends, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from core.errors import Rejected
from enrichment.crm import Campaign
from enrichment.segments import activation, campaign, store, testing
from enrichment.segments.models import Activation
from web.api.v1.change import Changing
from web.api.v1.problem import Refused, asking
from web.api.v1.reports import Csv
from web.api.v1.route import router as _router
from web.api.v1.segments import HERE as SEGMENTS
from web.api.v1.segments import TAG, known
from web.api.v1.shapes import All, Changed, Given, Id, Made, Moment, Shown, Text
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/receivers/{activation_id}"

router = _router()
Exporting = Annotated[Reader, Depends(allow("segments.export"))]


class Run(Shown):
    """One delivery: how many came and went, or why it was not taken."""

    at: Moment
    added: int
    removed: int
    refused: int
    error: str


class Refusal(BaseModel):
    """Somebody whom a campaign does not take."""

    person: str
    code: str
    message: str = Field(description="Salesforce's words.")


class Receiver(BaseModel):
    """Where a segment is handed on to."""

    id: int
    segment_id: int
    kind: Literal["webhook", "campaign"]
    url: str = Field(description="Of a webhook.")
    campaign: str = Field(description="Record id of a campaign.")
    label: str = Field(description="What the campaign was called when it was chosen.")
    state: str = Field(description="active, paused, refused (it said no for good), or ending.")
    error: str
    members: int = Field(description="People it knows of.")
    outside: int = Field(description="Of a campaign: people of the segment who are neither contact nor lead there.")
    refusals: list[Refusal]
    runs: list[Run] = Field(description="The newest five.")
    made_by: str
    made_at: Moment
    looked_at: Moment | None


class NewReceiver(Given):
    """An address to tell."""

    url: Text = Field(min_length=1, max_length=500)


class WithSecret(BaseModel):
    """A receiver's number, and its secret, which is shown once."""

    id: int
    secret: str


class Tested(BaseModel):
    """What became of a test delivery."""

    id: int
    status: int = Field(description="Of its answer; 0 when there was none.")
    taken: bool
    error: str


class OneCampaign(Shown):
    """An active campaign of the org."""

    id: str
    name: str
    status: str
    ends: date | None


class Chosen(Given):
    """A campaign."""

    campaign: Text = Field(min_length=15, max_length=18, description="Its record id, as /campaigns names it.")


class Ended(Changed):
    """What became of a removal."""

    ending: bool = Field(description="A campaign's members are taken out first; then it is gone.")


@router.get(f"{SEGMENTS}/{{segment_id}}/people.csv", tags=[TAG], response_class=Csv)
def export(reader: Exporting, segment_id: Id) -> Response:
    """Everybody in it who may be addressed for marketing, as CSV in UTF-8; noted in the audit trail."""
    stream = io.StringIO()
    with db.write() as session:
        store.export(session, known(session, segment_id), stream, reader.actor)
    return Csv("\ufeff" + stream.getvalue())


@router.get(f"{SEGMENTS}/{{segment_id}}/receivers", tags=[TAG])
def index(reader: Exporting, segment_id: Id) -> All[Receiver]:
    """Where a segment is handed on to."""
    with db.read() as session:
        known(session, segment_id)
        return All(items=[_shown(session, one) for one in activation.standing(session, segment_id)])


def _shown(session: Session, found: activation.Standing) -> Receiver:
    row = found.activation
    names = (
        "segment_id", "kind", "url", "campaign", "label", "state", "error", "outside", "made_by", "made_at",
        "looked_at",
    )  # fmt: skip
    refused = campaign.refusals(session, row.id or 0)
    return Receiver(
        id=row.id or 0, members=found.members, runs=[Run.model_validate(one) for one in found.runs],
        refusals=[Refusal(person=one.person, code=one.code, message=one.message) for one in refused],
        **{name: getattr(row, name) for name in names},
    )  # fmt: skip


@router.get("/api/v1/campaigns", tags=[TAG])
def campaigns(reader: Exporting) -> All[OneCampaign]:
    """The active campaigns of the org; asks it."""
    with asking():
        return All(items=[OneCampaign.model_validate(one) for one in campaign.active()])


# --- deeds --------------------------------------------------------------------------------------------


@router.post(f"{SEGMENTS}/{{segment_id}}/receivers", tags=[TAG], response_model=WithSecret, status_code=201)
def add(change: Changing, reader: Exporting, segment_id: Id, body: NewReceiver) -> Response:
    """Hand a segment on to an address; the answer shows the secret, and nothing does later."""

    def work(session: Session) -> WithSecret:
        known(session, segment_id)
        number, secret = activation.add(session, segment_id, body.url, reader.actor)
        return WithSecret(id=number, secret=secret)

    return change.do(work, 201)


@router.post(f"{SEGMENTS}/{{segment_id}}/campaigns", tags=[TAG], response_model=Made, status_code=201)
def add_campaign(change: Changing, reader: Exporting, segment_id: Id, body: Chosen) -> Response:
    """Hand a segment on to a campaign; answers with the receiver's number."""

    def work(session: Session, found: Sequence[Campaign]) -> Made:
        known(session, segment_id)
        return Made(id=campaign.add(session, segment_id, campaign.chosen(found, body.campaign), reader.actor))

    return change.asking(campaign.active, work, 201)


@router.post(f"{HERE}/pause", tags=[TAG], response_model=Changed)
def pause(change: Changing, reader: Exporting, activation_id: Id) -> Response:
    """Tell it nothing for now."""
    return change.do(lambda session: _switched(session, activation_id, "paused", reader))


@router.post(f"{HERE}/resume", tags=[TAG], response_model=Changed)
def resume(change: Changing, reader: Exporting, activation_id: Id) -> Response:
    """Let it go on, with what changed meanwhile."""
    return change.do(lambda session: _switched(session, activation_id, "active", reader))


def _switched(session: Session, activation_id: int, state: str, reader: Reader) -> Changed:
    before = _receiver(session, activation_id).state
    row = activation.switch(session, activation_id, state, reader.actor)
    return Changed(id=activation_id, changed=row.state != before)


@router.post(f"{HERE}/retry", tags=[TAG], response_model=Changed)
def retry(change: Changing, reader: Exporting, activation_id: Id) -> Response:
    """Try again whom a campaign refused."""

    def work(session: Session) -> Changed:
        _receiver(session, activation_id)
        campaign.try_again(session, activation_id, reader.actor)
        return Changed(id=activation_id, changed=True)

    return change.do(work)


@router.post(f"{HERE}/test", tags=[TAG], response_model=Tested)
def test(change: Changing, reader: Exporting, activation_id: Id) -> Response:
    """Send a webhook a delivery without people, signed like all others, and answer with what it said."""

    def ask() -> testing.Tested:
        with db.write() as session:
            _receiver(session, activation_id)
            found = testing.prepared(session, activation_id, reader.actor)
        return testing.sent(found)

    def work(session: Session, found: testing.Tested) -> Tested:
        return Tested(id=activation_id, status=found.status, taken=found.taken, error=found.error)

    return change.asking(ask, work)


@router.post(f"{HERE}/remove", tags=[TAG], response_model=Ended)
def remove(change: Changing, reader: Exporting, activation_id: Id) -> Response:
    """End it: a webhook keeps what it was told, out of a campaign those are taken who were put in."""

    def work(session: Session) -> Ended:
        _receiver(session, activation_id)
        row = activation.remove(session, activation_id, reader.actor)
        return Ended(id=activation_id, changed=True, ending=row.state == "ending")

    return change.do(work)


def _receiver(session: Session, activation_id: int) -> Activation:
    try:
        return activation.get(session, activation_id)
    except Rejected as error:
        raise Refused(404) from error
