"""How the service logs: one line for each event, with time, level, event, and the job, run or request it belongs to.

Texts of libraries are told without the values in them, and errors by type and place only: those can hold names,
addresses and secrets.
"""

from __future__ import annotations

import logging
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

from connector.domain.errors import raised_at

PLACE = re.compile(r"%[-+ #0-9.]*[a-zA-Z]")
"""Where a library puts a value into its text."""
FIRST = ("time", "level", "event", "job", "run", "request")


def set_up_logs(*, json: bool) -> None:
    """Log to standard output, as JSON or as text for people. What libraries warn of goes the same way."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time" if json else "timestamp"),
            _in_order if json else _as_it_comes,
            structlog.processors.JSONRenderer(default=str) if json else structlog.dev.ConsoleRenderer(colors=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[Libraries()], force=True)


class Libraries(logging.Handler):
    """Hands on what libraries log, without its values."""

    def emit(self, record: logging.LogRecord) -> None:
        more: dict[str, Any] = {"library": record.name}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            more |= {"error": type(error).__name__, "where": raised_at(error)}
        log = structlog.get_logger()
        say = log.error if record.levelno >= logging.ERROR else log.warning
        say(PLACE.sub("…", str(record.msg).partition("\n")[0]), **more)


def _in_order(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    first = {name: event[name] for name in FIRST if name in event}
    return {**first, **{name: value for name, value in event.items() if name not in first}}


def _as_it_comes(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return event
