"""The pages as tests read them, and the parts of them that are made from the code.

A generated part stands between `<!-- made: NAME -->` and `<!-- end -->`; `python -m tests.docs` makes all of them anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from starlette.routing import Mount
from typer.main import get_command

from core.settings import Settings
from sentiment.port import TASKS
from web.app import create_app
from web.cli.commands import app
from web.permissions import PERMISSIONS, PUBLIC, ROLES, permissions_of

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md"), ROOT / "sandbox" / "README.md"])
_PART = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def text(name: str) -> str:
    """A page of docs/, or one named from the project's root (`/README.md`)."""
    return ((ROOT / name[1:]) if name.startswith("/") else (DOCS / name)).read_text("utf-8")


def rows(page: str, head: str) -> list[list[str]]:
    """The cells of every table in a page whose first heading is `head`, without its first two lines."""
    found: list[list[str]] = []
    inside = False
    for line in page.splitlines():
        if not line.startswith("|"):
            inside = False
        elif inside:
            found.append([cell.strip() for cell in line.strip("|").split("|")])
        elif line.strip("|").split("|")[0].strip() == head:
            inside = True
    return [row for row in found if set(row[0]) - set("-: ")]


def code(cell: str) -> set[str]:
    """What stands between backticks."""
    return set(re.findall(r"`([^`]+)`", cell))


# --- made from the code -----------------------------------------------------------------------------


def settings() -> str:
    """Every setting with its default and its line of help."""
    lines = ["| setting | default | what |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "empty" if field.default == "" else f"`{field.default}`"
        lines.append(f"| `WIDERHALL_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines)


def commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with the words that lead to it, groups that do something by themselves included."""
    command = command or get_command(app)
    inner = getattr(command, "commands", None)
    if inner is None or (path and command.invoke_without_command):
        yield path, command
    for name, one in (inner or {}).items():
        yield from commands(one, (*path, name))


def _command(path: tuple[str, ...], command: Any) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    words = [one.name.upper() + (" …" if one.nargs == -1 else "") for one in arguments]
    needed = [f"{one.opts[0]} …" for one in command.params if one.param_type_name == "option" and one.required]
    lines = [f"### `{' '.join([*path, *words, *needed])}`", "", " ".join((command.help or "").split()), ""]
    lines += [line for one in command.params if "--json" not in one.opts and (line := _option(one))]
    return "\n".join(lines).rstrip() + "\n"


def _option(one: Any) -> str:
    words = (one.help or "").replace("<", r"\<")
    if one.param_type_name == "argument":
        return f"- `{one.name.upper()}`: {words}" if words else ""
    names = ", ".join(f"`{name}`" for name in (*one.opts, *one.secondary_opts))
    default = one.default if one.default not in (None, "", False, True) else None
    notes = [f"`{default}` unless given"] if default is not None and "unless given" not in words else []
    notes += [f"or in `{one.envvar}`"] if one.envvar else []
    note = f" ({'; '.join(notes)})" if notes else ""
    return f"- {names}{note}" + (f": {words}" if words else "")


def cli() -> str:
    """Every command with its arguments and options."""
    return "\n".join(_command(path, command) for path, command in commands())


def routes() -> str:
    """Every address of the web process, who may use it, and what it is for."""
    lines = ["| address | method | who | what |", "|---|---|---|---|"]
    for route in create_app().router.routes:
        path, asked = str(getattr(route, "path", "")), permissions_of(route)
        methods = "GET" if isinstance(route, Mount) else ", ".join(sorted(getattr(route, "methods", ()) - {"HEAD"}))
        doc = (getattr(getattr(route, "endpoint", None), "__doc__", "") or "").strip().split("\n")[0]
        who = " or ".join(f"`{one}`" for one in asked) if asked else "everybody: " + PUBLIC[path]
        lines.append(f"| `{path}` | {methods} | {who} | {'' if isinstance(route, Mount) else doc} |")
    return "\n".join(lines)


def permissions() -> str:
    """Which role may do what."""
    lines = ["| permission | " + " | ".join(ROLES) + " |", "|---" * (len(ROLES) + 1) + "|"]
    for name, roles in PERMISSIONS.items():
        lines.append(f"| `{name}` | " + " | ".join("yes" if role in roles else "–" for role in ROLES) + " |")
    return "\n".join(lines)


def card() -> Any:
    """What the embedded model's card says of itself."""
    return json.loads((ROOT / "sentiment" / "embedded" / "assets" / "card.json").read_text("utf-8"))


def heads() -> str:
    """The heads of the embedded model and what they learned from."""
    lines = ["| head | classes | learned from |", "|---|---|---|"]
    for task, head in card()["heads"].items():
        lines.append(f"| {task} | {', '.join(TASKS[task])} | {head['data'] if head['supported'] else 'unsupported'} |")
    return "\n".join(lines)


def measures() -> str:
    """Agreement of the embedded model with texts it never learned from."""
    lines = ["| task | language | set | n | macro-F1 (95 %) | macro-recall | accuracy | calibration error |"]
    lines.append("|---" * 8 + "|")
    for one in card()["measures"]:
        figures = f"{one['macro_f1']:.3f} ({one['low']:.3f} to {one['high']:.3f}) | {one['macro_recall']:.3f}"
        figures += f" | {one['accuracy']:.3f} | {one['calibration_error']:.3f}"
        lines.append(f"| {one['task']} | {one['language']} | {SETS[one['set']]} | {one['n']} | {figures} |")
    return "\n".join(lines)


SETS = {
    "umsab": "UMSAB, validation",
    "tweeteval": "TweetEval, validation",
    "msd": "Amazon reviews (MSD), validation",
    "germeval": "GermEval-2018, a tenth held back",
    "authored": "our own messages, a tenth held back",
}

MAKERS: dict[str, Callable[[], str]] = {
    "settings": settings,
    "commands": cli,
    "routes": routes,
    "permissions": permissions,
    "heads": heads,
    "measures": measures,
}
MADE = {
    "settings.md": ("settings",),
    "cli.md": ("commands",),
    "routes.md": ("permissions", "routes"),
    "models/embedded.md": ("heads", "measures"),
}
"""Pages with generated parts."""


def made(page: str) -> str:
    """A page with its generated parts as the code has them now."""
    return _PART.sub(lambda found: f"{found[1]}\n{MAKERS[found[2]]()}\n\n{found[3]}", page)
