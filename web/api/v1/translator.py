"""The server that translates: set up, tried out, removed."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from connectors.translation import service
from connectors.translation.port import Languages
from connectors.translation.service import Wanted
from core import db
from inbox import consent, translations
from web.api.v1.change import Changing
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import Given, Moment, Text
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/translator"
TAG = "translation"

router = _router()
Setting = Annotated[Reader, Depends(allow("accounts.manage"))]
Provider = Literal["libretranslate", "deepl"]
Asked = tuple[str, str, Languages]


class Translator(BaseModel):
    """The server that translates, and whether it may be asked."""

    provider: Provider | Literal[""] = Field("", description="Empty: nobody translates.")
    url: str = ""
    has_key: bool = False
    private: bool = Field(False, description="Private messages go there, too.")
    targets: list[str] = Field(default_factory=list, description="Languages that it offers.")
    checked_at: Moment | None = None
    allowed: bool = Field(description="The purpose `translate` is switched on (`GET /purposes`).")


class NewTranslator(Given):
    """A server."""

    provider: Provider
    url: Text = Field("", max_length=1_000, description="Needed for LibreTranslate; https.")
    key: Text = Field("", max_length=1_000, description="Empty: the one that is kept for this address, or none.")
    private: bool = Field(False, description="Private messages go there, too.")
    basis: Literal["consent", "contract", "legitimate_interest"] | None = Field(
        None, description="Switches the purpose on; asks for people.object. Needed unless it is on already."
    )


class SetUp(BaseModel):
    """What became of the server."""

    changed: bool
    targets: list[str] = Field(description="Languages that it offers.")


@router.get(HERE, tags=[TAG])
def translator(reader: Setting) -> Translator:
    """Who translates; its key is never shown."""
    with db.read() as session:
        row, on = translations.translator(session), consent.switched_on(session, translations.PURPOSE)
    if row is None:
        return Translator(allowed=on)
    return Translator(
        provider=row.provider, url=row.url, has_key=bool(row.key), private=row.private, targets=sorted(row.targets),
        checked_at=row.checked_at, allowed=on,
    )  # fmt: skip


@router.post(HERE, tags=[TAG], response_model=SetUp)
def set_up(change: Changing, reader: Setting, body: NewTranslator) -> Response:
    """Try a server with one word, and keep it when it translates."""
    if body.basis is not None and not reader.may("people.object"):
        raise Refused(403, "Naming a lawful basis asks for the permission people.object.")
    return _kept(change, reader, Wanted(body.provider, body.url, body.key, body.basis or "", body.private))


@router.post(HERE + "/test", tags=[TAG], response_model=SetUp)
def test(change: Changing, reader: Setting) -> Response:
    """Ask the server that is kept for its languages and for a word."""
    with db.read() as session:
        row = translations.translator(session)
    if row is None:
        raise Refused(422, service.OFF, "rejected")
    return _kept(change, reader, Wanted(row.provider, row.url, private=row.private))


@router.post(HERE + "/remove", tags=[TAG], response_model=SetUp)
def remove(change: Changing, reader: Setting) -> Response:
    """Nothing goes there any more; what was translated stays."""

    def work(session: Session) -> SetUp:
        there = translations.translator(session) is not None
        if there:
            service.remove(session, reader.actor)
        return SetUp(changed=there, targets=[])

    return change.do(work)


def _kept(change: Changing, reader: Reader, wanted: Wanted) -> Response:
    def ask() -> Asked:
        with db.read() as session:
            url, key = service.ask(session, wanted)
        return url, key, service.probe(wanted.provider, url, key)

    def work(session: Session, said: Asked) -> SetUp:
        url, key, offered = said
        service.save(session, wanted, url, key, offered, reader.actor)
        return SetUp(changed=True, targets=sorted(offered.targets))

    return change.asking(ask, work)
