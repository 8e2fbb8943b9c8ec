"""Run one benchmark or all and print a table; `python -m benchmarks [NAME …] [--json FILE]`."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

NAMES = (
    "ingest",
    "pipeline",
    "latency",
    "memory",
    "pages",
    "inbox",
    "annotate",
    "topics",
    "match_people",
    "sync",
    "many",
)


def main() -> int:
    """Exit code 1 when a figure misses its target."""
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(NAMES)}; all unless given")
    parser.add_argument("--json", type=Path, help="write the figures as JSON")
    given = parser.parse_args()
    unknown = set(given.names) - set(NAMES)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    names = given.names or NAMES
    results = {name: _measure(name) if len(names) == 1 else _apart(name) for name in names}
    if given.json:
        value = results[names[0]] if len(names) == 1 else results
        given.json.write_text(json.dumps(value, indent=1) + "\n")
    return 0 if all(result.get("ok", True) for result in results.values()) else 1


def _measure(name: str) -> dict[str, Any]:
    """One benchmark, here, in a folder of its own and with no setting of whoever starts it."""
    print(f"{name} …", flush=True)
    with tempfile.TemporaryDirectory(prefix="widerhall-bench-") as folder:
        for variable in [v for v in os.environ if v.startswith("WIDERHALL_")]:
            del os.environ[variable]
        os.environ["WIDERHALL_DATA_DIR"] = folder
        result: dict[str, Any] = import_module(f"benchmarks.{name}").run(Path(folder))
    _print(result)
    return result


def _apart(name: str) -> dict[str, Any]:
    """One of several, in a process of its own: none finds caches, settings or memory of another."""
    with tempfile.TemporaryDirectory(prefix="widerhall-bench-") as folder:
        path = Path(folder) / "result.json"
        subprocess.run([sys.executable, "-m", "benchmarks", name, "--json", str(path)], check=False)  # noqa: S603  # ours
        if not path.exists():
            return {"ok": False, "error": "it ended before it was done"}
        result: dict[str, Any] = json.loads(path.read_text())
        return result


def _print(result: dict[str, Any]) -> None:
    for key, value in result.items():
        if isinstance(value, str) and "\n" in value:
            print(f"  {key}:")
            print("\n".join(f"    {row}" for row in value.splitlines()))
        else:
            print(f"  {key:34} {value}")


if __name__ == "__main__":
    sys.exit(main())
