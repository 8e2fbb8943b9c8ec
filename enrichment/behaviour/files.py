"""Orders out of a CSV file: one line per order, or one per line of an order; the same file again changes nothing.

A file is as of the day each order was placed: what events said of it later stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from core.errors import NotConfigured
from enrichment import csv
from enrichment.behaviour import messages, orders
from enrichment.behaviour.intake import OFF
from enrichment.behaviour.messages import Ids
from enrichment.behaviour.models import OrderFile
from enrichment.behaviour.who import PURPOSE, Crowd, alone
from enrichment.csv import Bad, Sheet
from inbox import consent, refused

CHUNK = 500
"""Orders of one transaction."""

FIELDS: Mapping[str, tuple[str, ...]] = {
    "number": ("order", "ordernumber", "orderid", "orderno", "number", "bestellnummer", "bestellung", "auftragsnummer",
               "注文番号"),
    "email": ("email", "mail", "emailaddress", "customeremail", "emailadresse", "メール", "メールアドレス"),
    "user": ("customerid", "userid", "customer", "customernumber", "kundennummer", "kunde", "顧客番号", "顧客id"),
    "name": ("name", "fullname", "customername", "kundenname", "氏名", "名前", "お名前"),
    "placed_at": ("date", "placedat", "orderdate", "createdat", "datum", "bestelldatum", "注文日", "日付"),
    "amount": ("total", "amount", "value", "revenue", "summe", "gesamt", "betrag", "gesamtbetrag", "合計", "金額"),
    "currency": ("currency", "währung", "通貨"),
    "status": ("status", "state", "zustand", "状態", "ステータス"),
    "channel": ("channel", "shop", "source", "kanal", "チャネル", "店舗"),
    "street": ("street", "address", "shippingstreet", "straße", "strasse", "lieferadresse", "住所"),
    "postal_code": ("postalcode", "zip", "postcode", "plz", "postleitzahl", "郵便番号"),
    "city": ("city", "town", "shippingcity", "ort", "stadt", "市区町村"),
    "state": ("region", "province", "bundesland", "都道府県"),
    "country": ("country", "shippingcountry", "land", "国"),
    "sku": ("sku", "product", "productid", "article", "artikel", "artikelnummer", "商品コード"),
    "product": ("productname", "item", "produkt", "artikelname", "商品名", "商品"),
    "quantity": ("quantity", "qty", "menge", "anzahl", "数量"),
    "price": ("price", "unitprice", "preis", "einzelpreis", "単価", "価格"),
}  # fmt: skip
"""Field → the headings it is recognised by, in their shortest form."""

STATUSES: Mapping[str, tuple[str, ...]] = {
    "open": ("open", "pending", "processing", "new", "offen", "inbearbeitung", "neu", "未処理", "処理中"),
    "completed": ("", "completed", "complete", "paid", "fulfilled", "shipped", "delivered", "closed", "done",
                  "abgeschlossen", "bezahlt", "versendet", "geliefert", "erledigt", "完了", "発送済み", "支払い済み"),
    "refunded": ("refunded", "returned", "erstattet", "retourniert", "返金", "返金済み"),
    "cancelled": ("cancelled", "canceled", "void", "storniert", "abgebrochen", "キャンセル"),
}  # fmt: skip
GERMAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ ,T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?")
JAPANESE = re.compile(r"(\d{4})[/年](\d{1,2})[/月](\d{1,2})日?(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?")


@dataclass(frozen=True)
class Row:
    """An order out of one or several lines, and whose it is."""

    line: int
    told: orders.Told
    ids: Ids


@dataclass
class Report:
    """What an import did."""

    id: int = 0
    rows: int = 0
    orders: int = 0
    stored: int = 0
    unchanged: int = 0
    bad: list[Bad] = field(default_factory=list)


def guess(columns: Sequence[str]) -> dict[str, int]:
    """Field → column, for the headings that are known."""
    return csv.guess(columns, FIELDS)


def read(sheet: Sheet, mapping: Mapping[str, int], source: str = "") -> tuple[list[Row], list[Bad]]:
    """Every row as an order or a further line of one, or as a bad one with its reason. Pure."""
    found: dict[str, Row] = {}
    bad: list[Bad] = []
    for line, cells in sheet.rows:
        given = {name: cells[place] for name, place in mapping.items() if place < len(cells)}
        values = {name: value for name, value in given.items() if value and not refused.by_shape(value)}
        row, reason = _row(line, values, source)
        if row is None:
            bad.append(Bad(line, reason))
            continue
        before = found.get(row.told.number)
        if before is None:
            found[row.told.number] = row
        elif (before.ids.email, before.ids.user) != (row.ids.email, row.ids.user):
            bad.append(Bad(line, "other"))
        else:
            found[row.told.number] = replace(before, told=_joined(before.told, row.told))
    return [replace(one, told=_summed(one.told)) for one in found.values()], bad


def _row(line: int, values: Mapping[str, str], source: str) -> tuple[Row | None, str]:
    if not values:
        return None, "empty"
    number = orders.text(values.get("number"), 100)
    ids = Ids(values.get("user", "")[: messages.LONGEST_ID], "", messages.email(values.get("email")),
              values.get("name", "")[:200])  # fmt: skip
    at = moment(values.get("placed_at", ""))
    status = _status(values.get("status", ""))
    given = values.get("amount", "")
    amount = decimal(given)
    checks = (
        ("number", not number), ("nobody", not (ids.user or ids.email)), ("date", at is None),
        ("amount", bool(given) and amount is None), ("status", not status),
    )  # fmt: skip
    wrong = next((name for name, holds in checks if holds), "")
    if wrong or at is None:
        return None, wrong
    parts = {name: values[name] for name in orders.ADDRESS if name in values}
    told = orders.Told(
        orders.shop_key(number), number, source, at, status, None, "", orders.text(values.get("channel"), 100), at,
        amount, None, orders.currency(values.get("currency")), parts, _line(values),
    )  # fmt: skip
    return Row(line, told, ids), ""


def _line(values: Mapping[str, str]) -> tuple[Mapping[str, Any], ...]:
    if not (values.get("sku") or values.get("product")):
        return ()
    count = values.get("quantity", "1")
    quantity = int(count) if count.isascii() and count.isdecimal() and len(count) < 7 else 1
    price = decimal(values.get("price", ""))
    made = orders.line(values.get("sku"), values.get("product"), quantity, None)
    return ({**made, "price": price},)


def _joined(before: orders.Told, more: orders.Told) -> orders.Told:
    """An order with a further line; what the first line did not say is taken from the later one."""
    lines = (*before.lines, *more.lines)[: orders.MOST_LINES]
    amount = before.amount if before.amount is not None else more.amount
    return replace(before, lines=lines, amount=amount, currency=before.currency or more.currency)


def _summed(told: orders.Told) -> orders.Told:
    """Without a total, the sum of the lines when each has its price."""
    prices = [one["price"] for one in told.lines]
    if told.amount is not None or not prices or None in prices:
        return told
    return replace(told, amount=sum(one["price"] * one["quantity"] for one in told.lines))


def _status(words: str) -> str:
    plain = re.sub(r"[\W_]", "", words).lower()
    return next((status for status, names in STATUSES.items() if plain in names), "")


def moment(words: str) -> datetime | None:
    """A day, or a day with its time, in UTC where no zone is named; None for what could be read in two ways."""
    try:
        return _in_range(messages.moment(words.strip().replace("Z", "+00:00")))
    except ValueError:
        pass
    for pattern, order in ((GERMAN, (3, 2, 1)), (JAPANESE, (1, 2, 3))):
        found = pattern.fullmatch(words.strip())
        if found:
            year, month, day, hour, minute, second = (int(found[place] or 0) for place in (*order, 4, 5, 6))
            try:
                return _in_range(datetime(year, month, day, hour, minute, second, tzinfo=UTC))
            except ValueError:
                return None
    return None


def _in_range(found: datetime) -> datetime | None:
    return found if messages.OLDEST <= found <= db.now() else None


def decimal(words: str) -> int | None:
    """Thousandths of an amount as people write it: `1.234,56`, `1,234.56`, `¥12,000`, `59,98 €`."""
    plain = re.sub(r"[\s'’€$£¥￥円]|[A-Za-z]{3}$|^[A-Za-z]{3}", "", words)
    if not re.fullmatch(r"-?\d[\d.,]*", plain):
        return None
    last = max(plain.rfind("."), plain.rfind(","))
    several = "." in plain and "," in plain
    thousands = last >= 0 and not several and (plain.count(plain[last]) > 1 or len(plain) - last == 4)
    if last < 0 or thousands:
        return orders.amount(re.sub(r"[.,]", "", plain))
    return orders.amount(re.sub(r"[.,]", "", plain[:last]) + "." + plain[last + 1 :])


# --- storing -----------------------------------------------------------------------------------------


def run(sheet: Sheet, mapping: Mapping[str, int], name: str, actor: str) -> Report:
    """Store the orders in transactions of their own; begun anew after a crash, nothing doubles.

    NotConfigured while the purpose is off.
    """
    with db.write() as session:
        if not consent.switched_on(session, PURPOSE):
            raise NotConfigured(OFF)
        row = OrderFile(name=db.sound(name)[:200], digest=sheet.digest, actor=actor, at=db.now(), rows=len(sheet.rows))
        session.add(row)
        session.flush()
        file_id = row.id or 0
    rows, bad = read(sheet, mapping, f"orders:{file_id}")
    report = Report(file_id, len(sheet.rows), len(rows), bad=bad)
    for start in range(0, len(rows), CHUNK):
        _store(rows[start : start + CHUNK], file_id, report)
    report.bad.sort(key=lambda one: one.line)
    with db.write() as session:
        f = db.table(OrderFile)
        values = {
            "orders": report.orders, "stored": report.stored, "unchanged": report.unchanged,
            "bad": [[one.line, one.reason] for one in report.bad[: csv.MOST_BAD]],
        }  # fmt: skip
        session.execute(sa.update(f).where(f.c.id == file_id).values(**values))
        audit.record(session, actor, "orders.imported", f"order_file:{file_id}", {"stored": report.stored})
    return report


def _store(rows: Sequence[Row], file_id: int, report: Report) -> None:
    with db.write() as session:
        alone(session)
        crowd = Crowd(session, f"orders:{file_id}")
        crowd.look_up(one.ids for one in rows)
        told, bad = [], []
        for one in rows:
            found = crowd.of(one.ids)
            if found.why is None:
                told.append((one, replace(one.told, contact_id=found.contact_id)))
            else:
                bad.append(Bad(one.line, "objects"))
        changed, refusals = orders.store(session, [order for _, order in told])
        crowd.finish()
    report.bad += bad + [Bad(one.line, "other") for one, order in told if order.key in refusals]
    report.stored += len(changed)
    report.unchanged += len(told) - len(changed) - len(refusals)


def past(session: Session, limit: int = 10) -> list[OrderFile]:
    """Past imports, newest first."""
    return list(session.scalars(sa.select(OrderFile).order_by(db.table(OrderFile).c.id.desc()).limit(limit)))


def shown(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Orders as a preview shows them."""
    for one in rows:
        yield {"line": one.line, "number": one.told.number, "who": one.ids.email or one.ids.user,
               "at": one.told.placed_at, "amount": one.told.amount, "currency": one.told.currency,
               "status": one.told.status, "lines": len(one.told.lines)}  # fmt: skip
