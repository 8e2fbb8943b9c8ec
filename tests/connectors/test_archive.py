"""Archives: streamed, resumable, and what cannot be read is kept with its place."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.platforms.archive import LONGEST_ROW, Format, open_archive
from core.errors import NotConfigured, Rejected
from tests.connectors.support import drain

MAPPING = {"id": "id", "text": "text", "posted_at": "at"}
SHAPE = Format(MAPPING, "old")
DATE = "2026-03-01T00:00:00Z"


def csv_file(folder, rows, head="id,text,at", name="a.csv"):
    path = folder / name
    path.write_bytes(("\n".join([head, *rows]) + "\n").encode() if isinstance(rows, list) else rows)
    return path


def texts(path, cursor=None, shape=SHAPE):
    events, bad, cursor = drain(open_archive(path, shape, cursor))
    return [event.text for event in events], bad, cursor


def test_pages_hold_500_rows_and_tell_how_far_they_are(tmp_path):
    path = csv_file(tmp_path, [f"{number},t{number},{DATE}" for number in range(1200)])
    archive = open_archive(path, SHAPE)
    assert [len(page.events) for page in archive] == [500, 500, 200]
    assert archive.read == archive.total
    assert archive.rows == 1200


@pytest.mark.parametrize("stop", [1, 2])
def test_a_second_start_goes_on_behind_the_stored_page(tmp_path, stop):
    rows = [f'{number},"line one {number}\nline, two",{DATE}' for number in range(1200)]
    path = csv_file(tmp_path, rows)
    pages = iter(open_archive(path, SHAPE))
    first = [next(pages) for _ in range(stop)]
    rest, bad, _ = texts(path, first[-1].cursor)
    assert [event.text for page in first for event in page.events] + rest == texts(path)[0]
    assert not bad
    assert len(texts(path)[0]) == 1200


def test_a_finished_archive_has_nothing_left(tmp_path):
    path = csv_file(tmp_path, [f"1,t,{DATE}"])
    assert texts(path, texts(path)[2])[0] == []


def test_a_column_that_is_not_there_stops_before_the_first_row(tmp_path):
    path = csv_file(tmp_path, ["1,t,x"])
    with pytest.raises(NotConfigured, match="no column body; it has id, text, at"):
        open_archive(path, Format({**MAPPING, "text": "body"}, "old"))


def test_a_field_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NotConfigured, match="no field mood"):
        open_archive(csv_file(tmp_path, []), Format({**MAPPING, "mood": "at"}, "old"))


def test_what_is_needed_must_be_mapped(tmp_path):
    with pytest.raises(NotConfigured, match="posted_at"):
        open_archive(csv_file(tmp_path, []), Format({"id": "id", "text": "text"}, "old"))


def test_a_time_zone_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(NotConfigured, match="Mars"):
        open_archive(csv_file(tmp_path, []), Format(MAPPING, "old", timezone="Mars/Olympus"))


def test_a_byte_order_mark_is_passed(tmp_path):
    path = csv_file(tmp_path, b"\xef\xbb\xbfid,text,at\r\n1,Gr\xc3\xbc\xc3\x9fe," + DATE.encode() + b"\r\n")
    assert texts(path)[0] == ["Grüße"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"2,Gr\xfc\xdfe," + DATE.encode(), "record 2 is not UTF-8"),
        (b"2,too,many," + DATE.encode(), "record 2 has 4 columns instead of 3"),
        (b"2,few", "record 2 has 2 columns instead of 3"),
        (b",no id," + DATE.encode(), "no id"),
        (b"2,no date,yesterday", "isoformat"),
        (b"2," + b"x" * LONGEST_ROW + b"," + DATE.encode(), "1 MB at most"),
    ],
)
def test_a_row_that_cannot_be_read_is_kept_and_the_rest_goes_on(tmp_path, row, reason):
    good = f",good,{DATE}".encode()
    path = csv_file(tmp_path, b"\n".join([b"id,text,at", b"1" + good, row, b"3" + good]) + b"\n")
    found, bad, _ = texts(path)
    assert found == ["good", "good"]
    assert len(bad) == 1
    assert reason in bad[0].reason
    assert len(bad[0].raw) <= 65536


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path, monkeypatch):
    monkeypatch.setattr("connectors.platforms.archive.RUNAWAY", 20_000)
    rows = [f'1,"never closed,{DATE}', *(f"{number},t{number},{DATE}" for number in range(2, 2000))]
    found, bad, _ = texts(csv_file(tmp_path, rows))
    assert len(found) == 1998
    assert len(bad) == 1


def test_json_lines_with_paths_and_odd_lines(tmp_path):
    rows = [{"id": 1, "user": {"name": "a"}, "text": "t", "at": DATE}, [1], {"id": 2, "text": "u", "at": DATE}]
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join([*(json.dumps(row).encode() for row in rows), b"", b"{", b'"\xff"']) + b"\n")
    events, bad, cursor = drain(open_archive(path, Format({**MAPPING, "author_id": "user.name"}, "old")))
    assert [event.author.id if event.author else None for event in events] == ["a", None]
    assert [entry.reason for entry in bad] == [
        "line 2 is not a JSON object",
        "line 4 is not JSON",
        "line 5 is not UTF-8",
    ]
    assert drain(open_archive(path, SHAPE, cursor))[0] == []


def test_a_place_that_is_none_is_refused(tmp_path):
    with pytest.raises(Rejected):
        open_archive(csv_file(tmp_path, []), SHAPE, "somewhere")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=30), max_size=30))
def test_any_text_comes_back_from_any_place(tmp_path_factory, values):
    import csv

    path = Path(tmp_path_factory.mktemp("csv")) / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "text", "at"], *([str(n), v, DATE] for n, v in enumerate(values))])
    whole = [page.events for page in open_archive(path, SHAPE)]
    assert [event.text for events in whole for event in events] == [value.strip() for value in values]
