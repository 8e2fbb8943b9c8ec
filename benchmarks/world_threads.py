"""What is said in the big hub: conversations, their messages, and what colleagues did with them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, repeat
from operator import attrgetter, itemgetter
from typing import Any

from sqlmodel import Session, SQLModel

from benchmarks.world_people import ROLES, SUBJECTS, People
from benchmarks.world_words import Vocabulary
from inbox import search
from inbox.models import Activity, Conversation, ConversationTag, Message, Note, ReplyRow, Seen
from inbox.states import EXCERPT
from listening.models import Hit

YEAR = 365 * 24 * 60
"""Minutes over which everything is spread."""
LONGEST = 60
"""The longest conversation, in multiples of the shortest."""
STATES = (("open", 6), ("pending", 5), ("snoozed", 1), ("closed", 85), ("spam", 3))
SENTIMENTS = (("negative", 3), ("neutral", 4), ("positive", 2), ("unsure", 1))
LABELS = ("delivery", "refund", "quality", "praise", "question")
TAGS = ("warranty", "goodwill", "press", "training", "check-again")
HASHTAGS = tuple(f"topic{number}" for number in range(60))
AGENTS = tuple(f"user:{number}" for number, role in enumerate(ROLES, 1) if role == "agent")


@dataclass
class Line:
    """One message before it has a number."""

    thread: Thread
    at: datetime
    author: int | None
    """Identity; None is one of us."""
    text: str
    tokens: str
    sentiment: str
    subjects: list[int]
    number: int = 0
    parent: Line | None = None


@dataclass
class Thread:
    """One conversation with its messages in order."""

    number: int
    account: int
    platform: str
    private: bool
    inbox: bool
    state: str
    customer: int
    language: str
    lines: list[Line] = field(default_factory=list)

    @property
    def heard(self) -> list[Line]:
        """What others wrote."""
        return [line for line in self.lines if line.author is not None]

    @property
    def said(self) -> list[Line]:
        """What we answered."""
        return [line for line in self.lines if line.author is None]


@dataclass
class Plan:
    """Everything that is said; `lines` in the order of time, which is the order of their numbers."""

    threads: list[Thread]
    lines: list[Line]


def plan(
    rng: random.Random,
    conversations: int,
    messages: int,
    people: People,
    accounts: Sequence[tuple[int, str]],
    moment: datetime,
) -> Plan:
    """Who talks with which account, when, and how long."""
    sizes, vocabulary = _sizes(rng, conversations, messages), Vocabulary(rng)
    writers = {platform: _writers(rng, people, platform) for _, platform in accounts}
    begins = sorted((rng.random() ** 1.2) * YEAR for _ in range(conversations))[::-1]
    threads = []
    for number, (size, begin) in enumerate(zip(sizes, begins, strict=True), 1):
        account, platform = rng.choice(accounts)
        thread = _thread(rng, number, account, platform, writers[platform](), people)
        _talk(rng, thread, size, moment - timedelta(minutes=begin), moment, writers[platform], vocabulary)
        threads.append(thread)
    lines = sorted(chain.from_iterable(map(attrgetter("lines"), threads)), key=attrgetter("at"))
    for number, line in enumerate(lines, 1):
        line.number = number
    return Plan(threads, lines)


def _sizes(rng: random.Random, conversations: int, messages: int) -> list[int]:
    """How many messages each conversation has: many short ones, a few with hundreds; exactly `messages` together."""
    weights = [min(rng.paretovariate(1.4), LONGEST) for _ in range(conversations)]
    scale = (messages - conversations) / sum(weights)
    sizes = [1 + int(weight * scale) for weight in weights]
    for place in rng.choices(range(conversations), k=messages - sum(sizes)):
        sizes[place] += 1
    return sizes


def _writers(rng: random.Random, people: People, platform: str) -> Any:
    """A function that draws somebody of a platform; few write often."""
    there = [one for one, where in zip(people.ids, people.platforms, strict=True) if where == platform]
    rng.shuffle(there)
    return lambda: there[int(rng.random() ** 2 * len(there))]


def _thread(rng: random.Random, number: int, account: int, platform: str, customer: int, people: People) -> Thread:
    inbox = rng.random() < 0.85
    private = inbox and (platform in ("telegram", "archive") or rng.random() < 0.15)
    state = _pick(rng, STATES) if inbox else "closed"
    language = people.languages[customer - people.ids.start]
    return Thread(number, account, platform, private, inbox, state, customer, language)


def _pick(rng: random.Random, table: Sequence[tuple[str, int]]) -> str:
    return rng.choices([name for name, _ in table], [weight for _, weight in table])[0]


def _talk(
    rng: random.Random, thread: Thread, size: int, at: datetime, latest: datetime, others: Any, words: Vocabulary
) -> None:
    subject = rng.randrange(1, len(SUBJECTS) + 1) if rng.random() < 0.6 else 0
    waits = thread.state == "open"
    for place in range(size):
        ours = thread.inbox and place > 0 and rng.random() < 0.35 and not (waits and place == size - 1)
        author = None if ours else thread.customer if thread.private or rng.random() < 0.7 else others()
        text, tokens = words.text(thread.language)
        subjects = [subject] if subject and author is not None and rng.random() < 0.5 else []
        sentiment = "" if ours else _pick(rng, SENTIMENTS)
        parent = rng.choice(thread.lines[-4:]) if thread.lines and not thread.private else None
        thread.lines.append(Line(thread, min(at, latest), author, text, tokens, sentiment, subjects, 0, parent))
        at += timedelta(seconds=rng.expovariate(1 / 3600))


def tables(rng: random.Random, plan: Plan, moment: datetime) -> Iterator[tuple[type[SQLModel], dict[str, Any]]]:
    """Every table of this part, in the order of writing."""
    yield Conversation, _conversations(rng, plan.threads, moment)
    yield Message, _messages(rng, plan.lines)
    yield ReplyRow, _replies(rng, [line for line in plan.lines if line.author is None])
    yield Hit, _hits(plan.lines)
    desk = [thread for thread in plan.threads if thread.inbox]
    tagged = sorted({(thread.number, rng.choice(TAGS)) for thread in desk for _ in range(2) if rng.random() < 0.2})
    yield ConversationTag, {"conversation_id": map(itemgetter(0), tagged), "tag": map(itemgetter(1), tagged)}
    yield Note, _notes(rng, desk)
    yield Activity, _activities(rng, desk)
    yield Seen, _seen(rng, desk)


def index(session: Session, plan: Plan) -> None:
    """The full-text index."""
    search.add(session, ((line.number, line.tokens) for line in plan.lines))


def _conversations(rng: random.Random, threads: Sequence[Thread], moment: datetime) -> dict[str, Any]:
    heard, said = [thread.heard for thread in threads], [thread.said for thread in threads]
    waits = [thread.state == "open" for thread in threads]
    return {
        "account_id": map(attrgetter("account"), threads),
        "platform": map(attrgetter("platform"), threads),
        "thread_key": [_key(thread.lines[0]) for thread in threads],
        "private": map(attrgetter("private"), threads),
        "inbox": map(attrgetter("inbox"), threads),
        "state": map(attrgetter("state"), threads),
        "snoozed_until": [moment + timedelta(hours=9) if one.state == "snoozed" else None for one in threads],
        "closed_at": [one.lines[-1].at if one.state == "closed" and one.inbox else None for one in threads],
        "identity_id": map(attrgetter("customer"), threads),
        "excerpt": [lines[-1].text[:EXCERPT] for lines in heard],
        "messages": [len(one.lines) for one in threads],
        "first_at": [one.lines[0].at for one in threads],
        "last_at": [one.lines[-1].at for one in threads],
        "last_inbound_at": [lines[-1].at for lines in heard],
        "last_outbound_at": [lines[-1].at if lines else None for lines in said],
        "waiting_since": [lines[-1].at if wait else None for lines, wait in zip(heard, waits, strict=True)],
        "first_reply_at": [lines[0].at if lines else None for lines in said],
        "sentiment": [lines[-1].sentiment for lines in heard],
        "language": map(attrgetter("language"), threads),
        "labels": [[rng.choice(LABELS)] if rng.random() < 0.4 else [] for _ in threads],
        "assignee": [rng.choice(AGENTS) if one.inbox and rng.random() < 0.6 else "" for one in threads],
    }


def _key(line: Line) -> str:
    return f"{line.thread.platform}:https://social.example/users/u/statuses/{line.number}"


def _messages(rng: random.Random, lines: Sequence[Line]) -> dict[str, Any]:
    public, private = ("mention", "reply"), ("dm", "dm")
    return {
        "key": map(_key, lines),
        "account_id": [line.thread.account for line in lines],
        "platform": [line.thread.platform for line in lines],
        "kind": [(private if line.thread.private else public)[line.parent is not None] for line in lines],
        "direction": ["outbound" if line.author is None else "inbound" for line in lines],
        "origin": ["inbox" if line.thread.inbox else "listening" for line in lines],
        "conversation_id": [line.thread.number for line in lines],
        "identity_id": [line.thread.account if line.author is None else line.author for line in lines],
        "parent_key": [_key(line.parent) if line.parent is not None else None for line in lines],
        "text": map(attrgetter("text"), lines),
        "url": [f"https://social.example/@u/{line.number}" for line in lines],
        "ref": [f'{{"id":"{line.number}"}}' for line in lines],
        "visibility": ["private" if line.thread.private else "public" for line in lines],
        "posted_at": map(attrgetter("at"), lines),
        "stored_at": map(attrgetter("at"), lines),
        "hashtags": [[rng.choice(HASHTAGS)] if rng.random() < 0.2 else [] for _ in lines],
        "counts": [{"likes": int(rng.paretovariate(1)), "reposts": 0, "replies": 1} for _ in lines],
        "raw": [{"id": str(line.number), "visibility": "public"} for line in lines],
        "language": [line.thread.language for line in lines],
        "sentiment": map(attrgetter("sentiment"), lines),
        "hits": map(attrgetter("subjects"), lines),
    }


def _replies(rng: random.Random, lines: Sequence[Line]) -> dict[str, Any]:
    return {
        "key": [f"reply-{line.number}" for line in lines],
        "conversation_id": [line.thread.number for line in lines],
        "text": map(attrgetter("text"), lines),
        "visibility": ["private" if line.thread.private else "public" for line in lines],
        "author": [rng.choice(AGENTS) for _ in lines],
        "state": repeat("sent"),
        "message_id": map(attrgetter("number"), lines),
        "attempts": repeat(1),
        "send_at": map(attrgetter("at"), lines),
        "created_at": map(attrgetter("at"), lines),
        "sent_at": map(attrgetter("at"), lines),
    }


def _hits(lines: Sequence[Line]) -> dict[str, Any]:
    pairs = sorted((2 * one - 1, line.number) for line in lines for one in line.subjects)
    return {"query_id": map(itemgetter(0), pairs), "message_id": map(itemgetter(1), pairs)}


def _notes(rng: random.Random, desk: Sequence[Thread]) -> dict[str, Any]:
    noted = [thread for thread in desk if rng.random() < 0.3]
    return {
        "conversation_id": map(attrgetter("number"), noted),
        "author": [rng.choice(AGENTS) for _ in noted],
        "text": repeat("Batch 118 is known, the part is changed for free. Express is fine up to 40."),
        "at": [thread.lines[-1].at for thread in noted],
    }


def _activities(rng: random.Random, desk: Sequence[Thread]) -> dict[str, Any]:
    done = [(thread, "assigned") for thread in desk if rng.random() < 0.6]
    done += [(thread, "closed") for thread in desk if thread.state == "closed"]
    agents = [rng.choice(AGENTS) for _ in done]
    return {
        "conversation_id": [thread.number for thread, _ in done],
        "at": [thread.lines[-1].at for thread, _ in done],
        "actor": agents,
        "what": [what for _, what in done],
        "detail": [
            {"assignee": one} if what == "assigned" else {} for (_, what), one in zip(done, agents, strict=True)
        ],
    }


def _seen(rng: random.Random, desk: Sequence[Thread]) -> dict[str, Any]:
    pairs = [(thread, agent) for thread in desk for agent in rng.sample(AGENTS, 2)]
    return {
        "conversation_id": [thread.number for thread, _ in pairs],
        "author": [agent for _, agent in pairs],
        "at": [thread.lines[-1].at for thread, _ in pairs],
    }
