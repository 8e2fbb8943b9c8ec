"""Is the process up, can it work, and how is it doing: for load balancers and monitoring."""

from __future__ import annotations

import hmac
import ipaddress
import os
from collections.abc import Iterator

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

import migrations
from core import backlog, broker, db, metrics, queue
from core.errors import TryLater
from core.settings import settings

SWEEP_AGE = 10.0
"""Seconds after which a missing sweep means that nobody works."""

router = APIRouter()


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "up"}


@router.get("/readyz")
def readyz() -> JSONResponse:
    """200 when everything this hub needs is there, else 503 with the reasons."""
    reasons = problems()
    return JSONResponse({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)


def problems() -> dict[str, str]:
    """Part → what is wrong with it; empty when all is well."""
    found: dict[str, str] = {}
    try:
        db.ping()
        if migrations.pending(db.engine()):
            found["migrations"] = "The database has an older shape than this code. Run `widerhall migrate`."
    except (TryLater, sa.exc.SQLAlchemyError) as error:
        found["database"] = str(error) if isinstance(error, TryLater) else "The database cannot be read."
    if not broker.alive():
        found["broker"] = "The broker does not answer. Work goes on when it is back; nothing is lost."
    else:
        age = queue.last_sweep()
        if age is None or age > SWEEP_AGE:
            found["sweep"] = "No worker has swept for ten seconds. Start a worker."
    return found


@router.get("/metrics")
def prometheus(request: Request) -> Response:
    """Figures for Prometheus: for this machine without more, for others with the token of the settings."""
    if not may_scrape(request):
        return Response("Set WIDERHALL_METRICS_TOKEN and send it as a bearer token.\n", 403, media_type="text/plain")
    registry = CollectorRegistry()
    registry.register(Backlog())
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder:
        MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]  # it registers itself
        text = generate_latest(registry)
    else:
        text = generate_latest(metrics.registry()) + generate_latest(registry)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def may_scrape(request: Request) -> bool:
    """A loopback client that came through no proxy, or the right token."""
    token = settings().metrics_token
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return True
    proxied = any(name in request.headers for name in ("x-forwarded-for", "forwarded", "via"))
    return not proxied and request.client is not None and _loopback(request.client.host)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


BACKLOG = {
    "widerhall_outbox_waiting": "Outbox rows due or leased",
    "widerhall_outbox_given_up": "Outbox rows given up",
    "widerhall_outbox_paused": "1 when a subscriber is paused",
}
SWEEP = ("widerhall_sweep_age_seconds", "Seconds since the last sweep")


class Backlog(Collector):
    """The outbox as the database has it at this moment, whichever process works on it."""

    def collect(self) -> Iterator[Metric]:
        """Rows waiting and given up, per subscriber, whether it is paused, and the age of the last sweep."""
        families = [GaugeMetricFamily(name, words, labels=["subscriber"]) for name, words in BACKLOG.items()]
        for row in backlog.overview():
            values = (row.due + row.leased, row.dead, 1 if row.paused else 0)
            for family, value in zip(families, values, strict=True):
                family.add_metric([row.subscriber], value)
        yield from families
        age = queue.last_sweep()
        if age is not None:
            yield GaugeMetricFamily(*SWEEP, value=age)
