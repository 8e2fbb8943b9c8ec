"""Run one benchmark or all and print a table; `python -m benchmarks [NAME …] [--json FILE]`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

NAMES = ("ingest", "pipeline", "latency", "memory")


def main() -> int:
    """Exit code 1 when a figure misses its target."""
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(NAMES)}; all unless given")
    parser.add_argument("--json", type=Path, help="write the figures as JSON")
    given = parser.parse_args()
    unknown = set(given.names) - set(NAMES)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    results: dict[str, Any] = {}
    for name in given.names or NAMES:
        print(f"{name} …", flush=True)
        with tempfile.TemporaryDirectory(prefix="widerhall-bench-") as folder:
            for variable in [v for v in os.environ if v.startswith("WIDERHALL_")]:
                del os.environ[variable]
            os.environ["WIDERHALL_DATA_DIR"] = folder
            results[name] = import_module(f"benchmarks.{name}").run(Path(folder))
        _print(results[name])
    if given.json:
        value = results[given.names[0]] if len(given.names) == 1 else results
        given.json.write_text(json.dumps(value, indent=1) + "\n")
    return 0 if all(result.get("ok", True) for result in results.values()) else 1


def _print(result: dict[str, Any]) -> None:
    for key, value in result.items():
        if isinstance(value, str) and "\n" in value:
            print(f"  {key}:")
            print("\n".join(f"    {row}" for row in value.splitlines()))
        else:
            print(f"  {key:34} {value}")


if __name__ == "__main__":
    sys.exit(main())
