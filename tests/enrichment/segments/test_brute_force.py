"""A segment's count is its list, and both are what a look at every person one by one says, on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import db
from enrichment.behaviour.models import CustomerOrder
from enrichment.segments import conditions, store
from enrichment.segments.conditions import EMOTIONS, INTENTS, SENTIMENTS, URGENCIES, Condition, Group
from inbox import consent
from inbox.models import Contact, Conversation, Identity, Message, Objection
from tests.conftest import BOTH
from tests.enrichment import house
from tests.enrichment.behaviour import shop

pytestmark = BOTH
CONTACTS, ACCOUNTS = 4, 5
COUNTED = ("open", "completed", "part_refunded")
AGES, DAYS = st.integers(0, 12), st.integers(1, 13)


# --- a world of values ----------------------------------------------------------------------------------


@dataclass
class Wrote:
    account: int
    age: int
    inbound: bool
    deleted: bool
    facts: dict[str, str]
    labels: list[str]
    hits: list[int]


@dataclass
class Bought:
    contact: int
    age: int
    status: str
    currency: str
    amount: int
    refunded: int


@dataclass
class World:
    """Contacts, accounts, messages and orders, told by their places in these lists."""

    survivors: list[int]
    """Into which contact each is merged; itself when it stands."""
    accounts: list[tuple[str, int | None, int | None]]
    """(platform, followers, contact)."""
    messages: list[Wrote] = field(default_factory=list)
    orders: list[Bought] = field(default_factory=list)
    objections: set[tuple[str, int, str]] = field(default_factory=set)
    """(contact or identity, place, purpose)."""

    def owner(self, account: int) -> tuple[str, int]:
        contact = self.accounts[account][2]
        return ("identity", account) if contact is None else ("contact", self.survivors[contact])

    def people(self) -> Iterator[tuple[str, int]]:
        yield from (("contact", n) for n, survivor in enumerate(self.survivors) if n == survivor)
        yield from (("identity", n) for n, one in enumerate(self.accounts) if one[2] is None)

    def against(self, purpose: str) -> set[tuple[str, int]]:
        named = [(kind, place) for kind, place, what in self.objections if what in (purpose, "all")]
        return {("contact", self.survivors[place]) if kind == "contact" else self.owner(place) for kind, place in named}


FACTS = {"sentiment": SENTIMENTS, "emotion": EMOTIONS, "intent": INTENTS, "urgency": URGENCIES}
FACT_VALUES = {name: st.sampled_from(("", *values[:3])) for name, values in FACTS.items()}
MESSAGES = st.builds(
    Wrote, st.integers(0, ACCOUNTS - 1), AGES, st.sampled_from([True, True, True, False]),
    st.sampled_from([False, False, False, True]), st.fixed_dictionaries(FACT_VALUES),
    st.lists(st.sampled_from(["price", "Züge"]), unique=True), st.lists(st.sampled_from([1, 2, 12]), unique=True),
)  # fmt: skip
STATUS = st.sampled_from(["open", "completed", "part_refunded", "refunded", "cancelled"])
ORDERS = st.builds(
    Bought, st.integers(0, CONTACTS - 1), AGES, STATUS, st.sampled_from(["EUR", "JPY"]),
    st.sampled_from([0, 500, 1005, 2000]), st.sampled_from([0, 0, 500]),
)  # fmt: skip
OBJECTIONS = st.sets(
    st.one_of(
        st.tuples(st.just(kind), st.integers(0, number - 1), st.sampled_from([*consent_words, "all"]))
        for kind, number in (("contact", CONTACTS), ("identity", ACCOUNTS))
        for consent_words in (("profile", "behaviour", "marketing"),)
    ),
    max_size=3,
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    standing = draw(st.integers(1, CONTACTS))
    survivors = [n if n < standing else draw(st.integers(0, standing - 1)) for n in range(CONTACTS)]
    account = st.tuples(
        st.sampled_from(["mastodon", "bluesky"]), st.sampled_from([None, 0, 5, 500]),
        st.one_of(st.none(), st.integers(0, CONTACTS - 1)),
    )  # fmt: skip
    accounts = draw(st.lists(account, min_size=ACCOUNTS, max_size=ACCOUNTS))
    messages, orders = draw(st.lists(MESSAGES, max_size=8)), draw(st.lists(ORDERS, max_size=5))
    return World(survivors, accounts, messages, orders, draw(OBJECTIONS))


# --- what a filter says, one person at a time -----------------------------------------------------------


def holds(world: World, person: tuple[str, int], part: Condition | Group) -> bool:
    if isinstance(part, Group):
        return (all if part.match == "all" else any)(holds(world, person, one) for one in part.of)
    if part.field in ("orders", "order_value", "last_order") and person in world.against("behaviour"):
        return False
    found = ASKED[part.field](world, person, part)
    return not found if part.op in ("is_not", "not_within") else found


def compared(found: Decimal | int, one: Condition) -> bool:
    return found >= Decimal(one.value) if one.op == "at_least" else found <= Decimal(one.value)


def wrote(world: World, person: tuple[str, int], days: int) -> list[Wrote]:
    mine = (one for one in world.messages if world.owner(one.account) == person)
    return [one for one in mine if one.inbound and not one.deleted and one.age < days]


def bought(world: World, person: tuple[str, int], days: int) -> list[Bought]:
    return [one for one in world.orders if ("contact", world.survivors[one.contact]) == person and one.age < days]


def fact(world: World, person: tuple[str, int], one: Condition) -> bool:
    return any(message.facts[one.field] == one.value for message in wrote(world, person, one.days))


def share(world: World, person: tuple[str, int], one: Condition) -> bool:
    rated = [said for message in wrote(world, person, one.days) if (said := message.facts["sentiment"])]
    return bool(rated) and compared(Decimal(100 * rated.count("negative")) / len(rated), one)


def counted(world: World, person: tuple[str, int], one: Condition) -> list[Bought]:
    return [order for order in bought(world, person, one.days) if order.status in COUNTED]


def value(world: World, person: tuple[str, int], one: Condition) -> Decimal:
    mine = (order for order in counted(world, person, one) if order.currency == one.currency)
    return Decimal(sum(order.amount - order.refunded for order in mine)) / 1000


def accounts(world: World, person: tuple[str, int]) -> list[tuple[str, int | None, int | None]]:
    return [one for n, one in enumerate(world.accounts) if world.owner(n) == person]


ASKED: dict[str, Callable[[World, tuple[str, int], Condition], bool]] = {
    **dict.fromkeys(FACTS, fact),
    "platform": lambda w, p, one: any(account[0] == one.value for account in accounts(w, p)),
    "followers": lambda w, p, one: any(compared(a[1], one) for a in accounts(w, p) if a[1] is not None),
    "label": lambda w, p, one: any(one.value in message.labels for message in wrote(w, p, one.days)),
    "subject": lambda w, p, one: any(int(one.value) in message.hits for message in wrote(w, p, one.days)),
    "messages": lambda w, p, one: compared(len(wrote(w, p, one.days)), one),
    "last_message": lambda w, p, one: bool(wrote(w, p, int(one.value))),
    "negative_share": share,
    "orders": lambda w, p, one: compared(len(counted(w, p, one)), one),
    "order_value": lambda w, p, one: compared(value(w, p, one), one),
    "last_order": lambda w, p, one: any(order.status != "cancelled" for order in bought(w, p, int(one.value))),
    "objects": lambda w, p, one: p in w.against(one.value),
}


def ask(name: str, ops: tuple[str, ...], values: st.SearchStrategy[str], **more: Any) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({"field": st.just(name), "op": st.sampled_from(ops), "value": values, **more})


CHOICE, NUMBER, TIMED = ("is", "is_not"), ("at_least", "at_most"), {"days": DAYS}
LEAVES = st.one_of(
    *(ask(name, CHOICE, st.sampled_from(values[:4]), **TIMED) for name, values in FACTS.items()),
    ask("platform", CHOICE, st.sampled_from(["mastodon", "nowhere"])),
    ask("followers", NUMBER, st.sampled_from(["0", "5", "6"])),
    ask("label", CHOICE, st.sampled_from(["price", "Züge", "pri"]), **TIMED),
    ask("subject", CHOICE, st.sampled_from(["1", "2", "12", "7"]), **TIMED),
    ask("messages", NUMBER, st.sampled_from(["0", "1", "1.5", "2"]), **TIMED),
    ask("last_message", ("within", "not_within"), DAYS.map(str)),
    ask("negative_share", NUMBER, st.sampled_from(["0", "33.3", "33.4", "50", "100"]), **TIMED),
    ask("orders", NUMBER, st.sampled_from(["0", "1", "1.5", "2"]), **TIMED),
    ask("order_value", NUMBER, st.sampled_from(["0", "0.5", "1.005", "2"]), currency=st.just("EUR"), **TIMED),
    ask("last_order", ("within", "not_within"), DAYS.map(str)),
    ask("objects", CHOICE, st.sampled_from(["behaviour", "marketing"])),
)


def joined(inner: Any) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.builds(lambda match, of: {"match": match, "of": of}, st.sampled_from(["all", "any"]), several)


FILTERS = joined(LEAVES | joined(LEAVES))


# --- the same in the tables -----------------------------------------------------------------------------


def laid(world: World, account: int) -> dict[str, tuple[str, int]]:
    """Put the world into the tables instead of what is there; person as the segment names it → as the world does."""
    moment = db.now()

    def ago(days: int) -> Any:
        return moment - timedelta(days=days, hours=12)

    def contact(place: int) -> str:
        return f"01TEST{place:020d}"

    with db.write() as session:
        for model in (Message, Conversation, CustomerOrder, Objection, Identity, Contact):
            kept = ~db.table(Identity).c.ours if model is Identity else sa.true()
            session.execute(sa.delete(db.table(model)).where(kept))
        session.add_all(
            Contact(id=contact(n), created_at=moment, survivor_id=None if n == into else contact(into))
            for n, into in enumerate(world.survivors)
        )
        session.flush()
        identities = [
            Identity(platform=platform, external_id=f"x{n}", handle=f"h{n}", followers=followers, first_seen=moment,
                     last_seen=moment, contact_id=None if owner is None else contact(world.survivors[owner]))
            for n, (platform, followers, owner) in enumerate(world.accounts)
        ]  # fmt: skip
        talk = Conversation(account_id=account, platform="mastodon", thread_key="t", first_at=moment, last_at=moment)
        session.add_all([*identities, talk])
        session.flush()
        ids = [one.id or 0 for one in identities]
        session.add_all(
            Message(key=f"m{n}", account_id=account, platform="mastodon", kind="mention", origin="poll",
                    direction="inbound" if one.inbound else "outbound", conversation_id=talk.id or 0,
                    identity_id=ids[one.account], posted_at=ago(one.age), stored_at=moment,
                    deleted_at=moment if one.deleted else None, labels=one.labels, hits=one.hits, **one.facts)
            for n, one in enumerate(world.messages)
        )  # fmt: skip
        session.add_all(
            CustomerOrder(key=f"shop:{n}", number=str(n), source="orders:1", contact_id=contact(one.contact),
                          placed_at=ago(one.age), amount=one.amount, refunded=one.refunded, currency=one.currency,
                          status=one.status, described_at=moment, stored_at=moment)
            for n, one in enumerate(world.orders)
        )  # fmt: skip
        names = {"contact": contact, "identity": lambda place: str(ids[place])}
        session.add_all(
            Objection(subject=f"{kind}:{names[kind](place)}", purpose=purpose, at=moment)
            for kind, place, purpose in sorted(world.objections)
        )
    return {f"{kind}:{names[kind](place)}": (kind, place) for kind, place in world.people()}


@pytest.fixture
def ours(database: str) -> int:
    shop.opened()
    with db.write() as session:
        consent.switch(session, "marketing", enabled=True, basis="consent", actor="t")
    return house.account()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=worlds(), raw=FILTERS)
def test_count_is_list_is_a_look_at_everybody(ours: int, world: World, raw: dict[str, Any]) -> None:
    names, group = laid(world, ours), conditions.read(raw)
    excluded, unwanted = world.against("profile"), world.against("marketing")
    expected = {name for name, one in names.items() if one not in excluded and holds(world, one, group)}
    may = {name for name in expected if names[name] not in unwanted}
    with db.read() as session:
        count = store.count(session, group)
        listed, after = store.page(session, group, limit=2)
        while after:
            more, after = store.page(session, group, after, limit=2)
            listed += more
        handed = {one.person for some in store.handed_on(session, group) for one in some}
    assert sorted(one.person for one in listed) == sorted(expected)
    assert (count.people, count.may) == (len(expected), len(may))
    assert ({one.person for one in listed if one.may}, handed) == (may, may)
