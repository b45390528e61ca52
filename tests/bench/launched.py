"""Works on content that Moodle launches: many launches on one core, and a score on its way to the gradebook."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from statistics import median, quantiles

from tests.bench import newcomers
from tests.bench.figures import Figure
from tests.bench.ondemand import MAIN
from tests.bench.promises import free_port, mapping_of, p95, serving
from tests.bench.works import Bench, BenchFailed, Values, load_average, whole

PEOPLE = 100
COURSES = [f"BENCH{number}" for number in range(1, 6)]
AT_ONCE, FULL = 8, 500
RATE, SECONDS = 100, 5
LAUNCH_MILLISECONDS, P99_MILLISECONDS = 10.0, 150.0
"""100 launches a second; and so long for the slowest of a hundred. More at one go would outlive their tokens on a
busy machine: they are good for a minute."""
SCORES, SCORE_RATE, CLASS, SCORE_SECONDS = 100, 5, 30, 2.0
SECRET = "a secret of the bench that opens nothing else"


def launches(bench: Bench) -> Iterator[Figure]:
    """The service and PostgreSQL share one core, the load has the others; the twin has signed beforehand."""
    work, load = "lti-launches", load_average()
    full, seconds = (FULL, SECONDS) if bench.scale == 1 else (20, 0.2)
    with _tool(bench, one_core=True) as given:
        bench.say(f"{full:,} launches, {AT_ONCE} at once …")
        crowd = bench.child("launch", **given, many=full, at_once=AT_ONCE)
        bench.say(f"{RATE} launches a second for {seconds} s …")
        steady = bench.child("launch", **given, many=int(RATE * seconds), rate=RATE)
    for done in (crowd, steady):
        if done["errors"]:
            raise BenchFailed(f"{work}: {done['errors']} launches were not answered with their page")
    name = f"{full:,} launches, {AT_ONCE} at once"
    each, peer = (1000 * crowd[what] / full for what in ("seconds", "trivial"))
    yield Figure(work, f"{name}, each", each, "ms", bench.limit(LAUNCH_MILLISECONDS), load)
    yield Figure(work, f"{name}, a second", 1000 / each, "", None, load)
    yield Figure(work, f"{name}, p99", 1000 * _p99(crowd["waits"]), "ms", None, load)
    yield Figure(work, "GET /health instead, each", peer, "ms", None, load)
    yield Figure(work, "a launch against that", each / peer, "×", None, load)
    yield Figure(work, "verifying the token alone", 1e6 * crowd["verified"], "µs", None, load)
    name = f"{RATE} launches a second for {seconds} s"
    yield Figure(work, f"{name}, p50", 1000 * median(steady["waits"]), "ms", None, load)
    yield Figure(work, f"{name}, p99", 1000 * _p99(steady["waits"]), "ms", bench.limit(P99_MILLISECONDS), load)


def scores(bench: Bench) -> Iterator[Figure]:
    """From before a score is put, by another process than the service, until the twin's gradebook has it."""
    work, load = "lti-score", load_average()
    count, together = (SCORES, CLASS) if bench.scale == 1 else (5, 3)
    with _tool(bench) as given:
        bench.say(f"{count} scores, {SCORE_RATE} a second; then {together} at once …")
        alone = bench.child("score", **given, many=count, rate=SCORE_RATE, points=40)["waits"]
        crowd = bench.child("score", **given, many=together, rate=1000, points=60)["waits"]
    name = f"{count} scores, {SCORE_RATE} a second, in the gradebook"
    yield Figure(work, f"{name}, p50", median(alone), "s", None, load)
    yield Figure(work, f"{name}, p95", p95(alone), "s", bench.limit(SCORE_SECONDS), load)
    yield Figure(work, f"{together} at once, in the gradebook, p50", median(crowd), "s", None, load)
    yield Figure(work, f"{together} at once, in the gradebook, p95", p95(crowd), "s", bench.limit(SCORE_SECONDS), load)


@contextmanager
def _tool(bench: Bench, *, one_core: bool = False) -> Iterator[Values]:
    """The service as a tool of the twin, with learners who are in a few courses, and all of that in the facts."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    people = PEOPLE if bench.scale == 1 else 10
    file = newcomers.write(bench.folder / "learners.csv", newcomers.rows(people, "learner"))
    with bench.database() as database, bench.twin(courses=COURSES, plugin=True, tool=url) as twin:
        given = {**database, **twin, "mapping": str(mapping_of(bench, "launched", COURSES))}
        bench.say(f"{people} learners in {len(COURSES)} courses …")
        whole(bench.child("load", **given, file=str(file)))
        bench.prepare("mirrored", **given)
        given |= bench.prepare("platform", **given)
        environment = {"CONNECTOR_LTI__URL": url, "CONNECTOR_LTI__SECRET": SECRET}
        with (
            _cores(bench) if one_core else nullcontext((MAIN, list[int]())) as (main, others),
            serving(bench, given, port, environment, main) as service,
        ):
            yield {**given, "service": service, "people": people, "prefix": "learner", "cores": others}


@contextmanager
def _cores(bench: Bench) -> Iterator[tuple[str, list[int]]]:
    """The first core is for PostgreSQL's new processes and for whoever runs this program; gives the others."""
    everything = sorted(os.sched_getaffinity(0))
    first, others, server = everything[0], everything[1:] or everything, bench.server.postmaster_pid
    if server is None:
        raise BenchFailed("there is no PostgreSQL")
    os.sched_setaffinity(server, {first})
    try:
        yield f"import os; os.sched_setaffinity(0, {{{first}}}); {MAIN}", others
    finally:
        os.sched_setaffinity(server, everything)


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100, method="inclusive")[-1]
