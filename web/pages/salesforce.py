"""`/settings/salesforce`: the connected org, what stands where, what waits, what the CRM refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response

from core import db
from core.errors import Rejected, WiderhallError
from enrichment import connection, csv, overview, packing, policies
from enrichment.crm import CrmStatus
from inbox import consent
from web import crm_words, render
from web.i18n import N_
from web.permissions import allow
from web.reader import Reader

HERE = "/settings/salesforce"
UNNAMED = N_("Name the lawful basis for passing data on, or connect without switching the sync on.")
MISSING = N_("Fill in address, consumer key and secret.")

router = APIRouter()

Reading = Annotated[Reader, Depends(allow("crm.read"))]
Managing = Annotated[Reader, Depends(allow("crm.manage"))]


@router.get(HERE)
def index(request: Request, reader: Reading) -> Response:
    """Where the exchange with the CRM stands."""
    return _page(request, reader)


@router.post(HERE)
def connect(
    request: Request,
    reader: Managing,
    url: Annotated[str, Form()] = "",
    client_id: Annotated[str, Form()] = "",
    secret: Annotated[str, Form()] = "",
    basis: Annotated[str, Form()] = "",
) -> Response:
    """Sign in at an org, and connect it when that works; what was typed is kept, the secret is not."""
    kept = {"url": url.strip(), "client_id": client_id.strip(), "basis": basis}
    if not all((kept["url"], kept["client_id"], secret.strip())):
        return _page(request, reader, 422, problem=reader.words(MISSING), kept=kept)
    if basis and basis not in consent.BASES:
        return _page(request, reader, 422, problem=reader.words(UNNAMED), kept=kept)
    try:
        connection.probe(kept["url"], kept["client_id"], secret.strip())
    except WiderhallError as error:
        return _page(request, reader, 422, problem=str(error), kept=kept)
    with db.write() as session:
        connection.connect(
            session, url=kept["url"], client_id=kept["client_id"], client_secret=secret.strip(), basis=basis,
            actor=reader.actor,
        )  # fmt: skip
    return render.to(HERE, "crm-connected")


@router.post(f"{HERE}/check")
def check(request: Request, reader: Managing) -> Response:
    """Ask the org: version, limits, objects and fields, with the way to mend what is missing."""
    try:
        said = connection.crm().check()
    except WiderhallError as error:
        return _page(request, reader, 422, problem=str(error))
    with db.write() as session:
        connection.note(session, "")
    return _page(request, reader, said=said)


@router.post(f"{HERE}/sync")
def sync(request: Request, reader: Managing) -> Response:
    """Read the org now, and send what waits."""
    try:
        with db.write() as session:
            connection.exchange(session)
    except Rejected:
        return _page(request, reader, 422, problem=reader.words(UNNAMED))
    return render.to(HERE, "crm-asked")


@router.post(f"{HERE}/compare")
def compare(request: Request, reader: Managing) -> Response:
    """Have all records there compared with ours, in the background."""
    try:
        with db.write() as session:
            connection.compare(session, reader.actor)
    except Rejected:
        return _page(request, reader, 422, problem=reader.words(UNNAMED))
    return render.to(f"{HERE}#compared", "crm-comparing")


@router.post(f"{HERE}/basis")
def basis(request: Request, reader: Managing, basis: Annotated[str, Form()] = "") -> Response:
    """Switch the sync on for its lawful basis."""
    try:
        with db.write() as session:
            connection.name_basis(session, basis, reader.actor)
    except Rejected:
        return _page(request, reader, 422, problem=reader.words(UNNAMED))
    return render.to(HERE, "crm-on")


@router.post(f"{HERE}/disconnect")
def disconnect(reader: Managing) -> Response:
    """Forget the org; what was sent stays there."""
    with db.write() as session:
        connection.disconnect(session, reader.actor)
    return render.to(HERE, "crm-disconnected")


@router.post(f"{HERE}/retry")
def retry(reader: Managing, hub_id: Annotated[str, Form()] = "") -> Response:
    """Send a refused record once more, or all of them."""
    with db.write() as session:
        one = [hub_id] if hub_id else overview.refused_ids(session)
        number = overview.retry(session, one, reader.actor)
    return render.to(f"{HERE}#refused", "crm-retried" if number else "")


@router.get(f"{HERE}/records")
def records(request: Request, reader: Reading, state: str = "", kind: str = "", before: int = 0) -> Response:
    """The records behind a figure: those in one state, or in several that are shown as one."""
    states = [one for one in state.split(",") if one in crm_words.SYNC] or list(crm_words.SYNC)
    chosen = kind if kind in crm_words.CRM_KINDS else ""
    with db.read() as session:
        rows, following = overview.standing(session, states, chosen, before if 0 < before < 2**62 else 0)
    address = f"{HERE}/records{render.query(state=','.join(states), kind=chosen)}"
    return render.page(
        request, reader, "settings/records.html", rows=rows, states=states, kind=chosen, first=not before,
        address=address, following=following,
    )  # fmt: skip


@router.get(f"{HERE}/fields")
def fields(request: Request, reader: Reading) -> Response:
    """Who wins in each field that is written when people in the org say something else."""
    with db.read() as session:
        rows = policies.listed(session)
    return render.page(request, reader, "settings/fields.html", rows=rows, rules=crm_words.FIELD_RULES)


@router.post(f"{HERE}/fields")
def set_fields(
    reader: Managing, field: Annotated[Sequence[str], Form()] = (), rule: Annotated[Sequence[str], Form()] = ()
) -> Response:
    """Set the rules of the fields as the page names them, one beside the other."""
    try:
        with db.write() as session:
            changed = [policies.put(session, one, how, reader.actor) for one, how in zip(field, rule, strict=True)]
    except (Rejected, ValueError) as error:
        raise HTTPException(400) from error
    return render.to(f"{HERE}/fields", "saved" if any(changed) else "")


@router.get(f"{HERE}/package")
def package(reader: Managing) -> Response:
    """Our objects and permission set as a package that an administrator of the org deploys."""
    headers = {"Content-Disposition": 'attachment; filename="widerhall.zip"'}
    package, _ = packing.packed()
    return Response(package, media_type="application/zip", headers=headers)


def _page(
    request: Request,
    reader: Reader,
    status: int = 200,
    *,
    problem: str = "",
    kept: dict[str, str] | None = None,
    said: CrmStatus | None = None,
) -> Response:
    with db.read() as session:
        found = overview.status(session)
        files = csv.files(session, 3)
    return render.page(
        request,
        reader,
        "settings/salesforce.html",
        status,
        crm=found,
        totals=_totals(found["records"]),
        refused=sum(states.get("quarantined", 0) for states in found["records"].values()),
        files=files,
        said=said,
        bases=consent.BASES,
        kept=kept or {},
        problem=problem,
    )


def _totals(records: dict[str, dict[str, int]]) -> dict[str, int]:
    """Records over both kinds by where they stand."""
    found: dict[str, Any] = {}
    for states in records.values():
        for state, number in states.items():
            found[state] = found.get(state, 0) + number
    return found
