"""Pieces of work on what every installation does: feeds, plans, loads, readings."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict
from datetime import date, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import anyio

from adapters.moodle.client import MoodleClient
from adapters.moodle.site import MoodleSite
from connector.bootstrap import Connector, utc_now
from connector.domain.facts import Extent, Loaded
from connector.domain.people import Person, Record
from connector.sync.intake import Intake
from tests.bench import company, manyrules
from tests.bench.opened import NOWHERE, Calls, Values, opened, peak_megabytes
from tests.bench.settle import settle

PASSES = 5
PLAIN = 500
"""People for whom every rule is evaluated the plain way."""


# ---------------------------------------------------------------- making ready
def make_feeds(given: Values) -> Values:
    today = date.fromisoformat(given["today"])
    company.write_feed(Path(given["first"]), given["rows"], today)
    if "second" in given:
        company.write_feed(Path(given["second"]), given["rows"], today, second=True)
    return {}


def migrate(given: Values) -> Values:
    """Make the tables, and say what PostgreSQL this is."""
    with opened(given) as connector:
        connector.databases.upgrade()
        with connector.database.transaction() as connection:
            row = connection.execute("SELECT current_setting('server_version') AS version").fetchone()
    return dict(row or {})


def known(given: Values) -> Values:
    """Make the database as it is once all people of a feed have been applied."""
    with opened(given) as connector:

        async def cohorts() -> None:
            async with connector.moodle() as moodle:
                await (await moodle.writer()).create_cohorts(sorted(wanted.items()))

        taken = _take(connector, given)
        wanted = settle(connector.database, connector.site, connector.clock())
        anyio.run(cohorts)
    return {"rows": taken.totals.rows}


# ---------------------------------------------------------------- measured
def take(given: Values) -> Values:
    """Read, check, map, stage and compare with what is known; no Moodle."""
    began = time.perf_counter()
    with opened({"url": NOWHERE, "token": "none", **given}) as connector:
        taken = _take(connector, given)
    return {"seconds": time.perf_counter() - began, **asdict(taken.totals)}


def load(given: Values) -> Values:
    """The way in, whole: take the feed, plan, apply."""
    marks, calls = [time.perf_counter()], Calls()
    with opened(given) as connector:
        connector.observer = calls

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
    spent = {"waited": calls.waited, "answers": sum(calls.seconds), "cpu": time.process_time()}
    return {"seconds": marks[-1] - marks[0], "parts": parts, "cases": cases, **spent, **done}


def plan(given: Values) -> Values:
    """Plan from what is known already."""
    began = time.perf_counter()
    with opened(given) as connector:

        async def work() -> Values:
            async with connector.moodle() as moodle:
                made = await connector.way_in(moodle, await connector.reader(moodle)).plan()
                return {"changes": dict(made.counts)}

        done = anyio.run(work)
    return {"seconds": time.perf_counter() - began, **done}


def replan(given: Values) -> Values:
    """Take another delivery, and plan."""
    marks, calls = [time.perf_counter()], Calls()
    with opened(given) as connector:
        connector.observer = calls

        async def work() -> Values:
            async with connector.entering() as way:
                way.take(connector.source(Path(given["file"])))
                marks.append(time.perf_counter())
                plan = await way.plan()
                marks.append(time.perf_counter())
                return {"changes": dict(plan.counts)}

        done = anyio.run(work)
        cases = len(connector.cases.waiting())
    parts = dict(zip(("take", "plan"), (b - a for a, b in pairwise(marks)), strict=True))
    return {"seconds": marks[-1] - marks[0], "parts": parts, "waited": calls.waited, "cases": cases, **done}


def sync(given: Values) -> Values:
    """The way in as a day without news has it: the same feed again, a plan, and its application."""
    calls = Calls()
    with opened(given, later) as connector:
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
    calls = Calls()
    told: Values = {}
    with opened(given, later) as connector:
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


def later() -> datetime:
    """What was made just now shall be no news: changes are read again from some minutes before."""
    return utc_now() + timedelta(hours=1)


def map_rows(given: Values) -> Values:
    """Rows into people and their grants, in memory: the median of a few passes over them."""
    with opened({"url": NOWHERE, "token": "none", **given}) as connector:
        mapping = connector.mapping
        (source,) = mapping.sources
        records = [
            record
            for record in islice(connector.source(Path(given["file"])).records(), given["rows"])
            if isinstance(record, Record)
        ]
    passes, people = [], list[Person]()
    for _ in range(PASSES):
        began = time.perf_counter()
        for record in records:
            person = mapping.outcome(source, record)
            if not isinstance(person, Person):
                raise RuntimeError(f"line {record.line} of the bench's own feed was refused: {person}")
            mapping.grants(person)
            if len(people) < PLAIN:
                people.append(person)
        passes.append(time.perf_counter() - began)
    rules = given.get("rules", 0)
    plain = manyrules.plainly(people, rules) / len(people)
    return {"seconds": statistics.median(passes), "rows": len(records), "plain": plain}


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
def _take(connector: Connector, given: Values) -> Intake:
    """The file that is given, or what was pushed."""

    async def work() -> Intake:
        async with connector.moodle() as moodle:
            way = connector.way_in(moodle)
            if "file" in given:
                return way.take(connector.source(Path(given["file"])))
            return way.take_arrived(lambda _name: nullcontext(lambda _rows: None)).feeds[0]

    return anyio.run(work)


def _with_client(given: Values, work: Callable[[MoodleClient], Any]) -> Values:
    async def whole() -> Values:
        async with MoodleClient(given["url"], given["token"], timeout=600) as client:
            values: Values = await work(client)
            return values

    return anyio.run(whole)
