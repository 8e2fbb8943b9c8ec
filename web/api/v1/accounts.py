"""What answering stands on: our accounts, teams, saved replies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Response
from pydantic import Field
from sqlmodel import Session

from core import db
from inbox import accounts, saved, teams
from inbox.models import Account as OurAccount
from inbox.models import Conversation, Identity
from inbox.sharing import ALL
from web import saved as offered
from web import sharing, thread
from web.api.v1.change import Changing
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Given, Id, Made, Moment, Shown, Text
from web.permissions import allow
from web.reader import Reader

TAG = "accounts"
REPLIES = "/api/v1/saved-replies"

router = _router()
Reading = Annotated[Reader, Depends(allow("accounts.read"))]
Replying = Annotated[Reader, Depends(allow("conversations.reply"))]
Inbox = Annotated[Reader, Depends(allow("messages.read"))]


class Feed(Shown):
    """Something that is pulled for an account."""

    name: str
    enabled: bool
    due_at: Moment
    pulled_at: Moment | None
    error: str


class Account(Shown):
    """One of our own accounts."""

    id: int
    platform: str
    handle: str
    name: str
    state: str
    error: str
    language: str
    team_id: int | None
    created_at: Moment
    feeds: list[Feed] = Field(default_factory=list)


class Team(Shown):
    """People who take care of the same conversations."""

    id: int
    name: str


class SavedReply(Shown):
    """A text that is sent often, by language, with places such as `{first_name}`."""

    id: int
    name: str
    shortcut: str | None
    texts: dict[str, str]
    shared: list[str] = Field(description="Who uses it besides who made it: all, or teams as team:3.")
    made_by: str
    changed_by: str
    changed_at: Moment


class FilledReply(Shown):
    """A saved reply as it would be sent in one conversation."""

    id: int
    name: str
    shortcut: str
    language: str = Field(description="The one to take: the customer's where there is a text in it.")
    texts: dict[str, str] = Field(description="By language, with the places filled in as far as they are known.")
    unknown: dict[str, list[str]] = Field(description="By language, the places that close up: nothing is known here.")


@dataclass(frozen=True)
class Talk:
    """The conversation they are filled in for."""

    conversation: Conversation
    account: OurAccount
    person: Identity | None


class NewReply(Given):
    """A text that is sent often."""

    name: Text = Field(min_length=1, max_length=saved.NAME_LIMIT)
    shortcut: Text = Field("", max_length=saved.SHORTCUT_LIMIT)
    texts: dict[str, Text] = Field(description="By language (de, en, ja …).", min_length=1, max_length=50)
    shared: list[Text] | None = Field(
        None,
        max_length=100,
        description="all, or teams as team:3; empty for oneself alone. Left out: all, or as it was.",
    )


@router.get("/api/v1/accounts", tags=[TAG])
def index(reader: Reading) -> All[Account]:
    """Every account of ours with its feeds, removed ones too."""
    with db.read() as session:
        found = []
        for row in accounts.all_accounts(session):
            one = Account.model_validate({name: getattr(row, name) for name in Account.model_fields if name != "feeds"})
            one.feeds = [Feed.model_validate(feed) for feed in accounts.feeds(session, one.id)]
            found.append(one)
        return All(items=found)


@router.get("/api/v1/teams", tags=[TAG])
def all_teams(reader: Inbox) -> All[Team]:
    """Every team."""
    with db.read() as session:
        return All(items=[Team(id=number, name=name) for number, name in teams.names(session)])


@router.get(REPLIES, tags=[TAG])
def replies(reader: Replying, q: Annotated[str, Query(max_length=200)] = "") -> All[SavedReply]:
    """Saved replies that the token's owner uses; with `q` those in which every word of it stands."""
    with db.read() as session:
        return All(items=[SavedReply.model_validate(one) for one in saved.of(session, reader.actor, db.sound(q))])


@router.get("/api/v1/conversations/{conversation_id}/saved-replies", tags=[TAG])
def filled(reader: Replying, conversation_id: Id, q: Annotated[str, Query(max_length=200)] = "") -> All[FilledReply]:
    """Saved replies filled in for a conversation, the customer's language first: at most 50, `q` finds more."""
    with db.read() as session:
        conversation = thread.find(session, conversation_id, reader)
        account = session.get(OurAccount, conversation.account_id)
        assert account is not None  # noqa: S101  # a foreign key
        whose = conversation.identity_id
        person = session.get(Identity, whose) if whose is not None else None
        found, _ = offered.offers(session, Talk(conversation, account, person), reader, db.sound(q))
        return All(items=[FilledReply.model_validate(one) for one in found])


@router.post(REPLIES, tags=[TAG], response_model=Made, status_code=201)
def add(change: Changing, reader: Replying, body: NewReply) -> Response:
    """Keep a new saved reply."""
    return change.do(lambda session: Made(id=_save(session, None, body, reader)), 201)


@router.post(f"{REPLIES}/{{saved_id}}", tags=[TAG], response_model=Changed)
def edit(change: Changing, reader: Replying, saved_id: Id, body: NewReply) -> Response:
    """Change a saved reply as a whole."""

    def work(session: Session) -> Changed:
        _there(session, saved_id, reader)
        return Changed(id=_save(session, saved_id, body, reader), changed=True)

    return change.do(work)


@router.post(f"{REPLIES}/{{saved_id}}/remove", tags=[TAG], response_model=Changed)
def remove(change: Changing, reader: Replying, saved_id: Id) -> Response:
    """Throw a saved reply away."""

    def work(session: Session) -> Changed:
        _there(session, saved_id, reader)
        others = reader.may("shared.edit")
        return Changed(id=saved_id, changed=saved.remove(session, saved_id, reader.actor, others=others))

    return change.do(work)


def _save(session: Session, number: int | None, body: NewReply, reader: Reader) -> int:
    shared = body.shared
    if shared is not None:
        shared = sharing.chosen(shared, sharing.options(session, reader))
    elif number is None:
        shared = [ALL]
    return saved.save(
        session, number, name=body.name, shortcut=body.shortcut, texts=body.texts, actor=reader.actor, shared=shared,
        others=reader.may("shared.edit"),
    )  # fmt: skip


def _there(session: Session, number: int, reader: Reader) -> None:
    if saved.find(session, number, reader.actor) is None:
        raise Refused(404)
