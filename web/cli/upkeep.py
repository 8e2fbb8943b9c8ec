"""`widerhall sentiment correct | retrain | heads | reannotate | drift`: what people know better, and what follows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from core import db
from core.errors import BadPayload
from sentiment import active, answers, corrections, drift, fitted, passes, retrain
from sentiment.measures import Evaluation
from sentiment.port import TASKS
from sentiment.retrain import Compared
from web.cli.base import Json, ready, say, settle, show, working
from web.cli.sentiment import group

ACTOR = "cli"


def register(app: typer.Typer) -> None:
    """Add the commands to `sentiment`, which is there already."""
    for name, command in (
        ("correct", correct), ("retrain", retrain_), ("heads", heads), ("reannotate", reannotate), ("drift", drift_),
    ):  # fmt: skip
        group.command(name)(command)


def correct(
    message: Annotated[int, typer.Argument(help="Number of the message.")],
    sentiment: Annotated[str, typer.Option(help="negative, neutral or positive.")] = "",
    intent: Annotated[str, typer.Option(help=f"{', '.join(TASKS['intent'])}.")] = "",
    emotion: Annotated[str, typer.Option(help=f"{', '.join(TASKS['emotion'])}.")] = "",
    urgency: Annotated[str, typer.Option(help="low, normal or high.")] = "",
    offensive: Annotated[str, typer.Option(help="yes or no.")] = "",
    language: Annotated[str, typer.Option(help="A code such as de, en or ja.")] = "",
    undo: Annotated[list[str] | None, typer.Option(help="Let the annotator's word stand again; repeatable.")] = None,
    json: Json = False,
) -> None:
    """Say what a message is: it holds at once, survives the next annotation, and later trains the heads."""
    said = {"sentiment": sentiment, "intent": intent, "emotion": emotion, "urgency": urgency, "offensive": offensive,
            "language": language}  # fmt: skip
    said = {task: label for task, label in said.items() if label}
    back = undo or []
    if not said and not back:
        raise BadPayload("Say what is to be corrected, such as --sentiment positive, or what to --undo.")
    if wrong := sorted({*back} - {*answers.ASKED}):
        raise BadPayload(f"There is nothing called {wrong[0]!r} to undo: {', '.join(answers.ASKED)}.")
    ready()
    with db.write() as session:
        for task, label in said.items():
            corrections.correct(session, message, task, label, ACTOR)
        undone = [task for task in back if corrections.undo(session, message, task, ACTOR)]
    say({"message": message, "corrected": said, "undone": undone}, json, f"Message {message} is corrected.")


def retrain_(
    task: Annotated[str, typer.Option(help="One task; all with enough corrections unless given.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: switch to what became better.")] = False,
    json: Json = False,
) -> None:
    """Fit the model's heads on corrections, compare them on held-back ones, and switch if you agree.

    With --json nothing is asked, and nothing is switched without --yes.
    """
    if task and task not in TASKS:
        raise BadPayload(f"There is no head for {task!r}. Heads: {', '.join(TASKS)}.")
    ready()
    with db.read() as session:
        numbers = retrain.counts(session)
        chosen = [task] if task else [name for name, number in numbers.items() if number >= retrain.LEAST]
        if not chosen:
            there = ", ".join(f"{name} {number}" for name, number in numbers.items())
            raise BadPayload(f"{retrain.LEAST} corrections of one task are needed to learn from. There are: {there}.")
        shipped, encoder, encode = retrain.model()
        found = [retrain.compare(session, name, shipped, encoder, encode) for name in chosen]
        version = fitted.chosen(session)
    in_use = fitted.load(version) if version else shipped
    fresh = retrain.together(in_use, found)
    if not json:
        show([_row(one) for one in found], False)
    switch = any(one.better for one in found) and fresh.version != in_use.version
    if switch and not yes:
        switch = not json and typer.confirm("Switch to the heads that became better?")
    if switch:
        fitted.keep(fresh)
        with db.write() as session:
            fitted.choose(session, fresh.version, ACTOR)
    value = {"tasks": {one.task: one.as_dict() for one in found}, "switched": switch}
    value["heads"] = fresh.version if switch else version or fitted.SHIPPED
    sentence = "What is stored is annotated again in the background." if switch else "Everything stays as it is."
    say(value, json, sentence)


def _row(one: Compared) -> dict[str, Any]:
    """One comparison in a line."""
    return {
        "task": one.task,
        "corrections": one.new.n,
        "shipped": _figure(one.shipped),
        "new": _figure(one.new),
        "others_changed": f"{one.others_changed:.1%} of {one.others}",
        "better": "yes" if one.better else "no",
    }


def _figure(one: Evaluation) -> str:
    return f"{one.macro_f1:.3f} ({one.interval[0]:.3f} to {one.interval[1]:.3f})"


def heads(
    version: Annotated[
        str, typer.Argument(help="shipped, or a version that was fitted here; lists them unless given.")
    ] = "",
    json: Json = False,
) -> None:
    """Which heads of the embedded model are in use; go back to the shipped ones, or to others that were fitted."""
    ready()
    if version:
        with db.write() as session:
            fitted.choose(session, version, ACTOR)
    with db.read() as session:
        in_use = fitted.chosen(session) or fitted.SHIPPED
    others = [name for name in (fitted.SHIPPED, *fitted.stored()) if name != in_use]
    sentence = f"In use: {in_use}." + (f" Others: {', '.join(others)}." if others else "")
    say({"in_use": in_use, "others": others}, json, sentence)


def reannotate(
    since: Annotated[str, typer.Option(help="Only messages written from this day on, 2026-11-01.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Come back when all is done.")] = False,
    json: Json = False,
) -> None:
    """Annotate what is stored with the annotator in use, in the background; what older versions said is kept."""
    first = _day(since) if since else None
    with working() as hub:
        with db.write() as session:
            passes.begin(session, ACTOR, since=first)
        if wait:
            settle(hub)
        with db.read() as session:
            row = passes.newest(session)
            trouble = active.state(session).error
    assert row is not None  # noqa: S101  # it was begun above
    value = {"pass": row.id, "done": row.done, "total": row.total, "changed": row.changed,
             "ended": row.ended_at is not None, "waits_for": trouble}  # fmt: skip
    if row.ended_at is not None:
        sentence = f"{row.done} messages are annotated again; {row.changed} of them are rated otherwise now."
    else:
        sentence = "Stored messages are annotated again while a hub runs; `widerhall sentiment status` says how far."
    say(value, json, sentence)


def _day(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise BadPayload(f"{text!r} is no day. Write it as 2026-11-01.") from error


def drift_(
    language: Annotated[str, typer.Option(help="One language; all unless given.")] = "",
    weeks: Annotated[int, typer.Option(help="So many weeks, the running one included.", min=1, max=520)] = drift.WEEKS,
    json: Json = False,
) -> None:
    """How the answers move over the weeks: shares, doubt, confidence, disagreement of people, stability index."""
    ready()
    with db.read() as session:
        found = drift.weeks(session, language, weeks)
    rows = [one.as_dict() for one in found]
    if not json:
        rows = [{name: _short(value) for name, value in row.items()} for row in rows]
    show(rows, json, empty="Nothing was annotated in these weeks.")


def _short(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value
