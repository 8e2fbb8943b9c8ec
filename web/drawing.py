"""Chart definitions to SVG: drawn on the server, with colours by name for the page and as they are for paper.

A drawing holds geometry only. Words stand around it in HTML or in the document: they are then selected, read
aloud and set in the right face, and measuring none of them makes drawing ten times as fast.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from html import escape
from typing import Any
from xml.etree import ElementTree

from web import palette
from web.easel import EASEL

KEPT = 256
"""Drawings that are remembered, by what they are drawn from."""
_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_SHAPES = frozenset({"path", "line", "rect", "circle"})
_GEOMETRY = ("d", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "r", "cx", "cy", "transform")
_PAINT = ("fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "fill-opacity", "stroke-linecap")
_LONG = re.compile(r"-?\d+\.\d{2,}")
_NOWHERE = ("translate(0,0)", "translate(0.5,0.5)")

Data = Mapping[str, Any]
"""The arguments of a definition in `web.charts`: plain values."""


def on_page(chart: str, data: Data, links: Sequence[str]) -> str:
    """Inline SVG that follows the theme; `links` are the addresses a shape's `href` counts into.

    It is hidden from screen readers and skipped by the keyboard: the sentence and the table beside it say and
    open the same, without two hundred stops.
    """
    return _page(chart, json.dumps(data, sort_keys=True), tuple(links))


def on_paper(chart: str, data: Data) -> str:
    """An SVG document with the light theme's colours."""
    return _drawn(chart, json.dumps(data, sort_keys=True))[0]


@lru_cache(maxsize=KEPT)
def _page(chart: str, data: str, links: tuple[str, ...]) -> str:
    _, size, shapes = _drawn(chart, data)
    body = "".join(_shape(one, links) for one in shapes)
    return f'<svg viewBox="0 0 {size[0]} {size[1]}" preserveAspectRatio="none" aria-hidden="true">{body}</svg>'


@lru_cache(maxsize=KEPT)
def _drawn(chart: str, data: str) -> tuple[str, tuple[str, str], list[ElementTree.Element]]:
    """(the document, (width, height), its shapes in order)."""
    document = EASEL.drawn(chart, data)
    root = ElementTree.fromstring(document)  # noqa: S314  # drawn by ourselves a line above
    return document, (root.get("width", "1"), root.get("height", "1")), list(_shapes(root))


def _shapes(node: ElementTree.Element, link: str = "", moved: str = "") -> Any:
    """Every visible shape with its place and its link, in the order they are painted."""
    for child in node:
        name = child.tag.removeprefix(_SVG)
        if name in ("g", "a"):
            own = child.get("transform", "")
            place = f"{moved} {own}".strip() if own and own not in _NOWHERE else moved
            yield from _shapes(child, child.get(_LINK, link), place)
        elif name in _SHAPES and _painted(child):
            if moved:
                child.set("transform", f"{moved} {child.get('transform', '')}".strip())
            child.set("link", link)
            yield child


def _painted(shape: ElementTree.Element) -> bool:
    if shape.get("display") == "none" or shape.get("class") in ("background", "foreground"):
        return False
    return any(shape.get(name, "none") not in ("none", "transparent") for name in ("fill", "stroke"))


def _shape(shape: ElementTree.Element, links: tuple[str, ...]) -> str:
    attributes = {name: _LONG.sub(_shorter, value) for name in _GEOMETRY if (value := shape.get(name))}
    attributes |= {name: _colour(value) for name in _PAINT if (value := shape.get(name))}
    if "stroke" in attributes:
        attributes |= {"vector-effect": "non-scaling-stroke", "fill": attributes.get("fill", "none")}
    name, label, link = shape.tag.removeprefix(_SVG), shape.get("aria-label", ""), shape.get("link", "")
    number = link.rpartition("/")[2]
    if not number.isdigit() or int(number) >= len(links):
        return f"<{name}{_written(attributes)}/>"
    drawn = f"<{name}{_written(attributes)}><title>{escape(label)}</title></{name}>"
    return f'<a href="{escape(links[int(number)])}" tabindex="-1">{drawn}</a>'


def _written(attributes: Mapping[str, str]) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())


def _shorter(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")


def _colour(value: str) -> str:
    name = palette.by_light().get(value)
    return f"var(--{name})" if name else value
