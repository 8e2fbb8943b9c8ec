"""A report on paper: A4, set by Typst with the fonts embedded, the same sheet as the page shows.

https://typst.app/docs/reference/
"""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Literal

from core import db
from listening.figures.people import Writer
from listening.figures.posts import Post
from listening.figures.tally import RATED, Tally
from web import palette, press, words
from web.reports.drawn import Chart
from web.reports.sheet import NONE, Kpi, Row, Sheet

HERE = Path(__file__).parent
TEMPLATE = HERE / "templates" / "report.typ"
POSTS, ROWS, DAYS = 5, 10, 31


def document(sheet: Sheet) -> bytes:
    """The PDF."""
    return _compiled(sheet, "pdf", 144)[0]


def pictures(sheet: Sheet, ppi: float = 96) -> list[bytes]:
    """Every page as PNG."""
    return _compiled(sheet, "png", ppi)


def _compiled(sheet: Sheet, kind: Literal["pdf", "png"], ppi: float) -> list[bytes]:
    return press.compiled(
        input=str(TEMPLATE),
        format=kind,
        ppi=ppi,
        font_paths=list(fonts()),
        ignore_system_fonts=True,
        sys_inputs={"sheet": json.dumps(values(sheet), ensure_ascii=False)},
    )


@cache
def fonts() -> tuple[str, ...]:
    """Folders of the faces a document is set in: Latin letters, and Japanese ones."""
    latin = Path(str(distribution("font-source-sans-pro").locate_file("font_source_sans_pro/files")))
    return str(latin), str(HERE / "fonts")


def values(sheet: Sheet) -> dict[str, Any]:
    """Everything the document says, in the reader's words."""
    say, report = sheet.say, sheet.report
    drawn = {"volume": sheet.volume, "net": sheet.net, "clock": sheet.clock}
    if sheet.voice_chart is not None:
        drawn["voice"] = sheet.voice_chart
    return {
        "language": say.reader.language,
        "colours": {name: palette.light(name) for name in palette.NAMES} | {"text": palette.tokens()["text"][0]},
        "title": sheet.title,
        "kind": sheet.kind,
        "made": say.words("made %(moment)s", moment=say.reader.moment(db.now())),
        "about": _about(sheet),
        "lede": [[{"text": text, "strong": strong} for text, strong in sentence] for sentence in sheet.lede],
        "kpis": [_kpi(one) for one in sheet.kpis],
        "charts": {name: _chart(chart) for name, chart in drawn.items()},
        "keys": [{"colour": palette.SENTIMENTS[name], "text": sheet.share(name)} for name in reversed(RATED)],
        "voice": [
            {"name": part.label, "colour": part.colour, "number": say.number(part.tally.messages), "share": part.share,
             "change": part.change, **_feelings(part.tally)}
            for part in sheet.voice
        ],
        "whole": say.words("of %(number)s", number=say.number(report.voice.whole)),
        "tables": [_table(sheet, name) for name in ("platform", "language", "label", "intent", "kind", "hashtag")],
        "posts": [_post(sheet, post) for post in report.posts[:POSTS]],
        "widest": [_writer(sheet, one) for one in report.widest],
        "busiest": [_writer(sheet, one) for one in report.busiest],
        "in_crm": say.words(
            "%(number)s of %(all)s authors are in the CRM",
            number=say.number(report.now.in_crm), all=say.number(report.now.authors),
        ),
        "columns": [
            [say.days(step.first, step.last), say.number(step.tally.messages), say.number(step.before.messages),
             *(say.number(getattr(step.tally, name)) for name in ("negative", "neutral", "positive")),
             NONE if step.tally.net is None else say.signed(step.tally.net)]
            for step in sheet.columns
        ],
        "notes": sheet.notes,
        "words": _words(sheet),
    }  # fmt: skip


def _about(sheet: Sheet) -> str:
    say, names = sheet.say, ("platform", "language", "sentiment", "label", "intent", "kind")
    line = say.words(
        "%(period)s, compared with %(previous)s · times in %(zone)s",
        period=sheet.period,
        previous=sheet.previous,
        zone=sheet.zone,
    )
    filters = [sheet.filter(name) for name in names if getattr(sheet.report.scope, name)]
    return " · ".join([line, *filters])


def _kpi(one: Kpi) -> dict[str, Any]:
    spark = one.spark if len(one.spark) > 1 and max(one.spark) > 0 else []
    top = max(spark, default=1)
    return {
        "label": one.label,
        "shown": one.shown,
        "change": one.change,
        "hint": one.hint,
        "spark": [round(value / top, 4) for value in spark],
    }


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "svg": chart.paper,
        "label": chart.label,
        "across": [{"at": at, "text": text} for at, text in chart.across],
        "upright": [{"at": at, "text": text} for at, text in chart.upright],
    }


def _feelings(tally: Tally) -> dict[str, list[float]]:
    rated = tally.rated
    return {"feelings": [tally.negative / rated, tally.neutral / rated, tally.positive / rated] if rated else []}


def _table(sheet: Sheet, name: str) -> dict[str, Any]:
    titles = {
        "platform": sheet.say.words("Platforms"),
        "language": sheet.say.words("Languages"),
        "label": sheet.say.words("Labels"),
        "intent": sheet.say.words("Intents"),
        "kind": sheet.say.words("Kinds of messages"),
        "hashtag": sheet.say.words("Hashtags"),
    }
    rows = sheet.tables[name][:ROWS]
    return {"title": titles[name], "rows": [_row(sheet, row) for row in rows], "feelings": name != "hashtag"}


def _row(sheet: Sheet, row: Row) -> dict[str, Any]:
    return {"name": row.label, "number": sheet.say.number(row.number), "share": row.share, **_feelings(row.tally)}


def _post(sheet: Sheet, post: Post) -> dict[str, Any]:
    say = sheet.say
    return {
        "author": post.name or say.words("Author unknown"),
        "where": f"{words.platform(post.platform)} · {say.reader.moment(post.posted_at)}",
        "text": post.text,
        "language": post.language if post.language not in ("", "und") else say.reader.language,
        "sentiment": _sentiment(sheet, post.sentiment),
        "engagement": say.ngettext("%(num)s engagement", "%(num)s engagements", post.engagement),
    }


def _writer(sheet: Sheet, one: Writer) -> list[str]:
    say = sheet.say
    accounts = sheet.accounts(one)
    return [
        one.name or one.handle,
        f"{words.platform(one.platform)} · {accounts}" if accounts else words.platform(one.platform),
        say.number(one.messages),
        NONE if one.followers is None else say.compact(one.followers),
        _sentiment(sheet, one.tally.leaning),
        say.words("in the CRM") if one.in_crm else NONE,
    ]


def _sentiment(sheet: Sheet, value: str) -> str:
    return sheet.say.words(words.SENTIMENTS.get(value, words.UNRATED)[1])


def _words(sheet: Sheet) -> dict[str, str]:
    say = sheet.say
    return {
        "report": say.words("Report"),
        "volume": say.words("Volume and sentiment by day"),
        "not_rated": say.words("not rated"),
        "before": say.words("period before"),
        "net": say.words("Net sentiment, positive minus negative, with 95 % interval"),
        "voice": say.words("Share of voice"),
        "clock": say.words("When people write"),
        "posts": say.words("Top posts"),
        "widest": say.words("Authors by reach"),
        "busiest": say.words("Most engaged people"),
        "days": say.words("Days"),
        "messages": say.words("Messages"),
        "negative": say.words("negative"),
        "neutral": say.words("neutral"),
        "positive": say.words("positive"),
        "net_short": say.words("Net sentiment"),
        "subject": say.words("Subject"),
        "share": say.words("Share"),
        "change": say.words("Change"),
        "sentiment": say.words("Sentiment"),
        "author": say.words("Author"),
        "platform": say.words("Platform"),
        "followers": say.words("Followers"),
        "crm": say.words("CRM"),
        "nothing": say.words("Nothing of this kind in the period."),
        "numbers": say.words("The figures by day"),
        "page": say.words("Page"),
    }
