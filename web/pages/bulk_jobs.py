"""`/inbox/jobs`: what somebody has done to many conversations: how far it is, stopping it, taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from sqlmodel import Session

from core import db
from core.errors import Rejected
from inbox.many import jobs, work
from inbox.many.models import BulkJob
from web import many, many_words, place, render
from web.i18n import N_
from web.permissions import allow
from web.reader import Reader

HERE = "/inbox/jobs"
BOX = "bulk-job"
"""The part of the list that shows a job."""
PAGE = "job"
"""The part of its own page that follows it."""

router = APIRouter()

Managing = Annotated[Reader, Depends(allow("conversations.manage"))]


@router.get(HERE)
def index(request: Request, reader: Managing, before: str = "") -> Response:
    """One's own jobs, newest first."""
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 16 else 0
    with db.read() as session:
        found = jobs.of(session, reader.actor, number, jobs.PAGE + 1)
        boxes = many_words.boxes(session, found[: jobs.PAGE], reader)
    more = render.query(before=str(found[jobs.PAGE - 1].id)) if len(found) > jobs.PAGE else ""
    return render.page(
        request, reader, "bulk_jobs.html", boxes=boxes, states=many_words.STATES, more=f"{HERE}{more}" if more else "",
        here=HERE + (render.query(before=before) if number else ""),
    )  # fmt: skip


@router.get(HERE + "/{job_id:int}")
def one(request: Request, job_id: int, reader: Managing, after: str = "") -> Response:
    """One of them with what was left as it is, and why; as a part, the box above the list."""
    number = int(after) if after.isascii() and after.isdigit() and len(after) < 16 else 0
    with db.read() as session:
        job = _job(session, job_id, reader)
        box = many_words.boxes(session, [job], reader)[0]
        left = jobs.unchanged(session, job_id, number, jobs.PAGE + 1)
    own_page = request.headers.get("hx-target") == PAGE
    if render.wants_part(request) and not own_page:
        return _news(render.part("parts/bulk_job.html", reader, box=box), box, left)
    more = render.query(after=str(left[jobs.PAGE - 1][0])) if len(left) > jobs.PAGE else ""
    page = render.page(
        request, reader, "bulk_job.html", box=box, left=left[: jobs.PAGE], states=many_words.STATES,
        more=f"{HERE}/{job_id}{more}" if more else "",
        here=f"{HERE}/{job_id}{render.query(after=str(number)) if number else ''}",
    )  # fmt: skip
    return _news(page, box, left) if own_page else page


def _news(answer: Response, box: many_words.Box, left: Sequence[Any]) -> Response:
    """What came of a job, said once when it has ended."""
    return answer if box.busy else render.told(answer, f"{box.title}: {box.said}", "err" if left else "ok")


@router.post(HERE + "/{job_id:int}/stop")
def stop(request: Request, job_id: int, reader: Managing) -> Response:
    """Leave the rest as it is."""
    with db.write() as session:
        _job(session, job_id, reader)
        jobs.stop(session, job_id, reader.actor)
    return _box(request, job_id, reader)


@router.post(HERE + "/{job_id:int}/undo")
def undo(request: Request, job_id: int, reader: Managing) -> Response:
    """Take all of it back: few at once, many by the worker."""
    try:
        with db.write() as session:
            _job(session, job_id, reader)
            job = jobs.undo(session, job_id, reader.actor, at_once=many.AT_ONCE)
    except Rejected as error:
        return _box(request, job_id, reader, str(error))
    if job.changed - job.back - job.kept <= many.AT_ONCE:
        work.whole(job_id, lambda session, actor: reader.sight)
        with db.read() as session:
            job = _job(session, job_id, reader)
            kept = many_words.boxes(session, [job], reader)[0].said if job.kept else ""
        return _box(request, job_id, reader, kept or N_("It was taken back."))
    return _box(request, job_id, reader)


@router.post(HERE + "/{job_id:int}/hide")
def hide(request: Request, job_id: int, reader: Managing) -> Response:
    """It need not stand above the list any more."""
    with db.write() as session:
        _job(session, job_id, reader)
        jobs.hide(session, job_id, reader.actor)
    return Response(status_code=200) if render.wants_part(request) else render.to(HERE)


def _job(session: Session, job_id: int, reader: Reader) -> BulkJob:
    try:
        return jobs.find(session, job_id if job_id < place.LARGEST else 0, reader.actor)
    except Rejected as error:
        raise HTTPException(404) from error


def _box(request: Request, job_id: int, reader: Reader, said: str = "") -> Response:
    """The box anew, where it was pressed in it; else what a toast says."""
    if not render.wants_part(request):
        return render.to(f"{HERE}/{job_id}")
    if request.headers.get("hx-target") != BOX:
        return render.told(Response(status_code=204), reader.words(said), events=["thread"])
    with db.read() as session:
        box = many_words.boxes(session, [_job(session, job_id, reader)], reader)[0]
    return render.told(render.part("parts/bulk_job.html", reader, box=box), reader.words(said) if said else "")
