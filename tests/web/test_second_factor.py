"""Claims about the second factor: codes of an app, recovery codes, what is demanded, and where one is signed in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import sqlalchemy as sa

from core import audit, crypto, db
from core.errors import Rejected
from tests.conftest import BOTH
from tests.living import widerhall
from tests.web.conftest import PASSWORD, Browser, user
from web import auth, sessions, throttle
from web.models import SessionRow
from web.signin import factors, policy, recovery, rounds, totp
from web.signin.models import RecoveryCode, SecondFactor, SignInRound

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""The one of RFC 6238's test vectors."""


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    assert totp.step_of(SECRET, code, at(seconds), 0) == seconds // 30
    assert totp.step_of(SECRET, code, at(seconds), seconds // 30) is None, "it was used"


@pytest.mark.parametrize(("later", "found"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_a_clock_may_be_one_step_off(later: int, found: bool) -> None:
    assert (totp.step_of(SECRET, "005924", at(1234567890 + later), 0) is not None) == found


def test_typed_codes_may_have_blanks_and_wide_digits() -> None:
    assert totp.step_of(SECRET, " ００5 924 ", at(1234567890), 0) is not None
    assert totp.step_of(SECRET, "", at(1234567890), 0) is None
    assert totp.step_of(SECRET, "٠٠٥٩٢٤" * 9, at(1234567890), 0) is None


# --- with a database ---------------------------------------------------------------------------------


def somebody(role: str = "agent") -> int:
    """A user with an app that has SECRET, and recovery codes."""
    email = user(role)
    with db.write() as session:
        found = auth.find(session, email)
        assert found is not None
        number = int(found.id or 0)
        totp.keep(session, number, SECRET, 0)
        codes[:] = recovery.make(session, number)
    return number


codes: list[str] = []


def code(off: int = 0) -> str:
    """What the app shows, `off` steps from now."""
    return pyotp.TOTP(SECRET).generate_otp(int(db.now().timestamp()) // 30 + off)


@BOTH
def test_a_code_counts_once(database: str) -> None:
    number = somebody()
    given = code()
    with db.write() as session:
        assert totp.accept(session, number, given)
        assert not totp.accept(session, number, given)
        assert not totp.accept(session, number, code(-1))
        assert totp.accept(session, number, code(1))


@BOTH
def test_a_recovery_code_counts_once_and_for_one_person(database: str) -> None:
    number, other = somebody(), 0
    mine = list(codes)
    other = somebody("marketer")
    with db.write() as session:
        assert not recovery.accept(session, other, mine[0])
        assert recovery.accept(session, number, f" {mine[0].upper()} ")
        assert not recovery.accept(session, number, mine[0])
        assert (recovery.left(session, number), len(set(mine))) == (9, 10)


def test_the_database_holds_neither_secret_nor_codes(database: str) -> None:
    somebody()
    with db.read() as session:
        kept = session.scalars(sa.select(SecondFactor)).one().secret
        digests = list(session.scalars(sa.select(db.table(RecoveryCode).c.digest)))
    assert crypto.unseal(kept) == SECRET
    assert not any(SECRET in one or one in codes for one in [kept, *digests])


@BOTH
def test_a_round_serves_once_and_not_for_long(database: str) -> None:
    with db.write() as session:
        one, old = rounds.begin(session, "second", {"a": 1}), rounds.begin(session, "second", {})
        assert rounds.look(session, "enrol", one) is None
        assert rounds.take(session, "second", one) == rounds.Round(0, {"a": 1})
        assert rounds.take(session, "second", one) is None
        session.execute(sa.update(SignInRound).values(expires_at=db.now() - timedelta(seconds=1)))
        assert rounds.look(session, "second", old) is None


# --- at the door -------------------------------------------------------------------------------------


def step(browser: Browser, given: str, path: str = "/signin/second") -> tuple[int, str]:
    answer = browser.post(path, {"csrf": browser.form_token(path), "code": given})
    return answer.status_code, answer.headers.get("location", "")


def test_password_alone_opens_no_session_where_there_is_a_second_factor(browser: Browser) -> None:
    somebody()
    answer = browser.sign_in("agent@demo.example")
    assert (answer.status_code, answer.headers["location"]) == (303, "/signin/second")
    assert browser.get("/inbox").status_code == 303
    with db.read() as session:
        assert session.scalars(sa.select(SessionRow)).all() == []
    given = code()
    assert step(browser, "000000" if given != "000000" else "111111")[0] == 403
    assert step(browser, given) == (303, "/")
    assert browser.get("/inbox").status_code == 200
    again = Browser(browser.app)
    again.sign_in("agent@demo.example")
    assert step(again, given)[0] == 403
    form = {"csrf": again.form_token("/signin/second"), "code": "abcd-efgh-jkmn", "by": "recovery"}
    used = again.post("/signin/second", form)
    assert "This recovery code is not right" in used.text
    assert step(again, codes[0]) == (303, "/")
    with db.read() as session:
        ways = session.scalars(sa.select(db.table(SessionRow).c.way).order_by(db.table(SessionRow).c.created_at))
        assert list(ways) == ["code", "recovery"]


def test_second_step_leads_on_to_where_one_was_going(browser: Browser) -> None:
    somebody()
    token = browser.form_token("/signin")
    form = {"csrf": token, "email": "agent@demo.example", "password": PASSWORD, "next": "/people", "zone": "Asia/Tokyo"}
    browser.post("/signin", form)
    assert step(browser, code()) == (303, "/people")
    with db.read() as session:
        found = auth.find(session, "agent@demo.example")
        assert found is not None
        assert found.time_zone == "Asia/Tokyo"


def test_second_step_without_the_first_leads_back(browser: Browser) -> None:
    user("agent")
    assert browser.get("/signin/second").headers["location"] == "/signin?note=signin-late"
    assert browser.get("/signin/enrol").headers["location"] == "/signin?note=signin-late"
    token = browser.form_token("/signin")
    for path in ("/signin/second", "/signin/enrol"):
        assert browser.post(path, {"csrf": token, "code": "1"}).headers["location"] == "/signin?note=signin-late"
        assert browser.post(path, {"csrf": "other", "code": "1"}).status_code == 403


def test_half_a_sign_in_ends_with_a_new_password_or_when_shut_out(browser: Browser) -> None:
    user("admin")
    number = somebody()
    browser.sign_in("agent@demo.example")
    with db.write() as session:
        auth.reset_password(session, number, "quite another one", "test")
    assert browser.get("/signin/second").status_code == 303
    browser.sign_in("agent@demo.example", "quite another one")
    assert browser.get("/signin/second").status_code == 200
    with db.write() as session:
        auth.set_disabled(session, number, True, "test")
    assert browser.get("/signin/second").status_code == 303


def test_codes_are_tried_five_times(browser: Browser) -> None:
    somebody()
    browser.sign_in("agent@demo.example")
    wrong = next(one for one in ("000000", "111111", "222222", "333333") if one not in {code(n) for n in range(-2, 5)})
    assert [step(browser, wrong)[0] for _ in range(6)] == [403] * 5 + [429]
    assert step(browser, code())[0] == 429


def test_from_many_addresses_codes_are_tried_twenty_times(database: str) -> None:
    tries = [None if throttle.attempt(f"192.0.2.{n}", "user:1", "factor") is None else n for n in range(20)]
    assert tries == [None] * 20
    with pytest.raises(Exception, match="Too many"):
        throttle.attempt("192.0.2.99", "user:1", "factor")


def test_who_needs_a_second_factor_sets_one_up_before_anything_else(browser: Browser) -> None:
    user("agent")
    with db.write() as session:
        policy.demand(session, ["agent"], "test")
    assert browser.sign_in("agent@demo.example").headers["location"] == "/signin/enrol"
    assert browser.get("/inbox").status_code == 303
    page = browser.get("/signin/enrol").text
    secret = re.search(r'class="secret"[^>]*>([A-Z2-7 ]+)<', page)
    assert secret is not None
    assert secret[1] in browser.get("/signin/enrol").text  # loading the page again changes nothing
    assert step(browser, "123", "/signin/enrol")[0] == 403
    made = pyotp.TOTP(secret[1].replace(" ", ""))
    token = browser.form_token("/signin/enrol")
    shown = browser.post("/signin/enrol", {"csrf": token, "code": made.generate_otp(int(db.now().timestamp()) // 30)})
    papers = re.findall(r"<li><code>([a-z2-9-]{14})</code></li>", shown.text)
    assert len(papers) == 10
    assert browser.get("/inbox").status_code == 200
    again = Browser(browser.app)
    assert again.sign_in("agent@demo.example").headers["location"] == "/signin/second"
    assert step(again, papers[3]) == (303, "/")


def test_signing_in_again_ends_the_sign_in_before(browser: Browser) -> None:
    browser.sign_in(user("agent"))
    browser.sign_in("agent@demo.example")
    with db.read() as session:
        assert len(session.scalars(sa.select(SessionRow)).all()) == 1


# --- one's own page ----------------------------------------------------------------------------------


def test_app_is_set_up_proved_and_removed(as_role) -> None:
    here, there = as_role("agent"), as_role("agent")
    shown = here.post("/settings/me/factor").text
    found = re.search(r'name="round" value="([^"]+)".*', shown), re.search(r'class="secret"[^>]*>([A-Z2-7 ]+)<', shown)
    assert found[0] is not None
    assert found[1] is not None
    with db.read() as session:
        assert not factors.of(session, here.user_id).any
    made = pyotp.TOTP(found[1][1].replace(" ", ""))
    wrong = here.post("/settings/me/factor/confirm", {"round": found[0][1], "code": "12"})
    assert (wrong.status_code, found[1][1] in wrong.text) == (422, True)
    right = {"round": found[0][1], "code": made.generate_otp(int(db.now().timestamp()) // 30)}
    assert there.post("/settings/me/factor/confirm", {**right, "round": "x"}).status_code == 422
    done = here.post("/settings/me/factor/confirm", right)
    assert len(re.findall(r"<li><code>", done.text)) == 10
    again = here.post("/settings/me/factor/confirm", right)  # the page loaded anew
    assert (again.status_code, "The app counts already" in again.text) == (422, True)
    assert there.get("/settings/me").status_code == 303
    assert "10 are left" in here.get("/settings/me/security").text
    assert len(re.findall(r"<li><code>", here.post("/settings/me/factor/codes").text)) == 10
    assert here.post("/settings/me/factor/remove").status_code == 303
    with db.read() as session:
        assert (factors.of(session, here.user_id).any, recovery.left(session, here.user_id)) == (False, 0)
        deeds = list(session.scalars(sa.select(db.table(audit.AuditEntry).c.action)))
    assert [one for one in deeds if one.startswith("second_factor")] == [
        "second_factor.set_up", "second_factor.new_codes", "second_factor.removed",
    ]  # fmt: skip
    assert here.post("/settings/me/factor/codes").status_code == 422


def test_a_browser_left_open_changes_no_factor(as_role) -> None:
    browser = as_role("agent")
    somebody()
    with db.write() as session:
        session.execute(sa.update(SessionRow).values(created_at=db.now() - sessions.FRESH))
    for path in ("/settings/me/factor", "/settings/me/factor/remove", "/settings/me/factor/codes"):
        answer = browser.post(path)
        assert (answer.status_code, "Sign in again before" in answer.text) == (422, True)
    assert 'action="/settings/me/factor' not in browser.get("/settings/me/security").text


def test_a_demanded_factor_is_not_removed(as_role) -> None:
    browser = as_role("agent")
    number = somebody()
    with db.write() as session:
        policy.demand(session, ["agent"], "test")
    assert factors.DEMANDED in browser.get("/settings/me/security").text, "why there is no button for it"
    assert browser.post("/settings/me/factor/remove").status_code == 422
    with pytest.raises(Rejected), db.write() as session:
        factors.remove_app(session, number, "agent", "")
    with db.read() as session:
        assert factors.of(session, number).any


def test_one_sign_in_is_ended_by_name_and_nobody_else_s(as_role) -> None:
    here, there, other = as_role("agent"), as_role("agent"), as_role("admin")
    page = here.get("/settings/me/security").text
    (mark,) = re.findall(r"/settings/me/sessions/([0-9a-f]{16})/end", page)
    assert "this one" in page
    assert other.post(f"/settings/me/sessions/{mark}/end").status_code == 404
    assert here.post(f"/settings/me/sessions/{mark}/end").status_code == 303
    assert (here.get("/settings/me").status_code, there.get("/settings/me").status_code) == (200, 303)


def test_old_password_is_not_guessed_in_a_session(as_role) -> None:
    browser = as_role("agent")
    form = {"old": "wrong", "new": "quite another one"}
    assert [browser.post("/settings/me/password", form).status_code for _ in range(6)] == [422] * 5 + [429]


# --- administrators ----------------------------------------------------------------------------------


def test_administrator_sees_resets_and_signs_out(as_role) -> None:
    admin, agent = as_role("admin"), as_role("agent")
    number = somebody()
    text = admin.get("/settings/signin").text
    assert text.count("second factor</span>") == 1
    assert admin.post(f"/settings/signin/people/{number}/end").status_code == 303
    assert agent.get("/settings/me").status_code == 303
    assert admin.post(f"/settings/signin/people/{number}/reset").status_code == 303
    assert admin.post("/settings/signin/people/99/reset").status_code == 404
    assert admin.post("/settings/signin/demand", {"roles": ["agent", "dpo"]}).status_code == 303
    assert admin.post("/settings/signin/demand", {"roles": ["owner"]}).status_code == 400
    with db.read() as session:
        assert (factors.of(session, number).any, policy.demanded(session, "dpo")) == (False, True)
        done = session.execute(sa.select(audit.AuditEntry).order_by(db.table(audit.AuditEntry).c.id.desc())).scalars()
        told = [(one.action, one.actor) for one in done]
    assert told[:3] == [
        ("sign_in.demanded", admin_name(admin)), ("second_factor.reset", admin_name(admin)),
        ("session.ended", admin_name(admin)),
    ]  # fmt: skip


def admin_name(browser: Browser) -> str:
    return f"user:{browser.user_id}"


def test_command_line_opens_the_door_again(database: str) -> None:
    number = somebody("admin")
    assert widerhall("users", "reset-second-factor", "admin@demo.example").code == 0
    assert widerhall("users", "reset-second-factor", "nobody@demo.example").code != 0
    with db.read() as session:
        assert not factors.of(session, number).any
