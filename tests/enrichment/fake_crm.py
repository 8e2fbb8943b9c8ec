"""A CRM in memory that implements the port, refuses what a CRM refuses, and counts its calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from core.errors import WiderhallError
from enrichment.crm import (
    HUB_ID,
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
    Progress,
    RowResult,
    Stage,
)

START = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass
class Job:
    kind: Kind
    rows: list[Mapping[str, Any]] = field(default_factory=list)
    stage: Stage = "open"
    results: list[RowResult] = field(default_factory=list)


class FakeCrm:
    def __init__(self) -> None:
        self.persons: dict[str, CrmPerson] = {}
        self.accounts_: dict[str, CrmAccount] = {}
        self.orders_: dict[str, CrmOrder] = {}
        self.records: dict[Kind, dict[str, dict[str, Any]]] = {
            "profile": {},
            "interaction": {},
            "case": {},
            "member": {},
            "lead": {},
            "contact": {},
        }
        self.campaigns_: list[Campaign] = []
        self.edited: dict[str, datetime] = {}
        """Records that somebody there changed, and when."""
        self.asked: list[list[str]] = []
        """Keys whose present values were asked for, call by call."""
        self.case_news: list[CaseNews] = []
        self.comment_news: list[CommentNews] = []
        """What the next reads tell about cases and comments."""
        self.ids: dict[str, str] = {}
        self.calls: list[tuple[str, Kind, list[Mapping[str, Any]]]] = []
        self.faults: list[WiderhallError] = []
        """Raised by the next writes, before anything happens."""
        self.late_faults: list[WiderhallError] = []
        """Raised by the next writes after they have taken effect."""
        self.refuse: Callable[[Kind, Mapping[str, Any]], RowResult | None] = lambda kind, row: None
        self.clock = START
        self.jobs: dict[str, Job] = {}
        self.limit: int | None = None
        """API calls a day; each write is one. None: it does not say."""
        self.used = 0

    # --- people

    def put(self, person: CrmPerson) -> CrmPerson:
        self.clock += timedelta(seconds=1)
        self.persons[person.id] = replace(person, modified=self.clock)
        return self.persons[person.id]

    def change(self, record_id: str, **values: Any) -> None:
        self.put(replace(self.persons[record_id], **values))

    def people(self, since: datetime | None) -> Iterator[CrmPerson]:
        for one in sorted(self.persons.values(), key=lambda person: (person.object, person.id)):
            if since is None or (one.modified is not None and one.modified >= since):
                yield one

    def found(self, account: CrmAccount) -> CrmAccount:
        self.clock += timedelta(seconds=1)
        self.accounts_[account.id] = replace(account, modified=self.clock)
        return self.accounts_[account.id]

    def accounts(self, since: datetime | None) -> Iterator[CrmAccount]:
        for one in sorted(self.accounts_.values(), key=lambda account: account.id):
            if since is None or (one.modified is not None and one.modified >= since):
                yield one

    def sell(self, order: CrmOrder) -> CrmOrder:
        self.clock += timedelta(seconds=1)
        self.orders_[order.id] = replace(order, modified=self.clock)
        return self.orders_[order.id]

    def orders(self, since: datetime | None) -> Iterator[CrmOrder]:
        for one in sorted(self.orders_.values(), key=lambda order: (order.object != "Opportunity", order.id)):
            if since is None or one.modified >= since:
                yield one

    def cases(self, since: datetime | None) -> Iterator[CaseNews]:
        yield from (one for one in self.case_news if since is None or one.modified >= since)

    def needed(self, kind: str) -> list[Needed] | None:
        return [Needed("LastName", "Last Name", "text", required=True)]

    def campaigns(self) -> list[Campaign]:
        return self.campaigns_

    def comments(self, since: datetime | None) -> Iterator[CommentNews]:
        yield from (one for one in self.comment_news if since is None or one.modified >= since)

    # --- records

    def check(self) -> CrmStatus:
        return CrmStatus("66.0", "https://fake.example", used=len(self.calls), limit=1000)

    def everything(self, kind: Kind) -> Iterator[Mapping[str, Any]]:
        yield from [dict(row) for row in self.records[kind].values()]

    def current(self, kind: Kind, hub_ids: Sequence[str], fields: Sequence[str]) -> dict[str, Current]:
        self.used += 1
        self.asked.append(list(hub_ids))
        return {
            one: Current(
                {name: self.records[kind][one].get(name) for name in fields},
                self.edited.get(one, START),
                one not in self.edited,
            )
            for one in hub_ids
            if one in self.records[kind]
        }

    def upsert(self, kind: Kind, rows: Sequence[Mapping[str, Any]]) -> list[RowResult]:
        assert 0 < len(rows) <= 200
        self._fault(self.faults)
        self.used += 1
        self.calls.append(("upsert", kind, [dict(row) for row in rows]))
        results = [self._upsert(kind, row) for row in rows]
        self._fault(self.late_faults)
        return results

    def _upsert(self, kind: Kind, row: Mapping[str, Any]) -> RowResult:
        hub_id = str(row[HUB_ID])
        refused = self.refuse(kind, row)
        if refused is not None:
            return replace(refused, hub_id=hub_id)
        parent = row.get("Profile__r")
        if parent is not None and parent[HUB_ID] not in self.records["profile"]:
            return RowResult(hub_id, False, verdict="relink", code="INVALID_FIELD", message="no such profile")
        for name in ("Contact__c", "Lead__c"):
            target = self.persons.get(row.get(name) or "")
            if row.get(name) and (target is None or target.deleted):
                return RowResult(hub_id, False, verdict="relink", code="ENTITY_IS_DELETED", message="gone")
        created = hub_id not in self.records[kind]
        self.records[kind].setdefault(hub_id, {}).update(row)
        record_id = self.ids.setdefault(hub_id, f"a0{len(self.ids):013d}")
        return RowResult(hub_id, True, record_id, created)

    def delete(self, kind: Kind, hub_ids: Sequence[str]) -> list[RowResult]:
        self._fault(self.faults)
        self.calls.append(("delete", kind, [{HUB_ID: one} for one in hub_ids]))
        for one in hub_ids:
            self.records[kind].pop(one, None)
        self._fault(self.late_faults)
        return [RowResult(one, True) for one in hub_ids]

    def exists(self, kind: Kind, hub_ids: Sequence[str]) -> set[str]:
        return {one for one in hub_ids if one in self.records[kind]}

    # --- bulk jobs: begun at the upload, worked on at the first look

    def fits(self, row: Mapping[str, Any]) -> bool:
        return True

    def begin(self, kind: Kind) -> str:
        self.used += 1
        self.jobs[f"job{len(self.jobs)}"] = Job(kind)
        return f"job{len(self.jobs) - 1}"

    def upload(self, job: str, rows: Sequence[Mapping[str, Any]]) -> None:
        self._fault(self.faults)
        self.used += 2
        assert self.jobs[job].stage == "open"
        self.jobs[job].rows, self.jobs[job].stage = [dict(row) for row in rows], "working"
        self.calls.append(("bulk", self.jobs[job].kind, self.jobs[job].rows))
        self._fault(self.late_faults)

    def progress(self, job: str) -> Progress:
        self.used += 1
        found = self.jobs.get(job)
        if found is None:
            return Progress("gone")
        if found.stage == "working" and not found.results:
            found.results = [self._upsert(found.kind, row) for row in found.rows]
            return Progress("working")
        if found.stage == "working":
            found.stage = "done"
        return Progress(found.stage, len(found.results), sum(not one.ok for one in found.results))

    def results(self, job: str, found: Progress) -> list[RowResult]:
        self.used += 1
        return list(reversed(self.jobs[job].results))

    def drop(self, job: str) -> None:
        self.used += 1
        self.jobs.pop(job, None)

    # --- what it costs

    def usage(self) -> Cost:
        return self.cost()

    def cost(self) -> Cost:
        return Cost() if self.limit is None else Cost(0, 0, self.used, self.limit)

    # --- for tests

    def _fault(self, faults: list[WiderhallError]) -> None:
        if faults:
            raise faults.pop(0)

    def only(self, kind: Kind) -> dict[str, Any]:
        (record,) = self.records[kind].values()
        return record

    def writes(self) -> int:
        return len(self.calls)
