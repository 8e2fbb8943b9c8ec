"""`widerhall themes`, and labels by example: what people write about."""

from __future__ import annotations

from typing import Annotated

import typer

from core import db
from sentiment import labels
from sentiment.examples import store
from sentiment.themes import deeds
from sentiment.themes.models import Theme
from sentiment.themes.trend import Trend
from web import topics
from web.cli.annotate import label_group
from web.cli.base import Json, ready, say, settle, show, working
from web.reader import Reader

group = typer.Typer(no_args_is_help=True, help="Themes: what people write about, found out without being told.")
PERMISSIONS = frozenset({"messages.private"})
"""Whoever may run commands sees everything."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="themes")


@label_group.command("example")
def example(
    name: str,
    message: list[int],
    not_: Annotated[bool, typer.Option("--not", help="They do not carry the label.")] = False,
    json: Json = False,
) -> None:
    """Name messages as examples of a label; from five on it learns what they have in common."""
    with working() as hub:
        with db.write() as session:
            label = labels.get(session, name)
            number = store.add(session, label, message, positive=not not_)
            label_id = label.id or 0
        if not hub:
            settle(hub, 300.0)
    with db.read() as session:
        found, (for_it, against) = store.learnt(session)[label_id], store.counts(session)[label_id]
    value = {
        "label": name, "added": number, "examples": for_it, "counter_examples": against, "problem": found.problem,
        "precision": found.measure.precision if found.measure else None,
        "precision_interval": found.measure.precision_interval if found.measure else None,
        "recall": found.measure.recall if found.measure else None,
    }  # fmt: skip
    m = found.measure
    measured = f"precision {m.precision or 0:.0%}, recall {m.recall:.0%}" if m else ""
    say(value, json, f"{name}: {for_it} examples, {against} counter-examples. {measured or found.problem}".strip())


@group.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Hidden and quiet ones too.")] = False, json: Json = False
) -> None:
    """Themes with their trend, those most written about first."""
    ready()
    reader = Reader("en", permissions=PERMISSIONS)
    with db.read() as session:
        trends = topics.by_theme(session, reader)
        found = [one for one in deeds.living(session) if everything or (not one.hidden and one.id in trends)]
    found.sort(key=lambda one: (-trends.get(one.id, topics.NOTHING).now, one.id))
    show([_row(one, trends.get(one.id, topics.NOTHING), reader) for one in found], json, empty="No theme yet.")


def _row(theme: Theme, trend: Trend, reader: Reader) -> dict[str, object]:
    return {
        "id": theme.id, "name": topics.named(theme, reader), "state": trend.state, "last_7_days": trend.now,
        "before": trend.before, "last_30_days": trend.month, "edited": theme.edited, "hidden": theme.hidden,
    }  # fmt: skip


@group.command("rename")
def rename(theme: int, name: str, json: Json = False) -> None:
    """Give a theme a name that stays; an empty one lets its words name it again."""
    ready()
    with db.write() as session:
        deeds.rename(session, theme, name)
    sentence = f"Theme {theme} is called {name}." if name else f"Theme {theme} is named by its words again."
    say({"id": theme, "name": name}, json, sentence)


@group.command("merge")
def merge(theme: int, into: int, json: Json = False) -> None:
    """Put all messages of a theme into another one, which keeps its name and number."""
    ready()
    with db.write() as session:
        deeds.merge(session, theme, into)
    say({"id": theme, "merged_into": into}, json, f"Theme {theme} is part of theme {into} now.")


@group.command("rebuild")
def rebuild(
    fresh: Annotated[bool, typer.Option("--fresh", help="End every theme that nobody named, and start over.")] = False,
    json: Json = False,
) -> None:
    """Look at every message that is in no theme, and care for all themes now."""
    with working() as hub:
        with db.write() as session:
            waiting = deeds.rebuild(session, fresh=fresh)
        if not hub:
            settle(hub, 600.0)
    with db.read() as session:
        number = len(deeds.living(session))
    sentence = f"{waiting} messages were in no theme; there are {number} themes."
    say({"waiting": waiting, "themes": number}, json, sentence)
