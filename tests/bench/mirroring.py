"""Works on the way back by our plugin: all of a Moodle into the facts, and the proof that they equal it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import anyio

from adapters.moodle.client import MoodleClient
from adapters.moodle.readers import raw
from adapters.moodle.readers.datasets import Asked, each
from connector.domain.facts import Extent
from connector.mirror.reconciling import Reconciled, Reconciling
from tests.bench.figures import Figure
from tests.bench.opened import Calls, Values, opened, peak_megabytes
from tests.bench.works import INCREMENT_REQUESTS, INCREMENT_SECONDS, Bench, BenchFailed, load_average

PEOPLE, COURSES = 20_000, 3
MILLION = 1_000_000
SECONDS_A_MILLION, MEGABYTES = 20.0, 300.0
PROOF_SHARE, PROOF_REQUESTS = 1.0, 60.0


def mirror_plugin(bench: Bench) -> Iterator[Figure]:
    """The twin with the plugin. Its answers take most of the time: only what is the connector's own has limits."""
    people, load = bench.size(PEOPLE), load_average()
    courses = [f"BENCH{number}" for number in range(1, COURSES + 1)]
    file = bench.write_feeds(people)[0]
    with bench.database() as database, bench.twin(courses=courses, plugin=True) as twin:
        bench.say(f"{people:,} people in {COURSES} courses of the twin …")
        bench.prepare("known", **database, **twin, file=str(file))
        twin.fill(database["database"])
        yield from _figures(bench, "mirror-plugin", {**database, **twin}, load, limited=False)


def moodle_mirror_plugin(bench: Bench) -> Iterator[Figure]:
    """A real Moodle as it is, with all people that it has; nothing is written there."""
    moodle, load = bench.real(), load_average()
    given = {"url": moodle.url, "token": moodle.token}
    with bench.database() as database:
        bench.say("everybody in Moodle is taken for somebody of the company …")
        found = bench.prepare("people-there", **given)["people"]
        file = bench.write_feeds(found)[0]
        bench.prepare("take", **database, **given, file=str(file))
        bench.prepare("bind-all", **database, **given)
        yield from _figures(bench, "moodle-mirror-plugin", {**database, **given}, load, limited=True)


def _figures(bench: Bench, work: str, given: Values, load: float, *, limited: bool) -> Iterator[Figure]:
    bench.say("reading it …")
    told = bench.child("mirror", **given)
    if told["reader"] != "plugin" or not told["equal"]:
        raise BenchFailed(f"{work}: read by {told['reader']}, equal: {told['equal']}")
    for name in ("first", "again"):
        done = told[name]
        text = f"all of Moodle, {done['rows']:,} rows, {'once more' if name == 'again' else 'the first time'}"
        each_million = done["seconds"] * MILLION / done["rows"]
        limit = bench.limit(SECONDS_A_MILLION) if limited else None
        yield Figure(work, f"{text}, for a million", each_million, "s", limit, load)
        yield Figure(work, f"{text}, Moodle's answers in all", done["answers"], "s", None, load)
        yield Figure(work, f"{text}, the connector's processor time", done["cpu"], "s", None, load)
        reading = done["seconds"] - done["merging"]
        yield Figure(
            work, f"{text}, reading and landing against Moodle's answers", reading / done["answers"], "×", None, load
        )
        yield Figure(work, f"{text}, merging against reading and landing", done["merging"] / reading, "×", None, load)
        yield Figure(work, f"{text}, peak memory", done["megabytes"], "MB", bench.limit(MEGABYTES), load)
    proof = told["proof"]
    name = f"compared with Moodle, nothing different, {proof['rows']:,} rows"
    yield Figure(work, name, proof["seconds"], "s", None, load)
    share = proof["seconds"] / told["again"]["seconds"]
    yield Figure(work, f"{name}, against reading all", share, "×", bench.limit(PROOF_SHARE), load)
    yield Figure(work, f"{name}, requests", proof["requests"], "", bench.limit(PROOF_REQUESTS), load)
    name, nothing = "increment, nothing new", told["nothing"]
    yield Figure(work, name, nothing["seconds"], "s", bench.limit(INCREMENT_SECONDS), load)
    yield Figure(work, f"{name}, requests", nothing["requests"], "", bench.limit(INCREMENT_REQUESTS), load)


# ---------------------------------------------------------------- pieces, each in a process of its own
def people_there(given: Values) -> Values:
    """How many people a Moodle has."""
    return {"people": len(_people(given))}


def bind_all(given: Values) -> Values:
    """Give each person of the database an account of Moodle, one after the other."""
    ids = _people(given)
    with opened(given) as connector, connector.database.transaction() as connection:
        connection.execute(
            "INSERT INTO connector.binding (site, person_id, account_id, bound_at, bound_by) "
            "SELECT p.site, p.person_id, a.id, now(), 'bench' "
            "FROM (SELECT *, row_number() OVER (ORDER BY person_id) AS place FROM connector.person) p "
            "JOIN unnest(%s::bigint[]) WITH ORDINALITY AS a (id, place) ON a.place = p.place",
            [ids],
        )
    return {"bound": len(ids)}


def mirror(given: Values) -> Values:
    """All of Moodle twice into the facts, the proof, and then twice what is new, of which the second time is told."""
    calls, told = Calls(), Values()
    with opened(given) as connector:
        connector.observer = calls

        async def read(extent: Extent = Extent.EVERYTHING) -> int:
            async with connector.mirroring(extent) as way:
                told["reader"] = way.reader.name
                await way.read(extent)
            return 0

        async def prove() -> Reconciled:
            async with connector.mirroring(Extent.EVERYTHING) as way:
                return await Reconciling(way).reconcile()

        merging = _timed(connector.facts, "merge")
        for name in ("first", "again"):
            told[name] = _measured(calls, read)[1]
            told[name]["merging"] = merging.pop()
            told[name]["rows"] = _rows(connector)
        done, told["proof"] = _measured(calls, prove)
        told["proof"]["rows"] = sum(one.rows for one in done.proved.values() if one.buckets)
        told["equal"] = done.equal and not done.differences
        for name in ("new", "nothing"):
            told[name] = _measured(calls, partial(read, Extent.CHANGES))[1]
    return told


def _timed(of: object, name: str) -> list[float]:
    """Seconds that each call of this method will have taken."""
    seconds, method = list[float](), getattr(of, name)

    def timed(*given: Any) -> Any:
        began = time.perf_counter()
        try:
            return method(*given)
        finally:
            seconds.append(time.perf_counter() - began)

    setattr(of, name, timed)
    return seconds


def _measured(calls: Calls, work: Any) -> tuple[Any, Values]:
    calls.seconds.clear()
    began, cpu = time.perf_counter(), time.process_time()
    done = anyio.run(work)
    measured = {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "requests": len(calls.seconds),
        "answers": sum(calls.seconds),
        "megabytes": peak_megabytes(),
    }
    return done, measured


def _rows(connector: Any) -> int:
    """Rows of Moodle that make facts."""
    with connector.reporting.transaction() as connection:
        row = connection.execute(
            "SELECT count(*) AS rows FROM landing.held h JOIN landing.dataset d USING (dataset) "
            "WHERE d.name IN ('enrolments', 'completions', 'grades', 'badge_issues', 'certificate_issues')"
        ).fetchone()
    return int(row["rows"]) if row else 0


def _people(given: Values) -> list[int]:
    async def work() -> list[int]:
        async with MoodleClient(given["url"], given["token"], timeout=600) as client:
            return [user for user, deleted in await each(client, Asked(raw.DELETED)) if not deleted]

    return anyio.run(work)
