"""Who is told what: every topic of the outbox with its subscribers, as dotted names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Subscriber:
    """One handler and how it is run.

    `batch` rows at most are claimed at once, for `lease` seconds; `parallel` drains may run side by
    side; `queue` is the Celery queue (`io` waits on networks, `cpu` computes). One that names fields in
    `gathers` gets one letter for all items of an `emit`: {field: [its value in each item]}.
    """

    name: str
    batch: int = 200
    lease: float = 60.0
    parallel: int = 1
    queue: str = "cpu"
    gathers: tuple[str, ...] = ()


GATHERED = ("message_id", "version", "reply_id", "conversation_id", "state", "who")
"""What open pages are told of a change."""

TOLD = ("identity_id", "contact_id", "identity_ids", "contact_ids", "answer_id")
"""What programs are told of people and of surveys, beside that."""

SUBSCRIBERS: dict[str, Subscriber] = {
    row.name: row
    for row in (
        Subscriber("sentiment.tasks.annotate"),
        Subscriber("sentiment.reannotate.step", batch=1, lease=300.0),
        Subscriber("sentiment.tasks.forget"),
        Subscriber("sentiment.tasks.wipe"),
        Subscriber("sentiment.themes.tasks.assign"),
        Subscriber("sentiment.themes.tasks.care", batch=1),
        Subscriber("sentiment.themes.tasks.forget"),
        Subscriber("sentiment.examples.tasks.learn", batch=4, lease=120.0),
        Subscriber("sentiment.examples.tasks.forget"),
        Subscriber("sentiment.brands.tasks.learn"),
        Subscriber("sentiment.brands.tasks.judge", batch=4, lease=120.0, gathers=("message_id", "version")),
        Subscriber("sentiment.brands.tasks.forget"),
        Subscriber("inbox.ruling.on_message", gathers=("message_id",)),
        Subscriber("inbox.notices.on_message", batch=20, gathers=("message_id",)),
        Subscriber("inbox.files.sweep"),
        Subscriber("inbox.ruling.on_activity", gathers=("activity_id",)),
        Subscriber("inbox.surveys.sending.on_activity", gathers=("activity_id",)),
        Subscriber("connectors.surveys.invite", batch=20),
        Subscriber("listening.tasks.match"),
        Subscriber("listening.tasks.rematch", batch=4),
        Subscriber("listening.tasks.forget"),
        Subscriber("listening.tasks.forget_person"),
        Subscriber("enrichment.tasks.match"),
        Subscriber("enrichment.tasks.sync_profiles"),
        Subscriber("enrichment.tasks.sync_messages"),
        Subscriber("enrichment.tasks.sync_cases"),
        Subscriber("enrichment.tasks.open_cases"),
        Subscriber("enrichment.tasks.send", batch=2000, queue="io", lease=150.0),
        Subscriber("enrichment.making.sending.make", batch=1, queue="io", lease=120.0),
        Subscriber("enrichment.tasks.bulk", batch=1, queue="io", lease=240.0),
        Subscriber("enrichment.tasks.find_duplicates"),
        Subscriber("enrichment.tasks.pull_crm", batch=1, queue="io", lease=180.0),
        Subscriber("enrichment.tasks.compare", batch=1, queue="io", lease=240.0),
        Subscriber("enrichment.tasks.forget", batch=20, queue="io", lease=150.0),
        Subscriber("enrichment.behaviour.tasks.forget"),
        Subscriber("enrichment.behaviour.tasks.expire", batch=1),
        Subscriber("enrichment.segments.tasks.hand_on", batch=1, queue="io", lease=120.0),
        Subscriber("enrichment.segments.tasks.forget"),
        Subscriber("enrichment.segments.members.compare", batch=1, lease=120.0),
        Subscriber("connectors.tasks.pull", batch=1, queue="io", lease=120.0, parallel=4),
        Subscriber("connectors.tasks.deliver", batch=50, queue="io"),
        Subscriber("connectors.tasks.parents", batch=10, queue="io", lease=90.0),
        Subscriber("connectors.tasks.recheck", batch=1, queue="io", lease=90.0),
        Subscriber("connectors.tasks.send", batch=1, queue="io", lease=120.0, parallel=4),
        Subscriber("inbox.assignment.give", batch=20),
        Subscriber("inbox.clocks.recount", batch=20, gathers=("conversation_id", "message_id")),
        Subscriber("inbox.clocks.again", batch=1),
        Subscriber("web.approving.tell", batch=20),
        Subscriber("web.many.work", batch=1),
        Subscriber("web.live.publish", batch=20, queue="io", gathers=(*GATHERED, "identity_id")),
        Subscriber("web.outgoing.tasks.collect", batch=20, gathers=(*GATHERED, *TOLD)),
        Subscriber("web.notices.push.send", batch=5, queue="io", lease=150.0),
        Subscriber("web.notices.mail.send", batch=1, queue="io", lease=120.0),
        Subscriber("web.notices.letters.send", batch=1, queue="io", lease=120.0),
        Subscriber("web.signin.inviting.answer", batch=20),
        Subscriber("web.outgoing.wanted.call"),
        Subscriber("web.forwarding.send", batch=1, queue="io", lease=120.0),
        Subscriber("web.outgoing.tasks.deliver", batch=1, queue="io", parallel=4),
    )
}

TOPICS: dict[str, tuple[str, ...]] = {
    "message.stored": (
        "sentiment.tasks.annotate",
        "inbox.notices.on_message",
        "inbox.clocks.recount",
        "web.live.publish",
        "web.outgoing.tasks.collect",
    ),
    "session.changed": ("web.live.publish",),
    "message.annotated": (
        "sentiment.themes.tasks.assign",
        "sentiment.brands.tasks.judge",
        "inbox.ruling.on_message",
        "listening.tasks.match",
        "enrichment.tasks.sync_messages",
        "inbox.clocks.recount",
        "web.live.publish",
    ),
    "annotation.stale": ("sentiment.reannotate.step",),
    "message.sorted": ("inbox.ruling.on_message", "listening.tasks.match", "enrichment.tasks.sync_messages"),
    "message.heard": ("inbox.ruling.on_message",),
    "message.deleted": (
        "sentiment.tasks.wipe",
        "sentiment.themes.tasks.forget",
        "sentiment.examples.tasks.forget",
        "sentiment.brands.tasks.forget",
        "listening.tasks.forget",
        "enrichment.tasks.sync_messages",
        "web.live.publish",
        "web.outgoing.tasks.collect",
    ),
    "identity.seen": ("enrichment.tasks.match",),
    "person.changed": ("web.live.publish",),
    "person.linked": ("enrichment.tasks.sync_profiles", "web.live.publish", "web.outgoing.tasks.collect"),
    "person.merged": ("enrichment.tasks.sync_profiles", "web.live.publish", "web.outgoing.tasks.collect"),
    "person.split": ("enrichment.tasks.sync_profiles", "web.live.publish", "web.outgoing.tasks.collect"),
    "person.erased": (
        "sentiment.tasks.forget",
        "sentiment.themes.tasks.forget",
        "sentiment.examples.tasks.forget",
        "sentiment.brands.tasks.forget",
        "listening.tasks.forget_person",
        "enrichment.tasks.forget",
        "enrichment.behaviour.tasks.forget",
        "enrichment.segments.tasks.forget",
        "web.outgoing.tasks.collect",
    ),
    "sync.due": ("enrichment.tasks.send",),
    "sync.singly": ("enrichment.tasks.send",),
    "bulk.due": ("enrichment.tasks.bulk",),
    "label.changed": ("sentiment.examples.tasks.learn",),
    "themes.due": ("sentiment.themes.tasks.care",),
    "record.wanted": ("enrichment.making.sending.make",),
    "record.changed": ("enrichment.tasks.find_duplicates",),
    "reconcile.due": ("enrichment.tasks.compare",),
    "crm.due": ("enrichment.tasks.pull_crm",),
    "subject.changed": ("sentiment.brands.tasks.learn",),
    "query.changed": ("listening.tasks.rematch",),
    "notification.made": ("web.live.publish", "web.notices.push.send"),
    "digest.due": ("web.notices.mail.send",),
    "letter.due": ("web.notices.letters.send",),
    "password.asked": ("web.signin.inviting.answer",),
    "notification.read": ("web.live.publish",),
    "reply.queued": ("connectors.tasks.send",),
    "forward.due": ("web.forwarding.send",),
    "approval.asked": ("web.approving.tell",),
    "reply.changed": ("web.live.publish", "web.outgoing.tasks.collect"),
    "sla.due": (),
    "sla.changed": ("inbox.clocks.again",),
    "conversation.changed": (
        "inbox.clocks.recount",
        "web.live.publish",
        "enrichment.tasks.sync_cases",
        "web.outgoing.tasks.collect",
    ),
    "assign.due": ("inbox.assignment.give",),
    "list.due": ("web.many.work",),
    "activity.recorded": ("inbox.ruling.on_activity", "inbox.surveys.sending.on_activity"),
    "survey.due": ("connectors.surveys.invite",),
    "survey.answered": ("web.outgoing.tasks.collect",),
    "case.wanted": ("enrichment.tasks.open_cases",),
    "webhook.wanted": ("web.outgoing.wanted.call",),
    "segment.due": ("enrichment.segments.members.compare",),
    "behaviour.due": ("enrichment.behaviour.tasks.expire",),
    "activation.due": ("enrichment.segments.tasks.hand_on",),
    "webhook.due": ("web.outgoing.tasks.deliver",),
    "file.unused": ("inbox.files.sweep",),
    "feed.due": ("connectors.tasks.pull",),
    "delivery.received": ("connectors.tasks.deliver",),
    "parent.missing": ("connectors.tasks.parents",),
    "recheck.due": ("connectors.tasks.recheck",),
}
