from __future__ import annotations

import csv
import html
import io
import re

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from core import db
from inbox import people
from inbox.models import Identity
from listening import reports, subjects
from listening.exports import as_json
from web import pdf
from web.permissions import granted
from web.reader import Reader, zone
from web.reports.asked import report as asked_for
from web.reports.sheet import sheet

from .conftest import QUERY

pytestmark = pytest.mark.usefixtures("heard")
PAGE = f"/reports/1?{QUERY}"


def figures(text: str) -> dict[str, float]:
    """Every figure of a page by its key."""
    return {
        html.unescape(key): float(value)
        for value, key in re.findall(r'<data value="([^"]*)" data-figure="([^"]*)"', text)
    }


def opened(text: str) -> dict[str, str]:
    """Every figure that can be pressed, and where it leads."""
    found = re.findall(r'<a class="plain" href="([^"]+)" data-opens="([^"]+)"', text)
    return {html.unescape(key): html.unescape(href) for href, key in found}


def sums(text: str) -> dict[str, float]:
    return {key: float(value) for value, key in re.findall(r'<data value="([^"]*)" data-sum="(\w+)"', text)}


@pytest.mark.parametrize("role", ["admin", "marketer"])
@pytest.mark.parametrize("filters", ["", "&language=de", "&sentiment=unrated&intent=none", "&label=Preis"])
def test_every_figure_opens_as_many_messages_as_it_says(as_role, role: str, filters: str) -> None:
    browser = as_role(role)
    text = browser.get(PAGE + filters).text
    known, links = figures(text), opened(text)
    assert len(links) >= (20 if not filters else 10)
    for key, href in links.items():
        behind = sums(browser.get(href).text)
        measure = {
            "kpi:authors": "authors",
            "kpi:reach": "reach",
            "kpi:engagement": "engagement",
            "kpi:net": "net",
        }.get(key)
        if key == "kpi:share":
            continue
        assert behind.get(measure or "messages", 0.0) == pytest.approx(known[key]), (key, href)


def test_every_shape_of_a_chart_opens_its_messages(as_role) -> None:
    browser = as_role("admin")
    text = browser.get(PAGE).text
    shapes = re.findall(r'<a href="(/messages[^"]+)" tabindex="-1"><path[^>]*><title>([^<]*)</title>', text)
    assert len(shapes) > 20
    for href, title in shapes:
        number = re.search(r": (\d+)(?: \w|$)", title)
        if number is not None:
            assert sums(browser.get(html.unescape(href)).text)["messages"] == int(number[1]), title


def test_charts_have_nothing_a_strict_policy_forbids(as_role) -> None:
    text = as_role("admin").get(PAGE).text
    drawings = "".join(re.findall(r"<figure.*?</figure>", text, re.DOTALL))
    assert drawings.count("<svg") == 4
    assert not re.search(r"style=|<style|<script|xlink|#[0-9a-f]{6}\"", drawings)
    assert 'fill="var(--d-pos2)"' in drawings


def test_page_csv_json_and_documents_say_the_same(as_role) -> None:
    browser = as_role("admin")
    text = browser.get(PAGE).text
    known = figures(text)
    rows = list(csv.DictReader(io.StringIO(browser.get(f"/reports/1.csv?{QUERY}").text.removeprefix("\ufeff"))))
    (total,) = (row for row in rows if row["table"] == "total")
    with db.read() as session:
        value = as_json(
            reports.report(session, subjects.get(session, "Acme"), reports.period("2026-11-01", "2026-11-10", "UTC"))
        )
    for key, name in (
        ("messages", "messages"),
        ("authors", "authors"),
        ("reach", "reach"),
        ("engagement", "engagement"),
    ):
        assert known[f"kpi:{key}"] == float(total[name]) == value["total"][name]
    assert known["kpi:net"] == pytest.approx(float(total["net"]), abs=0.05)
    for table in ("platform", "language", "intent", "label", "hashtag", "kind"):
        mine = {key.partition(":")[2]: number for key, number in known.items() if key.startswith(f"{table}:")}
        assert mine == {row["key"].removeprefix("'"): float(row["messages"]) for row in rows if row["table"] == table}
    days = {key.partition(":")[2]: number for key, number in known.items() if key.startswith("day:")}
    assert days == {row["key"]: float(row["messages"]) for row in rows if row["table"] == "day"}
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.unescape(text)))
    made = PdfReader(io.BytesIO(browser.get(f"/reports/1.pdf?{QUERY}").content))
    paper = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in made.pages))
    for figure in re.findall(r'<dd class="v">.*?<data[^>]*>([^<]+)</data>', text, re.DOTALL):
        assert figure in paper
    assert "Acme" in shown
    assert "Acme" in paper


def test_two_accounts_of_one_person_are_one_row_everywhere(as_role) -> None:
    browser, i = as_role("admin"), db.table(Identity)
    before = figures(browser.get(PAGE).text)
    with db.write() as session:
        contact = people.create_contact(session, "Both")
        for name in ("@p1@a.example", "@p3@a.example"):
            number = session.execute(sa.select(i.c.id).where(i.c.handle == name)).scalar_one()
            people.link(session, number, contact, "t", "t")
    text = browser.get(PAGE).text
    known = figures(text)
    rows = list(csv.DictReader(io.StringIO(browser.get(f"/reports/1.csv?{QUERY}").text.removeprefix("\ufeff"))))
    (both,) = (row for row in rows if row["table"] == "authors" and row["accounts"] == "2")
    assert known["kpi:authors"] == before["kpi:authors"] - 1 == float(rows[0]["authors"])
    assert known["kpi:reach"] == before["kpi:reach"] == float(rows[0]["reach"])
    assert float(both["followers"]) == 400
    mine = {key.partition(":")[2]: number for key, number in known.items() if key.startswith("busiest:")}
    assert sorted(mine.values()) == sorted(float(row["messages"]) for row in rows if row["table"] == "authors")
    assert float(both["messages"]) in mine.values()
    assert text.count(">2 accounts<") == 2  # by number, by followers
    made = PdfReader(io.BytesIO(browser.get(f"/reports/1.pdf?{QUERY}").content))
    paper = "".join(page.extract_text() for page in made.pages)
    assert re.sub(r"\s", "", paper).count("Mastodon·2accounts") == 2


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Share of voice"), ("de", "Anteil am Gespräch"), ("ja", "話題の占有率")],
)
def test_document_has_the_figures_of_the_page_in_every_language(language: str, words: str) -> None:
    reader = Reader(language, zone("Asia/Tokyo"), 1, role="admin", permissions=granted("admin"))
    with db.read() as session:
        wanted = asked_for(reader, 1, {"from": "2026-11-01", "to": "2026-11-10"})
        found = sheet(reader, reports.report(session, subjects.get(session, "Acme"), wanted.span, scope=wanted.scope))
    made = PdfReader(io.BytesIO(pdf.document(found)))
    text = "".join(page.extract_text() for page in made.pages)
    tight = re.sub(r"\s", "", text)
    fonts = {
        str(font.get_object()["/BaseFont"]) for page in made.pages for font in page["/Resources"]["/Font"].values()
    }
    assert all("+" in name for name in fonts)  # a subset is embedded
    assert any("IPAexGothic" in name for name in fonts)  # 名前 and 返品 are said in every language
    assert re.sub(r"\s", "", words) in tight
    for one in found.kpis:
        assert re.sub(r"\s", "", one.shown) in tight, one.label
    for step in found.columns:
        assert re.sub(r"\s", "", found.say.days(step.first, step.last)) in tight
    for table in found.tables.values():
        for row in table:
            assert re.sub(r"\s", "", row.label) in tight
    assert f"1/{len(made.pages)}" in tight
    assert {round(float(made.pages[0].mediabox.width)), round(float(made.pages[0].mediabox.height))} == {595, 842}


def test_private_messages_count_only_for_readers_who_may_see_them(as_role) -> None:
    all_of_it = figures(as_role("agent").get(PAGE).text)["kpi:messages"]
    answer = as_role("marketer").get(PAGE).text
    assert figures(answer)["kpi:messages"] < all_of_it
    assert "Private messages are not counted" in answer


def test_comparison_shows_who_was_chosen(as_role) -> None:
    with db.write() as session:
        other = subjects.create(session, "Initech", "competitor")
        subjects.add_query(session, other, "q", "initech")
    text = as_role("admin").get(f"{PAGE}&with={other}").text
    assert "Initech" in text
    assert f'value="{other}" checked' in text


def test_report_that_nobody_wrote_for_says_what_to_do(as_role) -> None:
    text = as_role("admin").get("/reports/1?from=2020-01-01&to=2020-01-02").text
    assert "No messages in this period" in text
    assert "Nobody wrote about Acme" in text


def test_days_that_make_no_sense_are_said_and_the_last_month_is_shown(as_role) -> None:
    answer = as_role("admin").get("/reports/1?from=2026-11-10&to=2026-11-01")
    assert answer.status_code == 200
    assert "Swap the days" in answer.text


@pytest.mark.parametrize(
    "path", ["/reports/99", "/reports/x", "/reports/1.exe", "/shared/nothing", "/shared/nothing.pdf"]
)
def test_what_is_not_there_is_404(as_role, path: str) -> None:
    assert as_role("admin").get(path).status_code == 404


def test_every_subject_has_a_figure_in_the_list(as_role) -> None:
    text = as_role("agent").get("/reports").text
    assert {"Acme", "Globex"} <= {*re.findall(r"<h2>([^<]+)</h2>", text)}
