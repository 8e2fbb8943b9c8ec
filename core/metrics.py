"""Prometheus figures; names are listed with their meaning in docs/operations.md."""

from __future__ import annotations

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

STORED = Counter("widerhall_messages_stored", "Messages stored for the first time", ["platform"])
REPEATED = Counter("widerhall_messages_repeated", "Messages that came again and changed nothing", ["platform"])
BAD = Counter("widerhall_items_bad", "Items that could not be read and were kept aside", ["source"])
HANDLED = Counter("widerhall_outbox_handled", "Outbox rows settled", ["subscriber", "verdict"])
BATCH = Histogram("widerhall_outbox_batch_seconds", "Seconds to handle and settle one batch", ["subscriber"])
REQUESTS = Counter("widerhall_platform_answers", "Answers of platforms: 2xx, 4xx, 5xx", ["host", "status"])
STREAMS = Gauge("widerhall_live_streams", "Open browser event streams", multiprocess_mode="livesum")


def registry() -> CollectorRegistry:
    """The process's registry."""
    return REGISTRY
