"""`widerhall crm`: connect, check, sync, quarantine, and the package for an administrator of the org."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from core import db, outbox
from core.errors import NotConfigured, Rejected
from enrichment import connection, overview, packing, policies, reconcile, rollback, runs
from enrichment.cases import opening
from web.cli.base import Json, ready, say, settle, show, working

PATIENCE = 1800.0
"""Seconds that `sync` waits for bulk jobs."""

group = typer.Typer(no_args_is_help=True, help="Salesforce.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="crm")


@group.command("connect")
def connect(
    url: Annotated[str, typer.Option(help="Address of the org's own domain.")] = "",
    client_id: Annotated[str, typer.Option(help="Consumer key of the External Client App.")] = "",
    client_secret: Annotated[str, typer.Option(help="Its secret.", envvar="WIDERHALL_CRM_SECRET")] = "",
    basis: Annotated[
        str, typer.Option(help="Lawful basis of the sync: consent, contract or legitimate_interest.")
    ] = "",
    json: Json = False,
) -> None:
    """Connect an org, or name the basis for one that is connected; without a basis nothing is sent."""
    if not (url or basis) or bool(url) != bool(client_id) or bool(url) != bool(client_secret):
        raise NotConfigured("Give --url, --client-id and --client-secret together, or --basis alone.")
    with working(), db.write() as session:
        if url:
            connection.connect(
                session, url=url, client_id=client_id, client_secret=client_secret, basis=basis, actor="cli"
            )
        else:
            connection.name_basis(session, basis, "cli")
    say(
        {"connected": bool(url), "basis": basis},
        json,
        "Connected." if basis else "Connected; name a --basis to switch the sync on.",
    )


@group.command("check")
def check(json: Json = False) -> None:
    """Version, limits, objects and fields: what is missing and how to mend it; exit code 1 if anything is."""
    ready()
    with db.read() as session:
        found = overview.check(session)
    if json:
        show([found], True)
    else:
        usage = found["usage"]
        print(f"Salesforce {found['version']}, {usage['used']} of {usage['limit']} calls used today.")
        for problem in found["problems"]:
            print(f"- {problem['what']}\n  {problem['fix']}")
        for lacking in found["optional"]:
            print(f"- Optional: {lacking['what']}\n  {lacking['fix']}")
        print("Records: " + ", ".join(f"{kind} {states}" for kind, states in found["records"].items()))
        for words in _spent(found["budget"]):
            print(words)
        print("All is well." if found["ok"] else "Something must be mended first.")
    if not found["ok"]:
        raise typer.Exit(1)


@group.command("status")
def status(json: Json = False) -> None:
    """Where the sync stands."""
    ready()
    with db.read() as session:
        found = overview.status(session)
    show([found] if json else [{"what": name, "value": value} for name, value in found.items()], json)


@group.command("sync")
def sync(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be sent, field by field.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Return when it is done.")] = True,
    json: Json = False,
) -> None:
    """Read what changed in the org and send what changed here."""
    if dry_run:
        ready()
        with db.read() as session:
            _show_plan(overview.dry_run(session), json)
        return
    with working() as hub:
        with db.write() as session:
            if not connection.standing(session).connected:
                raise NotConfigured(connection.NOT_CONNECTED)
            outbox.emit(session, "crm.due", [("crm", {})])
            connection.wake(session)
        later = _until_sent(hub) if wait else []
        with db.read() as session:
            found = overview.status(session)
    value = {name: found[name] for name in ("records", "quarantined", "budget", "jobs")} | {"waiting": later}
    lines = [f"{kind}: {states or 'none'}" for kind, states in found["records"].items()]
    say(value, json, "\n".join(lines + _spent(found["budget"])))


def _until_sent(hub: bool) -> list[dict[str, Any]]:
    """Wait, also for bulk jobs, unless the org keeps us waiting."""
    end = time.monotonic() + PATIENCE
    while True:
        later = settle(hub)
        with db.read() as session:
            jobs, standing = overview.on_the_way(session), connection.standing(session)
        if not jobs or standing.error or time.monotonic() > end:
            return later
        time.sleep(0.2)


def _spent(budget: dict[str, Any]) -> list[str]:
    """What people are told about the day's calls; nothing as long as all is well."""
    if not budget["stopped"]:
        return []
    used, limit, share = budget["used"], budget["limit"], round(100 * budget["share"])
    return [
        f"The sync stands still: {used} of the org's {limit} API calls of the last 24 hours are used, and at {share} % "
        "it stops, so that people and other programs can work. It goes on by itself."
    ]


def _show_plan(plan: dict[str, Any], json: bool) -> None:
    if json:
        show([plan], True)
        return
    for record in plan["records"]:
        if record["action"] == "skip":
            continue
        print(f"{record['action']:8} {record['kind']} {record['hub_id']} {record['reason']}")
        for name, (before, after) in record["fields"].items():
            print(f"           {name}: {before!r} → {after!r}")
    left = f", {plan['budget']['left']} are left today" if plan["budget"]["limit"] else ""
    print(f"{plan['counts'] or 'Nothing to do'}; about {plan['calls']} API calls{left}.")
    print("\n".join(_spent(plan["budget"])), end="\n" if plan["budget"]["stopped"] else "")


@group.command("runs")
def list_runs(limit: Annotated[int, typer.Option(help="How many, the newest first.")] = 30, json: Json = False) -> None:
    """What was sent together, and what it did in the org."""
    ready()
    with db.read() as session:
        show(runs.latest(session, limit), json, empty="Nothing was sent yet.")


@group.command("rollback")
def take_back(run: int, json: Json = False) -> None:
    """Take a run back: its records become what they were before, until their data change."""
    with working():
        found = rollback.take_back(run, "cli")
    words = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in found.items())
    say({"run": run, **found}, json, f"Run {run} is taken back: {words}.")


@group.command("retry")
def retry(hub_id: list[str], json: Json = False) -> None:
    """Send quarantined records once more."""
    with working(), db.write() as session:
        number = overview.retry(session, hub_id, "cli")
    say({"retried": number}, json, f"{number} records are sent again.")


@group.command("reconcile")
def compare(
    remove: Annotated[
        bool, typer.Option("--remove-unknown", help="Delete records there that nobody here knows.")
    ] = False,
    json: Json = False,
) -> None:
    """Compare all records in the org with ours; what is missing or differs there is sent again."""
    with working() as hub:
        with db.read() as session:
            if not connection.standing(session).usable:
                raise NotConfigured("The sync is off. Name its lawful basis: `widerhall crm connect --basis …`.")
        found = reconcile.run(connection.crm(), actor="cli", remove=remove)
        settle(hub)
    lines = [
        f"{kind}: " + ", ".join(f"{number} {name}" for name, number in counts.items())
        for kind, counts in found["counts"].items()
    ]
    lines += [f"unknown: {one['kind']} {one['hub_id']}" for one in found["unknown"]]
    say(found, json, "\n".join(lines))


@group.command("fields")
def fields(
    rule: Annotated[
        list[str] | None,
        typer.Option("--set", help="Object.Field=RULE with hub, crm, empty or newest; nothing after = ends a rule."),
    ] = None,
    json: Json = False,
) -> None:
    """Who wins in each field we write when people in the org say something else; all fields with their rule."""
    ready()
    if rule:
        with db.write() as session:
            for one in rule:
                field, equals, policy = one.partition("=")
                if not equals:
                    raise NotConfigured("Give --set as Object.Field=RULE, as in SocialProfile__c.Location__c=crm.")
                policies.put(session, field.strip(), policy.strip(), "cli")
    with db.read() as session:
        show(policies.listed(session), json)


@group.command("case")
def case(conversation: int, json: Json = False) -> None:
    """Open a Salesforce Case for a conversation; one that has a case keeps it."""
    with working() as hub:
        with db.write() as session:
            opening.open_case(session, conversation, "cli")
        settle(hub)
        with db.read() as session:
            found = opening.shown(session, conversation)
    if found is None:
        raise Rejected("The case was erased meanwhile.")
    say(asdict(found), json, f"Case {found.hub_id}: {found.message or found.state} {found.url}".rstrip())


@group.command("install")
def install(
    zip_: Annotated[
        Path | None, typer.Option("--zip", help="Write the package here for an administrator, and deploy nothing.")
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(help="With --zip: an object that the org does not have: Order, Opportunity or Campaign."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only have it checked, and show what would change.")
    ] = False,
    json: Json = False,
) -> None:
    """Bring our objects, fields, layouts and permission set into the connected org."""
    if zip_ is not None:
        ready()
        package, lacking = packing.packed(without or ())
        zip_.write_bytes(package)
        less = f" It says nothing of {', '.join(lacking)}." if lacking else ""
        words = f"{zip_} is written. Deploy it in the org: Workbench or `sf project deploy`.{less}"
        say({"zip": str(zip_), "without": lacking}, json, words)
        return
    with working():
        from enrichment.salesforce import deploy  # with the client 10 MB: only the command that calls an org has it

        done = deploy.install(connection.client(), dry_run=dry_run)
        if not dry_run:
            with db.write() as session:
                connection.installed(session, done, "cli")
    if json:
        show([{**asdict(done), "counts": done.counts()}], True)
        return
    for one in done.changes:
        if one.what != "unchanged":
            print(f"{one.what:8} {one.type} {one.name}")
    words = ", ".join(f"{number} {name}" for name, number in done.counts().items())
    print(f"{'Would be' if dry_run else 'Deployed'}: {words}.")
    if done.assigned == "no":
        print("Assign the permission set Widerhall to the integration user: Setup → Permission Sets.")
