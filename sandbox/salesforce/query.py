"""Running a query: which records, in which order, and how they look in the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce import filters, soql
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.fields import Field, Table
from sandbox.salesforce.filters import Get, Resolver
from sandbox.salesforce.org import Org, Record

Render = Callable[[Record], dict[str, Any]]
MOST_OFFSET = 2000
MOST_ALL_FIELDS = 200


@dataclass(frozen=True, slots=True)
class Found:
    """All rows of an answer; `show` renders one of them."""

    total: int
    rows: list[Any]
    show: Render


def run(org: Org, text: str, version: str, *, deleted: bool = False) -> Found:
    """The rows a query finds; raises ApiError in the platform's words."""
    return _Run(org, soql.parse(text), version, deleted).found()


class _Run:
    def __init__(self, org: Org, query: soql.Query, version: str, deleted: bool) -> None:
        self.org, self.query, self.version, self.deleted = org, query, version, deleted
        self.table = self._source(query)
        self.names = Resolver(org, self.table, query.text)

    def _source(self, query: soql.Query) -> Table:
        try:
            return self.org.table(query.source)
        except ApiError:
            text = (
                f"sObject type '{query.source}' is not supported. If you are attempting to use a custom "
                "object, be sure to append the '__c' after the entity name. Please reference your WSDL or "
                "the describe call for the appropriate names."
            )
            message = soql.positioned(query.text, query.source_at, text)
            raise ApiError(400, "INVALID_TYPE", message) from None

    def found(self) -> Found:
        query = self.query
        self._check_all_fields()
        if query.offset > MOST_OFFSET:
            text = f"Maximum SOQL offset allowed is {MOST_OFFSET}"
            raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", text)
        if query.counts_only:
            count = len(self._cut(self.matching()))
            return Found(count, [], dict)
        if query.group or any(isinstance(i, soql.Aggregate) for i in query.select):
            rows = self._cut(_Groups(self).rows())
            return Found(len(rows), rows, dict)
        show = self.renderer(query.select)
        rows = self._cut(self._sorted(self.matching()))
        return Found(len(rows), rows, show)

    def _check_all_fields(self) -> None:
        query = self.query
        groups = [i for i in query.select if isinstance(i, soql.AllFields) and i.group != "STANDARD"]
        if groups and (query.limit is None or query.limit > MOST_ALL_FIELDS):
            text = f"The SOQL FIELDS function must have a LIMIT of at most {MOST_ALL_FIELDS}"
            raise soql.malformed(query.text, groups[0].at, text)

    def matching(self) -> list[Record]:
        where = self.query.where
        test = filters.build(self.names, where, self._column) if where else None
        rows = self._candidates(where) if where and not self.deleted else None
        if rows is None:
            rows = self.org.rows(self.table.name)
        return [r for r in rows if (self.deleted or not r["IsDeleted"]) and (test is None or test(r))]

    def _column(self, query: soql.Query) -> list[Any]:
        inner = _Run(self.org, query, self.version, self.deleted)
        if len(query.select) != 1 or not isinstance(query.select[0], soql.Path):
            raise soql.malformed(query.text, query.source_at, "an inner query selects exactly one field")
        _, get = inner.names.path(query.select[0])
        return [get(row) for row in inner.matching()]

    def _candidates(self, where: Any) -> Iterable[Record] | None:
        """The few records an index offers for this condition, None when it has to be a scan."""
        if isinstance(where, soql.Logic):
            if where.operator != "AND":
                return None
            offers = (self._candidates(part) for part in where.parts)
            return next((rows for rows in offers if rows is not None), None)
        literals = where.value if isinstance(where.value, list) else [where.value]
        if where.operator not in ("=", "IN") or not all(isinstance(v, soql.Literal) for v in literals):
            return None
        field = self.org.field(self.table, where.path.parts[-1])
        if len(where.path.parts) > 1 or field is None or not (field.type == "id" or field in self.table.indexed):
            return None
        wanted = [filters.constant(self.names, field, v) for v in literals]
        if None in wanted:
            return None
        return [row for value in dict.fromkeys(wanted) for row in self.org.find(self.table, field, value)]

    def _sorted(self, rows: list[Record]) -> list[Record]:
        for order in reversed(self.query.order):
            if isinstance(order.item, soql.Aggregate):
                raise soql.malformed(self.query.text, order.item.at, "an aggregate needs GROUP BY")
            _, get = self.names.path(order.item)
            rows = in_order(rows, get, order)
        return rows

    def _cut(self, rows: list[Any]) -> list[Any]:
        start, limit = self.query.offset, self.query.limit
        return rows[start:] if limit is None else rows[start : start + limit]

    def renderer(self, select: Iterable[Any]) -> Render:
        """How one record looks: `attributes` first, parents nested, children as answers of their own."""
        table, names = self.table, self.names
        plain: list[str] = []
        parents: dict[str, tuple[Field, list[soql.Path]]] = {}
        inner: list[tuple[str, Callable[[Record], Any]]] = []
        for item in select:
            if isinstance(item, soql.AllFields):
                plain.extend(self._group_of(item.group))
            elif isinstance(item, soql.Query):
                inner.append(self._children(item))
            elif len(item.parts) == 1 or (len(item.parts) == 2 and item.parts[0].lower() == table.name.lower()):
                plain.append(names.path(item)[0].name)
            else:
                names.path(item)
                field = table.by_relationship[item.parts[0].lower()]
                rest = soql.Path(item.parts[1:], item.at)
                parents.setdefault(field.relationship, (field, []))[1].append(rest)
        shown = {name: self._parent(field, paths) for name, (field, paths) in parents.items()}
        base = f"/services/data/v{self.version}/sobjects/{table.name}/"

        def show(row: Record) -> dict[str, Any]:
            found: dict[str, Any] = {"attributes": {"type": table.name, "url": base + row["Id"]}}
            for name in plain:
                found[name] = row.get(name)
            for name, parent in shown.items():
                found[name] = parent(row)
            for name, children in inner:
                found[name] = children(row)
            return found

        return show

    def _group_of(self, group: str) -> list[str]:
        visible = [f for f in self.table.fields if (self.table.name, f.name) not in self.org.hidden]
        return [f.name for f in visible if group == "ALL" or f.custom == (group == "CUSTOM")]

    def _parent(self, field: Field, paths: list[soql.Path]) -> Callable[[Record], Any]:
        shows: dict[str, Render] = {}

        def parent(row: Record) -> Any:
            target = self.names.parent(row, field.name)
            if target is None:
                return None
            table = self.org.object_of(target["Id"])
            if table is None:
                return None
            if table.name not in shows:
                shows[table.name] = self._for(table).renderer(paths)
            return shows[table.name](target)

        return parent

    def _for(self, table: Table, query: soql.Query | None = None) -> _Run:
        other = _Run.__new__(_Run)
        other.org, other.version, other.deleted = self.org, self.version, self.deleted
        other.query, other.table = query or self.query, table
        other.names = Resolver(self.org, table, self.query.text)
        return other

    def _children(self, query: soql.Query) -> tuple[str, Callable[[Record], Any]]:
        wanted = query.source.lower()
        for object_, field in self.table.children:
            name = field.children_name
            if name.lower() == wanted and object_ not in self.org.missing:
                break
        else:
            text = f"Didn't understand relationship '{query.source}' in FROM part of query call."
            raise self.names.refuse("INVALID_TYPE", query.source_at, text)
        run = self._for(self.org.tables[object_], query)
        show = run.renderer(query.select)
        test = filters.build(run.names, query.where, run._column) if query.where else None

        def children(row: Record) -> Any:
            rows = [r for r in self.org.find(run.table, field, row["Id"]) if test is None or test(r)]
            rows = run._cut(run._sorted(rows))
            return {"totalSize": len(rows), "done": True, "records": [show(r) for r in rows]} if rows else None

        return name, children


class _Groups:
    """GROUP BY and aggregates; rows come out rendered."""

    def __init__(self, run: _Run) -> None:
        self.run, self.query = run, run.query
        grouped = {p.parts[-1].lower(): run.names.path(p)[1] for p in self.query.group}
        self.keys = list(grouped.values())
        self.columns: list[tuple[str, Callable[[list[Record]], Any]]] = []
        unnamed = 0
        for item in self.query.select:
            if isinstance(item, soql.Aggregate):
                name = item.alias or f"expr{unnamed}"
                unnamed += not item.alias
                self.columns.append((name, self._aggregate(item)))
            elif isinstance(item, soql.Path) and item.parts[-1].lower() in grouped:
                self.columns.append((item.parts[-1], self._key(grouped[item.parts[-1].lower()])))
            else:
                text = "Field must be grouped or aggregated"
                raise soql.malformed(self.query.text, getattr(item, "at", 0), text)

    def _key(self, get: Get) -> Callable[[list[Record]], Any]:
        return lambda rows: get(rows[0])

    def _aggregate(self, item: soql.Aggregate) -> Callable[[list[Record]], Any]:
        if item.path is None:
            return len
        _, get = self.run.names.path(item.path)
        functions: dict[str, Callable[[list[Any]], Any]] = {
            "COUNT": len,
            "COUNT_DISTINCT": lambda values: len(set(values)),
            "MIN": lambda values: min(values, default=None),
            "MAX": lambda values: max(values, default=None),
            "SUM": lambda values: sum(values) if values else None,
            "AVG": lambda values: sum(values) / len(values) if values else None,
        }
        function = functions[item.function]
        return lambda rows: function([v for v in map(get, rows) if v is not None])

    def rows(self) -> list[dict[str, Any]]:
        groups: dict[tuple[Any, ...], list[Record]] = {}
        for row in self.run.matching():
            groups.setdefault(tuple(get(row) for get in self.keys), []).append(row)
        if not self.keys and not groups:
            groups[()] = []
        found = list(groups.values())
        for order in reversed(self.query.order):
            if isinstance(order.item, soql.Aggregate):
                get: Callable[[Any], Any] = self._aggregate(order.item)
            else:
                get = self._key(self.run.names.path(order.item)[1])
            found = in_order(found, get, order)
        return [
            {"attributes": {"type": "AggregateResult"}} | {name: value(rows) for name, value in self.columns}
            for rows in found
        ]


def in_order(rows: list[Any], get: Callable[[Any], Any], order: soql.Order) -> list[Any]:
    """Sorted by one key; empty values stand first unless asked otherwise."""
    empty = [row for row in rows if get(row) is None]
    full = [row for row in rows if get(row) is not None]
    full.sort(key=lambda row: v.lower() if isinstance(v := get(row), str) else v, reverse=order.descending)
    return full + empty if order.nulls_last else empty + full
