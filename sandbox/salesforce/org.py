"""The org itself: its records, their indexes and the rules for writing them.

Records are sparse, immutable mappings: an empty field is left out, and a change puts a new mapping in place
of the old one, so that a roll-back only has to put the old ones back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

from sandbox.salesforce import campaigns, duplicates, ids, validations, values
from sandbox.salesforce.errors import ApiError, RowError, unknown_column
from sandbox.salesforce.fields import Field, Table
from sandbox.salesforce.metadata import permissions, tables
from sandbox.salesforce.objects import STANDARD, joined

Record = dict[str, Any]
Clock = Callable[[], datetime]
ORGANIZATION_NAME = "Widerhall Sandbox"
INTEGRATION_USER = "integration@widerhall.example"
ADMIN_USER = "admin@widerhall.example"


class Shelves(Protocol):
    """Where the org's records stand: `sandbox.store.Store`."""

    def shelf(self, name: str) -> MutableMapping[str, dict[str, Any]]: ...


class Org:
    """Every record of the org; one user's changes at a time."""

    def __init__(self, store: Shelves, clock: Clock) -> None:
        self.clock = clock
        self.tables: dict[str, Table] = {}
        self.hidden: set[tuple[str, str]] = set()
        """(object, field) pairs that field-level security hides from the integration user."""
        self.fixed: set[tuple[str, str]] = set()
        """(object, field) pairs the integration user may read but not write."""
        self.missing: set[str] = set()
        """Objects this org does not have, or the integration user may not see."""
        self.may_deploy = True
        """Whether the integration user may change metadata."""
        self._store = store
        self._shelves: dict[str, MutableMapping[str, Record]] = {}
        self._counters = store.shelf("salesforce.counters")
        self._index: dict[tuple[str, str], dict[str, dict[str, None]]] = {}
        self._journal: list[tuple[str, str, Record | None]] | None = None
        self._user = ""
        self._barred = permissions.Barred()
        self.adopt()
        self._settle()
        self.permit()

    def adopt(self) -> None:
        """Have the objects and fields that are deployed by now, and find records by them."""
        self.tables = joined(tables.tables(self.standard(), self.shelf("objects")))
        self._shelves = {name: self._store.shelf(f"salesforce.{name}") for name in self.tables}
        self._index = {(name, f.name): {} for name, table in self.tables.items() for f in table.indexed}
        for name, shelf in self._shelves.items():
            for row in shelf.values():
                self._list(self.tables[name], row)

    def standard(self) -> list[Table]:
        """The objects it has without anything deployed."""
        off = self.shelf("off")
        return [table for table in STANDARD if table.name not in off]

    def switch_off(self, objects: Iterable[str]) -> None:
        """Be an org without these standard objects, as one is that has not switched orders or marketing on."""
        for name in objects:
            self.shelf("off")[name] = {}
        self.adopt()

    def permit(self, barred: permissions.Barred | None = None) -> None:
        """What the integration user may see by its permission sets, without what `barred` takes away."""
        self._barred = barred or self._barred
        user = self.user_ids[INTEGRATION_USER]
        sets = {row["Id"]: row["Name"] for row in self.rows("PermissionSet")}
        have = [sets[r["PermissionSetId"]] for r in self.rows("PermissionSetAssignment")
                if r.get("AssigneeId") == user and not r["IsDeleted"]]  # fmt: skip
        found = permissions.barred(self.shelf("objects"), [self.shelf("permissionsets")[name] for name in have])
        self.hidden = found.hidden | self._barred.hidden
        self.fixed = found.fixed | self._barred.fixed
        self.missing = found.objects | self._barred.objects

    # --- reading

    def table(self, name: str) -> Table:
        """The object of that name in any case; unknown ones are a 404."""
        found = self.tables.get(name) or next((t for n, t in self.tables.items() if n.lower() == name.lower()), None)
        if found is None or found.name in self.missing:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        return found

    def field(self, table: Table, name: str) -> Field | None:
        found = table.by_name.get(name.lower())
        return None if found and (table.name, found.name) in self.hidden else found

    def rows(self, object_: str) -> Iterable[Record]:
        return self._shelves[object_].values()

    def get(self, object_: str, id_: str) -> Record | None:
        """The record with that canonical id, deleted ones too."""
        return self._shelves[object_].get(id_)

    def find(self, table: Table, field: Field, value: Any) -> list[Record]:
        """Living records whose indexed field has this value, oldest first."""
        if field.type == "id":
            row = self.get(table.name, str(value))
            return [row] if row and not row["IsDeleted"] else []
        found = self._index[table.name, field.name].get(self._key(field, value), {})
        return [self._shelves[table.name][id_] for id_ in found]

    def children(self, table: Table, id_: str) -> Iterator[tuple[str, Field, Record]]:
        """Living records that point at this one: (object, through which field, record)."""
        for object_, field in table.children:
            for row in self.find(self.tables[object_], field, id_):
                yield object_, field, row

    def object_of(self, id_: str) -> Table | None:
        return next((t for t in self.tables.values() if id_.startswith(t.prefix)), None)

    # --- writing

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; may be nested."""
        outer, self._journal = self._journal, []
        try:
            yield
        except BaseException:
            for object_, id_, before in reversed(self._journal):
                self._put(self.tables[object_], id_, before)
            self._journal = outer
            raise
        if outer is not None:
            outer.extend(self._journal)
        self._journal = outer

    def parse(self, table: Table, given: Mapping[str, Any]) -> dict[Field, Any]:
        """The values of one request body by field; a parent named by its key is looked up later."""
        found: dict[Field, Any] = {}
        for name, value in given.items():
            if name == "attributes":
                continue
            field = self.field(table, name)
            if field is not None:
                found[field] = values.read(field, value)
                continue
            parent = table.by_relationship.get(name.lower())
            if parent is None or not isinstance(value, dict):
                raise unknown_column(name, table.name)
            found[parent] = {k: v for k, v in value.items() if k != "attributes"}
        return found

    def insert(self, table: Table, given: dict[Field, Any]) -> str:
        """Create one record and return its id."""
        self._may_write(table, given, creating=True)
        row = {**table.defaults, **self._checked(table, given)}
        lacking = [f.name for f in table.required if row.get(f.name) is None]
        if lacking:
            text = f"Required fields are missing: [{', '.join(lacking)}]"
            raise RowError("REQUIRED_FIELD_MISSING", text, *lacking)
        if table.name == "CampaignMember":
            campaigns.place(self, row)
        now = values.stamp(self.clock())
        id_ = ids.make(table.prefix, self._next(table.prefix))
        row |= {"Id": id_, "IsDeleted": False, "CreatedDate": now, "CreatedById": self._user}
        if "ownerid" in table.by_name:
            row.setdefault("OwnerId", self._user)
        self._fill(table, row)
        self._unique(table, row)
        validations.check(self, table, row)
        duplicates.check(self, table, row)
        self._put(table, id_, self._touched(row, now))
        return id_

    def update(self, table: Table, id_: str, given: dict[Field, Any]) -> None:
        """Change fields of one living record."""
        before = self.living(table, id_)
        if before.get("IsConverted"):
            raise RowError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        self._may_write(table, given, creating=False)
        row = {**before, **self._checked(table, given)}
        self._fill(table, row)
        self._unique(table, row)
        validations.check(self, table, row)
        duplicates.check(self, table, row)
        self._put(table, id_, self._touched(row))

    def delete(self, table: Table, id_: str) -> None:
        """Into the recycle bin, with what goes along; lookups that pointed here become empty."""
        row = self.living(table, id_)
        if table.name in ("Account", "Contact"):
            case = self.tables["Case"]
            cases = self.find(case, case.by_name[f"{table.name.lower()}id"], id_)
            if cases:
                numbers = ", ".join(c["CaseNumber"] for c in cases)
                text = f"Your attempt to delete {row['Name']} could not be completed because it is associated "
                raise RowError("DELETE_FAILED", f"{text}with the following cases.: {numbers}")
        for object_, field, child in list(self.children(table, id_)):
            if field.cascade:
                self.delete(self.tables[object_], child["Id"])
            else:
                self.set(object_, child["Id"], {field.name: None})
        self.set(table.name, id_, {"IsDeleted": True})

    def set(self, object_: str, id_: str, changes: Mapping[str, Any]) -> None:
        """Change fields as the platform itself does, without the rules for users."""
        row = {**self._shelves[object_][id_], **changes}
        self._put(self.tables[object_], id_, self._touched(row))

    def living(self, table: Table, id_: str) -> Record:
        row = self.get(table.name, id_)
        if row is None:
            raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if row["IsDeleted"]:
            raise RowError("ENTITY_IS_DELETED", "entity is deleted")
        return row

    # --- rules

    def _may_write(self, table: Table, given: Iterable[Field], *, creating: bool) -> None:
        if not table.writable:
            raise RowError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be written: {table.name}")
        barred = [
            f.name
            for f in given
            if not (f.createable if creating else f.updateable) or (table.name, f.name) in self.fixed
        ]
        if barred:
            text = (
                f"Unable to create/update fields: {', '.join(barred)}. Please check the security settings of "
                "this field and verify that it is read/write for your profile or permission set."
            )
            raise RowError("INVALID_FIELD_FOR_INSERT_UPDATE", text, *barred)

    def _checked(self, table: Table, given: dict[Field, Any]) -> Record:
        found = {}
        for field, value in given.items():
            if isinstance(value, dict):
                found[field.name] = self._by_key(field, value)
                continue
            found[field.name] = checked = values.check(field, value)
            if checked is not None and field.type == "reference":
                self._check_target(field, checked)
        return found

    def _by_key(self, field: Field, key: Mapping[str, Any]) -> str:
        """The id of the parent named by one of its external ids."""
        table = self.tables[field.targets[0]]
        name = next(iter(key), "")
        external = table.by_name.get(name.lower())
        if len(key) != 1 or external is None or not external.external_id:
            text = f"{field.relationship}: exactly one external id of {table.name} is needed"
            raise RowError("INVALID_FIELD", text, field.name)
        found = self.find(table, external, key[name])
        if not found:
            text = f"Foreign key external ID: {key[name]} not found for field {name} in entity {table.name}"
            raise RowError("INVALID_FIELD", text)
        if len(found) > 1:
            text = f"More than one record found for external id field: {[r['Id'] for r in found]}"
            raise RowError("DUPLICATE_EXTERNAL_ID", text)
        return str(found[0]["Id"])

    def _check_target(self, field: Field, id_: str) -> None:
        table = next((self.tables[t] for t in field.targets if id_.startswith(self.tables[t].prefix)), None)
        if table is None:
            text = f"{field.label}: id value of incorrect type: {id_}"
            raise RowError("FIELD_INTEGRITY_EXCEPTION", text, field.name)
        row = self.get(table.name, id_)
        if row is None:
            raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", field.name)
        if row["IsDeleted"]:
            raise RowError("ENTITY_IS_DELETED", "entity is deleted", field.name)
        if row.get("IsConverted"):
            raise RowError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", field.name)

    def _unique(self, table: Table, row: Record) -> None:
        for field in table.indexed:
            if not field.unique or row.get(field.name) is None:
                continue
            for other in self.find(table, field, row[field.name]):
                if other["Id"] != row["Id"]:
                    text = f"duplicate value found: {field.name} duplicates value on record with id: "
                    raise RowError("DUPLICATE_VALUE", text + other["Id"][:15])

    def _fill(self, table: Table, row: Record) -> None:
        """Values the platform derives from others, and running numbers."""
        if "lastname" in table.by_name:
            row["Name"] = " ".join(p for p in (row.get("FirstName"), row.get("LastName")) if p)
        if table.name == "Case":
            row["IsClosed"] = row.get("Status") == "Closed"
            row["ClosedDate"] = (row.get("ClosedDate") or values.stamp(self.clock())) if row["IsClosed"] else None
        if table.name == "CampaignMember":
            campaigns.fill(row, self.clock().date().isoformat())
        if table.name == "Opportunity":
            stage = str(row.get("StageName") or "")
            row |= {"IsClosed": stage.startswith("Closed"), "IsWon": stage == "Closed Won"}
        for field in table.fields:
            if field.auto_number and field.name not in row:
                row[field.name] = field.auto_number.format(self._next(f"{table.name}.{field.name}"))
        if table.custom and not row.get("Name"):
            row["Name"] = row["Id"][:15]

    # --- storing

    def _touched(self, row: Record, now: str = "") -> Record:
        now = now or values.stamp(self.clock())
        row |= {"LastModifiedDate": now, "SystemModstamp": now, "LastModifiedById": self._user}
        return {name: value for name, value in row.items() if value is not None}

    def _put(self, table: Table, id_: str, row: Record | None) -> None:
        shelf = self._shelves[table.name]
        before = shelf.get(id_)
        if self._journal is not None:
            self._journal.append((table.name, id_, before))
        if before is not None:
            self._unlist(table, before)
        if row is None:
            shelf.pop(id_, None)
            return
        shelf[id_] = row
        self._list(table, row)
        if table.name == "PermissionSetAssignment" and self._user:
            self.permit()

    def _key(self, field: Field, value: Any) -> str:
        return str(value) if field.case_sensitive or field.type == "reference" else str(value).lower()

    def _list(self, table: Table, row: Record) -> None:
        if row["IsDeleted"]:
            return
        for field in table.indexed:
            value = row.get(field.name)
            if value is not None:
                self._index[table.name, field.name].setdefault(self._key(field, value), {})[row["Id"]] = None

    def _unlist(self, table: Table, row: Record) -> None:
        for field in table.indexed:
            value = row.get(field.name)
            if value is not None:
                index = self._index[table.name, field.name]
                key = self._key(field, value)
                if key in index and index[key].pop(row["Id"], 0) is None and not index[key]:
                    del index[key]

    def _next(self, name: str) -> int:
        value = self._counters.get(name, {"value": 0})["value"] + 1
        self._counters[name] = {"value": value}
        return int(value)

    # --- who is here from the start

    def _settle(self) -> None:
        """The organisation and its two users."""
        if not self._shelves["Organization"]:
            self.make(
                "Organization",
                Name=ORGANIZATION_NAME,
                InstanceName="EU00S",
                OrganizationType="Developer Edition",
            )
            for name, username in (("Integration", INTEGRATION_USER), ("Administrator", ADMIN_USER)):
                self.make("User", LastName=name, Name=name, Username=username)
        self.user_ids = {row["Username"]: row["Id"] for row in self.rows("User")}
        self.id = next(iter(self._shelves["Organization"]))
        self.act_as(INTEGRATION_USER)

    def make(self, object_: str, **fields: Any) -> str:
        """A record that the platform itself makes, without the rules for users."""
        table = self.tables[object_]
        id_, now = ids.make(table.prefix, self._next(table.prefix)), values.stamp(self.clock())
        row = {
            **table.defaults,
            **fields,
            "Id": id_,
            "IsDeleted": False,
            "CreatedDate": now,
            "CreatedById": id_,
        }
        self._put(table, id_, self._touched(row, now))
        return id_

    def act_as(self, username: str) -> None:
        """Whose name stands in `LastModifiedById` from here on."""
        self._user = self.user_ids[username]

    # --- what is kept beside the records

    def shelf(self, name: str) -> MutableMapping[str, dict[str, Any]]:
        """A store of its own for something that is no record."""
        return self._store.shelf(f"salesforce.{name}")

    def number(self, name: str) -> int:
        """The next running number of that name."""
        return self._next(name)

    @property
    def user_id(self) -> str:
        """Who acts at the moment."""
        return self._user
