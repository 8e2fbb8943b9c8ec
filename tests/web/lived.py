"""A small hub in which there is something of everything, and the addresses of all its pages.

Whatever people wrote or are called stands in Cyrillic letters: what is left in Latin ones is the product's own.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from core import db, outbox, webhook
from core.event import Attachment, Author, Bad, Event, Link, Page, Profile
from enrichment import contacts
from enrichment.behaviour import intake, keys
from enrichment.behaviour.models import CustomerKey
from enrichment.match import Evidence
from enrichment.models import CrmConnection, CrmRecord, MatchLink, SyncRun, SyncState
from enrichment.segments import activation, conditions
from enrichment.segments import store as segments
from enrichment.segments.models import ActivationRun
from inbox import (
    accounts,
    approvals,
    attachments,
    clocks,
    consent,
    desk,
    drafts,
    facts,
    forwards,
    ingest,
    macros,
    notes,
    notices,
    policies,
    replies,
    rules,
    ruling,
    saved,
    teams,
    views,
    watching,
)
from inbox.actions import Action
from inbox.approvals import Decision
from inbox.conditions import tree
from inbox.fields import store as fields
from inbox.fields import values
from inbox.many.models import BulkItem, BulkJob
from inbox.models import Contact, Feed, Identity, Message
from inbox.narrowing import Filter
from inbox.notices import Notice
from inbox.translation_models import Translation, Translator
from listening import hits, shares, subjects
from sentiment import corrections, labels, passes, speed
from sentiment.examples import store as examples
from sentiment.models import AnnotationRow
from sentiment.themes.models import Theme
from tests import photos
from tests.inbox.surveys.made import rated
from web import auth, roles, tokens
from web.outgoing import store as webhooks
from web.outgoing import tasks as outgoing
from web.outgoing.events import TYPES
from web.outgoing.models import Endpoint, Told
from web.permissions import ROLES, granted
from web.signin import provider
from web.signin.models import OidcLink, Passkey

made: dict[str, str] = {}
"""What is only known once it is made: the `token` of a shared report."""
PASSWORD = "several quiet words"
CONTACT = "01J" + "0" * 23
KIM = Author(
    platform="mastodon", id="https://а.example/ким", handle="@ким@а.example", name="Ким Ли", bio="Поезда и кофе",
    url="https://a.example/1", location="Осло", followers=1234, language="de",
    links=(Link(url="https://site.example/1", label="Сайт", verified=True),),
)  # fmt: skip
TWIN = Author(platform="bluesky", id="did:plc:2", handle="ким.example", name="Ким Ли", followers=12)
OTHER = Author(platform="mastodon", id="https://б.example/ян", handle="@ян@б.example", name="Ян Новак")


def everything() -> None:
    """Fill a fresh database: accounts, threads in public and private, desk work, people, CRM, listening, trouble."""
    for role in ("admin", "agent", "marketer", "dpo"):
        with db.write() as session:
            if auth.find(session, f"{role}@demo.example") is None:
                auth.create_user(session, f"{role}@demo.example", "Вера" if role == "admin" else "Олег", PASSWORD, role)
    first, second = _accounts()
    _messages(first, second)
    _rated()
    _desk()
    _people()
    _behaviour()
    _listening()
    _trouble(first)
    _programs()
    _doors()
    with db.write() as session:
        roles.save(session, None, roles.Wanted("Ночная смена", ["messages.read", "views.keep"]), "user:1")


def _accounts() -> tuple[int, int]:
    with db.write() as session:
        made = [
            accounts.add(
                session, platform=platform, profile=Profile(author=Author(platform=platform, id=handle, handle=handle)),
                base_url="", secrets={"token": "t"}, feeds=("notifications", "conversations"),
            )
            for platform, handle in (("mastodon", "@бренд@а.example"), ("bluesky", "бренд.example"))
        ]  # fmt: skip
        session.execute(sa.update(db.table(Feed)).values(error="Так нельзя.").where(db.table(Feed).c.id == 2))
        return made[0], made[1]


def said(key: str, text: str, *, minutes: int = 0, **changes: Any) -> Event:
    """One message."""
    values: dict[str, Any] = {
        "key": key, "platform": "mastodon", "kind": "mention", "author": KIM, "text": text, "ref": key,
        "language": "de",
        "posted_at": db.now() - timedelta(minutes=minutes), "counts": {"likes": 3, "reposts": 1, "replies": 2},
        "url": f"https://a.example/{key.replace(':', '/')}",
    }  # fmt: skip
    return Event(**(values | changes))


def _messages(first: int, second: int) -> None:
    moment = db.now()
    thread = {"thread_key": "m:1"}
    picture = Attachment(kind="image", url="https://pictures.example/1.png", alt="Лужа под краном")
    ingest.store_page(first, Page(events=(
        said("m:0", "Наш новый кофе.", minutes=4000, kind="post", direction="outbound", author=None, **thread),
        said("m:1", "Кран течёт.", minutes=3000, parent_key="m:0", hashtags=("кофе",), attachments=(picture,),
             **thread),
        said("m:2", "У меня тоже.", minutes=2900, kind="reply", author=OTHER, parent_key="m:1", **thread),
        said("m:3", "Я удалю это.", minutes=2800, kind="reply", parent_key="m:1", **thread),
        said("m:4", "Как они пишут.", minutes=2700, kind="quote", author=OTHER, parent_key="m:1", language="ja",
             **thread),
        said("m:5", "", minutes=2650, kind="unsupported", parent_key="m:1", **thread),
        said("m:6", "Номер семь.", minutes=90, kind="dm", visibility="private", parent_key="m:1", **thread),
        said("x:1", "Спасибо!", minutes=50, subject="Осторожно", author=OTHER, language="ja"),
        said("x:2", "Подписка", minutes=45, kind="follow", author=OTHER),
        *[said(f"y:{n}", f"Вопрос {n}", minutes=100 + 700 * n, attachments=(picture,) * (n == 4)) for n in range(12)],
    )))  # fmt: skip
    edit = {"minutes": 3000, "edited_at": moment, "parent_key": "m:0", "hashtags": ("кофе",), "attachments": (picture,)}
    ingest.store_page(first, Page(events=(
        said("m:1", "Кран всё ещё течёт.", **edit, **thread),
        Event(key="m:3", platform="mastodon", kind="reply", action="delete", posted_at=moment),
    )))  # fmt: skip
    ingest.store_page(second, Page(events=(
        said("b:1", "А у вас?", platform="bluesky", author=TWIN, minutes=60, language="en"),
        said("b:2", "Чужое.", platform="bluesky", author=TWIN, minutes=61, kind="post", origin="listening"),
        said("b:3", "Давно.", platform="bluesky", author=None, minutes=90_000, origin="archive"),
    )))  # fmt: skip
    m = db.table(Message)
    with db.write() as session:
        found = session.execute(sa.select(m.c.id).where(m.c.direction == "inbound").order_by(m.c.id)).scalars().all()
        moods = ("negative", "neutral", "positive", "mixed", "unsure", "")
        facts.set(
            session,
            {one: {"sentiment": moods[n % 6], "intent": "question", "labels": []} for n, one in enumerate(found)},
        )


def _rated() -> None:
    m = db.table(Message)
    with db.write() as session:
        rows = session.execute(sa.select(m).where(m.c.direction == "inbound", m.c.text != "")).all()
        for row in rows:
            if row.sentiment in ("negative", "neutral", "positive", "unsure"):
                said = {"language": row.language or "und", "sentiment": row.sentiment, "at": db.now()}
                session.add(AnnotationRow(
                    message_id=row.id, message_version=row.version, model="lexicon", model_version="1",
                    p_neg=0.2, p_neu=0.2, p_pos=0.6, **said,
                ))  # fmt: skip
        facts.set(session, {message("m:1"): {"urgency": "high", "emotion": "anger", "offensive": True}})
        corrections.correct(session, message("m:1"), "sentiment", "negative", "user:2")
        session.add(Translator(provider="libretranslate", url="https://words.example", sources=["de", "ja"],
                               targets=["de", "en", "ja"], private=True, checked_at=db.now()))  # fmt: skip
        for target in ("de", "en", "ja"):
            session.add(Translation(message_id=message("m:4"), target=target, provider="libretranslate", version=1,
                                    source="ja", text="Переведено.", at=db.now()))  # fmt: skip
        speed.note(session, "lexicon", 1000, 2.0)
        passes.begin(session, "user:1")


def _programs() -> None:
    with db.write() as session:
        for user in (1, 2):
            tokens.make(session, user, "Мост", ["messages.read"], granted("agent"), 30, "test")
        tokens.revoke(session, 2, "user:1")
        for n in range(3):
            webhooks.add(session, f"https://receiver.example/{n}", TYPES, "all", "user:1")
            for _ in range(n):
                webhooks.test(session, n + 1, "user:1")
        t, e, moment = db.table(Told), db.table(Endpoint), db.now()
        values = {"state": "failed", "status": 500, "tries": 10, "answer": "Сломалось", "tried_at": moment}
        took = {"at": moment.isoformat(), "status": 500, "milliseconds": 30_000, "answer": "Сломалось"}
        values |= {"attempts": [took, took | {"status": 0, "answer": webhook.SILENT}]}
        session.execute(sa.update(t).where(t.c.id == 1).values(**values))
        session.execute(sa.update(t).where(t.c.id == 2).values(state="delivered", status=204, milliseconds=31))
        session.execute(sa.update(e).where(e.c.id == 2).values(error="500", failing_since=moment))
        session.execute(sa.update(e).where(e.c.id == 3).values(state="disabled", error=outgoing.TIRED))


def _doors() -> None:
    with db.write() as session:
        for user in (1, 2):
            key = {"public_key": "", "name": "Ключ", "sign_count": 0, "transports": [], "made_at": db.now()}
            session.add(Passkey(user_id=user, credential=f"x{user}", **key))
        wanted = provider.Wanted("https://login.example", "c", "s", "Норд", "agent", "а.example", enabled=False)
        provider.save(session, wanted, ROLES, "user:1")
        session.add(OidcLink(issuer="https://login.example", sub="1", user_id=2, made_at=db.now()))


def talk(key: str) -> int:
    """The conversation of a message."""
    m = db.table(Message)
    with db.read() as session:
        return int(session.execute(sa.select(m.c.conversation_id).where(m.c.key == key)).scalar_one())


def message(key: str) -> int:
    """The number of a message."""
    m = db.table(Message)
    with db.read() as session:
        return int(session.execute(sa.select(m.c.id).where(m.c.key == key)).scalar_one())


def _desk() -> None:
    one = talk("m:1")
    with db.write() as session:
        for n, state in enumerate(("failed", "unknown", "cancelled", "queued")):
            row = int(replies.queue(session, one, f"Ответ {n}", author="user:1", undo_seconds=60).id or 0)
            if state in ("failed", "unknown"):
                replies.mark(session, row, state, "Платформа говорит: нет.")
            elif state == "cancelled":
                replies.undo(session, row, "user:1")
        asking = {"author": "user:2", "approval": "asked"}
        asked = [int(replies.queue(session, one, f"Можно? {n}", **asking).id or 0) for n in range(3)]
        approvals.reject(session, asked[0], "user:1", "Слишком резко")
        approvals.approve(session, asked[1], "user:1", Decision("Можно и так", sure=True))
        replies.mark(session, asked[1], "held", "")
        sent = forwards.add(session, one, forwards.Wanted(["a@mail.example"], "Смотри", "Посмотри сюда"), "user:1", "x")
        forwards.set_state(session, sent[0], "failed", "550 Нет")
        tagged = [{"do": "tag", "value": "гарантия"}]
        many = BulkJob(actor="user:1", deeds=tagged, state="done", total=3, changed=1, left=2, made_at=db.now())
        session.add(many)
        session.flush()
        for number, state, why in (
            (one, "changed", ""),
            (987654, "left", "Нет"),
            (987655, "left", "Somebody changed it since."),
        ):
            item = BulkItem(job_id=many.id, conversation_id=number, state=state, reason=why)
            session.add(item)
        for actor in ("user:1", "rule:гарантия", "system"):
            desk.tag(session, one, f"гарантия {actor[0]}", actor)
        desk.assign(session, one, "user:2", "user:1")
        wanted = teams.Wanted(
            "Поддержка", "Europe/Berlin", {"0": [["09:00", "17:00"]]}, [{"day": "2026-12-25", "name": "Праздник"}],
            "load", {"user:1": 3, "user:2": 0},
        )  # fmt: skip
        teams.save(session, None, wanted, "user:1")
        for number in (one, talk("y:4")):
            desk.set_team(session, number, 1, "user:2")
        urgent = tree.read({"match": "all", "of": [{"field": "team", "op": "is", "value": "1"}]})
        promised = policies.Wanted("Обещание", urgent, first_reply=60, next_reply=60, resolution=600)
        policies.save(session, None, promised, "user:1")
        rated(session, talk("y:4"), "Опрос", "Хорошо")
        clocks.count(session, [one, talk("y:4")])
        desk.set_priority(session, one, "urgent", "user:2")
        desk.set_type(session, one, "problem", "user:2")
        desk.set_type(session, one, "", "user:2")
        desk.assign(session, talk("x:2"), "user:2", "rule:assignment")
        desk.close(session, talk("y:1"), "user:2")
        desk.snooze(session, talk("y:2"), db.now() + timedelta(days=1), "user:2")
        desk.spam(session, talk("y:3"), "user:2")
        desk.assign(session, talk("y:4"), "user:1", "user:1")
        notes.add(session, conversation_id=one, author="user:2", text="Партия известна.")
        notes.add(session, conversation_id=one, author="user:1", text="@Олег: взгляни.", mentions={"user:2": "Олег"})
        there, pixels = talk("y:4"), photos.png()
        attached = attachments.add(session, there, "user:2", "Счёт & <цена>", b"%PDF-1.7")
        notes.add(session, conversation_id=there, author="user:2", text="Вот счёт.", attached=[attached])
        attachments.keep_picture(session, there, message("y:4"), 0, pixels)
        notices.add(session, [Notice("user:1", kind, one, kind, "user:2") for kind in notices.KINDS])
        watching.watch(session, one, "user:2")
        drafts.save(session, "user:1", talk("x:1"), "public", "Пока не всё")
        attachments.add(session, talk("x:1"), "user:1", "Снимок", pixels)
        attachments.add(session, talk("x:1"), "user:1", "Счёт", b"%PDF-1.7")
        texts = {"de": "Привет {first_name}", "ja": "Привет", "en": "Привет {first_name}"}
        said = {"field": "words", "op": "has", "value": "партия"}
        late = tree.read({"match": "any", "of": [{"field": "waiting", "op": "yes"}, said]})
        deeds = [Action("tag", "гарантия"), Action("note", "Привет"), Action("priority", "high")]
        macros.save(session, None, "Гарантия", deeds, "user:1", shared=["all"])
        number = rules.save(
            session, None, name="Ждут", trigger="message", asked=late, deeds=deeds, last=True, actor="user:1"
        )
        rules.switch(session, number, "user:1", on=True)
        ruling.run(session, [ruling.Happened("message:1", one, db.now(), ("message",), heard=False)])
        views.save(session, "Мои ждут", Filter(), late, "user:1", ["agent"])
        named = {"en": "Причина", "de": "Причина", "ja": "Причина"}
        asked = fields.Wanted("conversation", "choice", named, named, {one: ["Брак", "Опоздание"] for one in named})
        values.put(session, one, fields.save(session, None, asked, "user:1"), "o1", "user:2")
        for subject in ("conversation", "person"):
            for kind in ("text", "flag", "several"):
                called = {"en": f"Поле {kind[0]}".replace("t", "т").replace("f", "ф").replace("s", "с")}
                options = {"en": ["Брак", "Опоздание"]}
                fields.save(session, None, fields.Wanted(subject, kind, called, options=options), "user:1")
        saved.save(session, None, name="Посылка в пути", shortcut="посылка", texts=texts, actor="user:1")


def who(handle: str) -> int:
    """The identity with this handle."""
    i = db.table(Identity)
    with db.read() as session:
        return int(session.execute(sa.select(i.c.id).where(i.c.handle == handle)).scalar_one())


def _people() -> None:
    moment, kim, twin, other = db.now(), who(KIM.handle), who(TWIN.handle), who(OTHER.handle)
    evidence = [
        Evidence("handle", "the CRM names this very account", 0.9).row(),
        Evidence("name_full", "the same name", 0.3).row(),
        Evidence("other_handle", "the CRM names another account here", supports=False).row(),
    ]
    with db.write() as session:
        session.add(Contact(id=CONTACT, name="Ким Ли", created_at=moment))
        session.add(CrmConnection(url="https://org.example", client_id="c", secret="", pulled_at=moment))
        for n, name in enumerate(("Ким Ли", "Ян Новак"), 1):
            session.add(CrmRecord(
                record_id=f"003{n:015d}", object="Contact", name=name, last_name=name, emails=["k@mail.example"],
                company="Гончарня", modified=moment, contact_id=CONTACT if n == 1 else None,
            ))  # fmt: skip
        session.flush()
        for identity, record, tier, decision in (
            (kim, 1, "A", "auto"),
            (twin, 1, "B", "review"),
            (other, 2, "B", "review"),
        ):
            session.add(MatchLink(
                identity_id=identity, crm_record_id=record, contact_id=CONTACT if decision == "auto" else None,
                tier=tier, score=0.91, decision=decision, evidence=evidence, rules="1", at=moment,
            ))  # fmt: skip
        session.execute(sa.update(db.table(Identity)).where(db.table(Identity).c.id == kim).values(contact_id=CONTACT))
        contacts.refresh(session, [kim])
        session.add(SyncState(kind="profile", hub_id="h1", state="synced", record_id="a01", at=moment, identity_id=kim))
        session.add(
            SyncState(kind="interaction", hub_id="h2", state="quarantined", code="ПОЛЕ", message="Нет.", at=moment)
        )
        session.add(SyncRun(kind="send", hour=moment.replace(minute=0, second=0, microsecond=0), batches=2, created=3))
        notes.add(session, identity_id=kim, author="user:2", text="Любит поезда.")
        consent.object_to(session, f"identity:{other}", "crm_sync", "web", "user:1")


def _behaviour() -> None:
    with db.write() as session:
        consent.switch(session, "behaviour", enabled=True, basis="contract", actor="user:1")
        key, _ = keys.make(session, "Лавка", "user:1")
        old, _ = keys.make(session, "Старая лавка", "user:1")
        keys.revoke(session, old, "user:1")
        session.add(CustomerKey(
            kind="user", value="у1", contact_id=CONTACT, source=f"key:{key}", at=db.now()
        ))  # fmt: skip
    moment = db.now()
    line = {"sku": "Ч-1", "name": "Чайник", "quantity": 2, "price": "29.99"}
    order = {
        "order_id": "О-1001", "total": 59.98, "currency": "EUR", "affiliation": "Лавка", "products": [line],
        "shipping_address": {"street": "Улица 1", "city": "Осло", "country": "Норвегия"},
    }  # fmt: skip
    with db.write() as session:
        group = conditions.read({"match": "any", "of": [
            {"match": "all", "of": [
                {"field": "platform", "op": "is", "value": "mastodon"},
                {"field": "negative_share", "op": "at_least", "value": "20"},
            ]},
            {"match": "all", "of": [
                {"field": "order_value", "op": "at_least", "value": "20.5", "currency": "EUR", "days": 365},
                {"field": "order_state", "op": "is_not", "value": "cancelled"},
                {"field": "last_message", "op": "within", "value": "30"},
            ]},
        ]})  # fmt: skip
        number = segments.save(session, "Чаепития", group, "user:1")
        activation.add(session, number, "https://receiver.example/1", "user:1")
        session.add(ActivationRun(activation_id=1, at=db.now(), added=3, removed=1))
    intake.take(key, [
        {"type": "identify", "messageId": "1", "userId": "у1", "traits": {"interests": ["Поезда"], "cvv": "1"}},
        {"type": "track", "messageId": "2", "userId": "у1", "event": "Order Completed", "properties": order,
         "timestamp": (moment - timedelta(days=3)).isoformat()},
        {"type": "track", "messageId": "3", "userId": "у1", "event": "Order Refunded",
         "properties": {"order_id": "О-1001", "total": 10}},
        {"type": "track", "messageId": "4", "userId": "у1", "event": "Чайник поставлен", "properties": {"воды": 2}},
    ])  # fmt: skip


def _listening() -> None:
    with db.write() as session:
        for n, (name, kind, words) in enumerate((("Кофе", "brand", "кофе"), ("Чай", "competitor", "вопрос"))):
            subject = subjects.create(session, name, kind)
            subjects.add_query(session, subject, "Имя", words)
            if n:
                subjects.add_query(session, subject, "Ещё", "спасибо")
    with db.write() as session:
        queries, versions = hits.enabled(session)
        hits.keep(session, hits.decide(queries, versions, hits.docs(session)))
        labels.create(session, "Цена", ["дорого"])
        examples.add(session, labels.get(session, "Цена"), [message("y:4"), message("y:5")])
        for number, name in enumerate(("Кофе, чай", "Кран"), 1):
            session.add(Theme(id=number, centroid=bytes(4 * 384), names={"de": name}, terms={}, born_at=db.now()))
        session.flush()
        facts.set(session, {message(f"y:{n}"): {"theme": 1} for n in range(6)})
        made["token"] = shares.share(session, 1, {}, ("admin", "agent", "marketer", "dpo"), "user:1")


def _trouble(account: int) -> None:
    ingest.store_page(account, Page(bad=(Bad(source="уведомления", reason="Поля нет.", raw='{"а": 1}'),)))
    with db.write() as session:
        o = db.table(outbox.OutboxRow)
        session.execute(sa.update(o).where(o.c.id == 1).values(dead=1, reason="Сломалось"))
