from __future__ import annotations

import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from core import db
from core.outbox import Item, OutboxRow
from inbox.models import Conversation, Message
from sentiment import active, labels, tasks
from sentiment.active import Active
from sentiment.models import AnnotationRow, AnnotatorState

from .conftest import letter
from .fake import Fake
from .test_hub import build

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(autouse=True)
def no_models(database, monkeypatch):
    with db.write() as session:
        active.write_state(session, "lexicon", "")
    monkeypatch.setattr(active, "_loaded", {"lexicon": active._lexicon})
    monkeypatch.setattr(active, "_failed", {})


def run(*letters: Item) -> None:
    outcome = tasks.annotate(list(letters))
    with db.write() as session:
        outcome.write(session)


def rows(model):
    with db.read() as session:
        return list(session.scalars(sa.select(model).order_by(sa.text("1"))))


def announced() -> list[dict]:
    return [row.payload for row in rows(OutboxRow) if row.subscriber == "listening.tasks.match"]


def test_a_message_gets_row_facts_and_event(store) -> None:
    (one,) = store("Mein Paket ist kaputt angekommen, bitte um Ersatz!")
    run(letter(one))
    (row,) = rows(AnnotationRow)
    assert (row.message_id, row.language, row.sentiment, row.model) == (one, "de", "negative", "lexicon")
    assert row.p_neg + row.p_neu + row.p_pos == pytest.approx(1, abs=0.001)
    (message,) = rows(Message)
    assert (message.language, message.sentiment, message.intent) == ("de", "negative", "complaint")
    assert announced() == [
        {"message_id": one, "version": 1, "language": "de", "sentiment": "negative", "intent": "complaint",
         "urgency": "normal", "emotion": "", "offensive": None, "labels": []}
    ]  # fmt: skip


@pytest.mark.parametrize(("joy", "anger", "shown"), [(0.52, 0.4, "joy"), (0.2, 0.47, "")])
def test_an_emotion_is_shown_where_it_is_likelier_than_all_others_together(
    store, joy, anger, shown, monkeypatch
) -> None:
    shares = (anger, joy, 0.0, 0.0, 0.0, 0.0, 1 - joy - anger)
    said = Fake({"Regards": {"emotion": "joy" if joy > anger else "anger", "details": {"emotion": shares}}})
    monkeypatch.setattr(active, "current", lambda session: Active(said, ""))
    (one,) = store("Regards from the captain")
    run(letter(one))
    assert rows(Message)[0].emotion == shown
    assert rows(AnnotationRow)[0].emotion == ("joy" if joy > anger else "anger"), "what it said is kept"


def test_the_conversation_shows_it(store) -> None:
    (one,) = store("Ich kündige, nie wieder!")
    run(letter(one))
    assert rows(Conversation)[0].intent == "churn"


def test_annotating_twice_is_annotating_once(store) -> None:
    (one,) = store("great service, thanks")
    run(letter(one))
    run(letter(one))
    assert len(rows(AnnotationRow)) == 1
    assert len(announced()) == 1


def test_an_older_version_is_left_alone(store) -> None:
    (one,) = store("great service, thanks")
    with db.write() as session:
        session.execute(sa.update(db.table(Message)).values(version=2, text="terrible service"))
    run(letter(one, 1))
    assert rows(AnnotationRow) == []
    run(letter(one, 2))
    assert [row.sentiment for row in rows(AnnotationRow)] == ["negative"]


def test_an_edit_between_reading_and_writing_drops_the_result(store) -> None:
    (one,) = store("great service, thanks")
    outcome = tasks.annotate([letter(one)])
    with db.write() as session:
        session.execute(sa.update(db.table(Message)).values(version=2))
    with db.write() as session:
        outcome.write(session)
    assert rows(AnnotationRow) == []
    assert announced() == []


def test_a_deleted_message_is_not_annotated(store) -> None:
    (one,) = store("great service, thanks")
    with db.write() as session:
        session.execute(sa.update(db.table(Message)).values(deleted_at=db.now(), text=""))
    run(letter(one))
    assert rows(AnnotationRow) == []


@pytest.mark.parametrize("changes", [{"direction": "outbound"}, {"origin": "context"}])
def test_our_own_words_and_context_get_a_language_and_no_sentiment(store, changes) -> None:
    (one,) = store("This is a terrible, broken product", **changes)
    run(letter(one))
    (row,) = rows(AnnotationRow)
    assert (row.language, row.sentiment, row.p_neg, row.model) == ("en", "", None, "language")
    assert announced()[0]["sentiment"] == ""


def test_a_like_has_nothing_to_annotate_and_is_still_announced(store) -> None:
    (one,) = store("", kind="like")
    run(letter(one))
    assert rows(AnnotationRow) == []
    assert announced()[0]["language"] == ""


def test_labels_are_put_on(store) -> None:
    with db.write() as session:
        labels.create(session, "delivery", ["paket", "liefer*", "配送"])
        labels.create(session, "off", ["paket"])
        labels.update(session, "off", enabled=False)
    first, second, third = store("Wo ist mein Paket?", "Die Lieferung fehlt", "配送が遅い")
    run(letter(first), letter(second), letter(third))
    assert [message.labels for message in rows(Message)] == [["delivery"]] * 3


def test_a_chosen_model_annotates(store, tmp_path: Path) -> None:
    folder = build(tmp_path / "tiny", {"0": "pos", "1": "neg", "2": "neu"})
    with db.write() as session:
        active.use(session, f"hub:{folder}")
    (one,) = store("bad bad")
    run(letter(one))
    (row,) = rows(AnnotationRow)
    assert (row.model, row.sentiment) == (f"hub:{folder}", "negative")


def test_a_model_that_cannot_be_loaded_gives_way_to_the_lexicon_and_says_so(store, tmp_path: Path) -> None:
    with db.write() as session:
        active.write_state(session, f"hub:{tmp_path}/gone", "")
        session.flush()
    (one,) = store("great service, thanks")
    run(letter(one))
    assert [row.model for row in rows(AnnotationRow)] == ["lexicon"]
    (state,) = rows(AnnotatorState)
    assert state.name == f"hub:{tmp_path}/gone"
    assert "give its path" in state.error


def test_a_model_that_breaks_at_work_gives_way_as_well(store, monkeypatch) -> None:
    class Broken:
        name, version = "hub:broken", "1"

        def annotate(self, texts, languages=None):
            raise RuntimeError("out of memory")

    monkeypatch.setitem(active._loaded, "hub:broken", Broken())
    with db.write() as session:
        active.write_state(session, "hub:broken", "")
    (one,) = store("great service, thanks")
    run(letter(one))
    assert "out of memory" in rows(AnnotatorState)[0].error
    assert [row.model for row in rows(AnnotationRow)] == ["lexicon"]


def test_erased_messages_are_forgotten(store) -> None:
    first, second = store("great service, thanks", "terrible service")
    run(letter(first), letter(second))
    outcome = tasks.forget([Item(1, "person.erased", "p", {"message_ids": [first]})])
    with db.write() as session:
        outcome.write(session)
    assert [row.message_id for row in rows(AnnotationRow)] == [second]


def test_a_thousand_messages_take_well_under_a_second(store) -> None:
    ids = store(*(f"Order {n} never arrived, please help" for n in range(1000)))
    active._lexicon.annotate(["warm"])
    start = time.perf_counter()
    for place in range(0, 1000, 200):
        run(*(letter(message_id) for message_id in ids[place : place + 200]))
    assert time.perf_counter() - start < 3.0  # measured 0.25 s on SQLite; the room is for busy machines
    assert len(rows(AnnotationRow)) == 1000
