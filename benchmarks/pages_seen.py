"""What Chromium says about the inbox of a big hub: bytes that came over the line, and whether anything jumped."""

from __future__ import annotations

import shutil
from typing import Any

LIMIT_KB = 250
WIDTHS = (1440, 1024, 390)
COUNTED = {"Document", "Stylesheet", "Script"}
SHIFT = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shift += one.value;
}).observe({ type: "layout-shift", buffered: true });
"""


def measure(address: str, token: str) -> dict[str, Any]:
    """Kilobytes of HTML, style and script of a first visit to the inbox, and the worst shift of every width."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        program = None
    if program is None:
        return {"inbox_kb": "unsupported here: no Chromium"}
    weights, shifts = [], []
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for width in WIDTHS:
            weight, shift = _visit(browser, address, token, width)
            weights.append(weight)
            shifts.append(shift)
        browser.close()
    return {"inbox_kb": round(max(weights) / 1000, 1), "inbox_limit_kb": LIMIT_KB, "layout_shift": max(shifts)}


def ok(result: dict[str, Any]) -> bool:
    """Light enough and still; so is what could not be measured."""
    return isinstance(result["inbox_kb"], str) or (result["inbox_kb"] < LIMIT_KB and result["layout_shift"] == 0)


def _visit(browser: Any, address: str, token: str, width: int) -> tuple[int, float]:
    """Bytes of one visit with an empty cache, as they came over the line, and the sum of shifts."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    context.add_cookies([{"name": "widerhall", "value": token, "url": address}])
    context.add_init_script(SHIFT)
    page = context.new_page()
    kinds: dict[str, str] = {}
    sizes: dict[str, int] = {}
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.responseReceived", lambda said: kinds.update({said["requestId"]: said["type"]}))
    wire.on("Network.loadingFinished", lambda said: sizes.update({said["requestId"]: said["encodedDataLength"]}))
    page.goto(f"{address}/inbox")
    page.wait_for_timeout(1500)
    shift = float(page.evaluate("window.shift"))
    context.close()
    return round(sum(size for number, size in sizes.items() if kinds.get(number) in COUNTED)), round(shift, 4)
