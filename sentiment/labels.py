"""Labels that users define by words: a message carries each label of which it contains a term.

What a label learns from examples stands in sentiment.examples; a label may have terms, examples or both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db, outbox
from core.errors import BadPayload
from inbox.text import bare, fold, has_cjk, needle, words
from sentiment.models import Label
from sentiment.unfit import Unfit

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


def all_labels(session: Session) -> Sequence[Label]:
    """Every label by name."""
    return session.scalars(sa.select(Label).order_by(db.table(Label).c.name)).all()


def create(
    session: Session,
    name: str,
    terms: Sequence[str],
    names: Mapping[str, str] | None = None,
    actor: str = "cli",
    *,
    by_example: bool = False,
) -> int:
    """Add a label; BadPayload when the name is taken or a term says nothing. Returns its id.

    One that is to learn from examples needs no terms.
    """
    name = name.strip()
    if not name or len(name) > 80:
        raise Unfit("A label needs a name of at most 80 characters.")
    if session.scalars(sa.select(Label).where(db.table(Label).c.name == name)).first():
        raise Unfit("There is a label called %(name)s already: change its terms instead.", name=name)
    label = Label(name=name, names=dict(names or {}), terms=checked(terms, needed=not by_example))
    session.add(label)
    session.flush()
    announce(session, label)
    audit.record(session, actor, "label.created", f"label:{label.id}")
    return int(label.id or 0)


def update(
    session: Session,
    name: str,
    terms: Sequence[str] | None = None,
    enabled: bool | None = None,
    actor: str = "cli",
) -> None:
    """Change the terms or switch a label on or off; stored messages follow in the background."""
    label = get(session, name)
    if terms is not None:
        label.terms = checked(terms, needed=False)
    if enabled is not None:
        label.enabled = enabled
    changed(session, label)
    audit.record(session, actor, "label.changed", f"label:{label.id}")


def changed(session: Session, label: Label) -> None:
    """A label has other terms, other examples, or was switched: what is stored is looked at anew."""
    label.version += 1
    session.add(label)
    session.flush()
    announce(session, label)


def announce(session: Session, label: Label) -> None:
    """Have the label's examples learnt and stored messages looked at."""
    outbox.emit(session, "label.changed", [(f"label:{label.id}", {"label_id": label.id})])


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


def checked(terms: Sequence[str], *, needed: bool = True) -> list[str]:
    """The terms without blanks and repeats; BadPayload for one that could never match or always would."""
    kept = list(dict.fromkeys(term.strip() for term in terms if term.strip()))
    if needed and not kept:
        raise Unfit("A label needs at least one word or phrase.")
    for term in kept:
        found = words(fold(term))
        if not found:
            raise Unfit("The term %(term)s has no letters or digits.", term=term)
        if term.endswith("*") and len(found) == 1 and len(found[0]) < _START:
            text = "The prefix %(term)s is too short: give at least %(number)s letters before the star."
            raise Unfit(text, term=term, number=_START)
    return kept
