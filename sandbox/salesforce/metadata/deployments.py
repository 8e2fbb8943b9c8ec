"""Deployments: taken at once, worked on while somebody asks how far they are, all or nothing.

https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_deploy.htm
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.salesforce import ids
from sandbox.salesforce.metadata import checks, tables
from sandbox.salesforce.metadata.layouts import found_layouts
from sandbox.salesforce.metadata.package import Component, unpack
from sandbox.salesforce.metadata.reading import Doc, Problem
from sandbox.salesforce.objects import joined
from sandbox.salesforce.values import stamp

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org

STEPS = ("Pending", "InProgress")
"""What the first looks at a deployment say."""
FIRST_CUSTOM = 1
SHELVES = {"PermissionSet": "permissionsets", "Layout": "layouts"}


@dataclass(frozen=True, slots=True)
class Message:
    """What became of one component: a file, or a field in one."""

    type: str
    name: str
    file: str
    created: bool = False
    changed: bool = False
    problem: Problem | None = None

    def doc(self) -> Doc:
        found: Doc = {"componentType": self.type, "fullName": self.name, "fileName": self.file,
                      "created": self.created, "changed": self.changed, "deleted": False,
                      "success": self.problem is None}  # fmt: skip
        if self.problem is not None:
            found |= {"problem": self.problem.message, "problemType": "Error"}
            if self.problem.line:
                found |= {"lineNumber": self.problem.line, "columnNumber": self.problem.column}
        return found


class Deployments:
    """All deployments of an org, and what it knows of layouts."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.known = org.shelf("deployments")
        self.layouts = org.shelf("layouts")
        if not self.layouts:
            self.layouts.update(found_layouts())

    def begin(self, archive: str, *, check_only: bool) -> str:
        """Take a package, in base64; returns the deployment's id."""
        id_ = ids.make("0Af", self.org.number("deployments"))
        now = stamp(self.org.clock())
        self.known[id_] = {"id": id_, "zip": archive, "checkOnly": check_only, "looks": 0, "createdDate": now,
                           "status": STEPS[0], "createdBy": self.org.user_id, "messages": []}  # fmt: skip
        return id_

    def look(self, id_: str) -> Doc | None:
        """How far a deployment is; asking brings it forward."""
        doc = self.known.get(ids.full(id_) or "")
        if doc is None or "zip" not in doc:
            return doc
        looks = doc["looks"] + 1
        doc = {**doc, "looks": looks, "status": STEPS[min(looks, len(STEPS)) - 1]}
        if looks > len(STEPS):
            doc |= self._work(doc.pop("zip"), check_only=doc["checkOnly"])
            doc["completedDate"] = stamp(self.org.clock())
        self.known[doc["id"]] = doc
        return doc

    def _work(self, archive: str, *, check_only: bool) -> Doc:
        try:
            components = unpack(base64.b64decode(archive, validate=True))
        except (Problem, binascii.Error) as error:
            problem = error if isinstance(error, Problem) else Problem("Unable to read the zip file")
            return {"status": "Failed", "messages": [Message("", "package.xml", "package.xml", problem=problem).doc()]}
        draft = _Draft(self.org, components)
        messages = [*draft.messages()]
        failed = any(one.problem for one in messages)
        if not failed and not check_only:
            self._keep(draft)
        return {"status": "Failed" if failed else "Succeeded", "messages": [one.doc() for one in messages]}

    def _keep(self, draft: _Draft) -> None:
        objects = self.org.shelf("objects")
        for name, doc in draft.objects.items():
            objects[name] = doc
        for one in draft.components:
            if one.type in SHELVES:
                self.org.shelf(SHELVES[one.type])[one.name] = one.values
        self.org.adopt()
        have = {row["Name"] for row in self.org.rows("PermissionSet")}
        for name, doc in self.org.shelf("permissionsets").items():
            if name not in have:
                self.org.make("PermissionSet", Name=name, Label=doc["label"])
        self.org.permit()


class _Draft:
    """The org as it would be after a deployment."""

    def __init__(self, org: Org, components: list[Component]) -> None:
        self.org, self.components = org, components
        self.before: Mapping[str, Doc] = org.shelf("objects")
        self.objects: dict[str, Doc] = deepcopy(dict(self.before))

    def messages(self) -> Iterator[Message]:
        """What becomes of each component, in their order."""
        standard = {one.name for one in self.org.standard()}
        for one in self.components:
            if one.type == "CustomObject" and one.problem is None and one.name.endswith("__c"):
                self.objects.setdefault(one.name, {"fields": {}, "prefix": self._prefix()})
        known = standard | set(self.objects)
        found = [one for part in self.components if part.type == "CustomObject" for one in self._object(part, known)]
        yield from found
        if any(one.problem for one in found):
            return
        whole = joined(tables.tables(self.org.standard(), self.objects))
        for part in self.components:
            try:
                if part.problem is not None:
                    raise part.problem
                if part.type == "CustomObject":
                    checks.check_compact(part.name, part.values, whole[part.name])
                    checks.check_relationships(whole.values())
                elif part.type == "PermissionSet":
                    checks.check_permissions(part.values, whole)
                else:
                    checks.check_layout(part.name, part.values, whole)
            except Problem as problem:
                yield Message(part.type, part.name, part.file, problem=problem)
                continue
            if part.type in SHELVES:
                old = self.org.shelf(SHELVES[part.type]).get(part.name)
                yield Message(part.type, part.name, part.file, old is None, old != part.values)

    def _object(self, part: Component, known: set[str]) -> Iterator[Message]:
        """One object's file: the object, then each of its fields."""
        if part.problem is not None or part.name not in known:
            problem = part.problem or Problem(f"Invalid fullName for the CustomObject: {part.name}")
            yield Message(part.type, part.name, part.file, problem=problem)
            return
        before = self.before.get(part.name)
        doc = self.objects.setdefault(part.name, {"fields": {}})
        fields = doc["fields"]
        said = {name: value for name, value in part.values.items() if name != "fields"}
        try:
            if part.name.endswith("__c"):
                tables.check_object(part.values)
        except Problem as problem:
            yield Message(part.type, part.name, part.file, problem=problem)
            return
        changed = any(doc.get(name) != value for name, value in said.items())
        doc |= said
        yield Message(part.type, part.name, part.file, before is None and part.name.endswith("__c"), changed)
        for one in part.values.get("fields", ()):
            name = one.get("fullName", "")
            old = fields.get(name)
            full = f"{part.name}.{name}"
            try:
                tables.check_field(one, known, old)
            except Problem as problem:
                yield Message("CustomField", full, part.file, problem=problem)
                continue
            fields[name] = one
            yield Message("CustomField", full, part.file, old is None, old != one)

    def _prefix(self) -> str:
        """Of the next custom object's ids: a01, a02 …"""
        taken = sum(name.endswith("__c") for name in self.objects)
        return f"a{taken + FIRST_CUSTOM:02d}"
