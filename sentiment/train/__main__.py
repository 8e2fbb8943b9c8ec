"""`python -m sentiment.train --data FOLDER --work WORK`: train, export and finish, one after the other."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sentiment.train import export, finish, run


def main() -> None:
    """All three from the command line; what is learned and the log stand in WORK/learned."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of labelled sets")
    parser.add_argument("--work", type=Path, required=True, help="a folder for what is learned, the log and the rows")
    args = parser.parse_args()
    data, learned = ["--data", str(args.data)], str(args.work / "learned")
    for step, words in (
        (run, ["--out", learned]),
        (export, ["--learned", learned]),
        (finish, ["--learned", learned, "--work", str(args.work)]),
    ):
        sys.argv = [str(step.__name__), *data, *words]
        step.main()


if __name__ == "__main__":
    main()
