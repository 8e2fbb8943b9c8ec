"""Build hook: copies htmx and its SSE extension out of the django-htmx package into web/static/vendor.

The two files are not in the repository. An editable install and a wheel both run this hook, so both have them:
https://hatch.pypa.io/latest/plugins/build-hook/custom/
"""

from __future__ import annotations

import shutil
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "django-htmx"
FILES = ("django_htmx/static/django_htmx/htmx-2.min.js", "django_htmx/static/django_htmx/ext/hx-sse-2.min.js")
VENDOR = Path("web") / "static" / "vendor"


def copy(root: Path) -> list[Path]:
    """Copy the files under the project's root; their new paths."""
    package = distribution(PACKAGE)
    folder = root / VENDOR
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name in FILES:
        made.append(folder / Path(name).name)
        shutil.copyfile(str(package.locate_file(name)), made[-1])
    return made


class Vendor(BuildHookInterface[Any]):
    """What hatchling calls before it builds."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Put the files in place and name them to the wheel, which leaves out what git ignores."""
        build_data["artifacts"].extend(f"/{path.relative_to(self.root).as_posix()}" for path in copy(Path(self.root)))
