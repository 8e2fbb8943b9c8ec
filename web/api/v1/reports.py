"""Reports: the figures of a subject as JSON, CSV and PDF, and links to them for roles."""

from __future__ import annotations

from io import StringIO
from typing import Annotated, Any

from fastapi import Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from core import db
from listening import exports, reports, shares, subjects
from listening.figures import glance
from listening.figures.period import period
from listening.figures.scope import Scope
from listening.models import SharedReport
from web import pdf, role_words
from web.api.v1 import shapes
from web.api.v1.change import Changing
from web.api.v1.listening import HERE as SUBJECTS
from web.api.v1.listening import known
from web.api.v1.messages import Day, Word
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Given, Id, Moment, Shown, Text
from web.permissions import allow
from web.reader import Reader
from web.reports.asked import FILTERS
from web.reports.sheet import sheet

HERE = f"{SUBJECTS}/{{subject_id}}"
TAG = "reports"

router = _router()
Reading = Annotated[Reader, Depends(allow("reports.read"))]
Sharing = Annotated[Reader, Depends(allow("reports.share"))]
Row = Annotated[int, Field(ge=1, le=shapes.LARGEST)]


class Csv(Response):
    """Figures as rows."""

    media_type = "text/csv; charset=utf-8"


class Pdf(Response):
    """Figures on paper."""

    media_type = "application/pdf"


class Span(BaseModel):
    """Days of a time zone."""

    model_config = ConfigDict(extra="forbid")
    since: str = Query("", alias="from", pattern=Day, description="First day; 30 days back.")
    until: str = Query("", alias="to", pattern=Day, description="Last day; today.")
    timezone: str = Query("UTC", max_length=60, description="A name of the IANA database.")


class Wanted(Span):
    """Of which days and messages; days are those of the time zone."""

    platform: Word = ""
    language: Word = ""
    sentiment: Word = ""
    label: Word = ""
    intent: Word = ""
    kind: Word = ""
    compare: list[Row] = Query(default_factory=list, max_length=20, description="Numbers of subjects.")

    def filters(self) -> dict[str, Any]:
        """What narrows it."""
        return {name: db.sound(getattr(self, name)) for name in FILTERS}


class Figures(BaseModel):
    """A report: the figures of docs/listening.md, the same as on the page and in the CSV."""

    model_config = ConfigDict(extra="allow")
    subject: dict[str, Any]
    period: dict[str, str]
    previous_period: dict[str, str]
    filters: dict[str, str]
    total: dict[str, Any]
    previous: dict[str, Any]
    by_day: list[dict[str, Any]]
    share_of_voice: list[dict[str, Any]]
    authors: list[dict[str, Any]]
    top_posts: list[dict[str, Any]]


class Glance(BaseModel):
    """A subject at a glance."""

    id: int
    name: str
    kind: str
    messages: int
    before: int = Field(description="Messages in the days before, as many.")
    negative: int
    neutral: int
    positive: int


class OneLink(Shown):
    """A link under which people of some roles read one report."""

    id: int
    parameters: dict[str, str] = Field(description="Days, filters and comparison, as in the page's address.")
    roles: list[str]
    created_by: str
    at: Moment


class NewLink(Given):
    """Which report, and who may open it."""

    roles: list[Text] = Field(min_length=1, max_length=100, description="Keys of roles, as `GET /roles` names them.")
    since: str = Field("", alias="from", pattern=Day, description="First day; both empty: always the last 30 days.")
    until: str = Field("", alias="to", pattern=Day)
    platform: Text = Field("", max_length=120)
    language: Text = Field("", max_length=120)
    sentiment: Text = Field("", max_length=120)
    label: Text = Field("", max_length=120)
    intent: Text = Field("", max_length=120)
    kind: Text = Field("", max_length=120)
    compare: list[Row] = Field(default_factory=list, max_length=20)


class Link(BaseModel):
    """A new link, and what opens it: shown once."""

    id: int
    token: str
    path: str = Field(description="On this hub; `.csv` and `.pdf` behind it give the files.")


@router.get("/api/v1/reports", tags=[TAG])
def index(reader: Reading, wanted: Annotated[Span, Query()]) -> All[Glance]:
    """Every subject with the figures of some days."""
    span = period(wanted.since or None, wanted.until or None, wanted.timezone)
    with db.read() as session:
        found = subjects.all_subjects(session)
        seen = glance.glances(session, [one.id or 0 for one in found], span, sight=reader.sight)
    items = []
    for one in found:
        figures = seen.get(one.id or 0, glance.Glance())
        rated = {name: getattr(figures.tally, name) for name in ("messages", "negative", "neutral", "positive")}
        items.append(Glance(id=one.id or 0, name=one.name, kind=one.kind, before=figures.before, **rated))
    return All(items=items)


@router.get(f"{HERE}/report", tags=[TAG])
def report(reader: Reading, subject_id: Id, wanted: Annotated[Wanted, Query()]) -> Figures:
    """The figures of a subject in a period, within filters."""
    return Figures.model_validate(exports.as_json(_made(reader, subject_id, wanted)))


@router.get(f"{HERE}/report.csv", tags=[TAG], response_class=Csv)
def as_csv(reader: Reading, subject_id: Id, wanted: Annotated[Wanted, Query()]) -> Response:
    """The same as CSV, in UTF-8: one row for each figure."""
    stream = StringIO(newline="")
    exports.write_csv(_made(reader, subject_id, wanted), stream)
    return Csv("\ufeff" + stream.getvalue())


@router.get(f"{HERE}/report.pdf", tags=[TAG], response_class=Pdf)
def as_pdf(reader: Reading, subject_id: Id, wanted: Annotated[Wanted, Query()]) -> Response:
    """The same as PDF, in the language of the token's owner."""
    return Pdf(pdf.document(sheet(reader, _made(reader, subject_id, wanted))))


def _made(reader: Reader, subject_id: int, wanted: Wanted) -> reports.Report:
    span = period(wanted.since or None, wanted.until or None, wanted.timezone)
    scope = Scope(subject_id=subject_id, period=span, sight=reader.sight, **wanted.filters())
    with db.read() as session:
        subject = known(session, subject_id)
        others = {one.id for one in subjects.all_subjects(session)} - {subject_id}
        compare = [number for number in wanted.compare if number in others]
        return reports.report(session, subject, span, scope=scope, compare=compare)


# --- links for roles ----------------------------------------------------------------------------------


@router.get(f"{HERE}/links", tags=[TAG])
def links(reader: Sharing, subject_id: Id) -> All[OneLink]:
    """Links to reports of a subject that still open, newest first."""
    with db.read() as session:
        known(session, subject_id)
        return All(items=[OneLink.model_validate(one) for one in shares.links(session, subject_id)])


@router.post(f"{HERE}/links", tags=[TAG], response_model=Link, status_code=201)
def share(change: Changing, reader: Sharing, subject_id: Id, body: NewLink) -> Response:
    """A new link to a report; the answer shows it, and nothing does later."""
    if body.since or body.until:
        period(body.since or None, body.until or None, reader.zone)
    parameters = {"from": body.since, "to": body.until, "compare": ",".join(map(str, dict.fromkeys(body.compare)))}
    parameters |= {name: getattr(body, name).strip() for name in FILTERS}

    def work(session: Session) -> Link:
        known(session, subject_id)
        there = role_words.named(session, reader)
        if missing := [one for one in body.roles if one not in there]:
            raise Refused(422, f"There is no role {missing[0]}.", "rejected")
        token = shares.share(session, subject_id, parameters, list(dict.fromkeys(body.roles)), reader.actor)
        return Link(id=shares.links(session, subject_id)[0].id or 0, token=token, path=f"/shared/{token}")

    return change.do(work, 201)


@router.post(f"{HERE}/links/{{share_id}}/revoke", tags=[TAG], response_model=Changed)
def revoke(change: Changing, reader: Sharing, subject_id: Id, share_id: Id) -> Response:
    """Take a link back."""

    def work(session: Session) -> Changed:
        row = session.get(SharedReport, share_id)
        if row is None or row.subject_id != subject_id:
            raise Refused(404)
        stood = row.revoked is None
        shares.revoke(session, share_id, reader.actor)
        return Changed(id=share_id, changed=stood)

    return change.do(work)
