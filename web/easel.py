"""Charts are drawn in a process of their own: Altair and V8 need 100 MB, which nobody wants a chart for at night.

`python -m web.easel` reads a JSON line for each chart, `[name, data]`, and answers with one, `{"svg": …}` or
`{"error": …}`; it ends with the process that asked, or when nothing is asked for `IDLE_SECONDS`.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import subprocess
import sys
import threading
from dataclasses import dataclass, field

from web import charts

IDLE_SECONDS = 30.0
SECONDS = 60.0
"""So long a chart may take: the first, with which the process starts, takes a second."""


@dataclass
class Easel:
    """The process, started when it is needed; one chart at a time."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _process: subprocess.Popen[bytes] | None = None

    def drawn(self, chart: str, data: str) -> str:
        """An SVG document of a definition in `web.charts` and its data as JSON; ValueError when it cannot be drawn."""
        question = json.dumps([chart, data]).encode() + b"\n"
        with self._lock:
            answer = self._asked(question) or self._asked(question)  # it may have ended just now: a new one is asked
        if not answer:
            raise RuntimeError("The process that draws charts ended without an answer.")
        found: dict[str, str] = json.loads(answer)
        if "error" in found:
            raise ValueError(found["error"])
        return found["svg"]

    def _asked(self, question: bytes) -> bytes:
        """The line it answers; empty when it is no more."""
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._process is None:
            command = [sys.executable, "-m", "web.easel"]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603  # our own arguments
        asks, answers = self._process.stdin, self._process.stdout
        assert asks is not None  # noqa: S101  # both are pipes
        assert answers is not None  # noqa: S101
        try:
            asks.write(question)
            asks.flush()
        except BrokenPipeError:
            self.close()
            return b""
        if not select.select([answers], [], [], SECONDS)[0]:
            self.close()
            raise TimeoutError("The chart took too long.")
        answer = answers.readline()
        if not answer:
            self.close()
        return answer

    def close(self) -> None:
        """End the process, whatever it is doing; the next chart starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(BrokenPipeError):  # what it did not read any more
                if pipe is not None:
                    pipe.close()
        process.wait()


EASEL = Easel()
atexit.register(EASEL.close)


def _drawn(chart: str, data: str) -> dict[str, str]:
    import vl_convert

    try:
        return {"svg": vl_convert.vegalite_to_svg(charts.DEFINITIONS[chart](**json.loads(data)))}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:1000]}


def main() -> None:
    """What the process does."""
    left = b""
    while select.select([0], [], [], IDLE_SECONDS)[0]:
        part = os.read(0, 1 << 16)
        if not part:
            return
        *lines, left = (left + part).split(b"\n")
        for line in lines:
            sys.stdout.write(json.dumps(_drawn(*json.loads(line))) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
