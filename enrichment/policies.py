"""Rules of single fields: who wins when the hub and the people in Salesforce say different things.

| rule     | what the hub writes over a value that stands there                                                  |
|----------|-----------------------------------------------------------------------------------------------------|
| (none)   | always, and without a look: an overwritten value is not noticed                                     |
| hub      | always; what somebody had changed there and is overwritten goes into the audit trail                |
| crm      | as long as nobody changed it there since the hub last wrote it                                      |
| empty    | only where nothing stands                                                                           |
| newest   | as `crm`, and also over somebody's change that is older than what changed here                      |

A value counts as changed there when it is not the one the hub last wrote (our own writes, which come back as the
integration user's, are none). What is kept is remembered as settled: it is decided anew when the value here changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal, cast, get_args

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from core.errors import Rejected
from enrichment.alike import alike
from enrichment.crm import CASE_FIELDS, CRM, HUB_ID, INTERACTION_FIELDS, PROFILE_FIELDS, Current, Kind
from enrichment.models import CrmFieldPolicy, SyncState
from enrichment.plan import Step
from inbox.models import Conversation, Identity, Message

Policy = Literal["hub", "crm", "empty", "newest"]
POLICIES: tuple[Policy, ...] = get_args(Policy)
OBJECTS: dict[Kind, str] = {"profile": "SocialProfile__c", "interaction": "SocialInteraction__c", "case": "Case"}
FIELDS: dict[Kind, tuple[str, ...]] = {
    "profile": PROFILE_FIELDS,
    "interaction": tuple(name for name in INTERACTION_FIELDS if name not in ("Profile__c", "Case__c")),
    "case": tuple(name for name in CASE_FIELDS if name != "Status"),
}
"""What a rule can be about; what a message hangs from and a case's status have their own."""
ROWS = 200
Rules = Mapping[str, Mapping[str, Policy]]
"""Kind → field → rule."""


# --- the rules themselves -------------------------------------------------------------------------------


def rules(session: Session) -> dict[str, dict[str, Policy]]:
    """Every rule that was set."""
    found: dict[str, dict[str, Policy]] = {}
    for row in session.scalars(sa.select(CrmFieldPolicy)):
        found.setdefault(row.kind, {})[row.field] = cast("Policy", row.policy)
    return found


def put(session: Session, field: str, policy: str, actor: str) -> bool:
    """Set the rule of `Object.Field`, or take it away with an empty one; returns whether that changed anything."""
    object_, _, name = field.partition(".")
    kind = next((kind for kind, known in OBJECTS.items() if known == object_), None)
    if kind is None or name not in FIELDS[kind]:
        raise Rejected(f"There is no field {field!r} that a rule can be about. `widerhall crm fields` lists them.")
    if policy and policy not in POLICIES:
        raise Rejected(f"There is no rule {policy!r}. Use one of: {', '.join(POLICIES)}, or nothing.")
    row = session.get(CrmFieldPolicy, (kind, name))
    if (row.policy if row is not None else "") == policy:
        return False
    if row is not None:
        session.delete(row)
        session.flush()
    if policy:
        session.add(CrmFieldPolicy(kind=kind, field=name, policy=policy))
    session.flush()
    audit.record(session, actor, "crm.field_rule", "crm:1", {"field": field, "rule": policy})
    return True


def listed(session: Session) -> list[dict[str, str]]:
    """Every field with its rule, as plain values."""
    known = rules(session)
    return [
        {"object": OBJECTS[kind], "field": name, "rule": known.get(kind, {}).get(name, "")}
        for kind, names in FIELDS.items()
        for name in names
    ]


def decide(
    policy: Policy, ours: Any, sent: Any, there: Any, *, known: bool, by_us: bool, newer: bool
) -> Literal["same", "write", "overwrite", "keep"]:
    """What is done with one value: pure.

    `sent` is what the hub wrote last, if it did (`known`); `by_us`: nobody changed the record there since;
    `newer`: what changed here is newer than what changed there.
    """
    if alike(ours, there):
        return "same"
    empty = alike(None, there)
    if policy == "empty":
        return "write" if empty else "keep"
    changed = not alike(sent, there) if known else not empty
    if not changed:
        return "write"
    if policy == "hub" or (policy == "newest" and (by_us or newer)):
        return "overwrite"
    return "keep"


# --- applied to what is about to be sent ----------------------------------------------------------------


def apply(crm: CRM, steps: Sequence[Step], pulse: Callable[[], None] = lambda: None) -> list[Step]:
    """The steps without what the rules keep; what was decided is written down at once.

    Only records that stand there already, and whose changed fields have rules, are asked for. Raises what the
    CRM raises.
    """
    with db.read() as session:
        found = rules(session)
    asked = {one.hub_id: one for one in steps if _names(one, found)}
    kept: dict[str, dict[str, Any]] = {}
    for kind, chunk in _chunks(list(asked.values())):
        pulse()
        names = sorted({name for one in chunk for name in _names(one, found)})
        current = crm.current(kind, [one.hub_id for one in chunk], names)
        with db.write() as session:
            times = _times(session, kind, chunk) if "newest" in found[kind].values() else {}
            for one in chunk:
                if one.hub_id in current:
                    kept[one.hub_id] = _settle(session, one, current[one.hub_id], found[kind], times.get(one.hub_id))
    return [_without(one, kept.get(one.hub_id, {})) for one in steps]


def _names(step: Step, found: Rules) -> list[str]:
    """The changed fields of a record that stands there for which there is a rule."""
    there = step.state.record_id or step.state.sent or step.state.unsure
    if step.action != "upsert" or not there:
        return []
    return [name for name in step.changed if name in found.get(step.state.kind, {})]


def _settle(
    session: Session, step: Step, current: Current, found: Mapping[str, Policy], changed_at: datetime | None
) -> dict[str, Any]:
    """Decide on one record; returns the fields that are not written, with our values."""
    kept: dict[str, Any] = {}
    sent, said = step.state.sent, dict[str, list[str]]()
    newer = changed_at is not None and changed_at > current.modified
    for name in [name for name in step.changed if name in found]:
        ours, there = step.changed[name], current.values.get(name)
        what = decide(found[name], ours, sent.get(name), there, known=name in sent, by_us=current.by_us, newer=newer)
        if what in ("same", "keep"):
            kept[name] = ours
        if what in ("overwrite", "keep"):
            said.setdefault(what, []).append(f"{name}: {found[name]}")
    for how, fields in said.items():
        action = "crm.fields_kept" if how == "keep" else "crm.fields_overwritten"
        audit.record(session, "system", action, f"{step.state.kind}:{step.hub_id}", {"fields": fields})
    if kept:
        s = db.table(SyncState)
        session.execute(sa.update(s).where(s.c.id == step.state.id).values(sent={**sent, **kept}))
    return kept


def _without(step: Step, kept: Mapping[str, Any]) -> Step:
    if not kept:
        return step
    changed = {name: value for name, value in step.changed.items() if name not in kept}
    nothing = set(changed) <= {HUB_ID}
    return replace(step, action="unchanged" if nothing else "upsert", changed={} if nothing else changed)


def _times(session: Session, kind: Kind, steps: Sequence[Step]) -> dict[str, datetime]:
    """When what the hub says last changed: a message's edit, a person's last sight, a conversation's last message."""
    i, m, c = db.table(Identity), db.table(Message), db.table(Conversation)
    if kind == "profile":
        rows = session.execute(
            sa.select(i.c.id, i.c.last_seen).where(i.c.id.in_(sorted({one.state.identity_id or 0 for one in steps})))
        )
    elif kind == "interaction":
        at = sa.func.coalesce(m.c.deleted_at, m.c.edited_at, m.c.posted_at)
        rows = session.execute(sa.select(m.c.id, at).where(m.c.id.in_(_messages(steps))))
    else:
        query = sa.select(m.c.id, c.c.last_at).join(c, c.c.id == m.c.conversation_id)
        rows = session.execute(query.where(m.c.id.in_(_messages(steps))))
    moments = {number: moment for number, moment in rows if moment is not None}
    whose = {one.hub_id: one.state.identity_id if kind == "profile" else one.state.message_id for one in steps}
    return {key: moments[number] for key, number in whose.items() if number in moments}


def _messages(steps: Sequence[Step]) -> list[int]:
    return sorted({one.state.message_id or 0 for one in steps})


def _chunks(steps: Sequence[Step]) -> Iterator[tuple[Kind, list[Step]]]:
    for kind in OBJECTS:
        mine = [one for one in steps if one.state.kind == kind]
        for start in range(0, len(mine), ROWS):
            yield kind, mine[start : start + ROWS]
