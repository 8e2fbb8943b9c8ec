"""`widerhall subjects | queries | report`: what is followed, and what is said about it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from core import db
from listening import exports, reports, subjects
from web.cli.base import Json, line, ready, say, settle, show, working

subject_group = typer.Typer(no_args_is_help=True, help="Brands, products, competitors, campaigns, industries.")
query_group = typer.Typer(no_args_is_help=True, help="Saved queries of a subject.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(subject_group, name="subjects")
    app.add_typer(query_group, name="queries")
    app.command()(report)


@subject_group.command("add")
def add(
    name: str,
    kind: Annotated[str, typer.Option(help="brand, product, competitor, campaign or industry.")] = "brand",
    json: Json = False,
) -> None:
    """Follow something new."""
    ready()
    with db.write() as session:
        number = subjects.create(session, name, kind)
    say({"id": number, "name": name, "kind": kind}, json, f"Subject {number}: {name}. Now give it a query.")


@subject_group.command("list")
def list_(json: Json = False) -> None:
    """Every subject with its queries."""
    ready()
    with db.read() as session:
        rows = [
            {"id": one.id, "name": one.name, "kind": one.kind,
             "queries": [q.text for q in subjects.queries(session, one.id or 0)]}
            for one in subjects.all_subjects(session)
        ]  # fmt: skip
    show(rows, json, empty="Nothing is followed yet: widerhall subjects add NAME")


@subject_group.command("remove")
def remove(subject: str, json: Json = False) -> None:
    """Stop following a subject; messages stay."""
    with working() as hub:
        with db.write() as session:
            found = subjects.get(session, subject)
            name = found.name
            subjects.remove(session, found.id or 0)
        if not hub:
            settle(hub, 300.0)
    say({"removed": name}, json, f"{name} is removed.")


@query_group.command("add")
def add_query(
    subject: str,
    text: str,
    name: Annotated[str, typer.Option()] = "",
    follow: Annotated[list[int] | None, typer.Option(help="Also ask the platform for it through this account.")] = None,
    json: Json = False,
) -> None:
    """Save a query; it looks at new messages at once and at everything stored in the background."""
    with working() as hub:
        with db.write() as session:
            found = subjects.get(session, subject)
            number = subjects.add_query(session, found.id or 0, name or text[:60], text)
            feeds = subjects.platform_feeds(text)
            for account in follow or []:
                subjects.follow(session, account, feeds)
        if not hub:
            settle(hub, 300.0)
    say(
        {"id": number, "feeds": feeds},
        json,
        f"Query {number} is saved. Platforms can be asked for: {', '.join(feeds) or '–'}.",
    )


@query_group.command("list")
def list_queries(subject: str, json: Json = False) -> None:
    """The queries of a subject."""
    ready()
    with db.read() as session:
        rows = [
            {"id": q.id, "name": q.name, "text": q.text, "enabled": q.enabled}
            for q in subjects.queries(session, subjects.get(session, subject).id or 0)
        ]
    show(rows, json, empty="No query yet: widerhall queries add SUBJECT TEXT")


@query_group.command("remove")
def remove_query(query: int, json: Json = False) -> None:
    """Remove a query and its hits."""
    with working() as hub:
        with db.write() as session:
            subjects.remove_query(session, query)
        if not hub:
            settle(hub, 300.0)
    say({"removed": query}, json, f"Query {query} is removed.")


def report(
    subject: str,
    since: Annotated[
        str | None, typer.Option("--from", help="First day, 2026-11-01; 30 days ago unless given.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="Last day; today unless given.")] = None,
    timezone: Annotated[str, typer.Option(help="Whose days.")] = "UTC",
    out: Annotated[list[Path] | None, typer.Option(help="Write it as .json or .csv; may be given twice.")] = None,
    json: Json = False,
) -> None:
    """Volume and sentiment by day, platforms, languages, top posts and authors of a subject."""
    ready()
    with db.read() as session:
        found = reports.report(session, subjects.get(session, subject), reports.period(since, until, timezone))
    for path in out or []:
        exports.write(found, path)
    if json:
        print(line(exports.as_json(found)))
    else:
        _print(found)


def _print(found: reports.Report) -> None:
    console, value = Console(width=110, highlight=False), exports.as_json(found)
    total, previous = value["total"], value["previous"]
    share = "–" if total["negative_share"] is None else f"{total['negative_share']:.0%}"
    console.print(
        f"{found.subject}, {value['period']['from']} to {value['period']['to']} ({value['period']['timezone']})"
    )
    console.print(
        f"{total['messages']} messages (before: {previous['messages']}), "
        f"{share} negative of {total['rated']} rated, {value['authors_count']} authors, "
        f"{value['author_unknown']} messages without a known author"
    )
    for title, key, name in (
        ("day", "by_day", "day"),
        ("platform", "platforms", "platform"),
        ("language", "languages", "language"),
    ):
        table = Table(box=None, header_style="bold")
        table.add_column(title)
        for column in ("messages", "negative", "neutral", "positive"):
            table.add_column(column, justify="right")
        for row in value[key]:
            if row["messages"]:
                table.add_row(row[name] or "–", *(str(row[c]) for c in ("messages", "negative", "neutral", "positive")))
        console.print(table)
    for post in value["top_posts"][:5]:
        console.print(
            f"  {post['engagement']:>5}  {post['author'] or 'author unknown'}: {post['text'][:80]}", markup=False
        )
    for author in value["authors"][:5]:
        console.print(f"  {author['messages']:>5}  {author['handle']}", markup=False)
