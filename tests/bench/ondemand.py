"""One person on demand: a row of a delta comes, and the person is carried out with all managers above, at once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import anyio

from connector.bootstrap import Connector
from tests.bench import newcomers
from tests.bench.newcomers import Row
from tests.bench.opened import Calls, Values, opened

Once = Callable[[Connector, Path, str], None]
MAIN = "from connector.cli import main; main()"
"""The command, as its script has it."""


def on_demand(given: Values) -> Values:
    """Seconds of each run: who is new, and who moved to another unit; within this process, and as whole commands."""
    prefix, first, runs = given["prefix"], given["known"] + 1, given["runs"]
    told: Values = {}
    with opened(given) as connector:
        connector.observer = calls = Calls()
        for way, once in (("service", _within), ("command", _command(given))):
            new = [newcomers.row(number, prefix) for number in range(first, first + runs)]
            moved = [{**person, "unit": "INF", "city": "Tainan"} for person in new]
            first += runs
            for name, people in (("new", new), ("moved", moved)):
                before = len(calls.seconds)
                told[f"{name}, {way}"] = [_timed(once, connector, given, person) for person in people]
                told[f"{name}, {way}, requests"] = (len(calls.seconds) - before) / runs
                _check(connector, people)
    return told


def _timed(once: Once, connector: Connector, given: Values, person: Row) -> float:
    file = newcomers.write(Path(given["folder"]) / f"delta-{time.time_ns()}.csv", [person])
    began = time.perf_counter()
    once(connector, file, person["key"])
    return time.perf_counter() - began


def _within(connector: Connector, file: Path, key: str) -> None:
    """As a service does it: settings, mapping and the database are there already."""

    async def work() -> None:
        async with connector.entering_for_some() as way:
            way.take(connector.source(file))
            plan, applied = await way.sync_person(key)
        if not plan.size or applied.tally.done != plan.size:
            raise RuntimeError(f"of a plan of {plan.size} changes: {applied.tally}")

    anyio.run(work)


def _command(given: Values) -> Once:
    names = {"CONNECTOR_DATABASE_URL": "database", "CONNECTOR_MAPPING": "mapping"}
    names |= {"CONNECTOR_MOODLE__URL": "url", "CONNECTOR_MOODLE__TOKEN": "token"}
    settings = {name: given[of] for name, of in names.items()}

    def once(_: Connector, file: Path, key: str) -> None:
        command = [sys.executable, "-c", MAIN, "sync", str(file), "--person", key]
        subprocess.run(command, env={**os.environ, **settings}, check=True, capture_output=True)

    return once


def _check(connector: Connector, people: list[Row]) -> None:
    """Moodle has them as the rows say."""

    async def work() -> None:
        async with connector.moodle() as moodle:
            found = await moodle.accounts_by("idnumber", [person["key"] for person in people])
        cities = {account.fields["city"] for account in found}
        if len(found) != len(people) or cities != {people[0]["city"]}:
            raise RuntimeError(f"of {len(people)} people Moodle has {len(found)}, in {cities}")

    anyio.run(work)
