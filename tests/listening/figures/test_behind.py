"""The list behind a figure, the lists of subjects and the preview count alike, on both engines."""

from __future__ import annotations

from core import db
from inbox.visibility import EVERYTHING
from listening import preview, subjects
from listening.figures.behind import ids, sums
from listening.figures.glance import glances
from listening.figures.scope import Scope
from listening.reports import period, report
from tests.conftest import BOTH
from tests.listening.conftest import author, live


def said(store) -> int:
    with db.write() as session:
        number = subjects.create(session, "Acme")
        subjects.add_query(session, number, "q", "acme OR 返品")
    live(*store("acme one", "返品 acme", annotated={"sentiment": "positive", "language": "ja"}, counts={"likes": 2}))
    live(*store("acme two", annotated={"sentiment": "negative", "language": "de"}, author=author("ben")))
    live(*store("nothing", author=None))
    return number


@BOTH
def test_sums_and_list_are_the_reports(store) -> None:
    number = said(store)
    with db.read() as session:
        span = period("2026-11-01", "2026-11-02", "Asia/Tokyo")
        found = report(session, subjects.get(session, "Acme"), span)
        scope = Scope(subject_id=number, period=span)
        assert sums(session, scope) == found.now
        assert len(ids(session, scope, None, 50)) == found.now.tally.messages == 3
        seen = glances(session, [number], span, sight=EVERYTHING)[number]
    assert seen.days == [(day, one.tally) for day, one in found.counted.days]
    assert seen.before == found.before.tally.messages


@BOTH
def test_preview_finds_what_the_saved_query_found(store, monkeypatch) -> None:
    said(store)
    monkeypatch.setattr(preview, "DAYS", 5000)
    with db.read() as session:
        found = preview.preview(session, "acme OR 返品", sight=EVERYTHING)
    assert (found.hits, found.looked_at, found.all_days) == (3, 4, True)
    assert found.languages == [("ja", 2), ("de", 1)]
    assert [piece for one in found.sample for piece, on in one.text if on] == ["acme", "返品", "acme", "acme"]
