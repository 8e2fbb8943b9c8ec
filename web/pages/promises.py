"""`/settings/sla`: what is promised for which conversations; `/inbox/{number}/clocks`: how that stands, and why."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from sqlmodel import Session

from core import db
from core.errors import Rejected
from core.typed import plain
from inbox import clocks, policies
from inbox.conditions import tree
from inbox.conditions.tree import EVERYTHING
from inbox.policies import Wanted, Wrong
from inbox.sla_models import SlaPolicy
from web import condition_choices, condition_form, condition_words, gone, place, promises, render, thread
from web.condition_form import Part
from web.permissions import allow
from web.reader import Reader

HERE = "/settings/sla"
FIELDS = SimpleNamespace(
    name=condition_words.name,
    ASKED=condition_words.ASKED,
    gone=gone,
    groups=lambda reader: {
        reader.words(title): [(name, condition_words.name(name, reader)) for name in names if name in policies.STEADY]
        for title, names in condition_words.GROUPS.items()
    },
)
"""What a policy may ask about."""

router = APIRouter()
Managing = Annotated[Reader, Depends(allow("teams.manage"))]
Reading = Annotated[Reader, Depends(allow("messages.read"))]


@router.get(HERE)
def index(request: Request, reader: Managing) -> Response:
    """All of them, in the order in which they are asked."""
    with db.read() as session:
        found = policies.every(session)
        groups = {one.id: tree.read(one.conditions) if one.conditions else EVERYTHING for one in found}
        asked = {leaf.field for group in groups.values() for leaf in tree.leaves(group)}
        options = condition_choices.choices(session, reader, asked)
    said = {number: condition_words.sentence(group, reader, options) for number, group in groups.items()}
    return render.page(
        request, reader, "settings/policies.html", policies=found, said=said, targets=promises.TARGETS,
        written=promises.written,
    )  # fmt: skip


@router.get(HERE + "/new")
def new(request: Request, reader: Managing) -> Response:
    """An empty form."""
    with db.read() as session:
        return _form(request, session, reader, None)


@router.get(HERE + "/{policy_id:int}")
def one(request: Request, reader: Managing, policy_id: int) -> Response:
    """The form with what is kept."""
    with db.read() as session:
        row = _found(session, policy_id)
        typed: dict[str, Any] = {name: promises.written(getattr(row, name)) for name in promises.TARGETS}
        typed |= {"name": row.name, "business": row.business, "warn": str(row.warn), "enabled": row.enabled}
        kept = tree.read(row.conditions) if row.conditions else EVERYTHING
        return _form(request, session, reader, policy_id, typed=typed, draft=condition_form.of(kept))


@router.post(HERE)
async def add(request: Request, reader: Managing) -> Response:
    """Keep a new one, or change the conditions in the form."""
    return await _do(request, reader, None)


@router.post(HERE + "/fields")
async def fields(request: Request, reader: Managing) -> Response:
    """The conditions drawn anew."""
    form = await request.form()
    with db.read() as session:
        values = _builder(session, condition_form.read(form, reader), reader)
    return render.part("parts/conditions.html", reader, **values)


@router.post(HERE + "/{policy_id:int}")
async def change(request: Request, reader: Managing, policy_id: int) -> Response:
    """Keep it in its new form, or change the conditions in the form."""
    with db.read() as session:
        _found(session, policy_id)
    return await _do(request, reader, policy_id)


@router.post(HERE + "/{policy_id:int}/up")
def up(reader: Managing, policy_id: int) -> Response:
    """Asked one place earlier."""
    with db.write() as session:
        _found(session, policy_id)
        policies.move(session, policy_id, reader.actor)
    return render.to(HERE, "saved")


@router.post(HERE + "/{policy_id:int}/remove")
def remove(reader: Managing, policy_id: int) -> Response:
    """Promise it no more; its clocks go too."""
    with db.write() as session:
        if policy_id >= place.LARGEST or not policies.remove(session, policy_id, reader.actor):
            raise HTTPException(404)
    return render.to(HERE, "policy-removed")


@router.get("/inbox/{conversation_id}/clocks")
def explain(request: Request, conversation_id: int, reader: Reading) -> Response:
    """Each promise of a conversation: what ran, what stood still, and why."""
    with db.read() as session:
        thread.find(session, conversation_id, reader)
        if not render.wants_part(request):
            query = thread.kept(request)
            return render.to(f"/inbox/{conversation_id}{'?' + query if query else ''}#conversation")
        now = db.now()
        policy, calendar, found = clocks.of_conversation(session, conversation_id, now)
        other = clocks.other_now(session, conversation_id, found)
    shown = [promises.explained(clock, calendar, now, reader) for clock in found]
    return render.part("parts/clocks.html", reader, policy=policy, clocks=shown, calendar=calendar, other=other)


async def _do(request: Request, reader: Reader, policy_id: int | None) -> Response:
    form = await request.form()
    texts = {name: str(value)[:200] for name, value in form.items() if isinstance(value, str)}
    typed = {name: texts.get(name, "") for name in ("name", "warn", *promises.TARGETS)}
    ticked = {name: texts.get(name) == "yes" for name in ("business", "enabled")}
    shown: dict[str, Any] = {**typed, **ticked}
    draft, deed = condition_form.read(form, reader), str(form.get("do", ""))
    if deed and deed != "keep":
        condition_form.change(draft, deed, form)
        with db.read() as session:
            return _form(request, session, reader, policy_id, typed=shown, draft=draft)
    try:
        group = condition_form.group(draft)
        if group is None:  # a row says what is wrong with it
            with db.read() as session:
                return _form(request, session, reader, policy_id, 422, typed=shown, draft=draft)
        times = {name: promises.read_minutes(typed[name]) for name in promises.TARGETS}
        share = plain(typed["warn"])
        warn = int(share) if share.isascii() and share.isdigit() else -1
        wanted = Wanted(
            typed["name"], group, **times, business=ticked["business"], warn=warn, enabled=ticked["enabled"]
        )
        with db.write() as session:
            policies.save(session, policy_id, wanted, reader.actor)
    except Rejected as error:
        field = error.field if isinstance(error, Wrong) else "conditions"
        wrong = {field: reader.words(str(error))}
        with db.read() as session:
            return _form(request, session, reader, policy_id, 422, typed=shown, draft=draft, wrong=wrong)
    return render.to(HERE, "policy-kept")


def _builder(session: Session, draft: Part, reader: Reader) -> dict[str, Any]:
    asked = {row.field for row in draft.rows()}
    choices = condition_choices.choices(session, reader, asked)
    return {"draft": draft, "choices": choices, "fields": FIELDS, "refresh": HERE + "/fields"}


def _form(
    request: Request, session: Session, reader: Reader, policy_id: int | None, status: int = 200,
    *, typed: dict[str, Any] | None = None, draft: Part | None = None, wrong: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    empty = {"name": "", "warn": "20", "business": True, "enabled": True, **dict.fromkeys(promises.TARGETS, "")}
    return render.page(
        request, reader, "settings/policy.html", status, policy_id=policy_id, typed={**empty, **(typed or {})},
        wrong=wrong or {}, targets=promises.TARGETS,
        **_builder(session, draft or condition_form.of(EVERYTHING), reader),
    )  # fmt: skip


def _found(session: Session, policy_id: int) -> SlaPolicy:
    row = session.get(SlaPolicy, policy_id) if policy_id < place.LARGEST else None
    if row is None:
        raise HTTPException(404)
    return row
