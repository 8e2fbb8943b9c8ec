"""`widerhall sentiment`: the annotator in use, how good it is, what it says about any text."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from core import db
from core.errors import BadPayload
from sentiment import active, answers, fitted, passes, predict
from sentiment import evaluate as evaluation
from sentiment.port import Annotator
from web.cli.base import Json, line, ready, say

group = typer.Typer(no_args_is_help=True, help="The annotator.")

Name = Annotated[str, typer.Option(help="embedded, lexicon or hub:MODEL; the one in use unless given.")]
Language = Annotated[str, typer.Option(help="Language of all texts; found out unless given.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="sentiment")


@group.command("use")
def use(annotator: Annotated[str, typer.Argument(help="embedded, lexicon or hub:MODEL")], json: Json = False) -> None:
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
        row, under_way = active.state(session), passes.running(session)
        heads = fitted.chosen(session) or fitted.SHIPPED
    value: dict[str, Any] = {"annotator": row.name, "heads": heads, "error": row.error}
    value["again"] = {"done": under_way.done, "total": under_way.total} if under_way is not None else None
    say(value, json, row.name + (f": {row.error}" if row.error else ""))


@group.command("evaluate")
def evaluate(
    texts: Annotated[Path, typer.Option(help="One text a line.")],
    labels_: Annotated[
        Path, typer.Option("--labels", help="One label a line: a name of the task's classes, or its number from 0.")
    ],
    task: Annotated[str, typer.Option(help=f"What is asked: {', '.join(answers.ASKED)}.")] = "sentiment",
    annotator: Name = "",
    language: Language = "",
    json: Json = False,
) -> None:
    """Hold the annotator against labelled texts; exit code 2 when it cannot tell what is asked."""
    ready()
    said, truth = _lines(texts), _lines(labels_)
    if len(said) != len(truth):
        raise BadPayload(
            f"{texts.name} has {len(said)} lines and {labels_.name} has {len(truth)}: they must be as many."
        )
    chosen = _chosen(annotator)
    found, seconds = evaluation.timed(said, truth, chosen, [language or None] * len(said), task=task)
    value = {
        **found.as_dict(),
        "messages_per_second": round(len(said) / seconds, 1) if seconds else 0.0,
        "task": task,
        "annotator": chosen.name,
        "version": chosen.version,
    }
    say(value, json, "\n".join(_figures(value)))


def _figures(value: dict[str, Any]) -> Iterator[str]:
    for name, figure in value.items():
        if name == "per_class":
            for one, row in figure.items():
                yield f"  {one:20} " + "  ".join(f"{part} {_round(share)}" for part, share in row.items())
        else:
            yield f"{name:22} {_round(figure)}"


def _round(figure: Any) -> Any:
    if isinstance(figure, list):
        return " to ".join(str(_round(one)) for one in figure)
    return round(figure, 4) if isinstance(figure, float) else figure


@group.command("predict")
def predict_(
    texts: Annotated[
        Path | None, typer.Option(help='One text a line, or a JSON object with "text"; standard input unless given.')
    ] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Every field of each annotation, as a line of JSON.")] = False,
    annotator: Name = "",
    language: Language = "",
) -> None:
    """What the annotator says about texts, in their order, while they come in."""
    ready()
    chosen = _chosen(annotator)
    with _source(texts) as source:
        for one in predict.predictions(source, chosen, language):
            print(line(one) if jsonl else _short(one), flush=True)


@contextmanager
def _source(path: Path | None) -> Iterator[Iterable[bytes]]:
    if path is None:
        yield sys.stdin.buffer
        return
    with path.open("rb") as stream:
        yield stream


def _short(one: dict[str, Any]) -> str:
    sure = max(one["probabilities"].values())
    parts = (one["language"], one["sentiment"], f"{sure:.2f}", one["intent"], one["urgency"], one["emotion"])
    return "\t".join(str(part) if part else "–" for part in parts) + ("\toffensive" if one["offensive"] else "")


def _chosen(name: str) -> Annotator:
    """The annotator of this name, or the one in use; what stands in for another one is said on standard error."""
    if name:
        return active.make(name)
    with db.read() as session:
        found = active.current(session)
    if found.error:
        print(f"widerhall: {found.annotator.name} stands in for {found.wanted}: {found.error}", file=sys.stderr)
    return found.annotator


def _lines(path: Path) -> list[str]:
    """Lines end at a line feed only: texts of people hold every other sign that Python would cut at."""
    try:
        return path.read_text(encoding="utf-8-sig").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise BadPayload(f"{path.name} is not UTF-8: {error.reason} at byte {error.start}.") from error
