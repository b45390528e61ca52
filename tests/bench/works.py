"""The works of the bench: each is a few pieces, every one in a process of its own, and what figures come of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from connector.store.embedded import EmbeddedServer, create_database, drop_database, server
from tests.bench import company, uploadtool
from tests.bench.child import carry_out, told
from tests.bench.figures import Figure

Values = dict[str, Any]

FEED_SECONDS, FEED_MEGABYTES = 10.0, 300.0
SAME_MEMORY, IN_PROPORTION = 1.2, 1.3
NOT_SLOWER = 1.0
VIEW_MILLISECONDS, VIEW_RUNS = 200.0, 40
SUMMED, SUMMED_MILLISECONDS = ("learning-paths/{role}", "progress/course/{id}"), 500.0
"""Addresses of the API that sum thousands of people when they are asked, and what holds for these."""
COURSES = 3
READ_COURSES, READ_WORKERS = 5, 2
A_FIFTH, FEW_REQUESTS = 0.2, 15.0
OWN_SHARE = 1.2
INCREMENT_SECONDS, INCREMENT_REQUESTS = 0.5, 5.0


class BenchFailed(Exception):
    """A piece of work failed, or did not do what was to be measured."""


@dataclass(frozen=True, slots=True)
class RealMoodle:
    """``code`` is on this machine too, where there is one, and ``php`` runs its tool; ``clean``: delete the people."""

    url: str
    token: str = field(repr=False)
    code: Path | None
    people: int
    php: str
    clean: bool


@dataclass
class Bench:
    """One round of works. ``scale`` makes all sizes smaller, to try the bench itself: then no limit holds."""

    server: EmbeddedServer
    folder: Path
    scale: float = 1.0
    long: bool = False
    moodle: RealMoodle | None = None
    tool_first: bool = False
    say: Callable[[str], None] = lambda _: None
    machine: dict[str, object] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _feeds: dict[int, tuple[Values, Values, float]] = field(default_factory=dict)

    # ------------------------------------------------------------ the works
    def feed_100k(self) -> Iterator[Figure]:
        first, changed, load = self._feed(self.size(100_000))
        work = "feed-100k"
        yield Figure(work, "1 % changed", changed["process"], "s", self.limit(FEED_SECONDS), load)
        yield Figure(work, "1 % changed, peak memory", changed["megabytes"], "MB", self.limit(FEED_MEGABYTES), load)
        yield Figure(work, "first load", first["process"], "s", None, load)
        yield Figure(work, "first load, peak memory", first["megabytes"], "MB", self.limit(FEED_MEGABYTES), load)

    def feed_1m(self) -> Iterator[Figure]:
        few, many = self.size(100_000), self.size(1_000_000)
        less, more = self._feed(few), self._feed(many)
        work, load = "feed-1m", more[2]
        for name, one, other in zip(("first load", "1 % changed"), less, more, strict=False):
            growth = other["megabytes"] / one["megabytes"]
            pace = (other["seconds"] / many) / (one["seconds"] / few)
            yield Figure(work, name, other["process"], "s", None, load)
            yield Figure(work, f"{name}, peak memory", other["megabytes"], "MB", None, load)
            yield Figure(work, f"{name}, memory against feed-100k", growth, "×", self.limit(SAME_MEMORY), load)
            yield Figure(work, f"{name}, time a row against feed-100k", pace, "×", self.limit(IN_PROPORTION), load)

    def twin_first_load(self) -> Iterator[Figure]:
        sizes = [self.size(size) for size in (2_000, 10_000, *([40_000] if self.long else []))]
        least = None
        for people in sizes:
            load = load_average()
            done = self._twin_load(people)
            least = least or done["megabytes"]
            work = "twin-first-load"
            yield Figure(work, f"{people:,} people", done["process"], "s", None, load)
            yield Figure(work, f"{people:,} people, each", 1000 * done["seconds"] / people, "ms", None, load)
            for part, seconds in done["parts"].items():
                yield Figure(work, f"{people:,} people, {part}", seconds, "s", None, load)
            yield Figure(work, f"{people:,} people, peak memory", done["megabytes"], "MB", None, load)
            if people != sizes[0]:
                growth = done["megabytes"] / least
                name = f"{people:,} people, memory against {sizes[0]:,}"
                yield Figure(work, name, growth, "×", self.limit(SAME_MEMORY), load)

    def mapping_row(self) -> Iterator[Figure]:
        load, rows = load_average(), self.size(20_000)
        feed = self.write_feeds(rows)[0]
        done = self.child("map", database="", file=str(feed), rows=rows)
        yield Figure("mapping-row", "person and grants", 1e6 * done["seconds"] / rows, "µs", None, load)

    def plan_unchanged(self) -> Iterator[Figure]:
        load, people = load_average(), self.size(100_000)
        feed = self.write_feeds(people)[0]
        with self.database() as database, self.twin() as twin:
            self.prepare("known", **database, **twin, file=str(feed))
            done = self.child("plan", **database, **twin)
        if done["changes"]:
            raise BenchFailed(f"plan-unchanged: the plan should have been empty and has {done['changes']}")
        name = f"{people:,} people"
        yield Figure("plan-unchanged", name, done["process"], "s", None, load)
        yield Figure("plan-unchanged", f"{name}, peak memory", done["megabytes"], "MB", None, load)

    def views(self) -> Iterator[Figure]:
        """Each question to a view at the 95th percentile, by the owner and by a login of a ninth of the company."""
        load, people = load_average(), self.size(100_000)
        with self.database() as database:
            self.say(f"facts of {people:,} people, {10 * people:,} assignments, {50 * people:,} changes of grades …")
            made = self.child("fill-facts", **database, people=people)
            yield Figure("views", "what a full reading adds up", made["summaries"], "s", None, load)
            runs = VIEW_RUNS if self.scale == 1 else 2
            self.say("asking every view …")
            for name, who, _, slow in self.child("ask-views", **database, runs=runs)["asked"]:
                yield Figure("views", f"{name}, as {who}, p95", slow, "ms", self.limit(VIEW_MILLISECONDS), load)
            self.say("asking the API …")
            for name, who, _, slow in self.child("ask-api", **database, runs=runs)["asked"]:
                most = SUMMED_MILLISECONDS if name in SUMMED else VIEW_MILLISECONDS
                yield Figure("views", f"API {name}, as {who}, p95", slow, "ms", self.limit(most), load)

    def moodle_first_load(self) -> Iterator[Figure]:
        moodle, load = self.real(), load_average()
        there = {"url": moodle.url, "token": moodle.token}
        run = f"b{int(time.time()):x}"
        ours, theirs = ([f"{run}{side}{number}".upper() for number in range(COURSES)] for side in "ct")
        made = self.prepare("make-courses", **there, courses=[*ours, *theirs])
        self.machine["moodle"] = made["release"]
        try:
            measure = {
                "connector": lambda: self._load_by_connector(moodle, f"{run}c", ours),
                "tool": lambda: self._load_by_tool(moodle, f"{run}t", theirs),
            }
            order = sorted(measure, reverse=self.tool_first)
            results = {way: measure[way]() for way in order}
            found = self.child("participants", **there, ids=made["ids"])
            if short := {name: found[name] for name in (*ours, *theirs) if found[name] != moodle.people}:
                raise BenchFailed(f"moodle-first-load: courses without all {moodle.people} people: {short}")
        finally:
            if moodle.clean:
                self.say("deleting the people again …")
                self.prepare("remove-people", **there, prefixes=[f"{run}c", f"{run}t"], people=moodle.people)
        done, tool = results["connector"], results["tool"]["process"]
        work, name = "moodle-first-load", f"{moodle.people:,} people with {COURSES} courses"
        yield Figure(work, name, done["process"], "s", None, load)
        for part, seconds in done["parts"].items():
            yield Figure(work, f"{name}, {part}", seconds, "s", None, load)
        yield Figure(work, f"{name}, peak memory", done["megabytes"], "MB", None, load)
        yield Figure(work, "Moodle's own upload tool", tool, "s", None, load)
        yield Figure(work, "against that tool", done["process"] / tool, "×", self.limit(NOT_SLOWER), load)

    def moodle_reports(self) -> Iterator[Figure]:
        """A day without news, a full reading and an increment, on a real Moodle that has the reports."""
        moodle, load = self.real(), load_average()
        there = {"url": moodle.url, "token": moodle.token}
        run = f"r{int(time.time()):x}"
        courses = [f"{run}{number}".upper() for number in range(READ_COURSES)]
        self.machine["moodle"] = self.prepare("make-courses", **there, courses=courses)["release"]
        feed, mapping = self.folder / f"{run}.csv", self.folder / f"mapping-{run}"
        company.write_people(feed, moodle.people, run)
        company.write_mapping(mapping, courses)
        upload, tool = self.folder / f"{run}-upload.csv", uploadtool.find(_code(moodle))
        company.write_upload(upload, moodle.people, run, [])  # with courses it would take many times as long
        given = {**there, "mapping": str(mapping)}
        with self.database() as database:
            self.say(f"{moodle.people:,} people with {READ_COURSES} courses into Moodle by the connector …")
            whole(self.child("load", **database, **given, file=str(feed)))
            try:
                self.say("reading it …")
                told = self.child("read", **database, **given, workers=READ_WORKERS)
                unchanged = self.child("sync", **database, **given, file=str(feed))
                self.say("the upload tool on the same people …")
                compared = uploadtool.compare(tool, upload, moodle.php)
                skipped = uploadtool.skip(tool, upload, moodle.people, moodle.php)
            finally:
                if moodle.clean:
                    self.prepare("remove-people", **there, prefixes=[run], people=moodle.people)
        if told["reader"] != "reports" or unchanged["changes"]:
            raise BenchFailed(f"moodle-reports: read by {told['reader']}, {unchanged['changes']} planned")
        everything, nothing = told["everything"], told["nothing"]
        work, name = "moodle-reports", f"{moodle.people:,} people, nothing changed"
        yield Figure(work, name, unchanged["process"], "s", None, load)
        yield Figure(work, f"{name}, requests", unchanged["requests"], "", self.limit(FEW_REQUESTS), load)
        yield Figure(work, f"{name}, Moodle's own upload tool comparing accounts", compared, "s", None, load)
        yield Figure(work, f"{name}, that tool skipping whom it knows", skipped, "s", None, load)
        ratio = unchanged["process"] / compared
        yield Figure(work, f"{name}, against that tool comparing", ratio, "×", self.limit(A_FIFTH), load)
        name = f"all of Moodle, {everything['enrolments']:,} enrolments"
        yield Figure(work, name, everything["seconds"], "s", None, load)
        yield Figure(work, f"{name}, Moodle's answers in all", everything["answers"], "s", None, load)
        share = everything["seconds"] / (everything["answers"] / READ_WORKERS)
        yield Figure(work, f"{name}, against those by {READ_WORKERS} workers", share, "×", self.limit(OWN_SHARE), load)
        yield Figure(work, f"{name}, peak memory", everything["megabytes"], "MB", None, load)
        yield Figure(work, "increment, nothing new", nothing["seconds"], "s", self.limit(INCREMENT_SECONDS), load)
        yield Figure(
            work, "increment, nothing new, requests", nothing["requests"], "", self.limit(INCREMENT_REQUESTS), load
        )

    # ------------------------------------------------------------ their pieces
    def _feed(self, rows: int) -> tuple[Values, Values, float]:
        """The first delivery, and the second against it. Kept: two works need the smaller one."""
        if rows not in self._feeds:
            self.say(f"a feed of {rows:,} rows …")
            load, (first, second) = load_average(), self.write_feeds(rows)
            with self.database() as database:
                new = self.child("take", **database, file=str(first))
                changed = self.child("take", **database, file=str(second))
            for done in (new, changed):
                if (done["rows"], done["rejected"]) != (rows, 0):
                    raise BenchFailed(f"of {rows} rows {done['rows']} were read and {done['rejected']} rejected")
            self._feeds[rows] = new, changed, load
        return self._feeds[rows]

    def _twin_load(self, people: int) -> Values:
        self.say(f"{people:,} people into the twin …")
        feed = self.write_feeds(people)[0]
        with self.database() as database, self.twin() as twin:
            return whole(self.child("load", **database, **twin, file=str(feed)))

    def _load_by_connector(self, moodle: RealMoodle, prefix: str, courses: list[str]) -> Values:
        self.say(f"{moodle.people:,} people into Moodle by the connector …")
        feed, mapping = self.folder / f"{prefix}.csv", self.folder / f"mapping-{prefix}"
        company.write_people(feed, moodle.people, prefix)
        company.write_mapping(mapping, courses)
        there = {"url": moodle.url, "token": moodle.token, "mapping": str(mapping)}
        with self.database() as database:
            return whole(self.child("load", **database, **there, file=str(feed)))

    def _load_by_tool(self, moodle: RealMoodle, prefix: str, courses: list[str]) -> Values:
        self.say(f"{moodle.people:,} people into Moodle by its own upload tool …")
        file = self.folder / f"{prefix}.csv"
        company.write_upload(file, moodle.people, prefix, courses)
        return {"process": uploadtool.upload(uploadtool.find(_code(moodle)), file, moodle.people, moodle.php)}

    def write_feeds(self, rows: int) -> tuple[Path, Path]:
        first, second = (self.folder / f"feed-{rows}-{number}.csv" for number in (1, 2))
        if not first.exists():
            # Yesterday, so that nobody's first day is today or later where the machine's day is another than Taipei's.
            today = (datetime.now(UTC) - timedelta(days=1)).date()
            self.prepare("make-feeds", first=str(first), second=str(second), rows=rows, today=today.isoformat())
        return first, second

    # ------------------------------------------------------------ shared
    def real(self) -> RealMoodle:
        if self.moodle is None:
            raise BenchFailed("this needs a real Moodle: give --moodle-url")
        return self.moodle

    def prepare(self, piece: str, **given: object) -> Values:
        """Carry out a piece here and now: what is not measured needs no process of its own."""
        return carry_out(piece, json.loads(json.dumps(given)))

    def child(self, piece: str, **given: object) -> Values:
        """Run a piece in its own process. ``process`` in the answer is its seconds, from its start to its end."""
        began = time.perf_counter()
        done = _copied(piece, given) if self.tried else _started(piece, given)
        return {**done, "process": time.perf_counter() - began}

    @contextmanager
    def database(self) -> Iterator[Mapping[str, str]]:
        """A fresh database with all tables: a copy of one that was migrated."""
        name, migrated = f"bench_{next(self._numbers)}", "migrated"
        if "postgresql" not in self.machine:
            drop_database(self.server.url(), migrated)
            create_database(self.server.url(), migrated)
            self.machine["postgresql"] = self.prepare("migrate", database=self.server.url(migrated))["version"]
        create_database(self.server.url(), name, template=migrated)
        try:
            yield {"database": self.server.url(name)}
        finally:
            drop_database(self.server.url(), name)

    @contextmanager
    def twin(self, **given: object) -> Iterator[Twin]:
        """A Moodle twin in a process of its own; gives its address and token. ``given``: see ``serving.serve``."""
        with subprocess.Popen(_command("serve"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield Twin(process, given)
            finally:
                process.communicate()

    def size(self, whole: int) -> int:
        return max(20, int(whole * self.scale))

    @property
    def tried(self) -> bool:
        """Whether it is but tried out: then no limit holds, and processes need not begin from nothing."""
        return self.scale != 1

    def limit(self, limit: float) -> float | None:
        return None if self.tried else limit


class Twin(dict[str, str]):
    """The address and the token of a twin in another process, which listens to lines of JSON."""

    def __init__(self, process: subprocess.Popen[str], given: Mapping[str, object]) -> None:
        self._process = process
        super().__init__(self._ask(given))

    def fill(self, database: str) -> None:
        """From now on it has the accounts of this database of a connector."""
        self._ask({"database": database})

    def _ask(self, given: Mapping[str, object]) -> Values:
        if self._process.stdin is None or self._process.stdout is None:
            raise BenchFailed("the twin has no pipes")
        self._process.stdin.write(json.dumps(given) + "\n")
        self._process.stdin.flush()
        answer: Values = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def workshop(*, tried: bool = False) -> Iterator[tuple[EmbeddedServer, Path]]:
    """A folder that goes away again, and a PostgreSQL in it with the product's own settings, or fast to try it out."""
    with tempfile.TemporaryDirectory(prefix="connector-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # root's PostgreSQL and Moodle's tool run as other users
        with server(folder / "postgres", options={"fsync": "off"} if tried else None) as running:
            yield running, folder


def whole(done: Values) -> Values:
    """What was measured, if all of it was done: refused or forgotten changes are no work."""
    tally = done["tally"]
    if done["cases"] or done["held"] or tally["done"] != sum(done["changes"].values()):
        raise BenchFailed(f"not everything was applied: {tally}, held {done['held']}, {done['cases']} cases")
    return done


def _started(piece: str, given: Values) -> Values:
    done = subprocess.run(_command(piece), input=json.dumps(given) + "\n", capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchFailed(f"{piece} failed:\n{done.stderr.strip()[-3000:]}")
    measured: Values = json.loads(done.stdout.splitlines()[-1])
    return measured


def _copied(piece: str, given: Values) -> Values:
    """In a copy of a process that has loaded the product already."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.bench.opened"])
    with ProcessPoolExecutor(1, context) as copies:
        try:
            measured: Values = json.loads(
                json.dumps(copies.submit(told, piece, json.loads(json.dumps(given))).result())
            )
        except Exception as error:
            raise BenchFailed(f"{piece} failed:\n{error.__cause__ or error}") from error
    return measured


def _command(piece: str) -> list[str]:
    return [sys.executable, "-m", "tests.bench.child", piece]


def _code(moodle: RealMoodle) -> Path:
    if moodle.code is None:
        raise BenchFailed("Moodle's own upload tool is timed too: give --moodle-dir")
    return moodle.code


def load_average() -> float:
    return os.getloadavg()[0]
