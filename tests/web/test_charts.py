"""Claims about drawings: colours by name, links, axes, and that what was drawn once is not drawn again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web import charts, drawing, easel, palette

PARTS = {
    "rows": [
        {"low": 0, "high": 0.4, "colour": "c1", "href": "/0", "said": "Acme <b>40 %</b>"},
        {"low": 0.4, "high": 1, "colour": "c7", "href": "none", "said": "others"},
    ]
}


def test_every_colour_of_a_chart_is_a_token_and_can_be_told_apart() -> None:
    assert {*palette.NAMES} <= palette.tokens().keys()
    assert len(palette.by_light()) == len(palette.NAMES)


def test_page_has_colours_by_name_and_paper_has_them_as_they_are() -> None:
    page, paper = drawing.on_page("voice", PARTS, ["/messages?a=1&b=2"]), drawing.on_paper("voice", PARTS)
    assert {"var(--c1)", "var(--c7)"} <= {*re.findall(r'fill="([^"]+)"', page)}
    assert palette.light("c1") in paper
    assert "var(" not in paper


def test_shape_leads_where_it_says_and_words_are_escaped() -> None:
    page = drawing.on_page("voice", PARTS, ["/messages?a=1&b=2"])
    assert page.count("<a ") == 1
    assert 'href="/messages?a=1&amp;b=2" tabindex="-1"' in page
    assert "<title>Acme &lt;b&gt;40 %&lt;/b&gt;</title>" in page


def test_drawing_has_no_words_of_its_own() -> None:
    assert "<text" not in drawing.on_paper("voice", PARTS)


def test_same_chart_is_drawn_once() -> None:
    before = drawing._drawn.cache_info().misses
    for _ in range(3):
        drawing.on_paper("voice", {"rows": PARTS["rows"][:1]})
    assert drawing._drawn.cache_info().misses <= before + 1


@given(st.integers(0, 10_000_000))
def test_axis_reaches_the_highest_in_few_round_steps(highest: int) -> None:
    axis = charts.counting(highest)
    assert axis[0] == 0
    assert axis[-1] >= highest
    assert 2 <= len(axis) <= 5
    assert len({after - before for before, after in pairwise(axis)}) == 1


@pytest.mark.parametrize(("values", "bound"), [([], 20), ([-31, 12], 40), ([100], 100)])
def test_axis_of_net_sentiment_is_balanced(values: list[float], bound: int) -> None:
    assert charts.balanced(values) == [-bound, 0, bound]


@given(st.integers(1, 5000), st.data())
def test_more_messages_are_never_lighter(highest: int, data: st.DataObject) -> None:
    starts = charts.levels(highest)
    low, high = sorted(data.draw(st.tuples(st.integers(0, highest), st.integers(0, highest))))
    assert charts.level(low, starts) <= charts.level(high, starts)
    assert (charts.level(0, starts), charts.level(highest, starts)) == (1, 6)


def test_the_process_that_draws_may_die_and_end_and_says_what_is_wrong() -> None:
    one, rows = easel.Easel(), json.dumps(PARTS)
    first = one.drawn("voice", rows)
    assert first.startswith("<svg")
    assert one._process is not None
    pid = one._process.pid
    os.kill(pid, signal.SIGKILL)
    assert one.drawn("voice", rows) == first, "another one is started"
    assert one._process.pid != pid
    with pytest.raises(ValueError, match="KeyError"):
        one.drawn("no such chart", rows)
    assert one.drawn("voice", rows) == first
    process = one._process
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(20) == 0, "it ends with those who ask"
    assert one.drawn("voice", rows) == first
    one.close()


def test_nobody_who_asks_no_more_keeps_it() -> None:
    code = "from web import easel; easel.IDLE_SECONDS = 0.05; easel.main()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        assert process.wait(30) == 0
