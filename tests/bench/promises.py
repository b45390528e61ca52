"""Works on what users are promised of provisioning: many rules, one person on demand, pushes, a large first load."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import median, quantiles

import httpx

from tests.bench import manyrules, newcomers
from tests.bench.figures import Figure
from tests.bench.ondemand import MAIN
from tests.bench.pushing import CLIENT
from tests.bench.works import Bench, BenchFailed, Values, load_average, whole

RULES, FEW_RULES = 200, 1
PLAN_SECONDS, PLAN_MEGABYTES = 20.0, 500.0
ON_DEMAND_SECONDS, RUNS = 1.0, 20
RATE, PUSH_SECONDS, PUSH_LIMIT = 20, 60, 2.0
OWN_SHARE = 0.05
HINTS, HINT_LIMIT, HINT_PORT = 60, 2.0, 8098
HINT_SECRET = "a secret of the bench, of no other use"
EVENTS, EVENT_RATE, EVENT_LIMIT = 400, 20, 2.0
SECRET_VARIABLE = "CONNECTOR_TEST_MOODLE_WEBHOOK_SECRET"
KNOWN, LARGE, LONG = 20_000, 20_000, 80_000
FEW_KNOWN = 500
"""On a real Moodle: a tenth of them may be created in a day without a person's word."""
START_SECONDS = 180


# ---------------------------------------------------------------- many rules
def rules_200(bench: Bench) -> Iterator[Figure]:
    """A second delivery to 100,000 people by 200 rules, read to plan; and beside it the same by one rule."""
    work, people, load = "rules-200", bench.size(100_000), load_average()
    many, few = (_replanned(bench, people, rules) for rules in (RULES, FEW_RULES))
    name = f"{people:,} people, {RULES} rules, 1 % changed, read to plan"
    yield Figure(work, name, many["process"], "s", bench.limit(PLAN_SECONDS), load)
    for part, seconds in many["parts"].items():
        yield Figure(work, f"{name}, {part}", seconds, "s", None, load)
    yield Figure(work, f"{name}, peak memory", many["megabytes"], "MB", bench.limit(PLAN_MEGABYTES), load)
    yield Figure(work, f"the same by {FEW_RULES} rule", few["process"], "s", None, load)
    yield Figure(work, f"against {FEW_RULES} rule", many["process"] / few["process"], "×", None, load)
    rows = bench.size(20_000)
    feed, mapping = bench.write_feeds(rows)[0], bench.folder / f"rules-{RULES}"
    done = bench.child("map", database="", file=str(feed), rows=rows, mapping=str(mapping), rules=RULES)
    each = done["seconds"] / rows
    yield Figure(work, "a row, person and grants", 1e6 * each, "µs", None, load)
    yield Figure(work, f"{RULES} rules one by one for a person", 1e6 * done["plain"], "µs", None, load)
    yield Figure(work, "a row against that", each / done["plain"], "×", bench.limit(1.0), load)


def _replanned(bench: Bench, people: int, rules: int) -> Values:
    bench.say(f"{people:,} people by {rules} rules …")
    first, second = bench.write_feeds(people)
    mapping = bench.folder / f"rules-{rules}"
    if not mapping.exists():
        manyrules.write_mapping(mapping, rules)
    with bench.database() as database, bench.twin() as twin:
        given = {**database, **twin, "mapping": str(mapping)}
        bench.prepare("known", **given, file=str(first))
        twin.fill(database["database"])
        done = bench.child("replan", **given, file=str(second))
    if done["cases"] or not done["changes"].get("update_account"):
        raise BenchFailed(f"rules-{rules}: {done['cases']} cases, {done['changes']}")
    return done


# ---------------------------------------------------------------- one person on demand
def on_demand(bench: Bench) -> Iterator[Figure]:
    """The twin at a real Moodle's pace."""
    with bench.database() as database, bench.twin(pace=True, courses=["BENCH1", "BENCH2"]) as twin:
        given = {**database, **twin, "mapping": str(mapping_of(bench, "od", ["BENCH1", "BENCH2"]))}
        yield from _on_demand(bench, "on-demand", given, bench.size(KNOWN), "bench", twin.fill)


def moodle_on_demand(bench: Bench) -> Iterator[Figure]:
    """A real Moodle."""
    with _courses(bench, 2) as (given, courses, prefix), bench.database() as database:
        mapping = mapping_of(bench, prefix, courses)
        try:
            yield from _on_demand(
                bench, "moodle-on-demand", {**given, **database, "mapping": str(mapping)}, FEW_KNOWN, prefix, None
            )
        finally:
            _remove(bench, given, prefix, FEW_KNOWN + 2 * RUNS + 1)


def _on_demand(bench: Bench, work: str, given: Values, known: int, prefix: str, fill: object) -> Iterator[Figure]:
    load, runs = load_average(), RUNS if bench.scale == 1 else 2
    file = newcomers.write(bench.folder / f"known-{prefix}-{known}.csv", newcomers.rows(known, prefix))
    bench.say(f"{known:,} people are there …")
    if callable(fill):
        bench.prepare("known", **given, file=str(file))
        fill(given["database"])
    else:
        whole(bench.child("load", **given, file=str(file)))
    done = bench.child("on-demand", **given, folder=str(bench.folder), prefix=prefix, known=known, runs=runs)
    for way in ("service", "command"):
        for who in ("new", "moved"):
            limit = bench.limit(ON_DEMAND_SECONDS)
            name = f"{who}, {way}, median of {runs}, {known:,} others"
            yield Figure(work, name, median(done[f"{who}, {way}"]), "s", limit, load)
            yield Figure(work, f"{who}, {way}, slowest", max(done[f"{who}, {way}"]), "s", None, load)
            if way == "service":
                requests = done[f"{who}, {way}, requests"]
                yield Figure(work, f"{who}, {way}, requests to Moodle", requests, "", None, load)


# ---------------------------------------------------------------- pushes
def pushed(bench: Bench) -> Iterator[Figure]:
    """The twin at a real Moodle's pace; with nobody there, and with many."""
    for known in (0, bench.size(KNOWN)):
        with bench.database() as database, bench.twin(pace=True, courses=["BENCH1"]) as twin:
            mapping = mapping_of(bench, f"push-{known}", ["BENCH1"], pushed=True)
            whole_given = {**database, **twin, "mapping": str(mapping)}
            yield from _pushed(bench, "scim-push", whole_given, known, "bench", twin.fill)


def moodle_pushed(bench: Bench) -> Iterator[Figure]:
    """A real Moodle, with nobody of ours there: more than a tenth newcomers a day would wait for a person's word."""
    with _courses(bench, 1) as (given, courses, prefix), bench.database() as database:
        mapping = mapping_of(bench, prefix, courses, pushed=True)
        try:
            whole_given = {**given, **database, "mapping": str(mapping)}
            yield from _pushed(bench, "moodle-scim-push", whole_given, 0, prefix, None)
        finally:
            _remove(bench, given, prefix, RATE * PUSH_SECONDS)


def _pushed(bench: Bench, work: str, given: Values, known: int, prefix: str, fill: object) -> Iterator[Figure]:
    seconds = PUSH_SECONDS if bench.scale == 1 else 2
    bench.say(f"{known:,} people were pushed before …")
    token = bench.prepare("identity", **given, known=known, prefix=prefix)
    if known:
        bench.prepare("known", **given, scim=CLIENT)
        if callable(fill):
            fill(given["database"])
    load = load_average()
    with serving(bench, given) as service:
        bench.say(f"{RATE} pushes a second for {seconds} s …")
        done = bench.child(
            "push", **given, **token, service=service, known=known, prefix=prefix, rate=RATE, seconds=seconds
        )
    name = f"{known:,} there, {RATE} a second for {seconds} s"
    yield Figure(work, f"{name}, in Moodle, p95", p95(done["account"]), "s", bench.limit(PUSH_LIMIT), load)
    yield Figure(work, f"{name}, in Moodle, median", median(done["account"]), "s", None, load)
    yield Figure(work, f"{name}, in Moodle, slowest", max(done["account"]), "s", None, load)
    yield Figure(work, f"{name}, with all grants, p95", p95(done["everything"]), "s", None, load)
    yield Figure(work, f"{name}, answer to a push, p95", 1000 * p95(done["answers"]), "ms", None, load)
    yield Figure(work, f"{name}, runs", done["runs"], "", None, load)


# ---------------------------------------------------------------- hints
def told(bench: Bench) -> Iterator[Figure]:
    """The twin at a real Moodle's pace, as its plugin tells."""
    courses = ["BENCH1", "BENCH2"]
    with bench.database() as database, bench.twin(pace=True, courses=courses, plugin=True) as twin:
        mapping = mapping_of(bench, "hints", courses[:1])
        given = {**database, **twin, "mapping": str(mapping)}

        def hear(service: str) -> None:
            where = {"url": f"{service}/hooks/moodle", "secret": HINT_SECRET}
            httpx.post(f"{twin['url']}/twin/webhook", json=where).raise_for_status()

        kinds = ["enrol", "complete", "grade"]
        yield from _told(bench, "hints", given, courses, kinds, "bench", HINT_SECRET, 0, hear)


def moodle_told(bench: Bench) -> Iterator[Figure]:
    """A real Moodle whose plugin tells http://127.0.0.1:8098/hooks/moodle, with the secret in the environment."""
    secret = os.environ.get(SECRET_VARIABLE, "")
    if not secret:
        raise BenchFailed(f"moodle-hints: {SECRET_VARIABLE} has to be the secret of the webhook in Moodle")
    with _courses(bench, 2) as (given, courses, prefix), bench.database() as database:
        mapping, kinds = mapping_of(bench, prefix, courses[:1]), ["enrol", "suspend", "unenrol"]
        whole_given = {**given, **database, "mapping": str(mapping)}
        try:
            yield from _told(
                bench, "moodle-hints", whole_given, courses, kinds, prefix, secret, HINT_PORT, _believed_away
            )
        finally:
            _remove(bench, given, prefix, HINTS)


def _believed_away(_service: str) -> None:
    """Before the service was there Moodle has told nobody, and rests from that for half a minute."""
    time.sleep(31)


def _told(
    bench: Bench,
    work: str,
    given: Values,
    courses: list[str],
    kinds: list[str],
    prefix: str,
    secret: str,
    port: int,
    hear: Callable[[str], None],
) -> Iterator[Figure]:
    count, rate = (HINTS, 1) if bench.scale == 1 else (6, 3)
    bench.say(f"{count} people are there …")
    file = newcomers.write(bench.folder / f"hints-{prefix}.csv", newcomers.rows(count, prefix))
    whole(bench.child("load", **given, file=str(file)))
    bench.prepare("mirrored", **given)
    load = load_average()
    with serving(bench, given, port, {"CONNECTOR_MOODLE__WEBHOOK_SECRET": secret}) as service:
        hear(service)
        bench.say(f"{count} events, {rate} a second …")
        done = bench.child("tell", **given, prefix=prefix, count=count, rate=rate, kinds=kinds, courses=courses)
    name = f"{count} events ({', '.join(kinds)}), {rate} a second, row in the view"
    yield Figure(work, f"{name}, p95", p95(done["waits"]), "s", bench.limit(HINT_LIMIT), load)
    yield Figure(work, f"{name}, median", median(done["waits"]), "s", None, load)
    yield Figure(work, f"{name}, slowest", max(done["waits"]), "s", None, load)


def launched(bench: Bench) -> Iterator[Figure]:
    """What happens in launched content, through the whole service, into the reports of a company."""
    people, load = bench.size(KNOWN), load_average()
    count = EVENTS if bench.scale == 1 else 8
    tool = {"CONNECTOR_LTI__URL": "https://tool.example.com", "CONNECTOR_LTI__SECRET": HINT_SECRET.replace(",", "")}
    with bench.database() as database, bench.twin(courses=["BENCH1"]) as twin:
        given = {**database, **twin, "mapping": str(mapping_of(bench, "launched", ["BENCH1"]))}
        bench.say(f"facts of {people:,} people …")
        bench.prepare("fill-facts", **database, people=people)
        with serving(bench, given, environment=tool):
            bench.say(f"{count} events, {EVENT_RATE} a second …")
            waits = bench.child("learn", **given, count=count, rate=EVENT_RATE)["waits"]
    every = [wait for some in waits.values() for wait in some]
    name = f"{count} events ({', '.join(waits)}), {EVENT_RATE} a second, row in the view"
    yield Figure("lti-event", f"{name}, p95", p95(every), "s", bench.limit(EVENT_LIMIT), load)
    yield Figure("lti-event", f"{name}, median", median(every), "s", None, load)
    yield Figure("lti-event", f"{name}, slowest", max(every), "s", None, load)
    for kind, some in waits.items():
        yield Figure("lti-event", f"{kind}, p95", p95(some), "s", None, load)


@contextmanager
def serving(
    bench: Bench, given: Values, port: int = 0, environment: Mapping[str, str] | None = None, main: str = MAIN
) -> Iterator[str]:
    """The whole service as it is started everywhere, with jobs of what comes only; gives its address."""
    port = port or free_port()
    config = bench.folder / f"service-{port}.toml"
    never = "\n".join(f'{job} = ""' for job in ("sync", "mirror", "reconcile", "notices", "learners", "certificates"))
    config.write_text(
        f'mapping = "{given["mapping"]}"\n[moodle]\nurl = "{given["url"]}"\n'
        f"[service]\nport = {port}\n{never}\n" + ("" if environment else f'[sources.{CLIENT}]\nkind = "scim"\n'),
        "utf-8",
    )
    secrets = {"CONNECTOR_DATABASE_URL": given["database"], "CONNECTOR_MOODLE__TOKEN": given["token"]}
    secrets |= environment or {}
    command = [sys.executable, "-c", main, "--config", str(config), "serve"]
    log = bench.folder / f"service-{port}.log"
    with (
        log.open("w") as written,
        subprocess.Popen(command, env={**os.environ, **secrets}, stdout=written, stderr=written) as process,
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            _until_ready(url, process)
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{url}/health").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise BenchFailed("the service did not start")


def p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1]


# ---------------------------------------------------------------- a first load at a real Moodle's pace
def paced_first_load(bench: Bench) -> Iterator[Figure]:
    """How much of a first load is the connector's own: the time in which no request to Moodle is under way."""
    people = bench.size(LONG if bench.long else LARGE)
    courses, load = ["BENCH1"], load_average()
    file = newcomers.write(bench.folder / f"first-{people}.csv", newcomers.rows(people, "bench"))
    with bench.database() as database, bench.twin(pace=True, courses=courses) as twin:
        given = {**database, **twin, "mapping": str(mapping_of(bench, "first", courses))}
        bench.say(f"{people:,} people into the twin at a real Moodle's pace …")
        done = whole(bench.child("load", **given, file=str(file)))
    work, name = "paced-first-load", f"{people:,} people with a course and a cohort"
    own = (done["seconds"] - done["waited"]) / done["seconds"]
    yield Figure(work, name, done["seconds"], "s", None, load)
    for part, seconds in done["parts"].items():
        yield Figure(work, f"{name}, {part}", seconds, "s", None, load)
    yield Figure(work, f"{name}, without a request under way", own, "of it", bench.limit(OWN_SHARE), load)
    yield Figure(work, f"{name}, the connector's processor time", done["cpu"], "s", None, load)
    yield Figure(work, f"{name}, requests under way at once", done["answers"] / done["seconds"], "", None, load)
    yield Figure(work, f"{name}, peak memory", done["megabytes"], "MB", None, load)


# ---------------------------------------------------------------- shared
def mapping_of(bench: Bench, name: str, courses: Sequence[str], *, pushed: bool = False) -> os.PathLike[str]:
    folder = bench.folder / f"newcomers-{name}"
    if not folder.exists():
        newcomers.write_mapping(folder, courses, pushed=pushed)
    return folder


@contextmanager
def _courses(bench: Bench, count: int) -> Iterator[tuple[Values, list[str], str]]:
    """A real Moodle's address, new courses there, and what the names of new people begin with."""
    moodle = bench.real()
    given: Values = {"url": moodle.url, "token": moodle.token}
    prefix = f"bench{int(time.time()):x}"
    courses = [f"{prefix}{number}".upper() for number in range(count)]
    bench.machine["moodle"] = bench.prepare("make-courses", **given, courses=courses)["release"]
    yield given, courses, prefix


def _remove(bench: Bench, given: Mapping[str, str], prefix: str, people: int) -> None:
    bench.say("deleting the people again …")
    bench.prepare("remove-people", **given, prefixes=[prefix], people=people)
