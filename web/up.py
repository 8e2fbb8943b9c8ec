"""`python -m web.up`: what `widerhall up` becomes: it starts and watches the others, and knows no rooms itself."""

from __future__ import annotations

import os
import sys

from core.errors import NotConfigured
from core.settings import settings
from web.supervisor import Supervisor, hub_children, web_url

FIRST_RUN = "WIDERHALL_FIRST_RUN_TOKEN"
"""How the command hands on the word for the first visit."""


def main() -> None:
    """The hub, until Ctrl-C."""
    token = os.environ.pop(FIRST_RUN, "")
    supervisor = Supervisor(hub_children(), say=lambda words: print(words, flush=True))
    supervisor.heed()
    try:
        supervisor.start()
        print(f"Widerhall runs at {web_url()}  (Ctrl-C stops it; data in {settings().data_dir.resolve()})", flush=True)
        if token:
            print(f"First run: create the administrator at {web_url()}/setup?token={token}", flush=True)
        supervisor.run()
    except KeyboardInterrupt:
        pass
    except NotConfigured as error:
        sys.exit(f"widerhall: {error}")
    finally:
        print("stopping …", flush=True)
        supervisor.stop()


if __name__ == "__main__":
    main()
