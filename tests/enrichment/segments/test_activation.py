"""Claims about handing a segment on: signed, only changes, nobody who may not; outages wait, refusals stand still."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.errors import Rejected
from core.outbox import OutboxRow
from core.queue import handler
from core.topics import SUBSCRIBERS
from enrichment.behaviour import intake
from enrichment.segments import activation, conditions, store, tasks, webhook
from enrichment.segments.models import Activation, ActivationMember, ActivationRun
from inbox import consent, erasure
from tests.conftest import BOTH
from tests.enrichment.behaviour import shop
from tests.enrichment.behaviour.shop import identify
from tests.enrichment.segments.receiver import Receiver, listening

HAND_ON = "enrichment.segments.tasks.hand_on"


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with listening(monkeypatch) as found:
        yield found


@pytest.fixture
def key(database: str, receiver: Receiver) -> int:
    """Ada and Bo are customers; marketing is allowed."""
    key = shop.opened()
    with db.write() as session:
        consent.switch(session, "marketing", enabled=True, basis="consent", actor="t")
    came(key, "Ada", "Bo")
    return key


def came(key: int, *names: str) -> None:
    intake.take(
        key, [identify(one, one, traits={"name": one, "email": f"{one.lower()}@mail.example"}) for one in names]
    )


def handed(receiver: Receiver) -> str:
    """Everybody with an e-mail address goes to the receiver; the secret."""
    with db.write() as session:
        group = conditions.read({"match": "all", "of": [{"field": "email", "op": "yes"}]})
        number = store.save(session, "All", group, "user:1")
        return activation.add(session, number, receiver.url, "user:1")[1]


def work(*, waits: int = 0) -> None:
    """Do what is due; what waits is brought forward `waits` times."""
    o = db.table(OutboxRow)
    for turn in range(waits + 1):
        while outbox.step(SUBSCRIBERS[HAND_ON], handler(HAND_ON)):
            pass
        if turn < waits:
            with db.write() as session:
                session.execute(sa.update(o).where(o.c.subscriber == HAND_ON).values(due_at=0.0))


def row() -> Activation:
    return shop.rows(Activation)[0]


@BOTH
def test_only_changes_are_told_and_each_once(key: int, receiver: Receiver) -> None:
    handed(receiver)
    work(waits=2)
    assert receiver.names() == [(["Ada", "Bo"], 0)]
    came(key, "Cy")
    work(waits=1)
    assert receiver.names()[1:] == [(["Cy"], 0)]
    assert receiver.bodies()[1]["added"][0]["emails"] == ["cy@mail.example"]
    assert len(shop.rows(ActivationMember)) == 3
    assert [(one.added, one.removed) for one in shop.rows(ActivationRun)] == [(2, 0), (1, 0)]


@BOTH
def test_who_objects_or_is_erased_goes(key: int, receiver: Receiver) -> None:
    handed(receiver)
    work()
    ada, bo = shop.owners()[("user", "Ada")], shop.owners()[("user", "Bo")]
    with db.write() as session:
        consent.object_to(session, f"contact:{ada}", "marketing", "t", "t")
    work(waits=1)
    assert receiver.bodies()[1]["removed"] == [{"person": f"contact:{ada}"}]
    with db.write() as session:
        erasure.erase(session, f"contact:{bo}", "t")
    outcome = tasks.forget([outbox.Item(1, "person.erased", "x", {"contact_ids": [bo], "identity_ids": []})])
    with db.write() as session:
        assert outcome.write is not None
        outcome.write(session)
    work()
    assert receiver.bodies()[2] == receiver.bodies()[2] | {"added": [], "removed": [{"person": f"contact:{bo}"}]}
    assert shop.rows(ActivationMember) == []


@BOTH
def test_marketing_that_is_off_takes_everybody_back(key: int, receiver: Receiver) -> None:
    handed(receiver)
    work()
    with db.write() as session:
        consent.switch(session, "marketing", enabled=False, basis="", actor="t")
    work(waits=1)
    assert receiver.names()[1] == ([], 2)


def test_a_delivery_is_signed_and_the_secret_sealed(key: int, receiver: Receiver) -> None:
    secret = handed(receiver)
    work()
    headers, body = receiver.got[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert headers["webhook-id"] == json.loads(body)["delivery"]
    assert secret not in str(row().model_dump())


@BOTH
@pytest.mark.parametrize("status", [500, 503, 429])
def test_an_outage_waits_and_the_repeat_has_the_same_number(key: int, receiver: Receiver, status: int) -> None:
    receiver.answers = [status]
    handed(receiver)
    work()
    assert (row().state, str(status) in row().error, shop.rows(ActivationMember)) == ("active", True, [])
    work(waits=1)
    first, second = receiver.bodies()
    assert first == second
    assert (row().error, len(shop.rows(ActivationMember))) == ("", 2)
    assert [bool(one.error) for one in shop.rows(ActivationRun)] == [True, False]


@BOTH
@pytest.mark.parametrize("status", [400, 401, 410, 302])
def test_a_refusal_stands_still_until_somebody_looks(key: int, receiver: Receiver, status: int) -> None:
    receiver.answers = [status]
    handed(receiver)
    work(waits=3)
    assert (row().state, len(receiver.got)) == ("refused", 1)  # nor was a redirect followed
    with db.write() as session:
        activation.switch(session, 1, "active", "user:1")
    work()
    assert (row().state, row().error, len(receiver.got)) == ("active", "", 2)


@BOTH
def test_a_worker_that_dies_after_the_call_repeats_the_same(key: int, receiver: Receiver) -> None:
    handed(receiver)
    claimed = outbox.claim(SUBSCRIBERS[HAND_ON])
    assert claimed is not None
    tasks.hand_on(claimed.items)  # told, but never settled
    with db.write() as session:
        o = db.table(OutboxRow)
        session.execute(sa.update(o).where(o.c.subscriber == HAND_ON).values(due_at=0.0))
    work()
    first, second = receiver.bodies()
    assert first["delivery"] == second["delivery"]
    assert len(shop.rows(ActivationMember)) == 2


@BOTH
def test_what_does_not_fit_follows_at_once(key: int, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activation, "MOST", 2)
    came(key, "Cy", "Di", "Ed")
    handed(receiver)
    work()
    assert [len(names) for names, _ in receiver.names()] == [2, 2, 1]
    assert len({body["delivery"] for body in receiver.bodies()}) == 3


@BOTH
def test_paused_and_removed_ones_are_told_nothing(key: int, receiver: Receiver) -> None:
    handed(receiver)
    with db.write() as session:
        activation.switch(session, 1, "paused", "user:1")
    work(waits=1)
    assert receiver.got == []
    with db.write() as session:
        activation.switch(session, 1, "active", "user:1")
        activation.remove(session, 1, "user:1")
    work(waits=1)
    assert (receiver.got, shop.rows(Activation)) == ([], [])


def test_a_test_delivery_names_nobody_and_changes_nothing(key: int, receiver: Receiver) -> None:
    secret = handed(receiver)
    with db.read() as session:
        found = activation.probe(session, 1)
    assert found.secret == secret
    webhook.post(found.activation.url, found.secret, found.delivery, found.body)
    (told,) = receiver.bodies()
    assert told == {"delivery": found.delivery, "segment": "All", "test": True, "added": [], "removed": []}
    assert (row().sequence, shop.rows(ActivationMember), shop.rows(ActivationRun)) == (0, [], [])
    work()
    assert receiver.names()[1] == (["Ada", "Bo"], 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "[::1]", "localhost"])
def test_our_own_network_is_not_called(host: str) -> None:
    with pytest.raises(Rejected, match="private network"):
        webhook.post(f"https://{host}/hook", "s", "d", b"{}")
