"""`widerhall sentiment towards`: what a text says of each brand that it names."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from core import db
from sentiment import active
from sentiment.language import identify
from sentiment.port import CLASSES
from sentiment.towards import Towards, classifier
from sentiment.towards import towards as judge
from web.cli.base import Json, ready, show
from web.cli.sentiment import group


def register(app: typer.Typer) -> None:
    """Add the command to `sentiment`, which is there already."""
    group.command("towards")(towards)


def towards(
    text: str,
    brand: Annotated[list[str], typer.Option(help="A name; further names of the same brand after |. Repeatable.")],
    annotator: Annotated[str, typer.Option(help="As in `use`; the one in use unless given.")] = "",
    json: Json = False,
) -> None:
    """What a text says of each brand that it names."""
    ready()
    with db.read() as session:
        chosen = active.make(annotator) if annotator else active.current(session).annotator
    language = identify([text])[0][0]
    names = [[one.strip() for one in names.split("|") if one.strip()] for names in brand]
    names = [one for one in names if one]
    found = judge(text, names, classifier(chosen, language))
    show([_row(one[0], said) for one, said in zip(names, found, strict=True)], json)


def _row(brand: str, said: Towards | None) -> dict[str, Any]:
    shares = [round(share, 4) for share in said.probabilities] if said else [None] * 3
    return {
        "brand": brand,
        "sentiment": said.sentiment if said else None,
        **dict(zip(CLASSES, shares, strict=True)),
        "parts": list(said.parts) if said else [],
    }
