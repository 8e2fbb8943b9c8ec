"""Claims about who sees which conversations: the same everywhere, on every route there is, and at once."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Mount

from core import db
from core.errors import Rejected
from inbox import desk, listing, visibility
from inbox.models import Conversation, Message
from inbox.narrowing import Filter
from inbox.team_models import Team, TeamMember
from inbox.visibility import Sight
from listening.figures import behind
from listening.figures.scope import Scope
from tests.conftest import BOTH
from tests.web import lived, places
from tests.web.conftest import account, event, store
from web import auth, roles
from web.app import create_app
from web.permissions import PERMISSIONS, SAFE, permission_of

TALKS = 24
ME = "user:7"


# --- one rule for all ------------------------------------------------------------------------------------


@pytest.fixture
def world(database: str) -> list[int]:
    """Conversations of two accounts, some private, each with a message that says its number; one only listened to."""
    numbers = [account(handle=f"@brand{n}@social.example") for n in range(2)]
    for n in range(TALKS):
        shape: dict[str, Any] = {"kind": "dm", "visibility": "private", "thread_key": f"dm:{n}"} if n % 4 == 0 else {}
        store(numbers[n % 2], event(f"e:{n}", f"number word{n}", minutes=n, **shape))
    store(numbers[0], event("heard", "word overheard", kind="post", origin="listening"))
    with db.write() as session:
        session.add_all([Team(id=1, name="First"), Team(id=2, name="Second")])
        session.flush()
        session.add(TeamMember(team_id=1, member=ME))
    return numbers


def shuffle(seed: int) -> list[Any]:
    """Teams and people at random; the conversations as they stand then."""
    rng, c = random.Random(seed), db.table(Conversation)
    with db.write() as session:
        for number in session.scalars(sa.select(c.c.id).where(c.c.inbox).order_by(c.c.id)).all():
            values = {
                "team_id": rng.choice([None, 1, 2]),
                "assignee": rng.choice(["", ME, "user:8"]),
                "state": rng.choice(["open", "open", "pending", "closed", "spam"]),
            }
            session.execute(sa.update(c).where(c.c.id == number).values(**values))
    with db.read() as session:
        return list(session.execute(sa.select(c).order_by(c.c.id)))


def sees(sight: Sight, talk: Any) -> bool:
    """The rule, plainly."""
    if talk.private and not sight.private:
        return False
    if not talk.inbox and sight.heard:
        return True
    if sight.accounts is not None and talk.account_id not in sight.accounts:
        return False
    return {
        "all": True,
        "teams": talk.team_id == 1 or talk.assignee == ME,
        "own": talk.assignee == ME,
    }[sight.reach]


sights = st.builds(
    Sight, me=st.just(ME), reach=st.sampled_from(visibility.REACHES),
    accounts=st.sampled_from([None, (), (1,), (2,), (1, 2)]), private=st.booleans(), heard=st.booleans(),
)  # fmt: skip


@BOTH
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), sight=sights)
def test_lists_counts_search_bars_and_reports_show_what_the_rule_allows(
    world: list[int], seed: int, sight: Sight
) -> None:
    talks = shuffle(seed)
    mine = {talk.id: talk for talk in talks if sees(sight, talk)}
    listed = {number for number, talk in mine.items() if talk.inbox}
    wanted, m = Filter(view="all", me=ME, sight=sight), db.table(Message)
    with db.read() as session:
        assert visibility.of(session, sight, [talk.id for talk in talks]) == mine.keys()
        shown = [row.id for row in listing.page(session, wanted).rows]
        assert set(shown) == {number for number in listed if mine[number].state != "spam"}
        counts = listing.counts(session, wanted)
        for state in ("open", "pending", "closed", "spam"):
            assert counts[state] == sum(mine[number].state == state for number in listed)
        assert counts["all"] == len(shown) == listing.number(session, wanted)
        assert listing.mine(sight) == counts["mine"]
        found = {row.id for row in listing.page(session, replace(wanted, q="number")).rows}
        assert found == set(shown)
        hour = db.now().replace(minute=0, second=0, microsecond=0)
        bars = listing.volume(session, wanted, [hour - timedelta(days=1), hour + timedelta(hours=1)])
        assert sum(bar.total for bar in bars) == len(shown)
        every = dict(session.execute(sa.select(m.c.id, m.c.conversation_id)).all())
        behind_it = behind.ids(session, Scope(sight=sight), None, 100)
        assert {every[one] for one in behind_it} == mine.keys()
        assert behind.sums(session, Scope(sight=sight)).tally.messages == len(mine)


@BOTH
def test_api_lists_and_opens_what_its_owner_sees(world: list[int], as_role, database: str) -> None:
    with db.write() as session:
        wanted = roles.Wanted("Few", ["messages.read", "messages.private"], "own", [world[1]])
        key = roles.save(session, None, wanted, "test")
    browser = as_role(key)
    me = f"user:{browser.user_id}"
    talks = shuffle(3)
    c = db.table(Conversation)
    with db.write() as session:
        session.execute(sa.update(c).where(c.c.id.in_([2, 3, 4, 5])).values(assignee=me, state="open"))
    allowed = {talk.id for talk in talks if talk.id in (2, 3, 4, 5) and talk.account_id == world[1]}
    items = browser.get("/api/v1/conversations").json()["items"]
    assert {one["id"] for one in items} == allowed
    assert browser.get("/api/v1/conversations/counts").json()["open"] == len(allowed)
    for talk in talks:
        expected = 200 if talk.id in allowed else 404
        assert browser.get(f"/api/v1/conversations/{talk.id}").status_code == expected
    rows = re.findall(r'data-row="(\d+)"', browser.get("/inbox?view=all").text)
    assert {int(one) for one in rows} == allowed


def test_who_loses_a_conversation_hears_of_it_and_nobody_else_does(world: list[int]) -> None:
    mine, other = Sight(me=ME, reach="own"), Sight(me="user:9", reach="own")
    team, none = Sight(me=ME, reach="teams"), Sight(me=ME, reach="own", accounts=())
    with db.write() as session:
        desk.assign(session, 2, ME, "test")
        assert [visibility.told(session, one, 2) for one in (mine, other, none)] == [True, False, False]
        desk.assign(session, 2, "user:8", "test")
        assert [visibility.told(session, one, 2) for one in (mine, other, none)] == [True, False, False]
        assert visibility.of(session, mine, [2]) == set()
        desk.set_team(session, 3, 1, "test")
        desk.set_team(session, 3, 2, "test")
        assert [visibility.told(session, one, 3) for one in (team, mine)] == [True, False]
        assert not visibility.told(session, mine, 10**9)


# --- every route -----------------------------------------------------------------------------------------

SECRETS = (
    "Кран всё ещё течёт", "У меня тоже", "Как они пишут", "Номер семь.", "Вопрос 4", "Спасибо!", "А у вас?", "Ответ 0",
)  # fmt: skip
"""Texts of conversations in tests.web.lived that somebody without any conversation sees nowhere."""
HEARD = "Чужое."
REFUSED = ("conversation_id", "message_id")
"""Parameters that name a conversation or something of it: 404."""
HARMLESS = {
    "identity_id", "contact_id", "subject_id", "subject", "query_id", "account_id", "link_id", "user_id", "row_id",
    "item_id", "proposal_id", "share_id", "label_id", "theme_id", "key_id", "segment_id", "token_id", "saved_id",
    "endpoint_id", "delivery_id", "activation_id", "decision_id", "duplicate_id", "view_id", "macro_id", "rule_id",
    "team_id", "policy_id", "role_id", "survey_id", "notice_id", "passkey_id", "token", "deed", "step", "state",
    "platform", "note_id", "job_id", "mark", "field_id", "object", "part_id",
}  # fmt: skip
"""Parameters of other things: what is shown of them holds no text of a conversation that is not seen."""


def decided(path: str) -> str:
    """refused or harmless; a parameter that nobody has decided about is an error."""
    names = set(re.findall(r"\{(\w+)(?::\w+)?\}", path))
    if names & set(REFUSED) or path.startswith(("/replies/{reply_id}", "/api/v1/replies/{reply_id}")):
        return "refused"
    assert names <= HARMLESS | {"reply_id"}, f"{path}: say here whether it names a conversation"
    return "harmless"


def routes() -> Iterator[tuple[str, str]]:
    for route in create_app().routes:
        if isinstance(route, Mount) or permission_of(route) is None or route.path in ("/live", "/signout"):
            continue
        for method in sorted((route.methods or set()) - {"HEAD"}):
            yield method, route.path


def test_no_route_shows_or_touches_a_conversation_that_its_reader_does_not_see(as_role, database: str) -> None:
    """What is not seen is answered exactly like what does not exist."""
    lived.everything()
    with db.write() as session:
        every = [one for one in PERMISSIONS if one != "self"]
        key = roles.save(session, None, roles.Wanted("Nothing of all", every, "own"), "test")
    browser, admin, wrong, shown = as_role(key), as_role("admin"), [], set()
    there = places.values()
    absent = {**there, **dict.fromkeys(("conversation_id", "message_id", "reply_id"), "987654")}
    c = db.table(Conversation)
    with db.read() as session:
        before = session.execute(sa.select(c).order_by(c.c.id)).all()
    for method, path in routes():
        address, refused = places.filled(path, there), decided(path) == "refused"
        headers = {"x-csrf-token": browser.csrf, "hx-request": "true"}
        if method in SAFE:
            texts = [browser.get(address).text, browser.get(address, headers=headers).text]
            wrong += [f"{address}: {one}" for one in SECRETS if any(one in text for text in texts)]
            if not path.startswith("/settings"):
                shown |= {one for one in SECRETS if one in admin.get(address).text}
        if refused:
            status = browser.request(method, address, headers=headers).status_code
            nothing = browser.request(method, places.filled(path, absent), headers=headers).status_code
            if status != nothing or not 400 <= status < 500:
                wrong.append(f"{method} {address}: {status}, and {nothing} for what there is not")
    assert wrong == []
    with db.read() as session:
        assert session.execute(sa.select(c).order_by(c.c.id)).all() == before
    person = f"/people/{lived.who(lived.KIM.handle)}?story=1"
    for address in ("/inbox?view=all", "/inbox?view=all&q=Кран", "/messages?q=Вопрос", person):
        text, whole = browser.get(address).text, admin.get(address).text
        assert not any(one in text for one in SECRETS), address
        shown |= {one for one in SECRETS if one in whole}
    assert shown >= {"Кран всё ещё течёт", "Номер семь.", "Вопрос 4"}, "who may, does see them"


@pytest.mark.parametrize(("rights", "there"), [(["messages.read", "listening.read"], True), (["messages.read"], False)])
def test_public_posts_found_by_listening_stay_with_who_may_see_what_is_followed(
    as_role, database: str, rights: list[str], there: bool
) -> None:
    lived.everything()
    with db.write() as session:
        key = roles.save(session, None, roles.Wanted("Ears", rights, "own"), "test")
    browser = as_role(key)
    assert (HEARD in browser.get("/messages").text) == there
    assert browser.get(f"/inbox/{lived.talk('b:2')}").status_code == (200 if there else 404)


# --- who is limited --------------------------------------------------------------------------------------


def test_a_person_is_limited_to_accounts_on_the_page_of_users(world: list[int], as_role) -> None:
    admin, agent = as_role("admin"), as_role("agent")
    path = f"/settings/users/{agent.user_id}/accounts"
    count = lambda: agent.get("/api/v1/conversations/counts").json()["all"]  # noqa: E731  # asked three times
    assert count() == TALKS
    assert admin.post(path, {"seen": "some", "account": [str(world[0])]}).status_code == 303
    assert count() == TALKS // 2
    assert "@brand1@" not in agent.get("/inbox?view=all").text
    assert admin.post(path, {"seen": "some"}).status_code == 422
    assert admin.post(path, {"seen": "all"}).status_code == 303
    assert count() == TALKS
    assert admin.post(f"/settings/users/{admin.user_id}/accounts", {"seen": "some", "account": "1"}).status_code == 422


def test_who_sees_a_part_gives_no_role(world: list[int], as_role) -> None:
    with db.write() as session:
        wanted = roles.Wanted("Part", ["users.manage", "roles.manage", "messages.read"], "all", [world[0]])
        key = roles.save(session, None, wanted, "test")
    browser, agent = as_role(key), as_role("agent")
    form = {"name": "More", "permission": ["messages.read"], "reach": "all", "seen": "all"}
    assert browser.post("/settings/roles", form).status_code == 422
    assert browser.post(f"/settings/users/{agent.user_id}", {"role": key}).status_code == 422
    assert browser.post(f"/settings/users/{browser.user_id}/accounts", {"seen": "all"}).status_code == 422


def test_limits_are_kept_by_the_form_and_an_administrator_has_none(world: list[int], as_role) -> None:
    admin = as_role("admin")
    form = {"name": "Own", "permission": ["messages.read"], "reach": "own", "seen": "some", "account": [str(world[1])]}
    assert admin.post("/settings/roles", form).status_code == 303
    assert admin.post("/settings/roles", {**form, "name": "B", "reach": "some"}).status_code == 422
    assert admin.post("/settings/roles", {**form, "name": "C", "account": ["999"]}).status_code == 422
    with db.write() as session:
        row = roles.every(session)[0]
        assert (row.reach, row.accounts) == ("own", [world[1]])
        made = auth.create_user(session, "some@demo.example", "Some", "several quiet words", "agent")
        auth.set_accounts(session, made.id or 0, [world[0]], "test")
        auth.set_role(session, made.id or 0, "admin", "test")
        assert made.accounts is None
        with pytest.raises(Rejected):
            auth.set_accounts(session, made.id or 0, [world[0]], "test")
