"""Structured logs, one JSON object a line on standard error; never names, handles, texts or tokens."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

FORBIDDEN = frozenset({"text", "name", "handle", "email", "phone", "token", "password", "secret", "bio", "body"})


def _no_personal_data(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for field in FORBIDDEN & event.keys():
        event[field] = "[left out]"
    return event


def configure(level: str = "INFO") -> None:
    """Set up this process's logs; `level` is a name of the standard library's levels."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _no_personal_data,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        level=max(number, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)


def get(room: str) -> structlog.stdlib.BoundLogger:
    """A logger for one room: `get("connectors").info("pulled", account_id=3, messages=40)`."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(room=room)
    return logger
