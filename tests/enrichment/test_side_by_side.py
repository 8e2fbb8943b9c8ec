"""An account and a CRM record side by side."""

from __future__ import annotations

from core import db
from enrichment.compare import Line, lines
from enrichment.models import CrmRecord
from inbox.models import Identity

KIM = Identity(platform="mastodon", external_id="9", handle="kim@t.example", name="Kim Park", location="Kiel",
               first_seen=db.now(), last_seen=db.now())  # fmt: skip
RECORD = CrmRecord(record_id="003K", object="Contact", name="Kim Park", city="Kiel", country="Germany")


def line(field: str, *signals: str, supports: bool = True) -> Line:
    evidence = [{"signal": one, "supports": supports} for one in signals]
    return next(one for one in lines(KIM, RECORD, evidence) if one.field == field)


def test_places_stand_on_both_sides_with_what_the_rules_say_of_them() -> None:
    assert line("place") == Line("place", ("Kiel",), ("Kiel, Germany",), "")
    assert line("place", "same_town").verdict == "same"
    assert line("place", "other_town", supports=False).verdict == "other"


def test_a_field_that_neither_side_knows_is_left_out() -> None:
    assert [one.field for one in lines(KIM, RECORD, [])] == ["name", "handle", "place"]
