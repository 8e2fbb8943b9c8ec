"""`python -m web.press`: sets one document with Typst, in a process that is gone afterwards with its 40 MB.

Standard input is JSON, the arguments of `typst.compile` (https://github.com/messense/typst-py); standard output is a
JSON list of the files that came out, in base64: one PDF, or a picture of each page.
"""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64decode, b64encode
from typing import Any

SECONDS = 60.0
"""So long a document may take: one takes a third of a second."""


def compiled(**asked: Any) -> list[bytes]:
    """The files; RuntimeError with Typst's words when it refuses, TimeoutError when it does not come to an end."""
    command = [sys.executable, "-m", "web.press"]
    try:
        done = subprocess.run(command, input=json.dumps(asked).encode(), capture_output=True, timeout=SECONDS)  # noqa: S603  # our own arguments
    except subprocess.TimeoutExpired as error:
        raise TimeoutError("The document took too long.") from error
    if done.returncode:
        raise RuntimeError(done.stderr.decode("utf-8", "replace")[-1000:])
    return [b64decode(one) for one in json.loads(done.stdout)]


def main() -> None:
    """What the process does."""
    import typst

    made = typst.compile(**json.load(sys.stdin.buffer))
    sys.stdout.write(json.dumps([b64encode(one).decode() for one in (made if isinstance(made, list) else [made])]))


if __name__ == "__main__":
    main()
