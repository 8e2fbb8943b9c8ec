"""How conditions name a custom field: `conversation:choice:12` is the field 12, of choices, of conversations. Pure.

The name says what is needed to ask, so that a tree of conditions is read without a look at the database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from inbox.fields.kinds import SUBJECTS

AS: Mapping[str, Literal["words", "number", "date", "flag", "choice", "many"]] = {
    "text": "words", "link": "words", "number": "number", "date": "date", "flag": "flag", "choice": "choice",
    "several": "many",
}  # fmt: skip
"""What a field holds → how it is asked."""
NAME = re.compile(rf"({'|'.join(SUBJECTS)}):({'|'.join(AS)}):([1-9][0-9]{{0,14}})", re.ASCII)
OPTION = r"none|o[1-9][0-9]{0,5}"


def name(subject: str, kind: str, field_id: int) -> str:
    """How conditions name a field."""
    return f"{subject}:{kind}:{field_id}"


def parts(name: str) -> tuple[str, str, int] | None:
    """Of what, what it holds, and its number; None when it is no name of a custom field."""
    found = NAME.fullmatch(name)
    return (found[1], found[2], int(found[3])) if found else None
