"""What Prometheus may read: counts of this process, and figures of the database looked up when somebody scrapes.

A registry of its own for each service. Labels come from short lists of ours (functions, end points, jobs, classes);
courses are those that rules name, at most COURSES of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from threading import Lock, Thread
from time import monotonic
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from connector.domain.jobs import JobOutcome
from connector.domain.observing import Course, Figures, FigureStore

COURSES = 200
NOW_SECONDS = 5.0
COURSES_SECONDS = 60.0
"""For so long what was read holds: whoever may scrape must not be able to press the database with it."""
PATIENCE = 2.0
"""Seconds that a scrape waits for the database: Prometheus gives up after ten."""
ANSWERS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10)
CALLS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120)
RUNS = (1, 5, 15, 60, 300, 900, 3600, 4 * 3600)
COUNTED = ("done", "refused", "waiting")
"""What a sync says of its operations."""

T = TypeVar("T")


class Metrics:
    """The metrics of one service; a ``JobObserver`` and a ``CallObserver``. Safe to use from any thread."""

    def __init__(self, figures: Callable[[], FigureStore], queue: Callable[[], int] = lambda: 0) -> None:
        self.registry = CollectorRegistry()
        self._requests = Histogram(
            "http_request_duration_seconds",
            "HTTP requests answered, by end point.",
            ["method", "endpoint", "status"],
            buckets=ANSWERS,
            registry=self.registry,
        )
        self._calls = Histogram(
            "connector_moodle_call_duration_seconds",
            "Requests to Moodle, by function and outcome (ok, or the type of the error).",
            ["function", "outcome"],
            buckets=CALLS,
            registry=self.registry,
        )
        self._jobs = Histogram(
            "connector_job_duration_seconds",
            "Runs of jobs in this process, by outcome.",
            ["job", "outcome"],
            buckets=RUNS,
            registry=self.registry,
        )
        self._operations = Counter(
            "connector_operations",
            "Changes carried out in Moodle by this process, by outcome.",
            ["outcome"],
            registry=self.registry,
        )
        self._undelivered = Counter(
            "connector_notices_undelivered",
            "Runs of the job notices in which a channel did not deliver.",
            registry=self.registry,
        )
        self._lines = Gauge(
            "connector_live_connections",
            "Pages that are told at once by this process.",
            registry=self.registry,
        )
        self._refused = Counter(
            "connector_live_refused",
            "Pages that were not let in or were cut off, by why.",
            ["why"],
            registry=self.registry,
        )
        self._words = Counter(
            "connector_live_words",
            "Words that this process has passed on to pages, by kind.",
            ["kind"],
            registry=self.registry,
        )
        self.state = _State(figures, queue)
        self.registry.register(self.state)

    def answered(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        """An HTTP request was answered; ``endpoint`` is a route's pattern, never an address that somebody typed."""
        self._requests.labels(method, endpoint, str(status)).observe(seconds)

    def called(self, function: str, seconds: float, outcome: str) -> None:
        self._calls.labels(function, outcome).observe(seconds)

    def ran(self, name: str, outcome: JobOutcome, seconds: float, came: Mapping[str, object]) -> None:
        self._jobs.labels(name, outcome.value).observe(seconds)
        if name == "sync":
            for counted in COUNTED:
                if isinstance(number := came.get(counted), int):
                    self._operations.labels(counted).inc(number)
        if name == "notices" and outcome is JobOutcome.FAILED:
            self._undelivered.inc()

    def connected(self, pages: int) -> None:
        """So many pages are told at once."""
        self._lines.set(pages)

    def cut_off(self, why: str) -> None:
        self._refused.labels(why).inc()

    def told(self, kind: str) -> None:
        self._words.labels(kind).inc()

    def page(self) -> bytes:
        """The exposition in Prometheus' text format."""
        return generate_latest(self.registry)


class _State(Collector):
    """Figures of the database, and the queue of this process."""

    def __init__(self, figures: Callable[[], FigureStore], queue: Callable[[], int]) -> None:
        self._now = _Remembered(lambda: figures().now(), NOW_SECONDS)
        self._courses = _Remembered(lambda: figures().courses(COURSES), COURSES_SECONDS)
        self.queue = queue

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing is looked up when the registry only wants names."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now, courses = self._now(), self._courses()
        up = now is not None and courses is not None
        yield _one("connector_database_up", "1 where the database answered this scrape.", float(up))
        yield _by("connector_queue_depth", "What waits to be done.", "queue", {"jobs": self.queue()})
        if now is not None:
            yield from _figures(now)
        if courses is not None:
            yield from _of_courses(courses)


class _Remembered(Generic[T]):
    """What ``ask`` gave, for so many seconds; None where no answer came in time. One question at a time."""

    def __init__(self, ask: Callable[[], T], seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds
        self._lock = Lock()
        self._asking: Thread | None = None
        self._until = 0.0
        self._found: T | None = None

    def __call__(self) -> T | None:
        with self._lock:
            if self._asking is None and monotonic() >= self._until:
                self._asking = Thread(target=self._look, name="figures", daemon=True)
                self._asking.start()
            if self._asking is not None:
                self._asking.join(PATIENCE)
                if self._asking.is_alive():
                    return None  # its answer is for a later scrape
                self._asking = None
            return self._found

    def _look(self) -> None:
        try:
            self._found = self._ask()
        except Exception:  # whatever is wrong with the database, a scrape does not fail by it
            self._found = None
        self._until = monotonic() + self._seconds


def _figures(now: Figures) -> Iterator[GaugeMetricFamily]:
    yield _one("training_active_users", "People who were in Moodle within a day.", now.active_users)
    yield _by("connector_fact_lag_seconds", "Since each hop was reached or fact moved.", "fact", now.lags)
    if now.feed_age is not None:
        yield _one("connector_feed_age_seconds", "Since the last good feed.", now.feed_age)
    yield _by("connector_held_changes", "Changes that wait for approval, by class.", "class", now.holds)
    yield _one("connector_holds_waiting", "Classes of changes that wait for approval.", len(now.holds))
    yield _one("connector_feeds_refused", "Sources whose last feed was refused.", now.refused_feeds)
    yield _by("connector_cases_open", "Cases that a person must decide, by kind.", "kind", now.cases)
    yield _one("connector_changes_unsent", "Changes of the newest plan not carried out, held ones too.", now.unsent)
    yield _by("connector_job_last_success_timestamp_seconds", "When a job last ended well.", "job", now.succeeded)
    yield _by("connector_job_failures", "Failed runs of a job since it last ended well.", "job", now.failures)
    yield _by(
        "connector_job_quarantined", "1 while a failing job is tried once a day at most.", "job", now.quarantined
    )


def _of_courses(courses: list[Course]) -> Iterator[GaugeMetricFamily]:
    rates = {course.name: course.completed / course.enrolled for course in courses if course.enrolled}
    yield _by("training_course_completion_rate", "Completed of those enrolled, 0 to 1.", "course", rates)
    enrolled = {course.name: course.enrolled for course in courses}
    yield _by("training_course_enrolled", "People enrolled now.", "course", enrolled)


def _one(name: str, told: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, told, value=value)


def _by(name: str, told: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, told, labels=[label])
    for value_of, value in values.items():
        family.add_metric([value_of], value)
    return family
