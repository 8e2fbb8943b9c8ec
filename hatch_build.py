"""Build hook: takes htmx for the pages and a Japanese font for documents out of packages.

The files are not in the repository. An editable install and a wheel both run this hook, so both have them:
https://hatch.pypa.io/latest/plugins/build-hook/custom/
"""

from __future__ import annotations

import shutil
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR = Path("web") / "static" / "vendor"
FONTS = Path("web") / "fonts"
FILES = (
    ("django-htmx", "django_htmx/static/django_htmx/htmx-2.min.js", VENDOR),
    ("django-htmx", "django_htmx/static/django_htmx/ext/hx-sse-2.min.js", VENDOR),
    # the package itself draws with matplotlib, which nobody needs to have for the font
    ("matplotlib-fontja", "matplotlib_fontja/fonts/ipaexg.ttf", FONTS),
    ("matplotlib-fontja", "matplotlib_fontja/fonts/IPA_Font_License_Agreement_v1.0.txt", FONTS),
)
"""Package, file in it, folder it goes to."""


def copy(root: Path) -> list[Path]:
    """Copy the files under the project's root; their new paths."""
    made = []
    for package, name, folder in FILES:
        (root / folder).mkdir(parents=True, exist_ok=True)
        made.append(root / folder / Path(name).name)
        shutil.copyfile(str(distribution(package).locate_file(name)), made[-1])
    return made


class Vendor(BuildHookInterface[Any]):
    """What hatchling calls before it builds."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Put the files in place and name them to the wheel, which leaves out what git ignores."""
        build_data["artifacts"].extend(f"/{path.relative_to(self.root).as_posix()}" for path in copy(Path(self.root)))
