"""Webhooks: a delivery is verified by its connector and stored before it is answered with 200."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from connectors import tasks
from core import db, log
from core.errors import NotConfigured, Rejected, TryLater
from inbox.models import Account

BODY_LIMIT = 4_000_000
"""Bytes of one delivery."""

router = APIRouter()
logger = log.get("web.hooks")


@router.post("/hooks/{platform}/{account_id}", max_body_size=BODY_LIMIT)
async def receive(request: Request, platform: str, account_id: int) -> Response:
    """200 only after the delivery is safe in the database; anything else makes the platform try again.

    403 for a wrong signature, 404 for an account that takes no deliveries, 503 when we cannot store now.
    """
    body = await request.body()
    headers = {name.lower(): value for name, value in request.headers.items()}
    status = await run_in_threadpool(_accept, platform, account_id, headers, body)
    return Response(status_code=status)


def _accept(platform: str, account_id: int, headers: dict[str, str], body: bytes) -> int:
    try:
        with db.read() as session:
            account = session.get(Account, account_id)
        if account is None or account.platform != platform:
            return 404
        tasks.accept(account_id, headers, body)
    except NotConfigured:
        return 404
    except Rejected:
        logger.warning("webhook refused", account_id=account_id)
        return 403
    except (TryLater, sa.exc.OperationalError) as error:
        logger.warning("webhook not stored", account_id=account_id, error=type(error).__name__)
        return 503
    return 200
