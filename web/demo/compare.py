"""What the world says must be there against what is there: message by message, record by record."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import sqlalchemy as sa

from core import db
from enrichment.behaviour.models import CustomerOrder
from enrichment.behaviour.who import PURPOSE
from enrichment.models import CrmRecord
from enrichment.profile import hub_id
from inbox import consent
from inbox.models import Account, Identity, Message, ReplyRow

EVENT_FIELDS = ("kind", "direction", "author", "text", "parent", "posted_at", "edited", "deleted", "private")


@dataclass
class Result:
    """Counts at the source and every difference found, as sentences."""

    stages: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Nothing lost, doubled or different."""
        return not (self.lost or self.doubled or self.different)


def compare(services: dict[str, Any]) -> Result:
    """Ask the sandbox for its world and its org, and hold the store against both."""
    world = httpx.get(services["control"] + "/_world.json", timeout=60).json()
    stored = _messages()
    set_aside(world, stored)
    result = Result(unknown=list(world["unknown"]))
    _events(world, stored, result)
    _links(world, result)
    _sent(world, result)
    _records(world, services, result)
    _orders(world, result)
    return result


def set_aside(world: dict[str, Any], stored: dict[str, dict[str, Any]]) -> None:
    """A send whose answer never reached us, because its worker was killed: unknown here, listed, never repeated.

    Whoever answered cannot know that. Only platforms without a look-up leave it at that (Telegram).
    """
    r = db.table(ReplyRow)
    with db.read() as session:
        texts = set(session.scalars(sa.select(r.c.text).where(r.c.state == "unknown")))
    unheard = {
        event["key"]
        for event in world["events"]
        if event["platform"] == "telegram" and event["direction"] == "outbound"
        if event["key"] not in stored and event["text"] in texts
    }
    gone = {hub_id("interaction", key) for key in unheard}
    world["events"] = [event for event in world["events"] if event["key"] not in unheard]
    world["records"] = [record for record in world["records"] if record["hub_id"] not in gone]
    world["unknown"] += sorted(unheard)


def _messages() -> dict[str, dict[str, Any]]:
    m, i, a = db.table(Message), db.table(Identity), db.table(Account)
    query = (
        sa.select(m, i.c.external_id.label("author_id"), a.c.handle)
        .join(a, a.c.id == m.c.account_id)
        .outerjoin(i, i.c.id == m.c.identity_id)
    )
    with db.read() as session:
        rows = session.execute(query).mappings().all()
    return {row["key"]: _view(row) for row in rows}


def _view(row: Any) -> dict[str, Any]:
    return {
        "kind": "context" if row["origin"] == "context" else row["kind"],
        "direction": row["direction"],
        "author": row["author_id"],
        "text": None if row["deleted_at"] else row["text"],
        "parent": row["parent_key"],
        "posted_at": row["posted_at"],
        "edited": row["edited_at"] is not None,
        "deleted": row["deleted_at"] is not None,
        "private": row["visibility"] == "private",
        "annotated": bool(row["language"]),
        "sentiment": row["sentiment"],
    }


def _moment(value: str) -> datetime:
    return datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(UTC).replace(microsecond=0)


def _events(world: dict[str, Any], stored: dict[str, dict[str, Any]], result: Result) -> None:
    expected = {event["key"]: event for event in world["events"]}
    doubled = [key for key, n in Counter(event["key"] for event in world["events"]).items() if n > 1]
    result.different += [f"the world lists {key} twice" for key in doubled]
    same = unseen = 0
    for key, event in expected.items():
        have = stored.get(key)
        if have is None:
            if event.get("optional"):  # written and gone again before anyone could ask for it
                unseen += 1
            else:
                result.lost.append(f"message {key} ({event['kind']} of {event['author']})")
            continue
        wrong = _differs(event, have)
        result.different += [f"message {key}: {words}" for words in wrong]
        same += not wrong
    allowed = expected.keys() | set(world["unknown"]) | set(world.get("hidden", []))
    result.doubled += [f"message {key} is stored but not in the world" for key in stored.keys() - allowed]
    result.stages["platform"] = len(expected) - unseen
    result.stages["inbox"] = same
    result.stages["annotated"] = sum(
        1 for key, have in stored.items() if key in expected and (have["annotated"] or have["deleted"])
    )


def _differs(event: dict[str, Any], have: dict[str, Any]) -> list[str]:
    wrong = []
    for name in EVENT_FIELDS:
        if (
            name not in event
            or event.get(f"{name}_unspecified")
            or (event["kind"] == "context" and name == "direction")
        ):
            continue
        want, got = event[name], have[name]
        if name == "posted_at":
            want, got = _moment(want), got.replace(microsecond=0)
        if name == "edited" and have["deleted"]:
            continue
        if want != got and not (name == "kind" and got in event.get("kind_accepted", ())):
            wrong.append(f"{name} is {got!r}, the platform says {want!r}")
    return wrong


def _links(world: dict[str, Any], result: Result) -> None:
    i = db.table(Identity)
    with db.read() as session:
        rows = session.execute(sa.select(i.c.platform, i.c.external_id, i.c.contact_id)).all()
    linked = {f"{row.platform}:{row.external_id}": row.contact_id is not None for row in rows}
    matched = 0
    for link in world["links"]:
        if link["identity"] not in linked:
            continue
        is_linked, may_be = linked[link["identity"]], {link["expected"], *link["accept"]}
        if not (("auto" in may_be) if is_linked else (may_be - {"auto"})):
            result.different.append(f"identity {link['identity']}: must be {link['expected']} ({link['why']})")
        matched += is_linked and link["expected"] == "auto"
    result.stages["matched"] = matched


def _sent(world: dict[str, Any], result: Result) -> None:
    """What our accounts really posted, by the platforms' own lists: each reply once."""
    with db.read() as session:
        rows = list(session.scalars(sa.select(ReplyRow)))
    posted = Counter((one["platform"], one["text"]) for one in world["sent"] if not one.get("seeded"))
    for (platform, text), number in posted.items():
        if number > 1:
            result.doubled.append(f"{platform}: {text[:60]!r} stands {number} times")
    texts = Counter(text.split(" ", 1)[-1] for _, text in posted.elements())
    for row in rows:
        if row.state == "unknown":
            continue
        if row.state != "sent":
            result.lost.append(f"reply {row.id} is {row.state}: {row.error}")
        elif not any(row.text in text for _, text in posted) and row.text.split(" ", 1)[-1] not in texts:
            result.lost.append(f"reply {row.id} is not on its platform")


def _records(world: dict[str, Any], services: dict[str, Any], result: Result) -> None:
    expected = {(r["object"], r["hub_id"]): r["fields"] for r in world["records"]}
    optional = {(r["object"], r["hub_id"]) for r in world["records"] if r.get("optional")}
    have = {}
    for name, fields in _fields(world["records"]).items():
        for record in query(services, f"SELECT Hub_Id__c, {', '.join(fields)} FROM {name}"):  # noqa: S608  # SOQL of our own words
            have[(name, record["Hub_Id__c"])] = record
    same = 0
    for key, fields in expected.items():
        if key not in have:
            if key not in optional:
                result.lost.append(f"{key[0]} {key[1]} is not in the org")
            continue
        wrong = [
            f"{name} is {_dig(have[key], name)!r}, must be {want!r}"
            for name, want in fields.items()
            if not _equal(_dig(have[key], name), want)
        ]
        result.different += [f"{key[0]} {key[1]}: {words}" for words in wrong]
        same += not wrong
    result.doubled += [
        f"{name} {hub_id} is in the org but must not be" for name, hub_id in have.keys() - expected.keys()
    ]
    result.stages["salesforce"] = same


def _orders(world: dict[str, Any], result: Result) -> None:
    """Orders and deals that name a contact, each once, by amount, state and person; none while they are off."""
    o, r = db.table(CustomerOrder), db.table(CrmRecord)
    with db.read() as session:
        wanted = world["orders"] if consent.switched_on(session, PURPOSE) else ()
        rows = list(session.scalars(sa.select(CustomerOrder).where(o.c.source == "crm")))
        whose = dict(session.execute(sa.select(r.c.record_id, sa.func.coalesce(r.c.home_id, r.c.contact_id))).all())
    have = {row.key: (row.status, row.amount, row.contact_id) for row in rows}
    same = 0
    for one in wanted:
        key, want = f"crm:{one['id']}", (one["status"], round(one["amount"] * 1000), whose.get(one["contact"]))
        got = have.pop(key, None)
        if got is None:
            result.lost.append(f"{one['object']} {one['id']} is not among the orders")
        elif got != want:
            result.different.append(f"{one['object']} {one['id']}: is {got}, must be {want}")
        same += got == want
    result.doubled += [f"order {key} is stored but not in the world" for key in have]
    result.stages["orders"] = same


def _fields(records: list[dict[str, Any]]) -> dict[str, list[str]]:
    names: dict[str, dict[str, None]] = {"SocialProfile__c": {}, "SocialInteraction__c": {}}
    for record in records:
        names[record["object"]].update(dict.fromkeys(record["fields"]))
    return {name: [f for f in fields if f != "Hub_Id__c"] or ["Id"] for name, fields in names.items()}


def _dig(record: dict[str, Any], path: str) -> Any:
    value: Any = record
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _equal(got: Any, want: Any) -> bool:
    if got == want or (got in ("", None) and want in ("", None)):
        return True
    if isinstance(got, int | float) and isinstance(want, int | float):
        return float(got) == float(want)
    if isinstance(got, str) and isinstance(want, str) and len(got) > 18 and got[4:5] == "-" == want[4:5]:
        return _moment(got.replace("+0000", "+00:00")) == _moment(want.replace("+0000", "+00:00"))
    return False


def query(services: dict[str, Any], soql: str) -> list[dict[str, Any]]:
    """Every record of a SOQL query, asked of the org itself with plain HTTP."""
    crm, base = services["crm"], services["salesforce"]
    with httpx.Client(base_url=base, timeout=30) as http:
        for _ in range(30):
            grant = http.post(
                "/services/oauth2/token",
                data={
                    "grant_type": "client_credentials",
                    "client_id": crm["client_id"],
                    "client_secret": crm["client_secret"],
                },
            )
            if grant.status_code == 200:
                break
        headers = {"Authorization": f"Bearer {grant.json()['access_token']}"}
        answer = http.get("/services/data/v62.0/query", params={"q": soql}, headers=headers).json()
        records = list(answer["records"])
        while not answer["done"]:
            answer = http.get(answer["nextRecordsUrl"], headers=headers).json()
            records += answer["records"]
    return records
