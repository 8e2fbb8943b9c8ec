"""A package as it was uploaded: what its list names, what its files hold, and whether the two agree."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sandbox.salesforce.metadata.reading import Doc, Problem, read

FOLDERS = {
    "CustomObject": ("objects", "object"),
    "PermissionSet": ("permissionsets", "permissionset"),
    "Layout": ("layouts", "layout"),
}
"""Kinds of components this org takes → their folder and the ending of their files."""
LIST = "package.xml"


@dataclass(slots=True)
class Component:
    """One thing to deploy, or a reason why it cannot be."""

    type: str
    name: str
    file: str
    values: Doc = field(default_factory=dict)
    problem: Problem | None = None


def unpack(raw: bytes) -> list[Component]:
    """The components in the order of the list; files that it does not name come last. Raises Problem."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            files = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    except zipfile.BadZipFile:
        raise Problem("Unable to read the zip file") from None
    files = _without_root(files)
    if LIST not in files:
        raise Problem("No package.xml found")
    package = read(files[LIST], "Package")
    return list(_components(package, files))


def _without_root(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Files may stand in one folder that holds everything."""
    roots = {name.partition("/")[0] for name in files if "/" in name}
    if LIST in files or len(roots) != 1:
        return dict(files)
    root = f"{roots.pop()}/"
    return {name.removeprefix(root): raw for name, raw in files.items()}


def _components(package: Doc, files: dict[str, bytes]) -> Iterator[Component]:
    rest = set(files) - {LIST}
    for group in package.get("types", ()):
        type_ = group.get("name", "")
        if type_ not in FOLDERS:
            yield Component(type_, "", LIST, problem=Problem(f"Unknown type name '{type_}' specified in package.xml"))
            continue
        folder, ending = FOLDERS[type_]
        for name in group.get("members", ()):
            file = f"{folder}/{name}.{ending}"
            rest.discard(file)
            yield _component(type_, name, file, files)
    for file in sorted(rest):
        yield Component("", file.rpartition("/")[2].partition(".")[0], file, problem=Problem("Not in package.xml"))


def _component(type_: str, name: str, file: str, files: Mapping[str, bytes]) -> Component:
    if file not in files:
        text = f"An object '{name}' of type {type_} was named in package.xml, but was not found in zipped directory"
        return Component(type_, name, LIST, problem=Problem(text))
    try:
        return Component(type_, name, file, read(files[file], type_))
    except Problem as problem:
        return Component(type_, name, file, problem=problem)
