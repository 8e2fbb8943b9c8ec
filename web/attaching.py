"""Files beside a draft as pages show them: what lies there, and what the platform would say to each kind of answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import Request
from sqlmodel import Session

from connectors import attaching
from connectors.attaching import Wrong
from connectors.capabilities import BY_NAME, Capability
from core import db
from inbox import attachments
from inbox.file_models import Attached
from inbox.models import Account
from web.i18n import N_
from web.place import LARGEST
from web.reader import Reader

SENTENCES = (
    N_("%(platform)s takes no files with this kind of answer. Take them away, or choose another kind."),
    N_("%(platform)s takes fewer files with one answer. At most: %(most)s."),
    N_("%(platform)s takes %(name)s only by itself. Take the other files away, or send it in an answer of its own."),
    N_("%(platform)s does not take %(first)s and %(name)s together. Send one of them in an answer of its own."),
    N_("%(platform)s does not take files like %(name)s. It takes: %(kinds)s."),
    N_("%(name)s is too large for %(platform)s. At most: %(most)s MB."),
    N_("%(name)s is too long for %(platform)s. At most: %(most)s minutes."),
    N_("With a file, %(platform)s takes a shorter text. At most: %(most)s characters."),
    N_("%(name)s is no longer on this hub's disk. Attach it again."),
    N_("The file is empty."),
    N_("The file is larger than this hub takes. Its operator can raise the limit."),
    N_("Ten files at most can be attached at once."),
    N_("This file is gone."),
    N_("This picture is damaged. Save it anew, or attach it in another format."),
)
"""What connectors.attaching and inbox.attachments say is wrong."""


@dataclass(frozen=True)
class Shelf:
    """The files beside a draft. By kind of answer: what is wrong with them, and how long a text may be beside them."""

    files: Sequence[Attached] = ()
    wrong: dict[str, str] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)
    alts: dict[str, int] = field(default_factory=dict)
    """Characters of a picture's or a video's description; 0 where the platform knows none."""


def rules(account: Account) -> Capability | None:
    """What our account's platform takes, by the limits that its own server told; None for an unknown platform."""
    row = BY_NAME.get(account.platform)
    if row is None:
        return None
    return attaching.told(row, account.config.get("limits") or {}, account.config.get("mimes") or ())


def shelf(files: Sequence[Attached], kinds: Sequence[str], row: Capability | None, reader: Reader) -> Shelf:
    """The same for somebody who looks; notes take everything."""
    wrong: dict[str, str] = {}
    limits: dict[str, int] = {}
    alts: dict[str, int] = {}
    for kind in kinds:
        if kind == "note" or row is None:
            continue
        if found := attaching.wrong(row, kind, files):
            wrong[kind] = said(found, reader)
        rule = attaching.carry(row, kind)
        if rule is not None:
            limits |= {kind: rule.text} if rule.text and files else {}
            alts[kind] = rule.alt
    return Shelf(files, wrong, limits, alts)


async def alts(request: Request) -> dict[int, str]:
    """What the form says of pictures and videos, by file: its fields `alt-12`."""
    form = await request.form()
    found = {name[4:]: str(value) for name, value in form.items() if name.startswith("alt-")}
    return {int(one): text for one, text in found.items() if one.isascii() and one.isdigit() and len(one) < 16}


def describe(conversation_id: int, reader: Reader, files: Sequence[int], texts: Mapping[int, str]) -> list[int]:
    """Keep what the form says of pictures and videos; the files it names, in their order."""
    if texts:
        with db.write() as session:
            attachments.describe(session, conversation_id, reader.actor, texts)
    return sorted({one for one in files if 0 < one < LARGEST})


def refused(
    conversation_id: int, row: Capability | None, files: Sequence[int], kind: str, text: str, reader: Reader
) -> str:
    """What the platform would refuse, in the reader's words; nothing when it takes them."""
    with db.read() as session:
        found = trouble(session, conversation_id, row, files, kind, text, reader)
    return said(found, reader) if found is not None else ""


def trouble(
    session: Session,
    conversation_id: int,
    row: Capability | None,
    files: Sequence[int],
    kind: str,
    text: str,
    reader: Reader,
) -> Wrong | None:
    """What the platform would refuse of these files beside the reader's draft."""
    wanted = [one for one in attachments.begun(session, conversation_id, reader.actor) if one.id in files]
    return attaching.wrong(row, kind, wanted, text) if row is not None else None


def said(wrong: Wrong, reader: Reader) -> str:
    """What is wrong, in the reader's words."""
    return reader.words(wrong.sentence, **wrong.values)
