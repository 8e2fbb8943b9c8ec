"""Text as people see it: HTML to plain text, and lengths as platforms count them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import nh3
import regex

BLOCKS = frozenset({"p", "div", "blockquote", "ul", "ol", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "table", "hr"})
LINES = frozenset({"li", "tr", "dt", "dd"})
INLINE = frozenset(
    "br a span b i em strong del code u img td th ruby rt rp small sub sup q dl".split()  # noqa: SIM905 - shorter
)
KEPT = BLOCKS | LINES | INLINE

_GRAPHEME = regex.compile(r"\X")
_MANY = re.compile(r"\n(?:[ \t]*\n){2,}")


class _Plain(HTMLParser):
    """Collects text with the breaks that blocks and lines make."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.parts.append("\n")
        elif tag in BLOCKS:
            self._break("\n\n")
        elif tag in LINES:
            self._break("\n")
            if tag == "li":
                self.parts.append("- ")
        elif tag == "img":
            self.parts.append(dict(attrs).get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self._break("\n\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def _break(self, text: str) -> None:
        if self.parts:
            self.parts.append(text)


def plain(html: str) -> str:
    """HTML as a person reads it: paragraphs by a blank line, <br> as a line, links as their full text.

    Scripts and styles go with their content. Linear in the length, so a megabyte is no trouble.
    """
    if "<" not in html and "&" not in html:
        return html.strip()
    clean = nh3.clean(
        html,
        tags=set(KEPT),
        attributes={"img": {"alt"}},
        clean_content_tags={"script", "style"},
        link_rel=None,
    )
    parser = _Plain()
    parser.feed(clean)
    parser.close()
    text = "".join(parser.parts).replace("\xa0", " ").replace("\r\n", "\n")
    return _MANY.sub("\n\n", text).strip()


def graphemes(text: str) -> int:
    """User-perceived characters (Unicode extended grapheme clusters)."""
    return sum(1 for _ in _GRAPHEME.finditer(text))


def utf16(text: str) -> int:
    """UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
