"""The bare side of the pages: for each page the statements that bring what it shows, and whom it is asked for.

A statement is what any implementation must read for the same content: rows with the names beside them, counts that
agree with the list, aggregates. Named values are written `:name`, what differs between the engines `{name}`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db
from inbox.models import Message, Seen
from listening.models import Subject

Values = Mapping[str, Any]
Choose = Callable[[Session, random.Random, int], list[dict[str, Any]]]
DIALECTS = {
    "sqlite": {
        "yes": "1",
        "day": "CAST(strftime('%s', m.posted_at) AS INTEGER) / 86400",
        "hour": "CAST(strftime('%s', m.posted_at) AS INTEGER) / 3600",
        "likes": "m.counts ->> 'likes' + m.counts ->> 'reposts' + m.counts ->> 'replies'",
        "tags": "json_each(picked.hashtags) one",
        "labels": "json_each(picked.labels) one",
    },
    "postgresql": {
        "yes": "true",
        "day": "floor(extract(epoch FROM m.posted_at) / 86400)",
        "hour": "floor(extract(epoch FROM m.posted_at) / 3600)::int",
        "likes": "(m.counts->>'likes')::int + (m.counts->>'reposts')::int + (m.counts->>'replies')::int",
        "tags": "json_array_elements_text(picked.hashtags::json) one(value)",
        "labels": "json_array_elements_text(picked.labels::json) one(value)",
    },
}


@dataclass(frozen=True)
class Case:
    """A page as one role asks for it; `path` and statements take the chosen values."""

    name: str
    role: str
    path: str
    statements: tuple[str, ...]
    choose: Choose
    part: str = ""
    """The id of the part that htmx asks for; empty for the whole page."""


def native(statement: str) -> str:
    """The statement in the engine's words, with the driver's marks for values."""
    text = statement.format_map(DIALECTS[db.dialect()])
    if db.dialect() == "sqlite":
        return text
    return re.sub(r"(?<!:):([a-z_]+)", r"%(\1)s", text.replace("%", "%%"))


def printed(cases: Sequence[Case]) -> str:
    """Every statement under its page, in the words of the engine at hand."""
    words = DIALECTS[db.dialect()]
    return "\n".join(
        f"{case.name}: {' '.join(one.format_map(words).split())}" for case in cases for one in case.statements
    )


# --- the list ---------------------------------------------------------------------------------------

WHO = (
    "SELECT s.expires_at, s.csrf, u.id, u.name, u.email, u.role, u.language, u.time_zone, u.disabled FROM session s "
    'JOIN "user" u ON u.id = s.user_id WHERE s.digest = (SELECT min(digest) FROM session)'
)
MINE = """SELECT count(*) FROM conversation WHERE assignee = :me AND state IN ('open', 'pending') AND inbox = {yes}"""
LIST = (
    """SELECT c.id, c.platform, a.handle, c.private, c.state, c.excerpt, c.messages, c.last_at, c.last_inbound_at,
    c.waiting_since, c.snoozed_until, c.sentiment, c.language, c.intent, c.assignee, c.identity_id, i.name, i.handle,
    s.at
    FROM conversation c JOIN account a ON a.id = c.account_id LEFT JOIN identity i ON i.id = c.identity_id
    LEFT JOIN seen s ON s.conversation_id = c.id AND s.author = :me
    WHERE c.inbox = {yes} AND c.state = 'open' ORDER BY c.last_at DESC, c.id DESC LIMIT 51""",
    """SELECT state, CASE WHEN assignee = '' THEN '' WHEN assignee = :me THEN 'me' ELSE 'other' END AS whose, count(*)
    FROM conversation WHERE inbox = {yes} GROUP BY state, whose""",
    """SELECT {day} AS day, count(*), sum(CASE WHEN m.sentiment = 'negative' THEN 1 ELSE 0 END)
    FROM message m JOIN conversation c ON c.id = m.conversation_id WHERE m.posted_at >= :fortnight
    AND m.direction = 'inbound' AND m.origin <> 'context' AND c.inbox = {yes} AND c.state = 'open' GROUP BY day""",
    "SELECT id, platform, handle, state, error FROM account",
    """SELECT id, name FROM "user" WHERE NOT disabled AND role IN ('admin', 'agent') ORDER BY name""",
    "SELECT DISTINCT tag FROM conversation_tag ORDER BY tag",
    "SELECT name, names FROM label WHERE enabled ORDER BY name",
)

# --- a thread and the person beside it --------------------------------------------------------------

THREAD = (
    """SELECT c.*, a.handle, a.name, i.name, i.handle FROM conversation c JOIN account a ON a.id = c.account_id
    LEFT JOIN identity i ON i.id = c.identity_id WHERE c.id = :conversation""",
    """SELECT m.*, i.name, i.handle, i.platform, r.author FROM message m LEFT JOIN identity i ON i.id = m.identity_id
    LEFT JOIN reply r ON r.conversation_id = m.conversation_id AND r.message_id = m.id
    WHERE m.conversation_id = :conversation ORDER BY m.posted_at DESC, m.id DESC LIMIT 41""",
    """SELECT p.key, p.id, p.text, p.direction, p.conversation_id FROM message m JOIN message p ON p.key = m.parent_key
    WHERE m.conversation_id = :conversation ORDER BY m.posted_at DESC LIMIT 41""",
    "SELECT * FROM reply WHERE conversation_id = :conversation AND message_id IS NULL",
    "SELECT * FROM activity WHERE conversation_id = :conversation ORDER BY at, id",
    "SELECT * FROM note WHERE conversation_id = :conversation ORDER BY at, id",
    "SELECT tag FROM conversation_tag WHERE conversation_id = :conversation ORDER BY tag",
    "SELECT * FROM draft WHERE conversation_id = :conversation AND author = :me",
    """SELECT * FROM message WHERE conversation_id = :conversation AND direction = 'inbound' AND deleted_at IS NULL
    ORDER BY posted_at DESC, id DESC LIMIT 1""",
    """SELECT id FROM message WHERE conversation_id = :conversation AND direction = 'outbound'
    ORDER BY posted_at DESC, id DESC LIMIT 1""",
)
PAGE = "(SELECT id FROM message WHERE conversation_id = :conversation ORDER BY posted_at DESC, id DESC LIMIT 41)"
"""The messages of the page."""
WORK = (
    "SELECT at FROM seen WHERE conversation_id = :conversation AND author = :me",
    "SELECT * FROM account WHERE id = (SELECT account_id FROM conversation WHERE id = :conversation)",
    """SELECT p.conversation_id, c.platform, a.handle, p.at FROM case_part p JOIN conversation c
    ON c.id = p.conversation_id JOIN account a ON a.id = c.account_id WHERE p.parent_id = :conversation""",
    """SELECT conversation_id, from_id FROM thread_cut WHERE (conversation_id = :conversation
    OR from_id = :conversation) AND back_at IS NULL""",
    """SELECT f.*, v.value FROM custom_field f LEFT JOIN field_value v ON v.field_id = f.id
    AND v.conversation_id = :conversation WHERE f.subject = 'conversation' AND NOT f.archived ORDER BY f.place, f.id""",
    "SELECT * FROM custom_field WHERE subject = 'person' AND NOT archived ORDER BY place, id",
    "SELECT * FROM sla_clock WHERE conversation_id = :conversation ORDER BY started_at",
    "SELECT id, name FROM team ORDER BY lower(name), id",
    """SELECT id, name FROM "user" WHERE NOT disabled AND role IN ('admin', 'agent') ORDER BY name""",
    "SELECT * FROM translator WHERE id = 1",
    f"SELECT * FROM translation WHERE message_id IN (SELECT id FROM {PAGE} p) AND target = 'en'",
    f"SELECT * FROM correction WHERE message_id IN (SELECT id FROM {PAGE} p)",
    f"""SELECT t.message_id, b.names, t.sentiment FROM message_towards t JOIN brand b ON b.subject_id = t.subject_id
    WHERE t.message_id IN (SELECT id FROM {PAGE} p)""",
    "SELECT n.* FROM note_mention n JOIN note o ON o.id = n.note_id WHERE o.conversation_id = :conversation",
    "SELECT who FROM watcher WHERE conversation_id = :conversation ORDER BY who",
    "SELECT * FROM attached WHERE conversation_id = :conversation",
    "SELECT max(id) FROM reply WHERE conversation_id = :conversation",
    """SELECT id, name FROM "user" WHERE id IN (SELECT CAST(substr(author, 6) AS integer) FROM note
    WHERE conversation_id = :conversation AND author LIKE 'user:%')""",
    """SELECT k.*, m.conversation_id FROM crm_case k JOIN message m ON m.id = k.message_id
    WHERE m.conversation_id = :conversation AND NOT k.deleted""",
    "SELECT * FROM survey_answer WHERE identity_id = :person ORDER BY id DESC LIMIT 3",
    """SELECT k.number, k.status, m.conversation_id FROM crm_case k JOIN message m ON m.id = k.message_id
    JOIN conversation c ON c.id = m.conversation_id WHERE c.identity_id = :person AND c.id <> :conversation
    AND NOT k.closed AND NOT k.deleted ORDER BY k.at DESC LIMIT 20""",
    """SELECT id, name FROM segment WHERE id IN (SELECT segment_id FROM segment_member WHERE identity_id = :person)
    ORDER BY name""",
    """SELECT o.* FROM customer_order o JOIN identity i ON i.contact_id = o.contact_id WHERE i.id = :person
    ORDER BY o.placed_at DESC LIMIT 3""",
)
"""What people who work there see of a thread and do with it: who can take it, its promises, fields, parts, files."""
THEIRS = """(SELECT o.id FROM identity o WHERE o.id = :person
    UNION SELECT o.id FROM identity i JOIN identity o ON o.contact_id = i.contact_id WHERE i.id = :person)"""
"""All accounts of the person."""
PERSON = (
    "SELECT i.*, c.* FROM identity i LEFT JOIN contact c ON c.id = i.contact_id WHERE i.id = :person",
    "SELECT o.* FROM identity i JOIN identity o ON o.contact_id = i.contact_id WHERE i.id = :person",
    "SELECT r.* FROM identity i JOIN crm_record r ON r.contact_id = i.contact_id WHERE i.id = :person",
    """SELECT a.* FROM identity i JOIN contact c ON c.id = i.contact_id OR c.survivor_id = i.contact_id
    JOIN attribute a ON a.contact_id = c.id AND a.removed_at IS NULL WHERE i.id = :person""",
    """SELECT d.* FROM identity i JOIN person_decision d ON d.contact_id = i.contact_id OR d.other_id = i.contact_id
    WHERE i.id = :person ORDER BY d.id DESC LIMIT 50""",
    f"SELECT * FROM sync_state WHERE identity_id IN {THEIRS} AND kind = 'profile'",
    f"SELECT state, count(*) FROM sync_state WHERE identity_id IN {THEIRS} AND kind = 'interaction' GROUP BY state",
    "SELECT url FROM crm_connection",
    "SELECT purpose FROM objection WHERE subject = :subject",
    "SELECT name, enabled FROM purpose",
    """SELECT l.*, r.* FROM match_link l JOIN crm_record r ON r.id = l.crm_record_id
    WHERE l.identity_id = :person AND l.decision <> 'none' ORDER BY l.score DESC""",
    f"""SELECT n.*, u.name FROM note n LEFT JOIN "user" u ON n.author = 'user:' || u.id
    WHERE n.identity_id IN {THEIRS}""",
)
SAID = f"""SELECT sentiment, count(*) FROM message WHERE identity_id IN {THEIRS} AND direction = 'inbound'
    AND origin <> 'context' AND NOT erased GROUP BY sentiment"""
HISTORY = f"SELECT * FROM conversation WHERE identity_id IN {THEIRS} ORDER BY last_at DESC, id DESC LIMIT {{limit}}"


# --- a report: a month and the one before ------------------------------------------------------------

WHO_WROTE = "coalesce(i.contact_id, CAST(i.id AS text)) AS who"
"""The person behind an account: several accounts of one count once."""
ABOUT = """FROM hit h JOIN message m ON m.id = h.message_id
    WHERE h.query_id IN (SELECT id FROM query WHERE subject_id = :subject)"""
PICKED = f"""WITH picked AS MATERIALIZED (SELECT DISTINCT m.id, m.platform, m.kind, m.language, m.intent, m.sentiment,
    m.identity_id, CAST(m.hashtags AS text) AS hashtags, CAST(m.labels AS text) AS labels, m.posted_at >= :since AS now,
    {{hour}} AS hour, {{likes}} AS likes {ABOUT} AND NOT m.erased
    AND m.posted_at >= :before AND m.posted_at < :until)"""


def _group(column: str) -> str:
    return f"SELECT '{column}', now, CAST({column} AS text), sentiment, count(*), 0 FROM picked GROUP BY 2, 3, 4"


COUNTED = f"""{PICKED}
    SELECT 'day' AS figure, now, CAST(hour / 24 AS text) AS what, sentiment, count(*) AS number, sum(likes) AS more
    FROM picked
    GROUP BY 2, 3, 4 UNION ALL {" UNION ALL ".join(map(_group, ("platform", "kind", "language", "intent")))}
    UNION ALL SELECT 'clock', now, CAST(hour % 168 AS text), '', count(*), 0 FROM picked GROUP BY 2, 3
    UNION ALL SELECT 'tag', now, one.value, '', count(*), 0 FROM picked, {{tags}} GROUP BY 2, 3
    UNION ALL SELECT 'label', now, one.value, sentiment, count(*), 0 FROM picked, {{labels}} GROUP BY 2, 3, 4
    UNION ALL SELECT 'people', now, '', '', count(DISTINCT who), sum(followers) FROM (SELECT DISTINCT now, i.id,
    {WHO_WROTE}, i.followers FROM picked JOIN identity i ON i.id = picked.identity_id) each_one GROUP BY 2
    UNION ALL SELECT 'writers', 1 = 1, CAST(day AS text), '', count(DISTINCT who), sum(followers) FROM (SELECT DISTINCT
    hour / 24 AS day, i.id, {WHO_WROTE}, i.followers FROM picked JOIN identity i ON i.id = picked.identity_id) each_one
    GROUP BY 3"""
WRITERS = f"""WITH found AS MATERIALIZED (SELECT m.identity_id, count(DISTINCT m.id) AS messages,
    sum(CASE WHEN m.sentiment = 'negative' THEN 1 ELSE 0 END) AS negative, sum({{likes}}) AS likes {ABOUT}
    AND NOT m.erased
    AND m.posted_at >= :since AND m.posted_at < :until AND m.visibility <> 'private' GROUP BY m.identity_id),
    each_one AS MATERIALIZED (SELECT {WHO_WROTE}, i.id, i.platform, i.handle, i.name, i.url, i.followers, i.contact_id,
    found.messages, found.negative, found.likes FROM found JOIN identity i ON i.id = found.identity_id)
    SELECT each_one.* FROM (SELECT who, sum(messages) AS most FROM each_one GROUP BY who ORDER BY most DESC LIMIT 10)
    busiest JOIN each_one ON each_one.who = busiest.who UNION ALL
    SELECT each_one.* FROM (SELECT who, sum(followers) AS most FROM each_one GROUP BY who
    ORDER BY coalesce(sum(followers), 0) DESC LIMIT 10) widest JOIN each_one ON each_one.who = widest.who"""
REPORT = (
    "SELECT * FROM subject WHERE id = :subject",
    COUNTED,
    WRITERS,
    f"""SELECT m.id, m.conversation_id, m.key, m.platform, m.kind, m.text, m.url, m.posted_at, m.sentiment,
    m.language, i.handle, i.name, i.followers, best.likes
    FROM (SELECT DISTINCT m.id, m.posted_at, {{likes}} AS likes {ABOUT} AND NOT m.erased
    AND m.posted_at >= :since AND m.posted_at < :until AND m.visibility <> 'private' AND m.deleted_at IS NULL
    ORDER BY likes DESC, m.posted_at DESC LIMIT 10) best JOIN message m ON m.id = best.id
    LEFT JOIN identity i ON i.id = m.identity_id ORDER BY best.likes DESC""",
    """SELECT subject_id, now, sentiment, count(*) FROM (SELECT DISTINCT q.subject_id, m.id, m.sentiment,
    m.posted_at >= :since AS now
    FROM message m JOIN hit h ON h.message_id = m.id JOIN query q ON q.id = h.query_id
    WHERE NOT m.erased AND m.posted_at >= :before AND m.posted_at < :until) each_one GROUP BY 1, 2, 3""",
)


def everyday(session: Session, rng: random.Random, number: int) -> list[dict[str, Any]]:
    """The list as one agent sees it, again and again."""
    s = db.table(Seen)
    me = session.execute(sa.select(s.c.author).order_by(s.c.author).limit(1)).scalar_one()
    fortnight = bulk.stamp()((db.now() - timedelta(days=14)).replace(hour=0, minute=0, second=0, microsecond=0))
    return [{"me": me, "fortnight": fortnight}] * number


def opened(session: Session, rng: random.Random, number: int) -> list[dict[str, Any]]:
    """Conversations and their customers as they are opened: where messages come in, there one looks."""
    m, daily = db.table(Message), everyday(session, rng, 1)[0]
    newest = session.execute(sa.select(sa.func.max(m.c.id))).scalar_one()
    found: list[dict[str, Any]] = []
    while len(found) < number:
        query = sa.select(m.c.conversation_id, m.c.identity_id).where(
            m.c.id == rng.randrange(1, newest + 1), m.c.direction == "inbound", m.c.origin == "inbox"
        )
        if row := session.execute(query).first():
            values = {
                "conversation": row.conversation_id,
                "person": row.identity_id,
                "subject": f"identity:{row.identity_id}",
            }
            found.append({**daily, **values})
    return found


def _writers(session: Session, rng: random.Random, number: int) -> list[dict[str, Any]]:
    """People whose pages cost most: some of the thousand who wrote most."""
    m, daily = db.table(Message), everyday(session, rng, 1)[0]
    inbound = sa.select(m.c.identity_id).where(m.c.direction == "inbound").group_by(m.c.identity_id)
    often = session.execute(inbound.order_by(sa.func.count().desc()).limit(1000)).scalars().all()
    return [{**daily, "person": one, "subject": f"identity:{one}"} for one in rng.choices(often, k=number)]


def _subjects(session: Session, rng: random.Random, number: int) -> list[dict[str, Any]]:
    """The report on the last 30 days of one subject after the other."""
    stamp, today = bulk.stamp(), db.now().replace(hour=0, minute=0, second=0, microsecond=0)
    days = {
        "since": today - timedelta(days=29),
        "before": today - timedelta(days=59),
        "until": today + timedelta(days=1),
    }
    known = session.execute(sa.select(sa.func.count()).select_from(db.table(Subject))).scalar_one()
    return [{"subject": n % known + 1, **{name: stamp(day) for name, day in days.items()}} for n in range(number)]


CASES = (
    Case("list", "agent", "/inbox", (WHO, *LIST), everyday),
    Case(
        "thread",
        "agent",
        "/inbox/{conversation}",
        (WHO, *LIST, *THREAD, *WORK, *PERSON, HISTORY.replace("{limit}", "9")),
        opened,
    ),
    Case("report", "marketer", "/reports/{subject}", (WHO, *REPORT), _subjects),
    Case("person", "agent", "/people/{person}", (WHO, MINE, *PERSON, SAID, HISTORY.replace("{limit}", "21")), _writers),
)
