"""``python -m tests.bench.child PIECE``: one piece of work in a process of its own, so that its memory is its own.

Parameters come as JSON on standard input (tokens stay off the command line), what was measured goes as JSON to
standard output. ``seconds`` counts from the first line of the work to its last; the caller adds the time of the whole
process, its start included.
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import anyio
from pydantic import SecretStr

from adapters.moodle.client import MoodleClient
from adapters.moodle.site import MoodleSite
from connector.bootstrap import Clock, Connector, utc_now
from connector.domain.facts import Extent, Loaded
from connector.domain.people import Person, Record
from connector.samples import sample_moodle
from connector.settings import MoodleSettings, Settings
from connector.sync.intake import Intake
from tests.bench import company, views
from tests.bench.settle import settle

Values = dict[str, Any]
NOWHERE = "http://127.0.0.1:1"
"""The address of a Moodle that is never called."""
PASSES = 5


def peak_megabytes() -> float:
    """The most memory that this process ever had.

    Linux's own high-water mark, because ``ru_maxrss`` begins with the size of the parent that started the process.
    """
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except FileNotFoundError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6


# ---------------------------------------------------------------- making ready
def make_feeds(given: Values) -> Values:
    today = date.fromisoformat(given["today"])
    company.write_feed(Path(given["first"]), given["rows"], today)
    if "second" in given:
        company.write_feed(Path(given["second"]), given["rows"], today, second=True)
    return {}


def serve(_: Values) -> Values:
    """A twin with the sample company's courses, until standard input ends."""
    with sample_moodle(files("mappings.companies") / company.COMPANY) as moodle:
        print(json.dumps({"url": moodle.url, "token": moodle.token}), flush=True)
        sys.stdin.read()
    return {}


def migrate(given: Values) -> Values:
    """Make the tables, and say what PostgreSQL this is."""
    with _connector(given) as connector:
        connector.databases.upgrade()
        with connector.database.transaction() as connection:
            row = connection.execute("SELECT current_setting('server_version') AS version").fetchone()
    return dict(row or {})


def known(given: Values) -> Values:
    """Make the database as it is once all people of a feed have been applied."""
    with _connector(given) as connector:

        async def cohorts() -> None:
            async with connector.moodle() as moodle:
                await moodle.create_cohorts(sorted(wanted.items()))

        taken = _take(connector, given)
        wanted = settle(connector.database, connector.site, connector.clock())
        anyio.run(cohorts)
    return {"rows": taken.totals.rows}


# ---------------------------------------------------------------- measured
def take(given: Values) -> Values:
    """Read, check, map, stage and compare with what is known; no Moodle."""
    began = time.perf_counter()
    with _connector({"url": NOWHERE, "token": "none", **given}) as connector:
        taken = _take(connector, given)
    return {"seconds": time.perf_counter() - began, **asdict(taken.totals)}


def load(given: Values) -> Values:
    """The way in, whole: take the feed, plan, apply."""
    marks = [time.perf_counter()]
    with _connector(given) as connector:

        async def work() -> Values:
            async with connector.moodle() as moodle:
                way = connector.way_in(moodle, await connector.reader(moodle))
                way.take(connector.source(Path(given["file"])))
                marks.append(time.perf_counter())
                plan = await way.plan()
                marks.append(time.perf_counter())
                applied = await way.apply(plan)
                marks.append(time.perf_counter())
                return {"changes": dict(plan.counts), "tally": asdict(applied.tally), "held": applied.held}

        done = anyio.run(work)
        cases = len(connector.cases.waiting())
    parts = dict(zip(("take", "plan", "apply"), (b - a for a, b in pairwise(marks)), strict=True))
    return {"seconds": marks[-1] - marks[0], "parts": parts, "cases": cases, **done}


def plan(given: Values) -> Values:
    """Plan from what is known already."""
    began = time.perf_counter()
    with _connector(given) as connector:

        async def work() -> Values:
            async with connector.moodle() as moodle:
                made = await connector.way_in(moodle, await connector.reader(moodle)).plan()
                return {"changes": dict(made.counts)}

        done = anyio.run(work)
    return {"seconds": time.perf_counter() - began, **done}


def sync(given: Values) -> Values:
    """The way in as a day without news has it: the same feed again, a plan, and its application."""
    calls = _Calls()
    with _connector(given, later) as connector:
        connector.observer = calls

        async def work() -> Values:
            async with connector.entering() as way:
                way.take(connector.source(Path(given["file"])))
                plan = await way.plan()
                await way.apply(plan)
                return {"changes": dict(plan.counts)}

        done = anyio.run(work)
    return {"requests": len(calls.seconds), **done}


def read(given: Values) -> Values:
    """The way back: everything, and then twice what is new, of which the second time is told."""
    calls = _Calls()
    told: Values = {}
    with _connector(given, later) as connector:
        connector.observer = calls

        async def once(extent: Extent) -> list[Loaded]:
            async with connector.mirroring(extent) as way:
                told["reader"] = way.reader.name
                return await way.read(extent)

        for name, extent in (("everything", Extent.EVERYTHING), ("new", Extent.CHANGES), ("nothing", Extent.CHANGES)):
            calls.seconds.clear()
            began = time.perf_counter()
            loaded = {one.fact: one.rows for one in anyio.run(once, extent)}
            told[name] = {
                "seconds": time.perf_counter() - began,
                "requests": len(calls.seconds),
                "answers": sum(calls.seconds),
                "megabytes": peak_megabytes(),
                **loaded,
            }
    return told


class _Calls:
    """Counts requests to Moodle, and how long each of them took."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def called(self, function: str, seconds: float, outcome: str) -> None:  # noqa: ARG002 - the signature is given
        self.seconds.append(seconds)


def later() -> datetime:
    """What was made just now shall be no news: changes are read again from some minutes before."""
    return utc_now() + timedelta(hours=1)


def map_rows(given: Values) -> Values:
    """Rows into people and their grants, in memory: the median of a few passes over them."""
    with _connector({"url": NOWHERE, "token": "none", **given}) as connector:
        mapping = connector.mapping
        (source,) = mapping.sources
        records = [
            record
            for record in islice(connector.source(Path(given["file"])).records(), given["rows"])
            if isinstance(record, Record)
        ]
    passes = []
    for _ in range(PASSES):
        began = time.perf_counter()
        for record in records:
            person = mapping.outcome(source, record)
            if not isinstance(person, Person):
                raise RuntimeError(f"line {record.line} of the bench's own feed was refused: {person}")
            mapping.grants(person)
        passes.append(time.perf_counter() - began)
    return {"seconds": statistics.median(passes), "rows": len(records)}


# ---------------------------------------------------------------- a real Moodle, around what is measured
def make_courses(given: Values) -> Values:
    """Courses of unique names; gives the site's release too."""

    async def work(client: MoodleClient) -> Values:
        wanted = [
            {"fullname": f"Bench {name}", "shortname": name, "idnumber": name, "categoryid": 1}
            for name in given["courses"]
        ]
        made = await client.call("core_course_create_courses", {"courses": wanted})
        release = (await MoodleSite(client).site_info()).release
        return {"release": release, "ids": {row["shortname"]: row["id"] for row in made}}

    return _with_client(given, work)


def participants(given: Values) -> Values:
    """How many people are in each course."""

    async def work(client: MoodleClient) -> Values:
        site = MoodleSite(client)
        return {
            name: sum([len(page) async for page in site.participants(course_id)])
            for name, course_id in given["ids"].items()
        }

    return _with_client(given, work)


def remove_people(given: Values) -> Values:
    """Delete the accounts that a run has made."""

    async def work(client: MoodleClient) -> Values:
        names = [
            person["username"] for prefix in given["prefixes"] for person in company.people(given["people"], prefix)
        ]
        ids = [account.id for account in await MoodleSite(client).accounts_by("username", names)]
        for start in range(0, len(ids), 50):
            await client.call("core_user_delete_users", {"userids": ids[start : start + 50]})
        return {"removed": len(ids)}

    return _with_client(given, work)


# ---------------------------------------------------------------- shared
def _connector(given: Values, clock: Clock = utc_now) -> Connector:
    mapping = given.get("mapping") or str(files("mappings.companies") / company.COMPANY)
    moodle = MoodleSettings(url=given.get("url", NOWHERE), token=SecretStr(given.get("token", "none")))
    moodle.workers = given.get("workers", moodle.workers)
    return Connector(Settings(database_url=SecretStr(given["database"]), mapping=Path(mapping), moodle=moodle), clock)


def _take(connector: Connector, given: Values) -> Intake:
    async def work() -> Intake:
        async with connector.moodle() as moodle:
            return connector.way_in(moodle).take(connector.source(Path(given["file"])))

    return anyio.run(work)


def _with_client(given: Values, work: Callable[[MoodleClient], Any]) -> Values:
    async def whole() -> Values:
        async with MoodleClient(given["url"], given["token"], timeout=600) as client:
            values: Values = await work(client)
            return values

    return anyio.run(whole)


def fill_facts(given: Values) -> Values:
    return {"summaries": views.fill(given["database"], given["people"])}


def ask_views(given: Values) -> Values:
    return {"asked": list(views.measure(given["database"], given.get("runs", views.RUNS)))}


PIECES: dict[str, Callable[[Values], Values]] = {
    "ask-views": ask_views,
    "fill-facts": fill_facts,
    "known": known,
    "load": load,
    "make-courses": make_courses,
    "make-feeds": make_feeds,
    "map": map_rows,
    "migrate": migrate,
    "participants": participants,
    "plan": plan,
    "read": read,
    "remove-people": remove_people,
    "serve": serve,
    "sync": sync,
    "take": take,
}


def main() -> None:
    given = json.loads(sys.stdin.readline())
    measured = PIECES[sys.argv[1]](given)
    print(json.dumps({**measured, "megabytes": peak_megabytes(), "ended": datetime.now(UTC).isoformat()}))


if __name__ == "__main__":
    main()
