"""`widerhall labels | sentiment`: labels by keyword, the annotator in use, and how good it is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from core import db
from core.errors import BadPayload
from sentiment import active, labels
from sentiment import evaluate as evaluation
from web.cli.base import Json, ready, say, show

label_group = typer.Typer(no_args_is_help=True, help="Labels that messages get by keyword.")
group = typer.Typer(no_args_is_help=True, help="The annotator.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(label_group, name="labels")
    app.add_typer(group, name="sentiment")


@label_group.command("add")
def add(name: str, term: list[str], json: Json = False) -> None:
    """A label with its words, phrases or prefixes (liefer*)."""
    ready()
    with db.write() as session:
        number = labels.create(session, name, term)
    say({"id": number, "name": name, "terms": term}, json, f"Label {name}: messages that arrive from now on get it.")


@label_group.command("list")
def list_(json: Json = False) -> None:
    """Every label with its terms."""
    ready()
    with db.read() as session:
        rows = [
            {"id": x.id, "name": x.name, "terms": x.terms, "enabled": x.enabled} for x in labels.all_labels(session)
        ]
    show(rows, json, empty="No label yet: widerhall labels add NAME TERM …")


@label_group.command("remove")
def remove(name: str, json: Json = False) -> None:
    """Delete a label."""
    ready()
    with db.write() as session:
        labels.remove(session, name)
    say({"removed": name}, json, f"Label {name} is removed.")


@group.command("use")
def use(annotator: Annotated[str, typer.Argument(help="lexicon or hub:MODEL")], json: Json = False) -> None:
    """Choose the annotator, once it was loaded here."""
    ready()
    with db.write() as session:
        version = active.use(session, annotator)
    say(
        {"annotator": annotator, "version": version},
        json,
        f"{annotator} ({version}) annotates what arrives from now on.",
    )


@group.command("status")
def status(json: Json = False) -> None:
    """Which annotator is in use, and its trouble."""
    ready()
    with db.read() as session:
        row = active.state(session)
    say({"annotator": row.name, "error": row.error}, json, row.name + (f": {row.error}" if row.error else ""))


@group.command("evaluate")
def evaluate(
    texts: Annotated[Path, typer.Option(help="One text a line.")],
    labels_: Annotated[
        Path, typer.Option("--labels", help="One label a line: negative, neutral, positive or 0, 1, 2.")
    ],
    annotator: Annotated[str, typer.Option(help="lexicon or hub:MODEL; the one in use unless given.")] = "",
    language: Annotated[str, typer.Option(help="Language of all texts; found out unless given.")] = "",
    json: Json = False,
) -> None:
    """Hold the annotator against labelled texts."""
    ready()
    said = _lines(texts)
    names = {"0": "negative", "1": "neutral", "2": "positive"}
    truth = [names.get(word.strip(), word.strip()) for word in _lines(labels_)]
    if len(said) != len(truth):
        raise BadPayload(
            f"{texts.name} has {len(said)} lines and {labels_.name} has {len(truth)}: they must be as many."
        )
    with db.read() as session:
        chosen = active.make(annotator) if annotator else active.current(session).annotator
    started = time.perf_counter()
    try:
        found = evaluation.evaluate(said, truth, chosen, [language or None] * len(said))
    except ValueError as error:
        raise BadPayload(str(error)) from error
    value = {**found.as_dict(), "messages_per_second": round(len(said) / (time.perf_counter() - started))}
    say(value, json, "\n".join(f"{name:22} {figure}" for name, figure in value.items()))


def _lines(path: Path) -> list[str]:
    """Lines end at a line feed only: texts of people hold every other sign that Python would cut at."""
    try:
        return path.read_text(encoding="utf-8-sig").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise BadPayload(f"{path.name} is not UTF-8: {error.reason} at byte {error.start}.") from error
