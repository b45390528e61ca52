"""Works on content that Moodle launches: many launches on one core, and a score on its way to the gradebook."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from statistics import median, quantiles

from tests.bench import newcomers
from tests.bench.answering import PAUSE
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
LEARNERS, QUESTIONS, BURST = 500, 7, 5.0
ANSWER_MILLISECONDS = 100.0
PAGES, PAGE_SECONDS, SCRIPT_KILOBYTES = 10, 1.5, 200.0
SECRET = "a secret of the bench that opens nothing else"


def launches(bench: Bench) -> Iterator[Figure]:
    """The service has one core, PostgreSQL and the load the others; the twin has signed beforehand."""
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


def answers(bench: Bench) -> Iterator[Figure]:
    """500 learners take an assessment: of each an answer every 5 to 10 s, then one more of all within five seconds,
    then one of all in the same moment; the service has one core. Afterwards what is stored is counted."""
    work, load = "lti-answers", load_average()
    people, questions = (LEARNERS, QUESTIONS) if bench.scale == 1 else (10, 3)
    with _tool(bench, people=people, one_core=True) as given:
        learners = bench.prepare("examined", **given, questions=questions)
        bench.say(f"{people} learners answer {questions} questions each …")
        done = bench.child(
            "answer", **given, **learners, questions=questions, burst=BURST if bench.scale == 1 else 0.5
        )
        stored = bench.prepare("stored", **given, **learners)["stored"]
    if done["errors"]:
        raise BenchFailed(f"{work}: {done['errors']} answers were not said to be saved")
    limit = bench.limit(ANSWER_MILLISECONDS)
    for name, waits, most in (
        (f"{people} learners, an answer each {PAUSE[0]:.0f} to {PAUSE[1]:.0f} s", done["class"], limit),
        (f"one more of each within {BURST:.0f} s", done["burst"], limit),
        ("one more of each in the same moment", done["moment"], None),
    ):
        yield Figure(work, f"{name}, p50", 1000 * median(waits), "ms", None, load)
        yield Figure(work, f"{name}, p95", 1000 * p95(waits), "ms", most, load)
    yield Figure(work, "the last of these saved after", max(done["moment"]), "s", None, load)
    yield Figure(
        work, "answers given for each that is stored", people * questions / stored, "", bench.limit(1.0), load
    )


def page(bench: Bench) -> Iterator[Figure]:
    """The first page of a video lesson in Chromium, within the platform's page; everything on this one machine."""
    work, load = "lti-page", load_average()
    runs = PAGES if bench.scale == 1 else 1
    videos = {"CONNECTOR_VIDEO__FOLDER": str(bench.folder / "videos")}
    with _tool(bench, host="localhost", environment=videos) as given:
        bench.say("a video is transcoded …")
        bench.prepare("lesson", **given, videos=videos["CONNECTOR_VIDEO__FOLDER"])
        bench.say(f"{runs + 1} learners open it in a browser …")
        pages = bench.child("watch", **given, runs=runs)["pages"]
    whole, own, answered = ([one[what] / 1000 for one in pages] for what in ("whole", "own", "answered"))
    name = f"activity opened until Play can be pressed, {runs} times"
    yield Figure(work, f"{name}, median", median(whole), "s", bench.limit(PAGE_SECONDS), load)
    yield Figure(work, f"{name}, slowest", max(whole), "s", None, load)
    yield Figure(work, "of it from the POST of the launch, median", median(own), "s", None, load)
    yield Figure(work, "of it until that was answered, median", median(answered), "s", None, load)
    script = max(one["decoded"] for one in pages) / 1000
    yield Figure(work, "script before the player", script, "kB", bench.limit(SCRIPT_KILOBYTES), load)
    yield Figure(work, "script as it was sent", max(one["transferred"] for one in pages) / 1000, "kB", None, load)


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
def _tool(
    bench: Bench,
    *,
    people: int = PEOPLE,
    one_core: bool = False,
    host: str = "127.0.0.1",
    environment: Mapping[str, str] | None = None,
) -> Iterator[Values]:
    """The service as a tool of the twin, with learners who are in a few courses, and all of that in the facts.

    ``host`` is by what name it is known: by another than the twin's it is another site to browsers.
    """
    port = free_port()
    url = f"http://{host}:{port}"
    people = people if bench.scale == 1 else 10
    file = newcomers.write(bench.folder / "learners.csv", newcomers.rows(people, "learner"))
    with bench.database() as database, bench.twin(courses=COURSES, plugin=True, tool=url) as twin:
        given = {**database, **twin, "mapping": str(mapping_of(bench, "launched", COURSES))}
        bench.say(f"{people} learners in {len(COURSES)} courses …")
        whole(bench.child("load", **given, file=str(file)))
        bench.prepare("mirrored", **given)
        given |= bench.prepare("platform", **given)
        told = {"CONNECTOR_LTI__URL": url, "CONNECTOR_LTI__SECRET": SECRET, **(environment or {})}
        with (
            _cores(bench) if one_core else nullcontext((MAIN, list[int]())) as (main, others),
            serving(bench, given, port, told, main) as service,
        ):
            yield {**given, "service": service, "people": people, "prefix": "learner", "cores": others}


@contextmanager
def _cores(bench: Bench) -> Iterator[tuple[str, list[int]]]:
    """The first core is for whoever runs this program, PostgreSQL's new processes have the others; gives these."""
    everything = sorted(os.sched_getaffinity(0))
    first, others, server = everything[0], everything[1:] or everything, bench.server.postmaster_pid
    if server is None:
        raise BenchFailed("there is no PostgreSQL")
    os.sched_setaffinity(server, set(others))
    try:
        yield f"import os; os.sched_setaffinity(0, {{{first}}}); {MAIN}", others
    finally:
        os.sched_setaffinity(server, everything)


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100, method="inclusive")[-1]
