"""What must be true of a hub that is connected to everything: the answer of ``GET /_world.json``."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from sandbox import expected_bluesky, expected_mastodon, expected_telegram
from sandbox.clock import parse
from sandbox.people import crm_records, load, people, truth
from sandbox.world import World

Doc = dict[str, Any]
EXCERPT = 255
INTERACTIONS = ("mention", "reply", "comment", "quote", "dm", "review")


def hub_id(text: str) -> str:
    """The opaque external id that the hub gives to a record."""
    digest = hashlib.sha256(text.encode()).digest()[:16]
    return base64.b32encode(digest).decode().rstrip("=").lower()


def world_json(world: World) -> Doc:
    """Everything as of this moment; sandbox/README.md tells what each part means."""
    parts = [module.collect(world) for module in (expected_mastodon, expected_bluesky, expected_telegram)]
    events: list[Doc] = [event for part in parts for event in part["events"]]
    keys = {event["key"] for event in events}
    for event in events:
        if event["parent"] and event["parent"] not in keys:
            event["parent_missing"], event["parent"] = event["parent"], None
    links = identities(world)
    replies = [{**doc, "to": world.refs[doc["to"]]["key"]} for doc in load("replies.json") if doc["to"] in world.refs]
    return {
        "seed": world.seed,
        "started_at": world.about["start"]["at"],
        "played": world.about["play"]["done"],
        "to_play": len(load("play.json")) - world.about["play"]["done"],
        "events": events,
        "records": records(events, links),
        "links": links,
        "orders": orders(world),
        "replies": [doc for doc in replies if doc["to"] in keys],
        "sent": [doc for part in parts for doc in part["sent"]],
        "unknown": [key for part in parts for key in part["unknown"]],
        "hidden": [key for part in parts for key in part["hidden"]],
    }


STATES = {"Activated": "completed", "Draft": "open", "Closed Won": "completed", "Closed Lost": "cancelled"}


def orders(world: World) -> list[Doc]:
    """What a hub that may know of orders has of them: those that name a contact; of a deal and its order the order."""
    found = []
    rows = crm_records()
    became = {row["Opportunity"] for row in rows["Order"] if "Opportunity" in row}
    for object_, state, whose in (("Opportunity", "StageName", "ContactId"), ("Order", "Status", "BillToContact")):
        for row in rows[object_]:
            known = world.crm.get(row["key"])
            if known is None or whose not in row:
                continue
            status = "ordered" if row["key"] in became else STATES.get(row[state], "open")
            amount = row.get("TotalAmount", row.get("Amount"))
            contact = world.crm[row[whose]]["Id"]
            found.append({"id": known["Id"], "object": object_, "contact": contact, "status": status, "amount": amount})
    return found


def identities(world: World) -> list[Doc]:
    """Each identity with what the hub must conclude about it."""
    found = []
    for (platform, key), account in world.accounts.items():
        known = truth(people()[key], platform, world.crm)
        number = account.get("uri") or account.get("did") or account.get("id")
        found.append({"identity": f"{platform}:{number}", "person": key, "name": people()[key]["name"], **known})
    return found


def records(events: list[Doc], links: list[Doc]) -> list[Doc]:
    """What the org must hold: profiles of linked people who wrote to us, and their interactions."""
    linked = {link["identity"]: link for link in links if link["expected"] == "auto"}
    by_key = {event["key"]: event for event in events}
    profiles: dict[str, bool] = {}
    interactions: list[Doc] = []
    for event in events:
        if event["kind"] not in INTERACTIONS:
            continue
        whom = _whom(event, by_key)
        if whom is None or whom not in linked:
            continue
        optional = bool(event.get("optional"))
        interactions.append(_interaction(event, whom, optional))
        if event["direction"] == "inbound":
            profiles[whom] = profiles.get(whom, True) and optional
    wrote = [doc for doc in interactions if doc.pop("whom") in profiles]
    return [_profile(linked[whom], optional) for whom, optional in profiles.items()] + wrote


def _whom(event: Doc, by_key: dict[str, Doc]) -> str | None:
    """The identity that an interaction belongs to: the author, or whom our message answers."""
    if event["direction"] == "inbound":
        return f"{event['platform']}:{event['author']}"
    if event.get("other_side"):
        return f"{event['platform']}:{event['other_side']}"
    parent = by_key.get(event["parent"] or "")
    return f"{parent['platform']}:{parent['author']}" if parent and parent["direction"] == "inbound" else None


def _profile(link: Doc, optional: bool) -> Doc:
    key = hub_id(f"profile:{link['identity']}")
    fields = {
        "Hub_Id__c": key,
        "Network__c": link["identity"].split(":")[0],
        "Contact__c": link["contact"] if link["object"] == "Contact" else None,
        "Lead__c": link["contact"] if link["object"] == "Lead" else None,
        "Match_Tier__c": link["tier"],
    }
    return _record("SocialProfile__c", key, fields, optional) | {"identity": link["identity"]}


def _interaction(event: Doc, whom: str, optional: bool) -> Doc:
    key = hub_id(f"interaction:{event['key']}")
    hidden = event["private"] or event["deleted"] or event["text"] is None
    fields = {
        "Hub_Id__c": key,
        "Profile__r.Hub_Id__c": hub_id(f"profile:{whom}"),
        "Direction__c": event["direction"],
        "Kind__c": event["kind"],
        "Text__c": None if hidden else excerpt(event["text"]),
        "Posted_At__c": parse(event["posted_at"]).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Permalink__c": event["permalink"],
        "Private__c": event["private"],
        "Deleted__c": event["deleted"],
    }
    return _record("SocialInteraction__c", key, fields, optional) | {"event": event["key"], "whom": whom}


def _record(name: str, key: str, fields: Doc, optional: bool) -> Doc:
    doc: Doc = {"object": name, "hub_id": key, "fields": fields}
    return doc | {"optional": True} if optional else doc


def excerpt(text: str) -> str:
    """A text that fits into a 255-character field."""
    return text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"
