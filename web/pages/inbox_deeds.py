"""`/inbox/bulk`: one deed on many conversations, and taking it back."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlmodel import Session

from core import db
from core.errors import Rejected
from inbox import actions, desk, macros, stood, visibility, workers
from inbox.actions import Action
from inbox.models import Conversation
from web import actors, inbox_list, inbox_query, many, render
from web.i18n import N_, catalogue
from web.inbox_query import Asked
from web.permissions import allow
from web.reader import Reader

MOST = 200
"""Conversations that are ticked, or treated with a macro, in one go."""
TOGETHER = 20
"""Deeds of one transaction: others write in between."""

router = APIRouter()

Managing = Annotated[Reader, Depends(allow("conversations.manage"))]
Wanted = Annotated[Asked, Depends(inbox_query.asked)]
Stood = dict[int, str]
"""Conversations that were changed, and what stood there before."""

MOVES = {"close": "closed", "reopen": "open", "spam": "spam"}
"""Deeds that change the state → the state."""
DEEDS = (*MOVES, "assign", "tag", "team", "priority", "type")
NAMED = 10
"""Conversations that a refusal names, for each reason."""
Left = dict[int, str]
"""Conversations that refused a deed, and why."""
BEFORE = {"assign": "assignee", "team": "team_id", "priority": "priority", "type": "type"}
"""Deeds that replace a value → its column."""


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

    With `all`, of the whole list that the address means, the first `inbox_list.EVERY` of it.
    """
    what, _, whom = deed.partition(":")
    most = MOST if what == "macro" else inbox_list.EVERY
    numbers, rest = _meant(reader, asked, most) if every else (_numbers(ids), 0)
    backs: dict[int, list[Action]] = {}
    left: Left = {}
    changed: Stood = {}
    try:
        if what == "macro":
            backs, left = _run(reader, _numbers([whom]), numbers)
            changed = dict.fromkeys(backs, "")
        else:
            changed, left = _do(reader, what, whom, tag, numbers)
    except Rejected as error:
        return JSONResponse({"error": reader.words(str(error))}, 400)
    if left and not changed:
        return JSONResponse({"error": _left(reader, left)}, 400)
    if not left and not rest and not render.wants_part(request):
        return render.to(f"/inbox{asked.query()}", "saved")
    said = " ".join(filter(None, [_said(reader, what, len(changed)), _left(reader, left), _rest(reader, rest)]))
    answer = _list(request, reader, asked, current, left, said)
    kind = "err" if left else "ok"
    if what == "macro":
        written = {number: [one.written() for one in back] for number, back in backs.items() if back}
        values = {"back": json.dumps(written, ensure_ascii=False)}
        return render.told(answer, said, kind, "/inbox/undo" if written else "", values)
    values = {"deed": what, "tag": tag if what == "tag" else "", "rows": many.written(changed)}
    return render.told(answer, said, kind, "/inbox/undo" if changed else "", values)


def _meant(reader: Reader, asked: Asked, limit: int) -> tuple[list[int], int]:
    with db.read() as session:
        return inbox_list.meant(session, asked, reader, limit)


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
    """Whom the conversations that are ticked can be given to, with how many of them somebody sees who is limited."""
    if not render.wants_part(request):
        return render.to("/inbox")
    with db.read() as session:
        numbers = inbox_list.meant(session, asked, reader, inbox_list.EVERY)[0] if every else _numbers(ids)
        ticked = set(_readable(session, reader, numbers))
        takers = actors.answering(session)
        hidden = workers.blind(session, [actor for actor, _ in takers], ticked)
    seen = {actor: sum((number, actor) not in hidden for number in ticked) for actor, _ in takers}
    shown = [(actor, name, seen[actor]) for actor, name in takers if seen[actor] or not ticked]
    return render.part("parts/assign_bulk.html", reader, takers=shown, ticked_number=len(ticked))


@router.post("/inbox/undo")
def undo(
    reader: Managing,
    deed: Annotated[str, Form()] = "",
    tag: Annotated[str, Form()] = "",
    rows: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
) -> Response:
    """Take a deed on many conversations back; `rows` says what stood there before (`web.many`).

    `back` holds the deeds that take a macro back, by conversation.
    """
    if back:
        _run_back(reader, back)
        return render.told(Response(status_code=204), reader.words("It was taken back."))
    found = many.read(rows)
    for some in _together(list(found)[: inbox_list.EVERY]):
        with db.write() as session:
            for number in _readable(session, reader, some):
                with suppress(Rejected):  # what it was before is gone meanwhile, or a field is needed
                    _back(session, reader, deed, number, found[number], tag)
    return render.told(Response(status_code=204), reader.words("It was taken back."))


def _back(session: Session, reader: Reader, deed: str, number: int, before: str, tag: str) -> None:
    if deed in MOVES:
        actions.act(session, number, Action("restore", before or "open"), reader.actor)
    elif deed == "tag":
        desk.untag(session, number, tag, reader.actor)
    elif deed in BEFORE:
        _put(session, reader, deed, number, before)


def _together(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    return (numbers[at : at + TOGETHER] for at in range(0, len(numbers), TOGETHER))


def _run(reader: Reader, macro: Sequence[int], ids: Sequence[int]) -> tuple[dict[int, list[Action]], Left]:
    """Run a macro on each conversation in a transaction of its own: (what takes it back, what was refused)."""
    with db.read() as session:
        found = macros.find(session, macro[0] if macro else 0, reader.actor)
        numbers = list(_readable(session, reader, ids))
    backs: dict[int, list[Action]] = {}
    left: Left = {}
    for number in numbers:
        try:
            with db.write() as session:
                backs[number] = macros.run(session, found, number, reader.actor)
        except Rejected as error:
            left[number] = str(error)
    return backs, left


def _run_back(reader: Reader, back: str) -> None:
    try:
        raw = json.loads(back[:500_000])
    except ValueError:
        raw = None
    found = {number: one for text, one in raw.items() for number in _numbers([text])} if isinstance(raw, dict) else {}
    with db.read() as session:
        numbers = [number for number in _readable(session, reader, list(found)[:MOST])]
    for number in numbers:
        with suppress(Rejected), db.write() as session:
            actions.all_of(session, number, actions.read(found[number], actions.BACK), reader.actor)


def _do(reader: Reader, what: str, value: str, tag: str, ids: Sequence[int]) -> tuple[Stood, Left]:
    """(What was changed, and what stood there; what was refused.) A deed is refused before it writes anything."""
    if what not in DEEDS:
        raise Rejected("Choose what to do with the conversations.")
    with db.read() as session:
        if what == "assign" and value and value not in dict(actors.answering(session)):
            raise Rejected("A conversation is given to somebody who works here, or to nobody.")
    changed: Stood = {}
    left: Left = {}
    for some in _together(ids):
        with db.write() as session:
            for number, row in _readable(session, reader, some).items():
                try:
                    done = _one(session, reader, what, number, value, tag)
                except Rejected as error:
                    left[number] = str(error)
                    continue
                if done:
                    changed[number] = _before(what, row)
    return changed, left


def _before(what: str, row: Any) -> str:
    """What a deed replaced, as the way back names it: the state unless it was open, a value, or nothing."""
    if what in MOVES:
        return stood.written(row) if row.state != "open" else ""
    return str(getattr(row, BEFORE[what]) or "").removeprefix("user:") if what in BEFORE else ""


def _one(session: Session, reader: Reader, what: str, number: int, value: str, tag: str) -> bool:
    if what == "tag":
        return desk.tag(session, number, tag, reader.actor)
    if what in BEFORE:
        return _put(session, reader, what, number, value.removeprefix("user:"))
    return desk.set_state(session, number, MOVES[what], reader.actor)


def _put(session: Session, reader: Reader, what: str, number: int, value: str) -> bool:
    """Set a value; people and teams by their numbers, nothing for none."""
    if what == "priority":
        return desk.set_priority(session, number, value, reader.actor)
    if what == "type":
        return desk.set_type(session, number, value, reader.actor)
    known = _numbers([value])
    if what == "team":
        return desk.set_team(session, number, known[0] if known else None, reader.actor)
    return desk.assign(session, number, f"user:{known[0]}" if known else "", reader.actor)


def _readable(session: Session, reader: Reader, ids: Sequence[int]) -> dict[int, Any]:
    """Those that exist and that the reader may see, with the values that deeds replace."""
    c = db.table(Conversation)
    query = sa.select(c.c.id, c.c.state, c.c.snoozed_until, *(c.c[name] for name in BEFORE.values())).where(
        c.c.id.in_(ids)
    )
    query = query.where(*visibility.seen(reader.sight)).order_by(c.c.id)
    return {row.id: row for row in session.execute(query)}


def _numbers(texts: Sequence[str]) -> list[int]:
    return [int(one) for one in texts if one.isascii() and one.isdigit() and len(one) < 16][:MOST]


def _left(reader: Reader, left: Left) -> str:
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


def _rest(reader: Reader, number: int) -> str:
    """How many of the whole list are still to be done; empty when none is."""
    if not number:
        return ""
    ngettext = catalogue(reader.language).ngettext
    return ngettext(
        "%(number)s more of this list was not touched: choose it again.",
        "%(number)s more of this list were not touched: choose them again.",
        number,
    ) % {"number": reader.number(number)}


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
