"""What a sample company needs to be shown: a Moodle twin with its courses, and databases that are thrown away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Protocol

from connector.databases import upgrade
from connector.store.embedded import EmbeddedServer, create_database
from mappings.courses import SampleCourse, load_courses


class Learners(Protocol):
    """What learners do in Moodle itself; courses by idnumber or shortname, values in points."""

    def complete(self, username: str, course: str, at: int | None = None) -> None: ...

    def grade(self, username: str, course: str, value: float | None, at: int | None = None) -> None: ...


@dataclass(frozen=True, slots=True)
class SampleMoodle:
    """A Moodle twin with a sample company's courses, and what its learners can do."""

    url: str
    token: str
    learners: Learners
    enrolled: Callable[[], list[tuple[str, SampleCourse]]]
    """Who learns in which course: each username with a course, sorted."""


@contextmanager
def sample_moodle(company: Path | Traversable, accounts: Sequence[Mapping[str, str]] = ()) -> Iterator[SampleMoodle]:
    """Serve a Moodle twin on loopback with the courses of a sample company, and accounts that are there already."""
    from adapters.moodle.twin import TwinState, serve_twin  # only here: other commands start sooner without a server

    file = load_courses(company)
    courses = {course.shortname: course for course in file.courses}
    state = TwinState("4.5", languages=frozenset({"en", "fr", "vi", "zh_tw"}))
    for category in file.categories:
        state.add_category(category.name, category.idnumber)
    for account in accounts:
        state.add_user(dict(account))
    with serve_twin(state=state) as twin:
        for course in courses.values():
            twin.life.make_course(
                course.idnumber,
                shortname=course.shortname,
                fullname=course.fullname,
                category=course.category,
                criteria=course.completion,
                grade_max=course.grade_max,
            )

        def enrolled() -> list[tuple[str, SampleCourse]]:
            return [(username, courses[course]) for username, course in twin.life.learning()]

        yield SampleMoodle(twin.url, twin.token, twin.life, enrolled)


@contextmanager
def sample_databases(folder: Path) -> Iterator[Callable[[str], str]]:
    """Serve databases that are thrown away: asked for a name, a new one is made, and its address given.

    A mirror keeps one site in a database, so each company needs its own; one server does for all.
    """
    server = EmbeddedServer(folder, options={"fsync": "off", "synchronous_commit": "off"})
    server.start()

    def new(name: str) -> str:
        create_database(server.url(), name)
        upgrade(server.url(name))
        return server.url(name)

    try:
        yield new
    finally:
        server.stop()
