"""`/inbox/bulk`: one deed on many conversations; a long list is left to the worker (`web.pages.bulk_jobs`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlmodel import Session

from core import db
from core.errors import Rejected
from inbox import actions, macros, visibility, workers
from inbox.actions import Action
from inbox.conditions.tree import NOBODY
from inbox.many import jobs
from inbox.many import work as bulk_work
from inbox.many.models import BulkJob
from inbox.models import Conversation
from web import actors, inbox_list, inbox_query, many, many_words, render
from web.i18n import N_, catalogue
from web.inbox_query import Asked
from web.permissions import allow
from web.reader import Reader

MOST = 1000
"""Conversations that are ticked one by one."""
SOME = 500
"""So many of them are looked at to say who sees how many."""

router = APIRouter()

Managing = Annotated[Reader, Depends(allow("conversations.manage"))]
Wanted = Annotated[Asked, Depends(inbox_query.asked)]

MOVES = {"close": "closed", "reopen": "open", "spam": "spam"}
"""Deeds that change the state → the state."""
VALUES = ("assign", "team", "priority", "type")
"""Deeds that replace a value."""
NAMED = 10
"""Conversations that a refusal names, for each reason."""
NO_DEED = N_("Choose what to do with the conversations.")
NOBODY_HERE = N_("A conversation is given to somebody who works here, or to nobody.")


@router.post("/inbox/bulk")
def bulk(
    request: Request,
    reader: Managing,
    asked: Wanted,
    deed: Annotated[str, Form()] = "",
    tag: Annotated[str, Form()] = "",
    current: Annotated[str, Form(alias="open")] = "",
    ids: Annotated[Sequence[str], Form()] = (),
    every: Annotated[str, Form(alias="all")] = "",
) -> Response:
    """Close, reopen, tag, or set a value (`assign:user:3`, `team:2`) of what was ticked; the answer is the list.

    With `all`, of the whole list that the address means. Many are left to the worker.
    """
    what, _, whom = deed.partition(":")
    try:
        with db.write() as session:
            deeds, macro = _deeds(session, reader, what, tag if what == "tag" else whom)
            chosen = inbox_list.chosen(session, asked, reader) if every else _ticked(reader, _numbers(ids))
            job = jobs.begin(session, reader.actor, deeds, chosen, macro=macro, at_once=many.AT_ONCE)
    except Rejected as error:
        return JSONResponse({"error": reader.words(str(error))}, 400)
    if job.total > many.AT_ONCE:
        return _begun(request, reader, asked, current, job)
    bulk_work.whole(job.id or 0, lambda session, actor: reader.sight)
    with db.read() as session:
        job = jobs.find(session, job.id or 0, reader.actor)
        left = dict(jobs.unchanged(session, job.id or 0, limit=many.AT_ONCE))
    if left and not job.changed:
        return JSONResponse({"error": _left(reader, left)}, 400)
    if not left and not render.wants_part(request):
        return render.to(f"/inbox{asked.query()}", "saved")
    done = job.changed + job.same if what == "macro" else job.changed
    said = " ".join(filter(None, [_said(reader, what, done), _left(reader, left)]))
    answer = _list(request, reader, asked, current, left, said)
    undo = f"/inbox/jobs/{job.id}/undo" if job.changed and jobs.reversible(job) else ""
    return render.told(answer, said, "err" if left else "ok", undo)


def _begun(request: Request, reader: Reader, asked: Asked, current: str, job: BulkJob) -> Response:
    if not render.wants_part(request):
        return render.to(f"/inbox/jobs/{job.id}")
    number = reader.number(job.total)
    said = reader.words(many_words.BEGUN, number=number)
    return render.told(_list(request, reader, asked, current, (), said), said, "")


def _deeds(session: Session, reader: Reader, what: str, value: str) -> tuple[list[Action], str]:
    """What is to be done, and the macro's name where it is one; Rejected says what is wrong."""
    if what == "macro":
        found = macros.find(session, next(iter(_numbers([value])), 0), reader.actor)
        return macros.deeds(found), found.name
    if what in MOVES:
        return [Action("state", MOVES[what])], ""
    if what not in (*VALUES, "tag"):
        raise Rejected(NO_DEED)
    if what == "assign" and value and value not in dict(actors.answering(session)):
        raise Rejected(NOBODY_HERE)
    given = value or (NOBODY if what in VALUES else "")
    return [actions.action({"do": what, "value": given}, (*VALUES, "tag"))], ""


def _ticked(reader: Reader, numbers: Collection[int]) -> sa.Select[Any]:
    """Those that exist and that the reader may see."""
    c = db.table(Conversation)
    return sa.select(c.c.id).where(c.c.id.in_(sorted(numbers)), *visibility.seen(reader.sight))


def _list(request: Request, reader: Reader, asked: Asked, current: str, left: Collection[int], said: str) -> Response:
    """The list anew, with what was left still ticked; the whole page for a browser without script."""
    position = "" if render.wants_part(request) else render.position(request)
    with db.read() as session:
        number = int(current) if current.isascii() and current.isdigit() and len(current) < 16 else 0
        pane = inbox_list.pane(session, asked, reader, current=number if render.wants_part(request) else 0)
    density = request.cookies.get("density", "")
    values: dict[str, Any] = {"pane": pane, "names_of": inbox_query.NAMES, "density": density, "ticked": sorted(left)}
    if render.wants_part(request):
        return render.part("parts/inbox_list.html", reader, **values)
    return render.page(request, reader, "inbox.html", position=position, note=said, **values)


@router.get("/inbox/assign-menu")
def assign_menu(
    request: Request,
    reader: Managing,
    asked: Wanted,
    ids: Annotated[Sequence[str], Query()] = (),
    every: Annotated[str, Query(alias="all")] = "",
) -> Response:
    """Whom the conversations that are ticked can be given to, with how many of them somebody sees who is limited.

    Of more than SOME nobody is told how many they see: what they do not see is left as it is.
    """
    if not render.wants_part(request):
        return render.to("/inbox")
    with db.read() as session:
        chosen = inbox_list.chosen(session, asked, reader) if every else _ticked(reader, _numbers(ids))
        ticked = set(session.scalars(chosen.limit(SOME + 1)))
        ticked = ticked if len(ticked) <= SOME else set()
        takers = actors.answering(session)
        hidden = workers.blind(session, [actor for actor, _ in takers], ticked)
    seen = {actor: sum((number, actor) not in hidden for number in ticked) for actor, _ in takers}
    shown = [(actor, name, seen[actor]) for actor, name in takers if seen[actor] or not ticked]
    return render.part("parts/assign_bulk.html", reader, takers=shown, ticked_number=len(ticked))


def _numbers(texts: Sequence[str]) -> list[int]:
    return [int(one) for one in texts if one.isascii() and one.isdigit() and len(one) < 16][:MOST]


def _left(reader: Reader, left: Mapping[int, str]) -> str:
    """Which conversations were left as they are, by the reasons why; empty without any."""
    if not left:
        return ""
    why: dict[str, list[str]] = {}
    for number, reason in left.items():
        why.setdefault(reason, []).append(reader.words(N_("No. %(number)s"), number=str(number)))
    named = [
        f"{', '.join(some[:NAMED])}{' …' if some[NAMED:] else ''}: {reader.words(one)}" for one, some in why.items()
    ]
    ngettext = catalogue(reader.language).ngettext
    first = ngettext("%(number)s was left as it is.", "%(number)s were left as they are.", len(left))
    return " ".join([first % {"number": reader.number(len(left))}, *named])


def _said(reader: Reader, what: str, number: int) -> str:
    ngettext = catalogue(reader.language).ngettext
    texts = {
        "close": ngettext("%(number)s conversation is closed.", "%(number)s conversations are closed.", number),
        "reopen": ngettext(
            "%(number)s conversation is open again.", "%(number)s conversations are open again.", number
        ),
        "spam": ngettext(
            "%(number)s conversation is marked as spam.", "%(number)s conversations are marked as spam.", number
        ),
        "macro": ngettext(
            "The macro was run on %(number)s conversation.", "The macro was run on %(number)s conversations.", number
        ),
        "assign": ngettext("%(number)s conversation is assigned.", "%(number)s conversations are assigned.", number),
        "team": ngettext(
            "%(number)s conversation is in that team.", "%(number)s conversations are in that team.", number
        ),
        "priority": ngettext(
            "%(number)s conversation has that priority.", "%(number)s conversations have that priority.", number
        ),
        "type": ngettext("%(number)s conversation has that type.", "%(number)s conversations have that type.", number),
        "tag": ngettext("%(number)s conversation has the tag.", "%(number)s conversations have the tag.", number),
    }
    if not number:
        return reader.words("Nothing was changed: everything you ticked is like that already.")
    return texts[what] % {"number": reader.number(number)}
