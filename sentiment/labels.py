"""Labels that users define by words: a message carries each label of which it contains a term."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from core.errors import BadPayload
from inbox.text import bare, fold, has_cjk, needle, words
from sentiment.models import Label

_START = 3
"""Characters by which prefixes are found; a shorter prefix is refused."""


class Matcher:
    """All labels at once over one text. A term is a word, a phrase, a prefix (`liefer*`), or any run of
    Japanese, Chinese or Korean, which is found inside longer runs."""

    def __init__(self, labels: Iterable[tuple[str, Sequence[str]]]) -> None:
        self._phrases: dict[str, list[tuple[str, str]]] = {}
        self._prefixes: dict[str, list[tuple[str, str]]] = {}
        self._inside: list[tuple[str, str]] = []
        self._order: dict[str, int] = {}
        for name, terms in labels:
            self._order[name] = len(self._order)
            for term in terms:
                self._add(name, term)

    def _add(self, name: str, term: str) -> None:
        if has_cjk(term):
            self._inside.append((fold(term).strip(), name))
            return
        found = words(needle(term))
        if not found:
            return
        if term.rstrip().endswith("*") and len(found) == 1:
            self._prefixes.setdefault(found[0][:_START], []).append((found[0], name))
            return
        self._phrases.setdefault(found[0], []).append((f" {' '.join(found)} ", name))

    def of(self, text: str) -> list[str]:
        """The names of the labels a text carries, in the order they were given."""
        folded = fold(text)
        found = words(folded)
        lines = [f" {' '.join(found)} "]
        plain = bare(lines[0])
        known = set(found)
        if plain != lines[0]:
            lines.append(plain)
            known.update(plain.split())
        names = {name for term, name in self._inside if term in folded}
        for word in known:
            for phrase, name in self._phrases.get(word, ()):
                if any(phrase in line for line in lines):
                    names.add(name)
            for prefix, name in self._prefixes.get(word[:_START], ()):
                if word.startswith(prefix):
                    names.add(name)
        return sorted(names, key=self._order.__getitem__)


_made: dict[tuple[tuple[str, tuple[str, ...]], ...], Matcher] = {}


def matcher(session: Session) -> Matcher:
    """The matcher over all enabled labels, made anew only when one changed."""
    t = db.table(Label)
    rows = session.execute(sa.select(t.c.name, t.c.terms).where(t.c.enabled).order_by(t.c.id)).all()
    state = tuple((str(row.name), tuple(row.terms)) for row in rows)
    found = _made.get(state)
    if found is None:
        found = Matcher(state)
        _made.clear()
        _made[state] = found
    return found


def all_labels(session: Session) -> Sequence[Label]:
    """Every label by name."""
    return session.scalars(sa.select(Label).order_by(db.table(Label).c.name)).all()


def create(
    session: Session,
    name: str,
    terms: Sequence[str],
    names: Mapping[str, str] | None = None,
    actor: str = "cli",
) -> int:
    """Add a label; BadPayload when the name is taken or a term says nothing. Returns its id."""
    name = name.strip()
    if not name or len(name) > 80:
        raise BadPayload("A label needs a name of at most 80 characters.")
    if session.scalars(sa.select(Label).where(db.table(Label).c.name == name)).first():
        raise BadPayload(f"There is a label {name!r} already: change its terms instead.")
    label = Label(name=name, names=dict(names or {}), terms=checked(terms))
    session.add(label)
    session.flush()
    audit.record(session, actor, "label.created", f"label:{label.id}")
    return int(label.id or 0)


def update(
    session: Session,
    name: str,
    terms: Sequence[str] | None = None,
    enabled: bool | None = None,
    actor: str = "cli",
) -> None:
    """Change the terms or switch a label on or off; messages that arrive from now on follow."""
    label = get(session, name)
    if terms is not None:
        label.terms = checked(terms)
        label.version += 1
    if enabled is not None:
        label.enabled = enabled
    session.add(label)
    audit.record(session, actor, "label.changed", f"label:{label.id}")


def remove(session: Session, name: str, actor: str = "cli") -> None:
    """Delete a label; messages keep it until they are annotated again."""
    label = get(session, name)
    session.delete(label)
    audit.record(session, actor, "label.removed", f"label:{label.id}")


def get(session: Session, name: str) -> Label:
    """The label of this name; BadPayload names those there are."""
    label = session.scalars(sa.select(Label).where(db.table(Label).c.name == name)).first()
    if label is None:
        there = ", ".join(one.name for one in all_labels(session)) or "none yet"
        raise BadPayload(f"There is no label {name!r}. Labels: {there}.")
    return label


def checked(terms: Sequence[str]) -> list[str]:
    """The terms without blanks and repeats; BadPayload for one that could never match or always would."""
    kept = list(dict.fromkeys(term.strip() for term in terms if term.strip()))
    if not kept:
        raise BadPayload("A label needs at least one word or phrase.")
    for term in kept:
        found = words(fold(term))
        if not found:
            raise BadPayload(f"The term {term!r} has no letters or digits.")
        if term.endswith("*") and len(found) == 1 and len(found[0]) < _START:
            raise BadPayload(f"The prefix {term!r} is too short: give at least {_START} letters before the star.")
    return kept
