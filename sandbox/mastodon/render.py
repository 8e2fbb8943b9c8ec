"""Status text to HTML as Mastodon's app/lib/text_formatter.rb writes it, and to plain text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Doc = dict[str, Any]
Resolve = Callable[[str, str | None], Doc | None]

TOKEN = re.compile(
    r"(?P<url>https?://[^\s<>\"]+[^\s<>\".,;:!?)\]。、」])"
    r"|(?<![\w/@])@(?P<user>[A-Za-z0-9_]+(?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)(?:@(?P<domain>[A-Za-z0-9.-]+[A-Za-z0-9]))?"
    r"|(?<![\w/#&])#(?P<tag>\w*[^\W\d]\w*)"
)
ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}


@dataclass
class Rendered:
    """One text in all its forms; ``mentions`` are account documents, ``tags`` lower-case names."""

    html: str = ""
    plain: str = ""
    mentions: list[Doc] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)


def escape(text: str) -> str:
    return re.sub("[&<>\"']", lambda found: ESCAPES[found[0]], text)


def link(url: str, rel: str = "nofollow noopener noreferrer") -> str:
    """A shortened link: the scheme and everything after 30 characters stand in invisible spans."""
    prefix = re.match(r"https?://(?:www\.)?", url)
    head = prefix[0] if prefix else ""
    shown, rest = url[len(head) :][:30], url[len(head) + 30 :]
    css = "ellipsis" if rest else ""
    return (
        f'<a href="{escape(url)}" target="_blank" rel="{rel}" translate="no">'
        f'<span class="invisible">{escape(head)}</span><span class="{css}">{escape(shown)}</span>'
        f'<span class="invisible">{escape(rest)}</span></a>'
    )


def render(source: str, resolve: Resolve, domain: str) -> Rendered:
    """``resolve(username, domain or None)`` finds the account behind a mention, or None."""
    result = Rendered()
    source = re.sub(r"\n{3,}", "\n\n", source.replace("\r\n", "\n").strip())
    html: list[str] = []
    plain: list[str] = []
    position = 0
    for found in TOKEN.finditer(source):
        between = source[position : found.start()]
        html.append(escape(between))
        plain.append(between)
        position = found.end()
        as_html, as_plain = _token(found, resolve, domain, result)
        html.append(as_html)
        plain.append(as_plain)
    html.append(escape(source[position:]))
    plain.append(source[position:])
    result.plain = "".join(plain)
    paragraphs = "".join(html).split("\n\n")
    result.html = "".join(f"<p>{part.replace(chr(10), '<br />')}</p>" for part in paragraphs)
    return result


def _token(found: re.Match[str], resolve: Resolve, domain: str, result: Rendered) -> tuple[str, str]:
    if found["url"]:
        return link(found["url"]), found["url"]
    if found["tag"]:
        tag = found["tag"]
        if tag.lower() not in result.tags:
            result.tags.append(tag.lower())
        href = f"https://{domain}/tags/{tag.lower()}"
        return f'<a href="{href}" class="mention hashtag" rel="tag">#<span>{tag}</span></a>', f"#{tag}"
    account = resolve(found["user"], found["domain"])
    if account is None:
        return escape(found[0]), found[0]
    if account not in result.mentions:
        result.mentions.append(account)
    name = account["username"]
    card = f'<a href="{account["url"]}" class="u-url mention">@<span>{name}</span></a>'
    return f'<span class="h-card" translate="no">{card}</span>', f"@{name}"
