"""`/reports`: one report per subject, as a page, as CSV and as PDF; links to it for roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session

from core import db
from core.errors import BadPayload
from core.settings import settings
from inbox import accounts
from listening import exports, reports, shares, subjects
from listening.figures import glance
from listening.figures.period import period
from web import pdf, render, role_words
from web.permissions import allow
from web.reader import Reader
from web.reports import asked
from web.reports.say import SUBJECT_KINDS, Say
from web.reports.sheet import Sheet, growth, sheet, spoken

router = APIRouter()
Reading = Annotated[Reader, Depends(allow("reports.read"))]
Sharing = Annotated[Reader, Depends(allow("reports.share"))]


@dataclass(frozen=True)
class Made:
    """A report with what its page needs beside it."""

    asked: asked.Asked
    report: reports.Report
    others: list[tuple[int, str]]
    platforms: list[str]
    roles: dict[str, str]
    """With whom it can be shared, for who may share."""


@router.get("/reports")
def index(request: Request, reader: Reading) -> Response:
    """Every subject with a figure."""
    span = period(None, None, reader.zone)
    with db.read() as session:
        found = subjects.all_subjects(session)
        seen = glance.glances(session, [one.id or 0 for one in found], span, sight=reader.sight)
    return render.page(
        request, reader, "reports.html", subjects=found, seen=seen, say=Say(reader), growth=growth, span=span,
        kinds=SUBJECT_KINDS,
    )  # fmt: skip


@router.get("/reports/{subject}")
def one(request: Request, reader: Reading, subject: str) -> Response:
    """The page of a report, its CSV (`.csv`) or its PDF (`.pdf`)."""
    number, ending = _ending(subject)
    with db.read() as session:
        made = make(session, reader, number, request.query_params)
        links = shares.links(session, number) if reader.may("reports.share") else []
    return download(reader, made, ending) if ending else show(request, reader, made, links=links)


def _ending(subject: str) -> tuple[int, str]:
    name, dot, ending = subject.partition(".")
    return (asked.number(name), ending) if ending in ("csv", "pdf") or not dot else (0, "")


def make(session: Session, reader: Reader, subject_id: int, given: Mapping[str, Any]) -> Made:
    """A report as it is asked for; 404 when there is no such subject."""
    found = subjects.all_subjects(session)
    subject = next((one for one in found if one.id == subject_id), None)
    if subject is None:
        raise HTTPException(404)
    wanted = asked.report(reader, subject_id, given)
    known = {one.id for one in found} - {subject_id}
    compare = [number for number in wanted.compare if number in known]
    report = reports.report(session, subject, wanted.span, scope=wanted.scope, compare=compare)
    return Made(
        wanted, report, _others(found, subject_id), sorted({one.platform for one in accounts.all_accounts(session)}),
        role_words.named(session, reader) if reader.may("reports.share") else {},
    )  # fmt: skip


def _others(found: Any, subject_id: int) -> list[tuple[int, str]]:
    return [(int(one.id or 0), str(one.name)) for one in found if one.id != subject_id]


def show(
    request: Request,
    reader: Reader,
    made: Made,
    *,
    links: Any = (),
    token: str = "",
    shared: str = "",
    share_problem: str = "",
) -> Response:
    """The page; `token` is a link just made, `shared` the address of the link it was opened by."""
    found = sheet(reader, made.report)
    base = shared or f"/reports/{made.report.subject_id}"
    return render.page(
        request,
        reader,
        "report.html",
        sheet=found,
        asked=made.asked,
        others=made.others,
        choices=_choices(found, made),
        base=base,
        shared=shared,
        links=links,
        roles=made.roles,
        token_url=f"{settings().public_url or str(request.base_url).rstrip('/')}/shared/{token}" if token else "",
        share_problem=share_problem,
        problem=made.asked.problem,
    )


def _choices(found: Sheet, made: Made) -> dict[str, list[tuple[str, str]]]:
    """What each filter can be set to: what the report has, and what is set."""
    say, chosen = found.say, made.asked.parameters
    known = {name: [row.key for row in found.tables[name]] for name in asked.FILTERS if name in found.tables}
    known["platform"] = sorted({*known["platform"], *made.platforms})
    known["language"] = sorted({*known["language"], "de", "en", "ja"})
    for name, keys in known.items():
        if chosen.get(name) and chosen[name] not in keys:
            keys.append(chosen[name])
    return {name: [(key, spoken(say, name, key)) for key in keys] for name, keys in known.items()}


def download(reader: Reader, made: Made, ending: str) -> Response:
    """The report as a file."""
    span = made.report.period
    name = f"{made.report.subject} {span.first} {span.last}.{ending}"
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
    if ending == "csv":
        stream = StringIO(newline="")
        exports.write_csv(made.report, stream)
        return Response("\ufeff" + stream.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
    return Response(pdf.document(sheet(reader, made.report)), media_type="application/pdf", headers=headers)


# --- links for roles -----------------------------------------------------------------------------------


@router.post("/reports/{subject_id}/share")
def share(
    request: Request,
    reader: Sharing,
    subject_id: int,
    roles: Annotated[list[str] | None, Form()] = None,
    query: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """A new link to the report as `query` asks for it; the link is shown once, on the page this answers with."""
    given = dict(parse_qsl(query.removeprefix("?")))
    wanted = asked.report(reader, subject_id, given)
    with db.write() as session:
        if not _exists(session, subject_id):
            raise HTTPException(404)
        chosen = [role for role in role_words.named(session, reader) if role in (roles or ())]
        token = shares.share(session, subject_id, wanted.parameters, chosen, reader.actor) if chosen else ""
    with db.read() as session:
        made = make(session, reader, subject_id, given)
        links = shares.links(session, subject_id)
    problem = "" if chosen else reader.words("Choose at least one role that may open the link.")
    return show(request, reader, made, links=links, token=token, share_problem=problem)


def _exists(session: Session, subject_id: int) -> bool:
    return any(one.id == subject_id for one in subjects.all_subjects(session))


@router.post("/reports/links/{share_id}/revoke")
def revoke(request: Request, reader: Sharing, share_id: int) -> Response:
    """Take a link back."""
    try:
        with db.write() as session:
            subject_id = shares.revoke(session, share_id, reader.actor)
    except BadPayload as error:
        raise HTTPException(404) from error
    return render.to(f"/reports/{subject_id}#links", "link-revoked")


@router.get("/shared/{token}")
def opened(request: Request, reader: Annotated[Reader, Depends(allow("self"))], token: str) -> Response:
    """A shared report, for signed-in people of its roles; `.csv` and `.pdf` as well."""
    plain, dot, ending = token.partition(".")
    with db.read() as session:
        link = shares.find(session, plain, reader.role) if ending in ("csv", "pdf") or not dot else None
        if link is None:
            raise HTTPException(404)
        made = make(session, reader, link.subject_id, link.parameters)
    return download(reader, made, ending) if ending else show(request, reader, made, shared=f"/shared/{plain}")
