"""Events in Moodle at a steady rate, and when each stood in the view: with the webhook, through the whole service."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anyio
import httpx
import psycopg
from psycopg.rows import dict_row

from connector.domain.facts import Extent
from tests.bench import newcomers
from tests.bench.opened import Values, opened

PATIENCE = 60.0
"""Seconds after the last event in which all must stand in the view."""
LOOK = 0.02
"""Seconds between two looks at the view."""
POINTS = 61.5
ROWS = "SELECT hr_key, idnumber, active, completed, grade FROM reporting.enrolments WHERE hr_key = ANY(%s)"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Event:
    """What is done with somebody in a course, and how the view's row is then; None: there is none."""

    kind: str
    key: str
    course: str
    seen: Callable[[Row | None], bool]


SEEN: Mapping[str, Callable[[Row | None], bool]] = {
    "enrol": lambda row: row is not None and row["active"],
    "complete": lambda row: row is not None and row["completed"],
    "grade": lambda row: row is not None and row["grade"] == POINTS,
    "suspend": lambda row: row is not None and not row["active"],
    "unenrol": lambda row: row is None,
}


def mirrored(given: Values) -> Values:
    """All of Moodle is in the facts."""

    async def work() -> None:
        with opened(given) as connector:
            async with connector.mirroring(Extent.EVERYTHING) as way:
                await way.read(Extent.EVERYTHING)

    anyio.run(work)
    return {}


def tell(given: Values) -> Values:
    """``count`` events, ``rate`` a second, of ``kinds`` in turn; ``waits``: seconds from before each to its row."""
    events = [
        Event(kind, newcomers.row(number, given["prefix"])["key"], given["courses"][kind == "enrol"], SEEN[kind])
        for number in range(given["count"])
        for kind in [given["kinds"][number % len(given["kinds"])]]
    ]
    began: dict[Event, float] = {}
    waits: dict[Event, float] = {}

    async def act(moodle: _Moodle) -> None:
        first = time.monotonic() + 0.5
        for number, event in enumerate(events):
            await anyio.sleep(max(0.0, first + number / given["rate"] - time.monotonic()))
            began[event] = time.monotonic()
            await moodle.do(event)

    async def look() -> None:
        until = time.monotonic() + given["count"] / given["rate"] + PATIENCE
        async with await psycopg.AsyncConnection.connect(
            given["database"], autocommit=True, row_factory=dict_row
        ) as connection:
            while len(waits) < len(events):
                open_yet = [event for event in began if event not in waits]
                cursor = await connection.execute(ROWS, [[event.key for event in open_yet]])
                rows = {(row["hr_key"], row["idnumber"]): row for row in await cursor.fetchall()}
                now = time.monotonic()
                waits.update({e: now - began[e] for e in open_yet if e.seen(rows.get((e.key, e.course)))})
                if now > until:
                    raise RuntimeError(f"of {len(events)} events {len(waits)} stood in the view")
                await anyio.sleep(LOOK)

    async def work() -> None:
        accounts, courses = await _ids(given, [event.key for event in events])
        async with httpx.AsyncClient(timeout=60) as http, anyio.create_task_group() as group:
            group.start_soon(look)
            await act(_Moodle(http, given, accounts, courses))

    anyio.run(work)
    return {"waits": [waits[event] for event in events]}


async def _ids(given: Values, keys: list[str]) -> tuple[dict[str, int], dict[str, int]]:
    with opened(given) as connector:
        async with connector.moodle() as moodle:
            accounts = {one.fields["idnumber"]: one.id for one in await moodle.accounts_by("idnumber", keys)}
            courses = {ref: found[0].id for ref, found in (await moodle.courses(given["courses"])).items()}
    return accounts, courses


@dataclass(frozen=True)
class _Moodle:
    """Who teaches and administers there: by web services, and what the twin is told to do."""

    http: httpx.AsyncClient
    given: Values
    accounts: Mapping[str, int]
    courses: Mapping[str, int]

    async def do(self, event: Event) -> None:
        who, where = self.accounts[event.key], self.courses[event.course]
        one = {"userid": who, "courseid": where}
        if event.kind in ("complete", "grade"):
            fields: dict[str, Any] = {"username": event.key.lower(), "course": event.course}
            more = {"value": POINTS} if event.kind == "grade" else {}
            (await self.http.post(f"{self.given['url']}/twin/{event.kind}", json=fields | more)).raise_for_status()
        elif event.kind == "unenrol":
            await self._call("enrol_manual_unenrol_users", one)
        else:
            more = {"roleid": 5, "suspend": int(event.kind == "suspend")}
            await self._call("enrol_manual_enrol_users", one | more)

    async def _call(self, function: str, row: Mapping[str, int]) -> None:
        fields = {f"enrolments[0][{name}]": str(value) for name, value in row.items()}
        about = {"wstoken": self.given["token"], "wsfunction": function, "moodlewsrestformat": "json"}
        answer = await self.http.post(f"{self.given['url']}/webservice/rest/server.php", data=about | fields)
        if answer.json() is not None:
            raise RuntimeError(f"{function}: {answer.json().get('errorcode')}")
