"""`widerhall people train`: weights of matching, learned without labels."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from core.errors import Rejected
from core.settings import settings
from enrichment import calibration, learning
from enrichment.matching import bulk, learn
from enrichment.matching.people import account, person
from enrichment.matching.weights import shipped
from web.cli.base import Json, ready, say
from web.cli.people import group


def register(app: typer.Typer) -> None:
    """Add the command to those of `people`."""
    group.command("train")(train)


def train(
    contacts: Annotated[Path | None, typer.Option(help="CSV of contacts; the hub's own unless given.")] = None,
    identities: Annotated[Path | None, typer.Option(help="CSV of accounts, beside --contacts.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write them there, for `people match --weights`.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Switch the hub to them without asking.")] = False,
    json: Json = False,
) -> None:
    """Learn how much names and towns tell here, without labels (Splink, extra [identity]); you decide on the switch."""
    if (contacts is None) != (identities is None):
        raise Rejected("Give --contacts and --identities together, or neither: then the hub's own people are taken.")
    if contacts is not None and identities is not None:
        if out is None:
            raise Rejected("Say with --out where the weights learned from files go.")
        known, seen = bulk.everybody(contacts, identities)
        engine = settings().identity_engine
        found = learn.learned([person(one) for one in known], [account(one) for one in seen], engine)
        before = learn.current(shipped())
    else:
        ready()
        found, before = learning.learned(settings().identity_engine), learn.current(calibration.active())
    if not json:
        print(
            f"Learned from {found.people} contacts and {found.accounts} accounts, {found.pairs} of them likely known:"
        )
        for name, value in found.values.items():
            print(f"{learn.WORDS[name]}: {before[name]} now, {value} learned.")
    agreed = contacts is None and (yes or (not json and out is None and typer.confirm("Switch to them?")))
    if out is not None:
        out.write_text(learn.toml(found), "utf-8")
    if agreed:
        calibration.take(found)
    sentence = "Proposals are rated so from now on; calibrate again." if agreed else (
        f"Written to {out}." if out is not None else "Nothing was changed.")  # fmt: skip
    say({**asdict(found), "before": before, "switched": agreed, "out": str(out) if out else None}, json, sentence)
