"""Bringing our objects into an org through the Metadata API, or seeing what that would change.

https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_deploy.htm
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree

from core.errors import Rejected, TryLater
from enrichment.salesforce import API_VERSION, layouts, metadata
from enrichment.salesforce.client import Client, quote
from enrichment.salesforce.soap import XMLNS, text

PATIENCE = 600.0
"""Seconds a deployment may take; a new object takes Salesforce ten seconds to some minutes."""
WAITS = (0.2, 0.5, 1.0, 2.0, 5.0)
OPTIONS = (
    "<allowMissingFiles>false</allowMissingFiles><autoUpdatePackage>false</autoUpdatePackage>"
    "<checkOnly>{check}</checkOnly><ignoreWarnings>false</ignoreWarnings><performRetrieve>false</performRetrieve>"
    "<purgeOnDelete>false</purgeOnDelete><rollbackOnError>true</rollbackOnError><singlePackage>true</singlePackage>"
)
What = Literal["created", "changed", "unchanged"]
Assigned = Literal["yes", "already", "no", ""]


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one component."""

    type: str
    """In Salesforce's words: CustomObject, CustomField, PermissionSet, Layout."""
    name: str
    what: What


@dataclass(frozen=True, slots=True)
class Installed:
    """What a deployment did, or would do."""

    changes: tuple[Change, ...]
    dry_run: bool
    assigned: Assigned = ""
    """Whether the permission set is assigned to the hub's user; `no`: an administrator has to."""

    def counts(self) -> dict[str, int]:
        """Components by what becomes of them."""
        kinds: tuple[What, ...] = ("created", "changed", "unchanged")
        return {kind: sum(one.what == kind for one in self.changes) for kind in kinds}


def install(client: Client, *, dry_run: bool = False, sleep: Callable[[float], None] = time.sleep) -> Installed:
    """Deploy objects, fields, layouts and the permission set, and assign the set to the hub's user.

    With `dry_run` Salesforce only checks it all and says what would change. Rejected with its words when it
    refuses, TryLater when it takes longer than our patience; all or nothing in any case.
    """
    package = metadata.package(layouts.extended(client), lacking(client))
    result = deployed(client, package, check_only=dry_run, sleep=sleep)
    problems = list(_problems(result))
    if text(result, "status") != "Succeeded":
        said = "; ".join(problems[:5]) or text(result, "errorMessage") or text(result, "status")
        more = f" (and {len(problems) - 5} more)" if len(problems) > 5 else ""
        raise Rejected(f"Salesforce refuses the objects: {said}{more}", "DEPLOYMENT_FAILED")
    found = tuple(sorted(_changes(result), key=lambda one: (one.type, one.name)))
    return Installed(found, dry_run, "" if dry_run else _assign(client))


def lacking(client: Client) -> set[str]:
    """Objects the org does not have: nothing can be permitted on them. A list without contacts says nothing."""
    query = f"<queries><type>CustomObject</type></queries><asOfVersion>{API_VERSION}</asOfVersion>"
    there = {text(one, "fullName") for one in client.metadata("listMetadata", query).iter(f"{XMLNS}result")}
    return set(metadata.OPTIONAL) - there if "Contact" in there else set()


def deployed(
    client: Client, package: bytes, *, check_only: bool, sleep: Callable[[float], None]
) -> ElementTree.Element:
    """Salesforce's word about a package, once it has one; TryLater when that takes longer than our patience."""
    options = OPTIONS.format(check=str(check_only).lower())
    body = f"<ZipFile>{b64encode(package).decode()}</ZipFile><DeployOptions>{options}</DeployOptions>"
    begun = client.metadata("deploy", body).find(f"{XMLNS}result")
    id_ = text(begun, "id") if begun is not None else ""
    asking = f"<asyncProcessId>{id_}</asyncProcessId><includeDetails>true</includeDetails>"
    waited, turn = 0.0, 0
    while waited < PATIENCE:
        span = WAITS[min(turn, len(WAITS) - 1)]
        sleep(span)
        waited, turn = waited + span, turn + 1
        result = client.metadata("checkDeployStatus", asking).find(f"{XMLNS}result")
        if result is not None and text(result, "done") == "true":
            return result
    raise TryLater(f"Salesforce is still working on the deployment {id_}; see Setup → Deployment Status.", 60)


def _problems(result: ElementTree.Element) -> Iterator[str]:
    for one in result.iter(f"{XMLNS}componentFailures"):
        yield f"{text(one, 'fullName') or text(one, 'fileName')}: {text(one, 'problem')}"


def _changes(result: ElementTree.Element) -> Iterator[Change]:
    for one in result.iter(f"{XMLNS}componentSuccesses"):
        if text(one, "componentType"):  # the package's list is no component
            what: What = "unchanged"
            if text(one, "created") == "true":
                what = "created"
            elif text(one, "changed") == "true":
                what = "changed"
            yield Change(text(one, "componentType"), text(one, "fullName"), what)


def _assign(client: Client) -> Assigned:
    """Give the hub's user the permission set: what was deployed is seen by nobody without it."""
    user = client.user()
    if not user:
        return "no"
    name = quote(metadata.PERMISSION_SET)
    try:
        sets = list(client.query_all(f"SELECT Id FROM PermissionSet WHERE Name = {name}"))  # noqa: S608 - quoted
        where = f"AssigneeId = {quote(user)} AND PermissionSet.Name = {name}"
        if list(client.query_all(f"SELECT Id FROM PermissionSetAssignment WHERE {where}")):  # noqa: S608 - quoted
            return "already"
        client.create("PermissionSetAssignment", {"AssigneeId": user, "PermissionSetId": sets[0]["Id"]})
    except (Rejected, IndexError):
        return "no"
    return "yes"
