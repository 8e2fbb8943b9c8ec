"""What charts look like: Altair definitions in the shared palette, geometry only.

Rows name what they show in plain words (`said`) and the number of the link they lead to (`href`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from math import ceil, floor, log10
from types import ModuleType
from typing import Any

from web import palette

Rows = Sequence[dict[str, Any]]


def counting(highest: float) -> list[float]:
    """From nothing to a round number over the highest, in two to four equal steps."""
    step = _round_step(max(highest, 1) / 3)
    number = max(1, ceil(highest / step))
    return [n * step for n in range(number + 1)]


def _round_step(least: float) -> int:
    if least <= 1:
        return 1
    power = 10 ** floor(log10(least))
    return int(
        next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= least and factor * power % 1 == 0)
    )


def balanced(values: Sequence[float]) -> list[float]:
    """As far below nothing as above, in steps of twenty."""
    most = max([20.0, *(abs(value) for value in values)])
    bound = min(100, 20 * ceil(most / 20))
    return [-bound, 0, bound]


@cache
def _altair() -> ModuleType:
    import altair  # with its validators 45 MB and a third of a second: only a process that draws has it

    return altair


def _finish(chart: Any, width: int, height: int) -> dict[str, Any]:
    sized = chart.properties(width=width, height=height, padding=0, autosize=_altair().AutoSizeParams(type="none"))
    plain = sized.configure(background="transparent", view=_altair().ViewConfig(stroke=None))
    spec: dict[str, Any] = plain.to_dict(validate=False)
    return spec


def _grid(alt: Any, axis: Sequence[float], strong: float | None = None) -> Any:
    rows = [{"at": tick, "colour": palette.light("line-strong" if tick == strong else "line")} for tick in axis]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_rule(strokeWidth=1)
        .encode(y=_upright(alt, "at", axis), color=alt.Color("colour:N", scale=None))
    )


def _upright(alt: Any, name: str, axis: Sequence[float]) -> Any:
    return alt.Y(f"{name}:Q", axis=None, scale=alt.Scale(domain=[axis[0], axis[-1]], nice=False, clamp=True))


def _across(alt: Any, steps: int) -> Any:
    scale = alt.Scale(domain=list(range(steps)), paddingInner=0.25, paddingOuter=0.12)
    return alt.X("step:O", axis=None, scale=scale)


def _volume(rows: Rows, before: Rows, steps: int, axis: Sequence[float]) -> dict[str, Any]:
    """Stacked columns per day; the period before as a broken line over them.

    `rows`: step, sentiment, order, low, high, href, said. `before`: step, messages.
    """
    alt = _altair()
    across = _across(alt, steps)
    names = list(palette.SENTIMENTS)
    colour = alt.Color(
        "sentiment:N",
        legend=None,
        scale=alt.Scale(domain=names, range=[palette.light(palette.SENTIMENTS[name]) for name in names]),
    )
    columns = (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_bar()
        .encode(
            x=across,
            y=_upright(alt, "low", axis),
            y2=alt.Y2("high:Q"),
            color=colour,
            href="href:N",
            description="said:N",
        )
    )
    past = (
        alt.Chart(alt.Data(values=list(before)))
        .mark_line(color=palette.light("text-3"), strokeWidth=1.5, strokeDash=[4, 3])
        .encode(x=across, y=_upright(alt, "messages", axis))
    )
    return _finish(alt.layer(_grid(alt, axis), columns, past), 840, 168)


def _net(rows: Rows, steps: int, axis: Sequence[float]) -> dict[str, Any]:
    """A line with the band of its confidence interval; each column can be pressed.

    `rows`: step, net, low, high, href, said; days on which nothing was rated have None and break the line.
    """
    alt = _altair()
    across, data = _across(alt, steps), alt.Data(values=list(rows))
    base = alt.Chart(data).encode(x=across)
    band = base.mark_area(color=palette.light("d-pos1"), opacity=0.5).encode(
        y=_upright(alt, "low", axis), y2=alt.Y2("high:Q")
    )
    line = base.mark_line(color=palette.light("d-pos3"), strokeWidth=2).encode(y=_upright(alt, "net", axis))
    known = alt.Chart(alt.Data(values=[row for row in rows if row["net"] is not None])).encode(x=across)
    edges = {"y": alt.YDatum(axis[0], axis=None), "y2": alt.Y2Datum(axis[-1])}
    pressed = known.mark_bar(opacity=0, color=palette.light("surface")).encode(
        **edges, href="href:N", description="said:N"
    )
    return _finish(alt.layer(_grid(alt, axis, 0), band, line, pressed), 840, 84)


def _voice(rows: Rows) -> dict[str, Any]:
    """One bar cut into parts. `rows`: low, high (0 to 1), colour (a token), href, said."""
    alt = _altair()
    values = [{**row, "colour": palette.light(row["colour"])} for row in rows]
    scale = alt.Scale(domain=[0, 1], nice=False)
    bar = (
        alt.Chart(alt.Data(values=values))
        .mark_bar(stroke=palette.light("surface"), strokeWidth=1, height=28)
        .encode(
            x=alt.X("low:Q", axis=None, scale=scale),
            x2=alt.X2("high:Q"),
            color=alt.Color("colour:N", scale=None),
            href="href:N",
            description="said:N",
        )
    )
    return _finish(bar, 400, 28)


def _clock(rows: Rows) -> dict[str, Any]:
    """Weekday by hour. `rows`: weekday (0 to 6), hour (0 to 23), level (1 to 6), href, said."""
    alt = _altair()
    values = [{**row, "colour": palette.light(f"q{row['level']}")} for row in rows]
    squares = (
        alt.Chart(alt.Data(values=values))
        .mark_rect()
        .encode(
            x=alt.X("hour:O", axis=None, scale=alt.Scale(domain=list(range(24)), paddingInner=0.06, paddingOuter=0)),
            y=alt.Y("weekday:O", axis=None, scale=alt.Scale(domain=list(range(7)), paddingInner=0.08, paddingOuter=0)),
            color=alt.Color("colour:N", scale=None),
            href="href:N",
            description="said:N",
        )
    )
    return _finish(squares, 480, 168)


DEFINITIONS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "volume": _volume,
    "net": _net,
    "voice": _voice,
    "clock": _clock,
}
"""Every chart by its name; `axis` is the list of values that have a line, from low to high."""


def levels(highest: int) -> tuple[int, ...]:
    """The first number of each of the six steps of a sequential scale; the first is 0."""
    return tuple(ceil(highest * step / len(palette.LEVELS)) for step in range(len(palette.LEVELS)))


def level(number: int, starts: Sequence[int]) -> int:
    """The step a number falls into, 1 to 6; only nothing at all is in the first one when there is something."""
    found = sum(number >= start for start in starts)
    return max(2, found) if number and starts[-1] > 0 else 1
