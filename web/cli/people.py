"""`widerhall people`: who is behind an account, proposals to decide, objections and erasure."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
import typer
from sqlmodel import Session

from core import db
from core.errors import Rejected
from enrichment import calibration, csv, review
from enrichment.matching import bulk, calibrate, learn
from enrichment.matching.weights import shipped
from inbox import consent, erasure
from inbox.fields import store
from inbox.models import Contact, Identity
from web import contact_rows
from web.cli.base import Json, ready, say, settle, show, working
from web.reader import Reader

group = typer.Typer(no_args_is_help=True, help="People: accounts of others, contacts, consent, erasure.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="people")


@group.command("list")
def list_(
    search: Annotated[str, typer.Option(help="Part of a name or handle.")] = "", limit: int = 50, json: Json = False
) -> None:
    """Accounts of people who wrote, the last heard of first."""
    ready()
    i, c = db.table(Identity), db.table(Contact)
    columns = [i.c.id, i.c.platform, i.c.handle, i.c.name, i.c.followers, i.c.last_seen, i.c.contact_id]
    query = sa.select(*columns, c.c.name.label("contact")).outerjoin(c, c.c.id == i.c.contact_id).where(~i.c.ours)
    if search:
        query = query.where(
            sa.or_(i.c.handle.icontains(search, autoescape=True), i.c.name.icontains(search, autoescape=True))
        )
    with db.read() as session:
        rows: list[Any] = session.execute(query.order_by(i.c.last_seen.desc(), i.c.id).limit(limit)).mappings().all()  # type: ignore[assignment]  # mappings
    show(rows, json, ("id", "platform", "handle", "name", "followers", "contact"), "Nobody yet.")


@group.command("review")
def review_(decision: str = "review", json: Json = False) -> None:
    """Proposed matches with what speaks for and against them."""
    ready()
    with db.read() as session:
        rows = review.proposals(session, decision=decision)
    columns = ("id", "platform", "handle", "name", "object", "record_name", "company", "score", "evidence")
    show([{name: getattr(row, name) for name in columns} for row in rows], json, columns, "Nothing to decide.")


@group.command("accept")
def accept(proposal: int, json: Json = False) -> None:
    """They are one person."""
    with working() as hub:
        with db.write() as session:
            contact = review.accept(session, proposal, "cli")
        if not hub:
            settle(hub, 60.0)
    say({"proposal": proposal, "contact": contact}, json, f"Linked to contact {contact}.")


@group.command("reject")
def reject(proposal: int, json: Json = False) -> None:
    """They are not the same; never proposed again."""
    with working(), db.write() as session:
        review.reject(session, proposal, "cli")
    say({"proposal": proposal, "rejected": True}, json, "Noted: not the same.")


@group.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV file: one contact per line, the first line names the columns.")],
    rejected: Annotated[
        Path | None, typer.Option(help="Write the rows that are left out here, as they stand, with the reason.")
    ] = None,
    json: Json = False,
) -> None:
    """Contacts out of a file: matched like the CRM's, sent nowhere; the same file again changes nothing."""
    try:
        sheet = csv.read(file.read_bytes())
    except OSError as error:
        raise Rejected(f"{file} cannot be read: {error.strerror}.") from error
    with working(), db.write() as session:
        fields = store.every(session, "person")
        mapping = csv.guess(sheet.columns, csv.known(fields))
        report = csv.store(session, sheet, mapping, file.name, "cli", fields)
    left_out = [{"line": one.line, "reason": one.reason} for one in report.bad]
    if rejected is not None:
        why = contact_rows.Rows(fields, fields, Reader("en")).why
        rejected.write_text(csv.rejected(sheet, report.bad, why), "utf-8")
    value = {"rows": report.rows, "stored": report.stored, "unchanged": report.unchanged, "known": report.known}
    lines = "".join(f"\nline {one['line']} left out: {one['reason']}" for one in left_out)
    sentence = (
        f"{report.stored} contacts are new or changed, {report.unchanged} as they were, {len(left_out)} left out."
    )
    say({**value, "left_out": left_out}, json, sentence + lines)


@group.command("match")
def match(
    contacts: Annotated[Path, typer.Option(help="CSV of contacts: contact_id, first_name, last_name, email, phone, …")],
    identities: Annotated[Path, typer.Option(help="CSV of accounts: identity_id, platform, handle, display_name, …")],
    out: Annotated[Path, typer.Option(help="CSV to write: one line per account, with decision and evidence.")],
    rejected: Annotated[Path | None, typer.Option(help="Where rows go that cannot be used; beside --out.")] = None,
    candidates: Annotated[
        Path | None, typer.Option(help="Write which contacts each account was compared with.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Weights that `people train --out` wrote.")] = None,
    json: Json = False,
) -> None:
    """Which contact of a file each account of another is; needs no hub and leaves no database."""
    bad = rejected or out.with_name(f"{out.stem}.rejected.csv")
    chosen = learn.applied(shipped(), learn.read(weights.read_text("utf-8"))) if weights is not None else None
    summary = bulk.run(bulk.Files(contacts, identities, out, bad, candidates), _progress, chosen)
    sentence = (
        f"{summary.identities} accounts against {summary.contacts} contacts in {summary.seconds:.1f} s: "
        f"{summary.auto} linked, {summary.review} to review, {summary.none} nobody. Written to {out}."
    )
    if summary.rejected:
        sentence += f"\n{summary.rejected} rows could not be used; they stand in {bad} with the reason."
    say({**asdict(summary), "out": str(out), "rejected_file": str(bad) if summary.rejected else None}, json, sentence)


def _progress(what: str, count: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{count} {what} …", end="", file=sys.stderr, flush=True)


@group.command("calibrate")
def calibrate_(
    yes: Annotated[bool, typer.Option("--yes", help="Switch without asking.")] = False, json: Json = False
) -> None:
    """Measure on reviewers' decisions how sure proposals really are, and switch to that when you agree."""
    ready()
    with db.read() as session:
        decided = calibration.decisions(session)
    if why := calibrate.too_few(decided):
        say({"switched": False, "decisions": len(decided), "why": why}, json, why)
        return
    found = calibrate.fit(decided)
    if not json:
        for band in found.bands:
            print(f"{band.low:.2f} to {band.high:.2f}: {band.count} decided, {band.true:.0%} were right; "
                  f"said {band.said:.0%}, would say {band.would_say:.0%}")  # fmt: skip
        print(f"Error of what is said (log loss): {found.loss_before} before, {found.loss_after} after.")
    agreed = found.better and (yes or (not json and typer.confirm("Switch to it?")))
    if agreed:
        calibration.switch(found)
    sentence = "Proposals are rated so from now on." if agreed else "Nothing was changed."
    say({**asdict(found), "switched": agreed}, json, sentence)


@group.command("object")
def object_(
    person: Annotated[str, typer.Argument(help="identity:12 or contact:01J…")],
    purpose: Annotated[str, typer.Option(help="match, profile, crm_sync, behaviour, marketing or all.")] = "all",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="The person changed their mind.")] = False,
    json: Json = False,
) -> None:
    """Record that a person objects; that processing stops everywhere, the CRM included."""
    if purpose not in (*consent.PURPOSES, "all"):
        raise Rejected(f"There is no purpose {purpose!r}. There are: {', '.join(consent.PURPOSES)}, all.")
    subject = person if ":" in person else f"identity:{person}"
    with working() as hub:
        with db.write() as session:
            _must_exist(session, subject)
            if withdraw:
                consent.withdraw_objection(session, subject, purpose, "cli")
            else:
                consent.object_to(session, subject, purpose, "command line", "cli")
        if not hub:
            settle(hub, 60.0)
    say({"person": subject, "purpose": purpose, "objected": not withdraw}, json,
        f"{subject} {'no longer objects' if withdraw else 'objects'} to {purpose}.")  # fmt: skip


def _must_exist(session: Session, subject: str) -> None:
    kind, _, value = subject.partition(":")
    if kind == "identity" and value.isdigit():
        known = session.get(Identity, int(value)) is not None
    else:
        known = kind == "contact" and session.get(Contact, value) is not None
    if not known:
        words = "Name one as identity:12 (`widerhall people list` shows them) or contact:01J…."
        raise Rejected(f"There is no person {subject!r}. {words}")


@group.command("erase")
def erase(
    person: Annotated[str, typer.Argument(help="identity:12, 12, or contact:01J…")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Erase a person here, in the search index and in the CRM; cannot be undone."""
    if not yes:
        typer.confirm(f"Erase {person} everywhere, for good?", abort=True)
    subject = person if ":" in person else f"identity:{person}"
    with working() as hub:
        with db.write() as session:
            gone = erasure.erase(session, subject, "cli")
        waiting = [row for row in settle(hub, 120.0) if row["subscriber"].rpartition(".")[2].startswith("forget")]
    words = "".join(f"\n{row['subscriber']} still waits until {row['next_at']}" for row in waiting)
    sentence = f"Erased {gone['identities']} accounts, {gone['contacts']} contacts, {gone['messages']} messages."
    say({**gone, "waiting": waiting}, json, sentence + words)
