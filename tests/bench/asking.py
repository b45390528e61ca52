"""The API over HTTP: each address at the 95th percentile, as who sees everybody and as a token of one unit."""

from __future__ import annotations

import logging
import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import structlog

from connector.domain.api_tokens import Scope
from tests.bench.opened import Values
from tests.bench.views import UNIT
from tests.scim import serving

ASKED: dict[str, Callable[[random.Random], str]] = {
    "courses": lambda dice: f"/courses?page={1 + dice.randrange(6)}&sort=-completion_rate",
    "courses, searched": lambda dice: f"/courses?search=Course {dice.randrange(120)}",
    "courses/{id}": lambda dice: f"/courses/{1 + dice.randrange(120)}",
    "learning-paths/{role}": lambda dice: f"/learning-paths/role{dice.randrange(12)}",
    "progress/user/{key}": lambda dice: f"/progress/user/E{1 + dice.randrange(1000)}",
    "progress/course/{id}": lambda dice: f"/progress/course/{1 + dice.randrange(120)}?limit=100",
    "analytics/overview": lambda dice: f"/analytics/overview?period={dice.choice(['day', 'week', 'month'])}",
    "analytics/progress": lambda dice: f"/analytics/progress?by=requirement&limit={1 + dice.randrange(100)}",
    "analytics/progress, by unit": lambda dice: f"/analytics/progress?by=unit&requirement=R{1 + dice.randrange(40)}",
    "analytics/progress, by day": lambda dice: f"/analytics/progress?by=day&limit=100&until={_day(dice)}",
    "analytics/courses/{id}": lambda dice: f"/analytics/courses/{1 + dice.randrange(120)}",
    "analytics/expiring": lambda dice: f"/analytics/expiring?limit={1 + dice.randrange(100)}",
    "certificates": lambda dice: f"/certificates?limit=100&template=T{dice.randrange(9)}",
    "certificates, newest": lambda dice: f"/certificates?limit={1 + dice.randrange(100)}",
    "certificates/{number}": lambda dice: f"/certificates/B{1 + dice.randrange(1000)}?source=badge",
    "courses, nothing new": lambda _: "/courses",
}


def measure(url: str, runs: int) -> Iterator[tuple[str, str, float, float]]:
    """(address, who asks, p50, p95) in milliseconds, with a token for each: nobody asks more often than is allowed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with serving(url) as service:
        for who, unit in (("owner", ""), ("unit", UNIT)):
            for number, (name, path) in enumerate(ASKED.items()):
                token = service.connector.api_access.create(f"{who}-{number}", list(Scope), unit, 1, "bench")
                with httpx.Client(base_url=f"{service.url}/api/v1", timeout=60) as client:
                    client.headers["Authorization"] = f"Bearer {token}"
                    yield (name, who, *_timed(client, path, random.Random(name), runs))


def _timed(
    client: httpx.Client, path: Callable[[random.Random], str], dice: random.Random, runs: int
) -> tuple[float, float]:
    took = []
    for _ in range(runs):
        began = time.perf_counter()
        answer = client.get(path(dice))
        took.append(1000 * (time.perf_counter() - began))
        if answer.status_code not in (200, 304, 404):
            raise AssertionError(answer.text)
        if path is ASKED["courses, nothing new"]:
            client.headers["If-None-Match"] = answer.headers["ETag"]
    return statistics.median(took), sorted(took)[int(0.95 * (len(took) - 1) + 0.5)]


def _day(dice: random.Random) -> str:
    return (datetime.now(UTC) - timedelta(days=dice.randrange(10))).date().isoformat()


def ask_api(given: Values) -> Values:
    return {"asked": list(measure(given["database"], given["runs"]))}
