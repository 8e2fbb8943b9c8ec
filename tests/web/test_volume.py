"""The parts of a period that the bars above the list stand for."""

from __future__ import annotations

from itertools import pairwise

import pytest

from web import inbox_query, volume
from web.inbox_query import Asked
from web.reader import Reader, zone

TOKYO, BERLIN = (Reader("en", zone(name)) for name in ("Asia/Tokyo", "Europe/Berlin"))


@pytest.mark.parametrize(
    ("since", "until", "bars"),
    [("2026-03-29", "2026-03-29", 23), ("2026-10-25", "2026-10-25", 25), ("2026-11-01", "2026-11-14", 14),
     ("2026-11-01T09:00", "2026-11-01T11:00", 8), ("2026-01-01", "2026-12-31", 53)],
)  # fmt: skip
def test_the_parts_of_a_period_are_the_readers_hours_and_days(since: str, until: str, bars: int) -> None:
    edges = volume.edges(Asked(since=since, until=until), BERLIN)
    assert len(edges) - 1 == bars
    assert edges == sorted(set(edges))
    assert all(edge.timestamp() % volume.QUARTER.total_seconds() == 0 for edge in edges)


@pytest.mark.parametrize("reader", [TOKYO, BERLIN])
def test_the_link_of_a_bar_asks_for_its_very_part(reader: Reader) -> None:
    for asked in (Asked(), Asked(since="2026-10-24", until="2026-10-25"), Asked(since="2020-01-01")):
        edges = volume.edges(asked, reader)
        assert 1 <= len(edges) - 1 <= 80
        for start, end in pairwise(edges):
            until = inbox_query.written(end, reader, end=True)
            narrowed = Asked(since=inbox_query.written(start, reader), until=until)
            assert inbox_query.period(narrowed, reader) == (start, end)


@pytest.mark.parametrize(
    ("language", "day", "hour"),
    [("en", "12 Nov", "12 Nov, 09:00–10:00"), ("de", "12. Nov.", "12. Nov., 09:00–10:00 Uhr"),
     ("ja", "11月12日", "11月12日 9時00分～10時00分")],
)  # fmt: skip
def test_a_period_is_written_as_its_reader_writes_it(language: str, day: str, hour: str) -> None:
    reader = Reader(language, zone("Europe/Berlin"))
    for asked, said in ((Asked(since="2026-11-12", until="2026-11-12"), day),
                        (Asked(since="2026-11-12T09:00", until="2026-11-12T10:00"), hour)):  # fmt: skip
        since, until = inbox_query.period(asked, reader)
        assert inbox_query.between(since, until, reader) == said
