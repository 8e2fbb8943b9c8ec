from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core import db, outbox
from core.outbox import Item
from core.topics import SUBSCRIBERS
from listening import subjects
from sentiment.brands import tasks

Store = Callable[..., list[int]]
BOTH = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)


def letter(**payload: Any) -> Item:
    return Item(id=1, topic="", key="", payload=payload, tries=0)


def done(handler: Callable[[list[Item]], outbox.Outcome], *items: Item) -> None:
    write = handler(list(items)).write
    if write is not None:
        with db.write() as session:
            write(session)


def judged(ids: list[int], versions: list[int] | None = None) -> dict[int, list[tuple[str, str]]]:
    done(tasks.judge, letter(message_id=ids, version=versions or [1] * len(ids)))
    with db.read() as session:
        return tasks.of(session, ids)


@pytest.fixture
def brands(database: str) -> None:
    done(tasks.learn, letter(subject_id=1, names=["Lumo"]), letter(subject_id=2, names=["Habora", "habora_help"]))


@BOTH
def test_a_message_that_names_two_brands_says_something_of_each(store: Store, brands: None) -> None:
    ids = store("Lumo is great, but @habora_help is awful!", "Lumo is great!", "Nobody is named.")
    assert judged(ids) == {ids[0]: [("Lumo", "positive"), ("Habora", "negative")]}


@BOTH
def test_what_was_annotated_is_judged_from_the_outbox(store: Store, brands: None) -> None:
    ids = store("Lumo is great, but Habora is awful!", "Lumo ist super, Habora ist schrecklich!")
    with db.write() as session:
        letters = [(f"message:{number}", {"message_id": number, "version": 1}) for number in ids]
        outbox.emit(session, "message.annotated", letters)
    while outbox.step(SUBSCRIBERS["sentiment.brands.tasks.judge"], tasks.judge):
        pass
    with db.read() as session:
        assert tasks.of(session, ids) == {number: [("Lumo", "positive"), ("Habora", "negative")] for number in ids}


def test_the_same_letter_twice_changes_nothing(store: Store, brands: None) -> None:
    ids = store("Lumo is great, but Habora is awful!")
    assert judged(ids) == judged(ids)


def test_an_older_version_is_left_alone(store: Store, brands: None) -> None:
    ids = store("Lumo is great, but Habora is awful!")
    assert judged(ids, [0]) == {}


def test_with_one_brand_nothing_is_read(store: Store) -> None:
    done(tasks.learn, letter(subject_id=1, names=["Lumo"]))
    assert tasks.judge([letter(message_id=store("Lumo is great!"), version=[1])]).write is None


def test_a_subject_without_names_is_forgotten_with_what_was_said(store: Store, brands: None) -> None:
    ids = store("Lumo is great, but Habora is awful!")
    judged(ids)
    done(tasks.learn, letter(subject_id=2, names=[]))
    with db.read() as session:
        assert tasks.of(session, ids) == {ids[0]: [("Lumo", "positive")]}


@pytest.mark.parametrize("name", ["message_ids", "message_id"])
def test_what_is_gone_is_forgotten(store: Store, brands: None, name: str) -> None:
    ids = store("Lumo is great, but Habora is awful!")
    judged(ids)
    done(tasks.forget, letter(**{name: ids if name == "message_ids" else ids[0]}))
    with db.read() as session:
        assert tasks.of(session, ids) == {}


def test_subjects_of_listening_become_brands_and_go(database: str) -> None:
    def settle() -> dict[int, list[str]]:
        while outbox.step(SUBSCRIBERS["sentiment.brands.tasks.learn"], tasks.learn):
            pass
        with db.read() as session:
            return tasks.known(session)

    with db.write() as session:
        lumo = subjects.create(session, "Lumo")
        subjects.add_query(session, lumo, "names", 'lumo OR "lumo air" OR #lumofan OR @lumo@social.example')
        subjects.add_query(session, lumo, "more", "charger AND cable")
        subjects.create(session, "Trains", "industry")
    assert settle() == {lumo: ["Lumo", "lumo air", "lumofan"]}
    with db.write() as session:
        subjects.remove(session, lumo)
    assert settle() == {}
