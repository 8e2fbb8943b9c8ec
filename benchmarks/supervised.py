"""`python -m benchmarks.supervised`: the demo under a supervisor as `widerhall demo` has it, without rate limits."""

from __future__ import annotations

import contextlib

from web.demo import sandbox_child
from web.supervisor import Supervisor, hub_children


def main() -> None:
    """Until SIGTERM."""
    supervisor = Supervisor([sandbox_child(0, limits=False), *hub_children()])
    supervisor.heed()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            supervisor.start()
            supervisor.run()
    finally:
        supervisor.stop()


if __name__ == "__main__":
    main()
