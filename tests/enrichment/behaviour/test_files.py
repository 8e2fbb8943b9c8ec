"""Claims about files of orders: read in the ways people write, never twice, and never guessed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.errors import NotConfigured
from enrichment import csv
from enrichment.behaviour import files
from tests.conftest import BOTH
from tests.enrichment.behaviour import shop
from tests.enrichment.behaviour.shop import send, track

GERMAN = """Bestellnummer;Kundennummer;E-Mail;Bestelldatum;Gesamtbetrag;Währung;Status;PLZ;Ort
1001;u1;kim@mail.example;03.11.2026 14:05;1.059,98 €;EUR;bezahlt;24103;Kiel
1002;u1;;04.11.2026;20;EUR;storniert;;
;u1;;04.11.2026;20;EUR;;;
1003;;info@firma.example;04.11.2026;20;EUR;;;
1004;u2;;11/12/2026;20;EUR;;;
1005;u2;;04.11.2026;viel;EUR;;;
1006;u2;;04.11.2026;5;EUR;rätselhaft;;
1001;u2;;04.11.2026;20;EUR;;;
1007;u2;;04.11.2031;20;EUR;;;
"""
LINES = """order_id,customer_id,date,sku,product,qty,unit_price,currency
9,u1,2026-11-01T10:00:00+09:00,A,Kettle,2,"1,200",JPY
9,u1,2026-11-01T10:00:00+09:00,B,Cup,1,300,JPY
"""


def rows(text: str) -> tuple[list[files.Row], list[tuple[int, str]]]:
    sheet = csv.read(text.encode())
    found, bad = files.read(sheet, files.guess(sheet.columns))
    return found, [(one.line, one.reason) for one in bad]


def test_a_german_table_is_read_and_bad_rows_say_why() -> None:
    found, bad = rows(GERMAN)
    one, two = (row.told for row in found)
    assert (one.number, one.amount, one.currency, one.status) == ("1001", 1_059_980, "EUR", "completed")
    assert one.placed_at == datetime(2026, 11, 3, 14, 5, tzinfo=UTC)
    assert one.address == {"postal_code": "24103", "city": "Kiel"}
    assert two.status == "cancelled"
    assert bad == [(4, "number"), (5, "nobody"), (6, "date"), (7, "amount"), (8, "status"), (9, "other"), (10, "date")]


def test_lines_of_one_order_are_one_order_and_its_sum() -> None:
    (row,), bad = rows(LINES)
    assert bad == []
    assert (row.told.amount, [one["quantity"] for one in row.told.lines]) == (2_700_000, [2, 1])
    assert row.told.placed_at == datetime(2026, 11, 1, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "amount"),
    [("1.234,56", 1_234_560), ("1,234.56", 1_234_560), ("¥12,000", 12_000_000), ("59,98 €", 59_980), ("12.5", 12_500),
     ("1.234", 1_234_000), ("1.234.567", 1_234_567_000), ("EUR 5", 5_000), ("-3,50", -3_500), ("", None), ("5-3", None),
     ("5 pcs.", None), ("1e5", None)],
)  # fmt: skip
def test_amounts_as_people_write_them(words: str, amount: int | None) -> None:
    assert files.decimal(words) == amount


@pytest.mark.parametrize(
    ("words", "day"),
    [("2026-11-03", "2026-11-03"), ("2026/11/3", "2026-11-03"), ("2026年11月3日", "2026-11-03"),
     ("3.11.2026", "2026-11-03"), ("2026-11-03 08:00", "2026-11-03"), ("11/3/2026", None), ("31.02.2026", None),
     ("3.11.26", None), ("", None), ("0001-01-01", None), ("2026-13-01", None)],
)  # fmt: skip
def test_days_as_people_write_them(words: str, day: str | None) -> None:
    found = files.moment(words)
    assert (found.date().isoformat() if found else None) == day


def test_payment_data_in_a_cell_is_not_kept() -> None:
    (row,), _ = rows("order,customer_id,date,product\n1,u1,2026-11-01,4111 1111 1111 1111\n")
    assert row.told.lines == ()
    assert rows("order,customer_id,date\n4111111111111111,u1,2026-11-01\n")[1] == [(2, "number")]


def imported(text: str) -> files.Report:
    sheet = csv.read(text.encode())
    return files.run(sheet, files.guess(sheet.columns), "orders.csv", "t")


@BOTH
def test_the_same_file_again_changes_nothing(database: str) -> None:
    shop.opened()
    one, two = imported(GERMAN), imported(GERMAN)
    assert (one.stored, one.unchanged, len(one.bad)) == (2, 0, 7)
    assert (two.stored, two.unchanged, len(two.bad)) == (0, 2, 7)
    assert set(shop.orders()) == {"1001", "1002"}
    assert shop.owners()[("user", "u1")] == shop.owners()[("email", "kim@mail.example")]


@BOTH
def test_a_file_does_not_undo_what_events_said(database: str) -> None:
    key = shop.opened()
    imported(GERMAN)
    send(key, track("m1", "Order Refunded", "u1", properties={"order_id": "1001", "total": 59.98}))
    imported(GERMAN)
    order = shop.orders()["1001"]
    assert (order.status, order.refunded) == ("part_refunded", 59_980)


@BOTH
def test_another_person_s_order_is_left_alone(database: str) -> None:
    key = shop.opened()
    send(key, track("m1", "Order Completed", "u9", properties={"order_id": "1001", "total": 1}))
    report = imported(GERMAN)
    assert (2, "other") in [(one.line, one.reason) for one in report.bad]
    assert shop.orders()["1001"].amount == 1000


@BOTH
def test_many_orders_go_in_several_steps(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.opened()
    monkeypatch.setattr(files, "CHUNK", 3)
    lines = "\n".join(f"{n},u{n % 4},2026-11-01,{n},EUR" for n in range(10))
    assert imported(f"order,customer_id,date,total,currency\n{lines}\n").stored == 10
    assert len(shop.names()) == 4


@BOTH
def test_nothing_is_imported_while_the_purpose_is_off(database: str) -> None:
    with pytest.raises(NotConfigured, match="switched off"):
        imported(GERMAN)
    assert shop.orders() == {}
