"""The CRM port over a Salesforce org."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from core import log
from core.errors import Rejected
from enrichment.crm import (
    CASE_FIELDS,
    HUB_ID,
    INTERACTION_FIELDS,
    MEMBER_FIELDS,
    PROFILE_FIELDS,
    Campaign,
    CaseNews,
    CommentNews,
    Cost,
    CrmAccount,
    CrmOrder,
    CrmPerson,
    CrmStatus,
    Current,
    Kind,
    Needed,
    OrderObject,
    PersonObject,
    Progress,
    RowResult,
)
from enrichment.salesforce import API_VERSION, accounts, bulk, orders, people, preflight
from enrichment.salesforce.client import Client, Saved, quote
from enrichment.salesforce.errors import classify
from enrichment.salesforce.people import Layout

OBJECTS: dict[Kind, str] = {
    "profile": "SocialProfile__c", "interaction": "SocialInteraction__c", "case": "Case", "member": "CampaignMember",
    "lead": "Lead", "contact": "Contact",
}  # fmt: skip
ORDERS: tuple[OrderObject, ...] = ("Opportunity", "Order")
"""In this order: an order names the opportunity it came from."""
PEOPLE: tuple[PersonObject, ...] = ("Contact", "Lead")
READ: dict[Kind, tuple[str, ...]] = {
    "profile": PROFILE_FIELDS,
    "interaction": (
        *(name for name in INTERACTION_FIELDS if name not in ("Profile__c", "Case__c")),
        f"Profile__r.{HUB_ID}", f"Case__r.{HUB_ID}",
    ),
    "case": CASE_FIELDS,
    "member": MEMBER_FIELDS,
    "lead": (),
    "contact": (),
}  # fmt: skip
"""What is read back of our records."""
logger = log.get("crm")
OVERLAP = timedelta(minutes=5)
"""A record's stamp is older than the moment others can see it, by the length of its transaction."""


class SalesforceOrg:
    """`enrichment.crm.CRM` for one org."""

    def __init__(self, client: Client, load_from: int = 10_000) -> None:
        self.client = client
        self.load_from = load_from
        """From so many records of an object on, all of them are read by a bulk query."""
        self._described: dict[str, dict[str, Any] | None] = {}

    def check(self) -> CrmStatus:
        self._described.clear()
        usage = self.client.limits()
        found = tuple(preflight.problems(self._describe))
        without = (*preflight.optional(self._describe), *preflight.duplicate_rules(self._duplicate_rules()))
        handles: dict[str, tuple[str, ...]] = {
            object_: tuple(field for field, _ in layout.handles)
            for object_ in PEOPLE
            if (layout := self._layout(object_)) is not None
        }
        usage = self.client.usage or usage
        return CrmStatus(API_VERSION, self.client.login.url, usage.used, usage.limit, found, without, handles)

    def _duplicate_rules(self) -> list[dict[str, Any]]:
        """Active duplicate rules on what the hub writes; none where the user may not see rules."""
        if self._describe("DuplicateRule") is None:
            return []
        names = ",".join(quote(name) for kind, name in OBJECTS.items() if kind not in ("lead", "contact"))
        where = f"IsActive = true AND SobjectType IN ({names})"
        soql = f"SELECT MasterLabel, SobjectType FROM DuplicateRule WHERE {where} ORDER BY SobjectType, MasterLabel"  # noqa: S608 - quoted
        return list(self.client.query_all(soql))

    def people(self, since: datetime | None) -> Iterator[CrmPerson]:
        for object_ in PEOPLE:
            layout = self._layout(object_)
            if layout is not None:
                yield from self._people(layout, since)

    def accounts(self, since: datetime | None) -> Iterator[CrmAccount]:
        description = self._describe("Account")
        if description is None:
            return
        columns, where = accounts.select(description)
        soql = f"SELECT {columns} FROM Account"  # noqa: S608 - names out of a description
        if since is None:
            found = self._whole("Account", f"{soql} WHERE {where}" if where else soql)
        else:
            changed = " AND ".join(filter(None, (f"SystemModstamp >= {_moment(since)}", where)))
            found = self.client.query_all(f"{soql} WHERE {changed} ORDER BY SystemModstamp, Id", deleted=True)
        yield from map(accounts.account, found)

    def orders(self, since: datetime | None) -> Iterator[CrmOrder]:
        for object_ in ORDERS:
            description = self._describe(object_)
            if description is None:
                continue
            names = ", ".join(orders.columns(object_, description))
            soql = f"SELECT {names} FROM {object_}"  # noqa: S608 - names out of a description
            if since is not None:
                moment = (since - OVERLAP).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                soql += f" WHERE SystemModstamp >= {moment} ORDER BY SystemModstamp, Id"
            for row in self.client.query_all(soql, deleted=True):
                yield orders.order(object_, row)

    def cases(self, since: datetime | None) -> Iterator[CaseNews]:
        if not self._has_key("Case"):
            return
        names = "Id, Hub_Id__c, CaseNumber, Status, IsClosed, IsDeleted, SystemModstamp"
        soql = f"SELECT {names} FROM Case WHERE Hub_Id__c != null{_since(since)} ORDER BY SystemModstamp, Id"  # noqa: S608 - fixed names, our time
        for row in self.client.query_all(soql, deleted=True):
            modified = datetime.fromisoformat(row["SystemModstamp"])
            yield CaseNews(
                row["Hub_Id__c"], row["Id"], row["CaseNumber"], row["Status"] or "", row["IsClosed"], modified,
                row["IsDeleted"],
            )  # fmt: skip

    def comments(self, since: datetime | None) -> Iterator[CommentNews]:
        if not self._has_key("Case"):
            return
        names = "Id, CommentBody, CreatedById, Parent.Hub_Id__c, SystemModstamp"
        where = f"IsPublished = true AND Parent.Hub_Id__c != null{_since(since)}"
        soql = f"SELECT {names} FROM CaseComment WHERE {where} ORDER BY CreatedDate, Id"  # noqa: S608 - fixed names, our time
        for row in self.client.query_all(soql):
            key, modified = row["Parent"]["Hub_Id__c"], datetime.fromisoformat(row["SystemModstamp"])
            yield CommentNews(row["Id"], key, row["CommentBody"] or "", row["CreatedById"], modified)

    def needed(self, kind: Literal["lead", "contact"]) -> list[Needed] | None:
        description = self._describe(OBJECTS[kind])
        if description is None or not description.get("createable") or not self._has_key(OBJECTS[kind]):
            return None
        return people.needed(description)

    def campaigns(self) -> list[Campaign]:
        if self._describe("Campaign") is None or not self._has_key("CampaignMember"):
            return []
        soql = "SELECT Id, Name, Status, EndDate FROM Campaign WHERE IsActive = true ORDER BY Name, Id"
        return [
            Campaign(row["Id"], row["Name"], row["Status"] or "", _day(row["EndDate"]))
            for row in self.client.query_all(soql)
        ]

    def everything(self, kind: Kind) -> Iterator[Mapping[str, Any]]:
        object_ = OBJECTS[kind]
        soql = f"SELECT {', '.join((HUB_ID, *READ[kind]))} FROM {object_} WHERE {HUB_ID} != null"  # noqa: S608 - names
        counts = self.client.record_counts([object_])
        if counts.get(object_, 0) < self.load_from:
            yield from self.client.query_all(soql)
            return
        for row in bulk.query(self.client, soql):
            yield people.nested(row)

    def current(self, kind: Kind, hub_ids: Sequence[str], fields: Sequence[str]) -> dict[str, Current]:
        names = ", ".join(dict.fromkeys((HUB_ID, "LastModifiedById", "LastModifiedDate", *fields)))
        keys = ",".join(map(quote, hub_ids))
        soql = f"SELECT {names} FROM {OBJECTS[kind]} WHERE {HUB_ID} IN ({keys})"  # noqa: S608 - names, and quoted
        us = self.client.user()
        return {
            row[HUB_ID]: Current(
                {name: row.get(name) for name in fields},
                datetime.fromisoformat(row["LastModifiedDate"]),
                bool(us) and row["LastModifiedById"] == us,
            )
            for row in self.client.query_all(soql)
        }

    def _has_key(self, object_: str) -> bool:
        """Whether the org has our key on an object of its own: one that was installed earlier lacks it."""
        description = self._describe(object_)
        return description is not None and any(one["name"] == HUB_ID for one in description["fields"])

    def upsert(self, kind: Kind, rows: Sequence[Mapping[str, Any]]) -> list[RowResult]:
        saved = self.client.upsert(OBJECTS[kind], HUB_ID, rows)
        return [_result(str(row[HUB_ID]), one) for row, one in zip(rows, saved, strict=True)]

    def fits(self, row: Mapping[str, Any]) -> bool:
        return bulk.fits(row)

    def begin(self, kind: Kind) -> str:
        return bulk.begin(self.client, OBJECTS[kind], HUB_ID)

    def upload(self, job: str, rows: Sequence[Mapping[str, Any]]) -> None:
        bulk.upload(self.client, job, rows)

    def progress(self, job: str) -> Progress:
        return bulk.progress(self.client, job)

    def results(self, job: str, found: Progress) -> list[RowResult]:
        return [_result(key, saved) for key, saved in bulk.results(self.client, job, HUB_ID, found).items()]

    def drop(self, job: str) -> None:
        bulk.drop(self.client, job)

    def usage(self) -> Cost:
        asked = self.client.limits()
        return replace(self.cost(), used=asked.used, limit=asked.limit)

    def cost(self) -> Cost:
        usage = self.client.usage
        spent = Cost(self.client.calls, self.client.sent_bytes)
        return spent if usage is None else replace(spent, used=usage.used, limit=usage.limit)

    def delete(self, kind: Kind, hub_ids: Sequence[str]) -> list[RowResult]:
        saved = self.client.delete_by_external_id(OBJECTS[kind], HUB_ID, hub_ids)
        return [_result(hub_id, one) for hub_id, one in zip(hub_ids, saved, strict=True)]

    def exists(self, kind: Kind, hub_ids: Sequence[str]) -> set[str]:
        return set(self.client.ids_by_external_id(OBJECTS[kind], HUB_ID, hub_ids))

    def _people(self, layout: Layout, since: datetime | None) -> Iterator[CrmPerson]:
        """Changed records in the order of their change; then those whose privacy record alone changed."""
        start = f"SELECT {layout.select()} FROM {layout.object}"  # noqa: S608 - names out of a description
        if since is None:
            yield from (people.person(layout, row) for row in self._whole(layout.object, start))
            return
        moment = _moment(since)
        seen: set[str] = set()
        changed = f"{start} WHERE SystemModstamp >= {moment} ORDER BY SystemModstamp, Id"
        yield from self._read(layout, changed, seen)
        if layout.individual:
            inner = f"SELECT Id FROM Individual WHERE SystemModstamp >= {moment}"  # noqa: S608 - our time
            yield from self._read(layout, f"{start} WHERE IndividualId IN ({inner})", seen)

    def _whole(self, object_: str, soql: str) -> Iterator[Mapping[str, Any]]:
        """All records; in one bulk answer where they are many, which costs calls by the page of 25,000."""
        counts = self.client.record_counts([object_])
        if counts.get(object_, 0) >= self.load_from:
            try:
                yield from map(people.nested, bulk.query(self.client, soql, deleted=True))
                return
            except Rejected as error:
                logger.warning("bulk query refused", code=error.code)
        yield from self.client.query_all(soql, deleted=True)

    def _read(self, layout: Layout, soql: str, seen: set[str]) -> Iterator[CrmPerson]:
        for row in self.client.query_all(soql, deleted=True):
            if row["Id"] not in seen:
                seen.add(row["Id"])
                yield people.person(layout, row)

    def _layout(self, object_: PersonObject) -> Layout | None:
        description = self._describe(object_)
        return None if description is None else people.layout(object_, description)

    def _describe(self, object_: str) -> dict[str, Any] | None:
        """Descriptions are asked once per instance: they cost a call and change rarely."""
        if object_ not in self._described:
            self._described[object_] = self.client.describe(object_)
        return self._described[object_]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _moment(since: datetime) -> str:
    return (since - OVERLAP).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _since(since: datetime | None) -> str:
    return "" if since is None else f" AND SystemModstamp >= {_moment(since)}"


def _result(hub_id: str, saved: Saved) -> RowResult:
    refusal = saved.refusal
    if refusal is None:
        return RowResult(hub_id, True, saved.id, saved.created)
    verdict = classify(refusal.code, refusal.status, refusal.message)
    return RowResult(hub_id, False, saved.id, False, verdict, refusal.code, refusal.message, refusal.fields)
