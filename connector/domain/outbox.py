"""What Moodle tells to have changed, and what has to be read again because of it: a pure decision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

OF_A_LEARNER = frozenset({"enrolments", "completions", "activity_completions", "grades"})
"""Kinds that are about one person in one course."""
ISSUED = {"badge_issues": "badge", "certificate_issues": "tool_certificate", "customcert_issues": "customcert"}
"""Kinds that are about something issued to a person, with its source."""
WITH_THEIR_TEMPLATE = {
    ("badges", "deleted"): ("badge",),
    ("customcerts", "deleted"): ("customcert",),
    ("courses", "deleted"): ("customcert",),
}
"""What takes along all that was issued of it, without a word about each."""
OF_COURSES = frozenset({"activities", "enrolment_methods", "grade_items"})
"""Kinds after which what a course is made of is something else."""
OF_TEMPLATES = {"badges": "badge", "customcerts": "customcert"}
"""Kinds that are about what is issued, with its source."""

MANY = 500
"""From so many people in one course on the whole course is read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that changed: of which dataset, how, and of whom, in which course, and of what; 0 is none."""

    id: int
    kind: str
    action: str
    user_id: int = 0
    course_id: int = 0
    object_id: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """What is read completely: all that these people learn, or all that is learned in these courses."""

    people: tuple[int, ...] = ()
    courses: tuple[int, ...] = ()


@dataclass
class Touched:
    """What entries have touched, of managed people alone. What is nobody's and of no course touches nothing.

    ``courses`` are read as a whole, ``people`` and ``learners`` (by course) wherever they learn; ``named`` are courses
    that may be called otherwise or be gone, and ``contents`` those that may be made of something else: activities,
    grade items and enrolment methods. ``issued``: whose certificates are read again, by source; None: everybody's.
    ``templates``: sources of which the kinds of certificates may be others. ``accounts`` are themselves others.
    """

    courses: set[int] = field(default_factory=set)
    people: set[int] = field(default_factory=set)
    learners: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    named: set[int] = field(default_factory=set)
    contents: set[int] = field(default_factory=set)
    issued: dict[str, set[int] | None] = field(default_factory=dict)
    accounts: set[int] = field(default_factory=set)
    templates: set[str] = field(default_factory=set)

    def note(self, entries: Iterable[Entry], managed: Collection[int]) -> None:
        """``managed``: which of the people in these entries are."""
        for entry in entries:
            for source in WITH_THEIR_TEMPLATE.get((entry.kind, entry.action), ()):
                self.issued[source] = None
                self.templates.add(source)
            if entry.kind == "courses":
                self._course(entry)
            elif entry.kind in OF_COURSES:
                self.contents.add(entry.course_id)
            elif entry.kind in OF_TEMPLATES:
                self.templates.add(OF_TEMPLATES[entry.kind])
            elif entry.user_id in managed:
                self._person(entry)
            elif not entry.user_id and entry.course_id and entry.kind in OF_A_LEARNER:
                self.courses.add(entry.course_id)

    def _course(self, entry: Entry) -> None:
        """One of which the event does not name the course is its own object."""
        course = entry.course_id or entry.object_id
        self.named.add(course)
        if entry.action in ("again", "deleted"):
            self.courses.add(course)
            self.contents.add(course)

    def _person(self, entry: Entry) -> None:
        if entry.kind == "people":
            self.accounts.add(entry.user_id)
        deleted = (entry.kind, entry.action) == ("people", "deleted")
        if source := ISSUED.get(entry.kind):
            self._issued(source, entry.user_id)
        elif entry.kind in OF_A_LEARNER and entry.course_id:
            self.learners[entry.course_id].add(entry.user_id)
        elif entry.kind in OF_A_LEARNER or deleted:
            self.people.add(entry.user_id)
        if deleted:
            for source in ISSUED.values():
                self._issued(source, entry.user_id)

    def _issued(self, source: str, user_id: int) -> None:
        people = self.issued.setdefault(source, set())
        if people is not None:
            people.add(user_id)

    def parts(self) -> Iterator[Part]:
        """What has to be read. Of a person all is, wherever: it costs little more, and grows with nothing."""
        crowded = {course for course, people in self.learners.items() if len(people) > MANY}
        if whole := self.courses | crowded:
            yield Part(courses=tuple(sorted(whole)))
        if people := self.people.union(*(self.learners[course] for course in self.learners.keys() - whole)):
            yield Part(people=tuple(sorted(people)))
