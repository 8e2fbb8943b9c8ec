"""What a test or the demo may do to the org from outside the API: `POST /_org/<name>` with a JSON object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.salesforce import campaigns, duplicates, ids, validations
from sandbox.salesforce.calls import Desk
from sandbox.salesforce.errors import ApiError, RowError
from sandbox.salesforce.founding import seed
from sandbox.salesforce.metadata.permissions import Barred
from sandbox.salesforce.meter import DAILY_CALLS
from sandbox.salesforce.oauth import CLIENT_ID, Door
from sandbox.salesforce.org import ADMIN_USER, INTEGRATION_USER, Org, Record

Body = Mapping[str, Any]
OPTIONAL = {"Order", "Campaign", "CampaignMember"}
COPIED = {
    "FirstName", "LastName", "Salutation", "Title", "Email", "Phone", "MobilePhone", "Fax", "Description",
    "LeadSource", "IndividualId", "Mastodon_Handle__c", "Bluesky_Handle__c", "Telegram_Handle__c",
}  # fmt: skip


def _record(org: Org, id_: Any) -> tuple[str, Record]:
    full = ids.full(id_)
    table = org.object_of(full) if full else None
    row = org.get(table.name, full) if table and full else None
    if row is None or table is None:
        raise ApiError(404, "NOT_FOUND", f"no record has the id {id_}")
    return table.name, row


def merge(desk: Desk, body: Body) -> Any:
    """`{"master": id, "losers": [id, …]}`: children move over, losers get MasterRecordId."""
    org = desk.org
    object_, master = _record(org, body["master"])
    with org.transaction():
        for loser_id in body["losers"]:
            _, loser = _record(org, loser_id)
            for child_object, field, child in list(org.children(org.tables[object_], loser["Id"])):
                if child_object == "CampaignMember":
                    campaigns.follow(org, child, field.name, master["Id"])
                else:
                    org.set(child_object, child["Id"], {field.name: master["Id"]})
            org.set(object_, loser["Id"], {"IsDeleted": True, "MasterRecordId": master["Id"]})
        org.set(object_, master["Id"], {})
    return {"id": master["Id"], "mergedRecordIds": [ids.full(i) for i in body["losers"]]}


def convert(desk: Desk, body: Body) -> Any:
    """`{"lead": id, "contact": id or nothing, "account": id or nothing}`: what is not named is made."""
    org = desk.org
    _, lead = _record(org, body["lead"])
    if lead.get("IsConverted"):
        raise ApiError(400, "CANNOT_UPDATE_CONVERTED_LEAD", "the lead is converted already")
    account, contact = ids.full(body.get("account")), ids.full(body.get("contact"))
    with org.transaction():
        account = account or seed(org, [{"attributes": {"type": "Account"}, "Name": lead["Company"]}])[0]
        if contact is None:
            fields = {k: v for k, v in lead.items() if k in COPIED}
            contact = seed(org, [{"attributes": {"type": "Contact"}, "AccountId": account, **fields}])[0]
        changes = {
            "IsConverted": True,
            "Status": "Closed - Converted",
            "ConvertedDate": org.clock().date().isoformat(),
            "ConvertedAccountId": account,
            "ConvertedContactId": contact,
        }
        org.set("Lead", lead["Id"], changes)
        member = org.tables["CampaignMember"]
        for one in org.find(member, member.by_name["leadid"], lead["Id"]):
            campaigns.follow(org, one, "ContactId", str(contact))
    return {"leadId": lead["Id"], "accountId": account, "contactId": contact, "success": True}


def records(desk: Desk, body: Body) -> Any:
    """`{"records": [{"attributes": {"type": …}, …}]}`: made as by an administrator."""
    return {"ids": seed(desk.org, body["records"])}


def change(desk: Desk, body: Body) -> Any:
    """`{"id": …, "fields": {…}}`: changed as by an administrator."""
    org = desk.org
    object_, row = _record(org, body["id"])
    org.act_as(ADMIN_USER)
    try:
        org.update(org.tables[object_], row["Id"], org.parse(org.tables[object_], body["fields"]))
    finally:
        org.act_as(INTEGRATION_USER)
    return {"id": row["Id"]}


def delete(desk: Desk, body: Body) -> Any:
    """`{"id": …}`: deleted as by an administrator."""
    org = desk.org
    object_, row = _record(org, body["id"])
    org.act_as(ADMIN_USER)
    try:
        with org.transaction():
            org.delete(org.tables[object_], row["Id"])
    finally:
        org.act_as(INTEGRATION_USER)
    return {"id": row["Id"]}


def security(desk: Desk, body: Body) -> Any:
    """`{"hidden": ["Contact.Email"], "read_only": […], "missing": ["Case"],
    "may_deploy": false}` replaces what was set."""

    def pairs(name: str) -> set[tuple[str, str]]:
        return {(object_, field) for object_, _, field in (n.partition(".") for n in body.get(name, ()))}

    org = desk.org
    org.may_deploy = bool(body.get("may_deploy", True))
    org.permit(Barred(pairs("hidden"), pairs("read_only"), set(body.get("missing", ()))))
    return {}


def without(desk: Desk, body: Body) -> Any:
    """`{"objects": ["Order"]}`: the org does not have these; only Order, Campaign and CampaignMember can be missing."""
    if not set(body["objects"]) <= OPTIONAL:
        raise ApiError(400, "INVALID_INPUT", f"only {', '.join(sorted(OPTIONAL))} can be missing")
    desk.org.switch_off(body["objects"])
    return {}


def duplicate_rule(desk: Desk, body: Body) -> Any:
    """`{"name": …, "object": "Contact", "fields": ["Email"]}`: from now on blocks what agrees in all of the fields."""
    desk.org.table(body["object"])
    return {"id": duplicates.add(desk.org, body["name"], body["object"], body["fields"])}


def validation_rule(desk: Desk, body: Body) -> Any:
    """`{"object": "Contact", "field": "Email", "without": "@x", "message": …}`: refuses fields with that text."""
    desk.org.table(body["object"])
    found = validations.add(desk.org, body["object"], body["field"], body["without"], body["message"])
    return {"id": found}


def limits(desk: Desk, body: Body) -> Any:
    """`{"used": n, "limit": n}` of API calls a day."""
    desk.meter.set(int(body.get("used", desk.meter.used)), int(body.get("limit", DAILY_CALLS)))
    return {"used": desk.meter.used, "limit": desk.meter.limit}


def bulk(desk: Desk, body: Body) -> Any:
    """`{"hold": true}` keeps work on bulk jobs from beginning; `{"finish": true}` does all of it now."""
    desk.hands.held = bool(body.get("hold", desk.hands.held))
    parts = desk.hands.finish(lambda kind: None) if body.get("finish") else 0
    return {"held": desk.hands.held, "parts": parts}


DESK_HOOKS: dict[str, Callable[[Desk, Body], Any]] = {
    "merge": merge,
    "convert": convert,
    "records": records,
    "change": change,
    "delete": delete,
    "security": security,
    "limits": limits,
    "without": without,
    "duplicate_rule": duplicate_rule,
    "validation_rule": validation_rule,
    "bulk": bulk,
}


def expire(door: Door, body: Body) -> Any:
    """Ends every session."""
    return {"ended": door.expire_all()}


def app(door: Door, body: Body) -> Any:
    """`{"client_id": …, "client_secret": …, "public_key": PEM}`: an app that may sign in, made or changed."""
    client = body.get("client_id", CLIENT_ID)
    known = door.apps.get(client, {"secret": "", "user": INTEGRATION_USER, "public_key": ""})
    secret, key = body.get("client_secret", known["secret"]), body.get("public_key", known["public_key"])
    door.apps[client] = known | {"secret": secret, "public_key": key}
    return {"client_id": client, "user": known["user"]}


def refresh_token(door: Door, body: Body) -> Any:
    """A refresh token as a web sign-in would hand it out."""
    return {"refresh_token": door.new_refresh_token()}


DOOR_HOOKS: dict[str, Callable[[Door, Body], Any]] = {
    "expire": expire,
    "app": app,
    "refresh_token": refresh_token,
}


def run(desk: Desk, door: Door, name: str, body: Body) -> Any:
    """Raises ApiError: 404 for an unknown hook, 400 for a body it cannot use."""
    try:
        if name in DESK_HOOKS:
            return DESK_HOOKS[name](desk, body)
        if name in DOOR_HOOKS:
            return DOOR_HOOKS[name](door, body)
    except RowError as error:
        raise error.alone() from error
    except KeyError as missing:
        raise ApiError(400, "INVALID_INPUT", f"{missing.args[0]} is missing in the body") from missing
    raise ApiError(404, "NOT_FOUND", f"no hook {name}; there are {', '.join([*DESK_HOOKS, *DOOR_HOOKS])}")
