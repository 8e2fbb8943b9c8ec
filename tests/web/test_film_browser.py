"""Videos in a real browser: what is attached plays beside the draft and in the thread, and goes to any moment of it."""

from __future__ import annotations

import base64

import pytest
from playwright.sync_api import Page, expect

from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import account, event, store
from tests.web.test_axe import violations

pytestmark = [pytest.mark.browser, needs_chromium]
FILMED = """async () => {
  const canvas = document.createElement("canvas"), ink = canvas.getContext("2d");
  [canvas.width, canvas.height] = [64, 36];
  const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: "video/webm;codecs=vp8" }), parts = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  const over = new Promise((done) => { recorder.onstop = done; });
  recorder.start();
  for (let step = 0; step < 24; step++) {
    ink.fillStyle = `hsl(${step * 15} 90% 50%)`;
    ink.fillRect(0, 0, 64, 36);
    await new Promise((done) => setTimeout(done, 50));
  }
  recorder.stop();
  await over;
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return btoa(Array.from(bytes, (one) => String.fromCharCode(one)).join(""));
}"""
PLAYED = """async (film) => {
  film.muted = true;
  await film.play();
  await new Promise((done) => { film.ontimeupdate = () => film.currentTime > 0.2 && done(); });
  film.pause();
  return [film.videoWidth, film.videoHeight, film.error];
}"""


def film(page: Page) -> bytes:
    """About a second of colours, as this browser records it."""
    return base64.b64decode(page.evaluate(FILMED))


def test_a_video_plays_beside_the_draft_and_in_the_thread(database: str, seen: Seen) -> None:
    store(account(platform="telegram"), event("telegram:1:5:1", platform="telegram", visibility="private"))
    page = seen.page("agent")
    page.goto(f"{seen.address}/inbox/1#conversation")
    expect(page.locator("#reply-text")).to_be_visible()
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
    chosen = {"name": "tap.webm", "mimeType": "video/webm", "buffer": film(page)}
    page.locator("#attach-file").set_input_files([chosen])
    beside = page.locator(".file video")
    expect(beside).to_be_visible()
    assert beside.evaluate(PLAYED) == [64, 36, None]
    assert violations(page, "#files") == []
    page.set_viewport_size({"width": 1440, "height": 900})
    beside.focus()
    assert page.evaluate("document.activeElement.tagName") == "VIDEO"
    page.locator("#reply-text").fill("Look")
    page.locator("#reply-text").press("Control+Enter")
    there = page.locator(".msg .film video")
    expect(there).to_be_visible()
    assert there.evaluate(PLAYED) == [64, 36, None]
    assert page.request.get(f"{seen.address}/inbox/1/files/1", headers={"range": "bytes=0-9"}).status == 206
    assert refused == []
    assert violations(page, ".msg .film") == []
