"""The form of a list of deeds: `a.0_do`, `a.0_v`, changed by its buttons."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from starlette.datastructures import FormData

from core.errors import Rejected
from core.typed import plain
from inbox import actions
from inbox.actions import Action
from web import field_words, gone
from web.reader import Reader

NAME = re.compile(r"a\.(\d{1,2})_do", re.ASCII)
DEED = re.compile(r"(undeed):a\.(\d{1,2})", re.ASCII)


@dataclass
class Row:
    """One deed as it is typed."""

    do: str
    value: str = ""
    wrong: str = ""
    fresh: bool = False


def read(form: FormData, kinds: Collection[str]) -> list[Row]:
    """What a browser sent; unknown deeds are left out."""
    numbers = sorted(int(found[1]) for name in form if (found := NAME.fullmatch(name)))
    rows = [Row(str(form[f"a.{number}_do"]), _value(form, number)) for number in numbers]
    return [row for row in rows if row.do in kinds]


def _value(form: FormData, number: int) -> str:
    """With what: a custom field has a number and a value."""
    typed = str(form.get(f"a.{number}_v", "")).replace("\r\n", "\n")[:20_000]
    if form[f"a.{number}_do"] == "snooze":
        return plain(typed)
    chosen = str(form.get(f"a.{number}_f", ""))[:20]
    return f"{chosen}={typed.strip()}" if form[f"a.{number}_do"] == "field" and chosen else typed


def change(rows: list[Row], deed: str, form: FormData, kinds: Collection[str]) -> None:
    """A further deed, or one less."""
    found = DEED.fullmatch(deed)
    if found and int(found[2]) < len(rows):
        del rows[int(found[2])]
    elif deed == "deed" and len(rows) < actions.MOST and (do := str(form.get("a_add", ""))) in kinds:
        rows.append(Row(do, fresh=True))


def deeds(rows: list[Row], kinds: Collection[str], reader: Reader) -> list[Action] | None:
    """The deeds, numbers as the reader's language writes them; None when one makes no sense: it says why then."""
    found = []
    for row in rows:
        try:
            found.append(actions.action({"do": row.do, "value": _kept(row, reader)}, kinds))
            row.wrong = ""
        except Rejected as error:
            row.wrong = str(error)
    return None if any(row.wrong for row in rows) else found


def _kept(row: Row, reader: Reader) -> str:
    number, _, typed = row.value.partition("=")
    field = gone.field(number, reader)[0] if row.do == "field" else None
    return f"{number}={field_words.typed(field, [typed], reader)[0]}" if field is not None else row.value


def of(kept: list[dict[str, str]], kinds: Collection[str], reader: Reader) -> list[Row]:
    """Kept deeds as a form."""
    return [Row(one["do"], _shown(one, reader)) for one in kept if one.get("do") in kinds]


def _shown(one: dict[str, str], reader: Reader) -> str:
    """With what, a number as the reader's language writes it."""
    number, _, value = one.get("value", "").partition("=")
    field = gone.field(number, reader)[0] if one["do"] == "field" else None
    if field is None or field.kind != "number":
        return one.get("value", "")
    return f"{number}={field_words.shown(field, value, reader)}"
