"""The package that brings the hub's objects into an org, and what it says about their fields.

`widerhall crm install --zip FILE` writes it for an administrator, who deploys it in Setup or with the
platform's own tools. https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/file_based_zip_file.htm
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

FOLDER = Path(__file__).parent
XMLNS = "{http://soap.sforce.com/2006/04/metadata}"
CONTENTS = ("package.xml", "objects/*.object", "permissionsets/*.permissionset")
MOMENT = (2026, 1, 1, 0, 0, 0)
"""Time written on every file, so that the same package is the same bytes."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field as the package creates it."""

    name: str
    type: str
    """In the words of the Metadata API: Text, Lookup, LongTextArea, …"""
    length: int = 0
    target: str = ""
    unique: bool = False
    external_id: bool = False
    values: tuple[str, ...] = ()


def files() -> list[Path]:
    """Everything that belongs into the package, in a fixed order."""
    return [path for pattern in CONTENTS for path in sorted(FOLDER.glob(pattern))]


def build_zip(path: Path) -> Path:
    """Write the package for a deployment; returns the path."""
    path.write_bytes(package())
    return path


def package() -> bytes:
    """The package for a deployment: always the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files():
            info = zipfile.ZipInfo(file.relative_to(FOLDER).as_posix(), MOMENT)
            info.external_attr = 0o644 << 16
            archive.writestr(info, file.read_bytes(), zipfile.ZIP_DEFLATED)
    return made.getvalue()


@cache
def fields(object_: str) -> tuple[FieldSpec, ...]:
    """The custom fields the package gives an object."""
    path = FOLDER / "objects" / f"{object_}.object"
    root = ElementTree.parse(path).getroot()  # noqa: S314 - a file of this package, not input
    return tuple(_spec(element) for element in root.findall(f"{XMLNS}fields"))


def _spec(element: ElementTree.Element) -> FieldSpec:
    def text(name: str) -> str:
        return element.findtext(XMLNS + name) or ""

    values = element.iterfind(f".//{XMLNS}value/{XMLNS}fullName")
    return FieldSpec(
        name=text("fullName"),
        type=text("type"),
        length=int(text("length") or 0),
        target=text("referenceTo"),
        unique=text("unique") == "true",
        external_id=text("externalId") == "true",
        values=tuple(value.text or "" for value in values),
    )
