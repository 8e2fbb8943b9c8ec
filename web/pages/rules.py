"""`/settings/rules`: what is done by itself; its order, switches, dry run and log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from sqlmodel import Session

from core import db
from core.errors import Rejected
from core.typed import plain
from inbox import actions, listing, rules, trial
from inbox.actions import Action
from inbox.conditions import tree
from inbox.conditions.tree import Group
from inbox.narrowing import Filter
from inbox.rule_models import Rule
from web import action_form, action_words, condition_choices, condition_form, condition_words, render, rule_hours, words
from web.action_form import Row
from web.condition_form import Part
from web.pages import narrow
from web.permissions import allow
from web.reader import Reader

HERE = "/settings/rules"
KINDS = actions.RULE
SHOWN = 50
"""Conversations that are named when a rule is tried out."""

router = APIRouter()
Ruling = Annotated[Reader, Depends(allow("rules.manage"))]


@router.get(HERE)
def index(request: Request, reader: Ruling) -> Response:
    """All rules in their order, each as a sentence."""
    with db.read() as session:
        found = rules.every(session)
        groups = {one.id: _group_of(one) for one in found}
        fields = {leaf.field for group in groups.values() if group is not None for leaf in tree.leaves(group)}
        choices = condition_choices.choices(session, reader, fields)
        options = action_words.choices(session, reader, rule=True)
        newest, hours = rules.newest(session), rule_hours.said(session, found, reader)
        lately = {one.id: rules.lately(session, one.id or 0) for one in found if one.id in newest}
    said = {one.id: _sentences(groups[one.id], reader, choices) for one in found}
    deeds = {one.id: [action_words.said(deed, reader, options) for deed in _deeds(one)] for one in found}
    return render.page(
        request, reader, "settings/rules.html", found=found, said=said, deeds=deeds, deed_words=action_words,
        hours=hours, newest=newest, lately=lately,
    )  # fmt: skip


def _group_of(one: Rule) -> Group | None:
    try:
        return rules.group(one.conditions)
    except Rejected:  # kept by another version
        return None


def _sentences(group: Group | None, reader: Reader, choices: condition_words.Choices) -> list[str]:
    if group is None:
        return ["?"]
    return [condition_words.sentence(part, reader, choices) for part in condition_words.parts(group)]


def _deeds(one: Rule) -> list[Action]:
    return [Action(row["do"], row.get("value", "")) for row in one.actions]


@router.get(HERE + "/new")
def new(request: Request, reader: Ruling) -> Response:
    """An empty form."""
    return _form(request, reader, None, Part(), [])


@router.post(HERE + "/fields")
async def fields(request: Request, reader: Ruling) -> Response:
    """The conditions drawn anew: another way of asking has other fields."""
    form = await request.form()
    with db.read() as session:
        built = narrow.builder(session, condition_form.read(form, reader), reader)
    return render.part("parts/conditions.html", reader, **built | {"refresh": HERE + "/fields"})


@router.get(HERE + "/{rule_id:int}")
def one(request: Request, reader: Ruling, rule_id: int) -> Response:
    """The form with what is kept."""
    with db.read() as session:
        row = _found(session, rule_id)
    draft = condition_form.of(_group_of(row) or tree.EVERYTHING)
    rows = action_form.of(row.actions, KINDS, reader)
    return _form(
        request, reader, rule_id, draft, rows, name=row.name, trigger=row.trigger, last=row.last,
        hours=rule_hours.kept(row),
    )  # fmt: skip


@router.post(HERE)
async def add(request: Request, reader: Ruling) -> Response:
    """Keep a new one, change the form, or try it out."""
    return await _change(request, reader, None)


@router.post(HERE + "/{rule_id:int}")
async def change(request: Request, reader: Ruling, rule_id: int) -> Response:
    """Keep it in its new form, change the form, or try it out."""
    with db.read() as session:
        _found(session, rule_id)
    return await _change(request, reader, rule_id)


@router.post(HERE + "/{rule_id:int}/switch/{state}")
def switch(reader: Ruling, rule_id: int, state: str) -> Response:
    """On or off."""
    if state not in ("on", "off"):
        raise HTTPException(404)
    with db.write() as session:
        _found(session, rule_id)
        rules.switch(session, rule_id, reader.actor, on=state == "on")
    return render.to(HERE, f"rule-{state}")


@router.post(HERE + "/{rule_id:int}/move/{step}")
def move(reader: Ruling, rule_id: int, step: str) -> Response:
    """One place up or down: rules are asked from the top."""
    with db.write() as session:
        _found(session, rule_id)
        rules.move(session, rule_id, -1 if step == "up" else 1, reader.actor)
    return render.to(f"{HERE}#r{rule_id}")


@router.post(HERE + "/{rule_id:int}/remove")
def remove(reader: Ruling, rule_id: int) -> Response:
    """Take it away; what it did stays."""
    with db.write() as session:
        _found(session, rule_id)
        rules.remove(session, rule_id, reader.actor)
    return render.to(HERE, "rule-removed")


@router.get(HERE + "/log")
def whole_log(request: Request, reader: Ruling, rule: str = "", conversation: str = "", before: str = "") -> Response:
    """When rules were at work: all of them or one, anywhere or in one conversation."""
    return _log(request, reader, _number(rule), _number(conversation), _number(before))


@router.get(HERE + "/{rule_id:int}/log")
def log(request: Request, reader: Ruling, rule_id: int, conversation: str = "", before: str = "") -> Response:
    """When it was at work, and what became of each deed."""
    with db.read() as session:
        _found(session, rule_id)
    return _log(request, reader, rule_id, _number(conversation), _number(before))


def _number(text: str) -> int:
    """A number of the address, `No. 12` too; 0 for none."""
    found = re.search(r"[0-9]{1,15}", plain(text))
    return int(found[0]) if found else 0


def _log(request: Request, reader: Reader, rule_id: int, conversation_id: int, before: int) -> Response:
    with db.read() as session:
        named = {one.id or 0: one.name for one in rules.every(session)}
        found = rules.log(session, rule_id, before, conversation_id=conversation_id)
        named |= rules.names(session, [run.rule_id for run in found])
        options, lost = action_words.choices(session, reader, rule=True), rules.undelivered(session, found)
        shown = listing.rows(session, [run.conversation_id for run in found], _everything(reader))
    deeds = {
        run.id: [
            (
                lost.get((run.id or 0, place)) or done["said"],
                action_words.said(Action(done["do"], done.get("value", "")), reader, options),
                _became(done["said"], lost.get((run.id or 0, place), ""), reader),
            )
            for place, done in enumerate(run.outcome)
        ]
        for run in found
    }
    return render.page(
        request, reader, "settings/rule_log.html", rule_id=rule_id, named=named, conversation=conversation_id or "",
        runs=found, deeds=deeds, names={one.id: one.name for one in shown}, done=action_words.OUTCOMES,
        older=_older(rule_id, conversation_id, found[-1].id or 0) if len(found) == 50 else "",
    )  # fmt: skip


def _became(said: str, lost: str, reader: Reader) -> str:
    """What became of a deed; of an answer that did not arrive, that."""
    return reader.words(words.REPLIES[lost][2] if lost else action_words.OUTCOMES.get(said, said))


def _older(rule_id: int, conversation_id: int, before: int) -> str:
    asked = {"rule": rule_id, "conversation": conversation_id, "before": before}
    return f"{HERE}/log" + render.query(**{name: str(value) for name, value in asked.items() if value})


def _found(session: Session, rule_id: int) -> Rule:
    try:
        return rules.get(session, rule_id)
    except Rejected as error:
        raise HTTPException(404) from error


async def _change(request: Request, reader: Reader, rule_id: int | None) -> Response:
    form = await request.form()
    draft, rows = condition_form.read(form, reader), action_form.read(form, KINDS)
    deed = str(form.get("do", "save"))
    trigger = str(form.get("trigger", ""))
    typed: dict[str, Any] = {
        "name": str(form.get("name", ""))[:300],
        "trigger": trigger if trigger in rules.TRIGGERS else "message",
        "last": form.get("last") == "yes",
        "hours": str(form.get("hours", ""))[:30],
    }
    if deed not in ("save", "try"):
        condition_form.change(draft, deed, form)
        action_form.change(rows, deed, form, KINDS)
        return _form(request, reader, rule_id, draft, rows, **typed)
    try:
        group = condition_form.group(draft)
        if deed == "try" and group is not None:
            with db.read() as session:
                tried = _tried(session, group, typed, reader)
            return _form(request, reader, rule_id, draft, rows, tried=tried, **typed)
        deeds = action_form.deeds(rows, KINDS, reader)
        if group is None or deeds is None:
            return _form(request, reader, rule_id, draft, rows, 422, **typed)
        with db.write() as session:
            rules.save(
                session, rule_id, name=typed["name"], trigger=typed["trigger"], asked=group, deeds=deeds,
                last=typed["last"], actor=reader.actor, hours=rule_hours.read(typed["hours"]),
            )  # fmt: skip
    except Rejected as error:
        return _form(request, reader, rule_id, draft, rows, 422, wrong=reader.words(str(error)), **typed)
    return render.to(HERE, "rule-kept")


def _tried(
    session: Session, group: Group, typed: Mapping[str, Any], reader: Reader
) -> tuple[trial.Tried, list[listing.Row]]:
    """(how often it would have run, the newest conversations in which it would)."""
    if tree.personal(group):
        raise Rejected(rules.PERSONAL)
    found = trial.trial(session, typed["trigger"], group, rule_hours.read(typed["hours"]), reader.sight)
    rows = {one.id: one for one in listing.rows(session, found.conversations[:SHOWN], _everything(reader))}
    return found, [rows[one] for one in found.conversations[:SHOWN] if one in rows]


def _everything(reader: Reader) -> Filter:
    return Filter(view="all", me=reader.actor, sight=reader.sight)


def _form(
    request: Request,
    reader: Reader,
    rule_id: int | None,
    draft: Part,
    rows: list[Row],
    status: int = 200,
    **values: Any,
) -> Response:
    given = {"name": "", "trigger": "message", "last": False, "hours": "", "wrong": "", "tried": None, **values}
    with db.read() as session:
        options = action_words.choices(session, reader, rule=True)
        built = narrow.builder(session, draft, reader)
        given["times"] = rule_hours.choices(session, given["hours"], reader)
    built["refresh"] = HERE + "/fields"
    return render.page(
        request, reader, "settings/rule.html", status, rule_id=rule_id, rows=rows, deed_kinds=KINDS,
        deed_words=action_words, deed_choices=options, **built, **given,
    )  # fmt: skip
