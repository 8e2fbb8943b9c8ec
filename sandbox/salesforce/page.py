"""The org as a person can look at it: objects, records, and a contact with profiles and interactions."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any
from urllib.parse import quote

from sandbox.salesforce.fields import Table
from sandbox.salesforce.org import Org, Record

SHOWN = 200
STYLE = """body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}
nav a{margin-right:1rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;
padding:.3rem .6rem;border-bottom:1px solid #ddd;overflow-wrap:anywhere}h2{margin-top:2rem}a{color:#0b5cab}"""
COLUMNS = {
    "Contact": ("Name", "Email", "MobilePhone", "AccountId", "Mastodon_Handle__c", "Bluesky_Handle__c"),
    "Lead": ("Name", "Company", "Email", "Status", "Mastodon_Handle__c", "Bluesky_Handle__c"),
    "SocialProfile__c": ("Name", "Network__c", "Handle__c", "Contact__c", "Lead__c", "Match_Tier__c"),
    "SocialInteraction__c": ("Name", "Kind__c", "Direction__c", "Text__c", "Sentiment__c", "Posted_At__c"),
    "Case": ("CaseNumber", "Subject", "Status", "ContactId"),
    "CaseComment": ("Id", "CommentBody", "IsPublished", "CreatedDate"),
}


def overview(org: Org, base: str) -> str:
    """Every object with the number of its records."""
    rows = []
    for table in org.tables.values():
        count = sum(not r["IsDeleted"] for r in org.rows(table.name))
        rows.append((f'<a href="{base}/page/{table.name}">{escape(table.plural)}</a>', str(count)))
    return _page(base, "Salesforce sandbox", _table(("Object", "Records"), rows))


def listing(org: Org, table: Table, base: str) -> str:
    """The newest records of one object."""
    living = [r for r in org.rows(table.name) if not r["IsDeleted"]]
    newest = sorted(living, key=lambda r: (r["SystemModstamp"], r["Id"]), reverse=True)[:SHOWN]
    note = f"<p>{len(living)} records, {len(newest)} newest shown.</p>"
    return _page(base, table.plural, note + _records(org, table, newest, base))


def one(org: Org, table: Table, row: Record, base: str) -> str:
    """One record, with all that points at it."""
    fields = [(escape(f.label), _value(org, f.type, row.get(f.name), base)) for f in table.fields]
    parts = [_table(("Field", "Value"), [f for f in fields if f[1]])]
    groups: dict[str, list[Record]] = {}
    for object_, _, child in org.children(table, row["Id"]):
        groups.setdefault(object_, []).append(child)
    for object_, rows in groups.items():
        parts += [
            f"<h2>{escape(org.tables[object_].plural)}</h2>",
            _records(org, org.tables[object_], rows, base),
        ]
        if object_ == "SocialProfile__c":
            parts += _interactions(org, rows, base)
    deleted = " (deleted)" if row["IsDeleted"] else ""
    return _page(base, f"{table.label}: {row.get('Name', row['Id'])}{deleted}", "".join(parts))


def _interactions(org: Org, profiles: Iterable[Record], base: str) -> list[str]:
    table = org.tables.get("SocialInteraction__c")
    if table is None:
        return []
    found = [r for p in profiles for r in org.find(table, table.by_name["profile__c"], p["Id"])]
    found.sort(key=lambda r: r.get("Posted_At__c", ""), reverse=True)
    return [f"<h2>{table.plural}</h2>", _records(org, table, found, base)] if found else []


def _records(org: Org, table: Table, rows: Iterable[Record], base: str) -> str:
    names = COLUMNS.get(table.name, ("Id", "Name") if "name" in table.by_name else ("Id",))
    fields = [table.by_name[n.lower()] for n in names]
    lines = []
    for row in rows:
        cells = [_value(org, f.type, row.get(f.name), base) for f in fields]
        cells[0] = f'<a href="{base}/page/{table.name}/{row["Id"]}">{cells[0] or row["Id"]}</a>'
        lines.append(tuple(cells))
    return _table([f.label for f in fields], lines)


def _value(org: Org, type_: str, value: Any, base: str) -> str:
    if value is None:
        return ""
    shown = escape(str(value))
    if type_ == "reference" and (table := org.object_of(value)):
        target = org.get(table.name, value) or {}
        return f'<a href="{base}/page/{table.name}/{quote(value)}">{escape(str(target.get("Name", value)))}</a>'
    if type_ == "url" and str(value).startswith(("http://", "https://")):
        return f'<a href="{shown}" rel="noopener noreferrer">{shown}</a>'
    return shown


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    top = "".join(f"<th>{escape(h)}</th>" for h in head)
    body = "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def _page(base: str, title: str, body: str) -> str:
    links = "".join(
        f'<a href="{base}/{path}">{name}</a>'
        for path, name in (
            ("", "All objects"),
            ("page/Contact", "Contacts"),
            ("page/Lead", "Leads"),
            ("page/Case", "Cases"),
            ("page/SocialProfile__c", "Social profiles"),
            ("page/SocialInteraction__c", "Social interactions"),
        )
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style><nav>{links}</nav><h1>{escape(title)}</h1>{body}</html>"
    )
