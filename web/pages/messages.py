"""`/messages`: single messages, newest first: what stands behind a figure."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlmodel import Session

from core import db
from inbox import accounts
from inbox.models import Identity
from listening import subjects
from listening.figures import behind as behind_figures
from listening.figures.scope import UNKNOWN, Scope
from sentiment.themes.models import Theme
from web import behind, place, render, topics
from web.permissions import allow
from web.reader import Reader
from web.reports import asked
from web.reports.say import Say
from web.reports.sheet import filter_words

router = APIRouter()

Pill = tuple[str, str]
"""The words of a filter that is set, and the address without it."""


@router.get("/messages")
def index(request: Request, reader: Annotated[Reader, Depends(allow("messages.read"))], before: str = "") -> Response:
    """The messages an address asks for, with their sums on top."""
    given = request.query_params
    scope, problem = asked.messages(reader, given)
    start, say = place.read(before), Say(reader)
    with db.read() as session:
        sums = behind_figures.sums(session, scope)
        found = behind_figures.ids(session, scope, start, behind.PAGE + 1)
        rows = behind.rows(session, found[: behind.PAGE])
        names = {one.id or 0: one.name for one in subjects.all_subjects(session)}
        pills = _pills(session, say, scope, names)
        known = accounts.all_accounts(session)
    here = asked.behind(scope)
    older = rows[-1].place if rows and len(found) > behind.PAGE else ""
    return render.page(
        request,
        reader,
        "messages.html",
        sums=sums,
        rows=rows,
        older=f"{here}{'&' if '?' in here else '?'}before={older}" if older else "",
        newest=here if start is not None else "",
        scope=scope,
        say=say,
        pills=pills,
        platforms=sorted({one.platform for one in known}),
        connected=any(one.state != "removed" for one in known),
        subject=names.get(scope.subject_id, ""),
        subjects=sorted(names.items(), key=lambda pair: pair[1]),
        problem=problem,
    )


def _pills(session: Session, say: Say, scope: Scope, names: dict[int, str]) -> list[Pill]:
    found: list[Pill] = []
    if scope.subject_id:
        name = names.get(scope.subject_id, "?")
        found.append((say.words("About %(subject)s", subject=name), asked.behind(scope.of(subject_id=0))))
    if scope.period is not None:
        found.append((say.period(scope.period), asked.behind(scope.of(period=None, clock=None))))
    if scope.clock is not None:
        found.append((say.hours(scope.clock), asked.behind(scope.of(clock=None))))
    found += _by_name(session, say, scope)
    if scope.words:
        found.append((say.words("“%(words)s”", words=scope.words), asked.behind(scope.of(words=""))))
    if scope.hashtag:
        found.append((f"#{scope.hashtag}", asked.behind(scope.of(hashtag=""))))
    if scope.public:
        found.append((say.words("only public"), asked.behind(scope.of(public=False))))
    for name in asked.FILTERS:
        if value := getattr(scope, name):
            found.append((filter_words(say, name, value), asked.behind(scope.of(**{name: ""}))))
    return found


def _by_name(session: Session, say: Say, scope: Scope) -> list[Pill]:
    found: list[Pill] = []
    if scope.theme:
        found.append((_theme(session, say, scope.theme), asked.behind(scope.of(theme=0))))
    if scope.author:
        found.append((_author(session, say, scope.author), asked.behind(scope.of(author=""))))
    return found


def _theme(session: Session, say: Say, theme: int) -> str:
    row = session.get(Theme, theme)
    return say.words("Theme: %(name)s", name=topics.named(row, say.reader) if row is not None else str(theme))


def _author(session: Session, say: Say, author: str) -> str:
    if author == UNKNOWN:
        return say.words("Author unknown")
    identity = session.get(Identity, asked.number(author))
    return (identity.name or identity.handle) if identity is not None else say.words("Author unknown")
