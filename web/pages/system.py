"""`/settings/system`: the doctor in the browser: what was looked at, what is wrong, how to mend it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from web import doctor, installation, render
from web.permissions import allow
from web.reader import Reader

HERE = "/settings/system"

router = APIRouter()

Reading = Annotated[Reader, Depends(allow("system.read"))]


@router.get(HERE)
def index(request: Request, reader: Reading, run: str = "") -> Response:
    """What this installation is; the checks come after it, since they take a moment. With `run` they come along."""
    checks = doctor.examine() if run else None
    return render.page(
        request, reader, "settings/system.html", facts=installation.facts(), checks=checks, processes=_words
    )


@router.get(f"{HERE}/checks")
def checks(request: Request, reader: Reading) -> Response:
    """The checks alone, as the page fetches them; opened by itself it leads to the whole page."""
    if not render.wants_part(request):
        return render.to(f"{HERE}?run=yes")
    return render.part("settings/checks.html", reader, checks=doctor.examine())


def _words(name: str) -> str:
    """A process by the name that words know: all workers are workers."""
    return "worker" if name.startswith("worker") else name
