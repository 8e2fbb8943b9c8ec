"""A message that names several brands shows what it says of each."""

from __future__ import annotations

import sqlalchemy as sa

from core import db
from inbox.models import Message
from sentiment.brands.models import Brand, MessageTowards
from tests.web.conftest import account, event, store


def test_the_thread_shows_the_sentiment_towards_each_brand(as_role) -> None:
    store(account(), event("m:1", "Lumo is great, Habora is awful"))
    with db.write() as session:
        row = session.scalars(sa.select(Message)).one()
        number, version, talk = row.id or 0, row.version, row.conversation_id
        shares = {
            "version": version,
            "p_neg": 0.1,
            "p_neu": 0.1,
            "p_pos": 0.8,
            "model": "lexicon",
            "model_version": "1",
        }
        session.execute(
            sa.insert(db.table(Brand)),
            [{"subject_id": 1, "names": ["Lumo"]}, {"subject_id": 2, "names": ["Habora"]}],
        )
        session.execute(
            sa.insert(db.table(MessageTowards)),
            [
                {"message_id": number, "subject_id": 1, "sentiment": "positive", **shares},
                {"message_id": number, "subject_id": 2, "sentiment": "negative", **shares},
            ],
        )
    text = as_role("agent").get(f"/inbox/{talk}").text
    assert "<bdi>Lumo</bdi>: <span" in text
    assert text.index("<bdi>Lumo</bdi>") < text.index("<bdi>Habora</bdi>")
