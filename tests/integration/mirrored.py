"""What tests of the way back share: learning in Moodle itself, and what the facts hold of it."""

from __future__ import annotations

from typing import Any

from adapters.moodle.site import MoodleSite
from adapters.moodle.twin.enrolments import enrol, unenrol
from connector.domain.proving import Counter
from tests.support import House, Seen, moodle_client

COURSES = ("SAFE", "FIRE", "LABS")
FACTS = ("fact_enrolment", "fact_completion", "fact_grade", "fact_assignment", "dim_person", "dim_course")


class Learning:
    """What learners, teachers and administrators do in Moodle itself, by the idnumber of the person."""

    def __init__(self, house: House, moodle: Seen) -> None:
        self.state, self.life, self.moodle = house.twin.state, house.twin.life, moodle

    def course(self, name: str) -> Any:
        return self.state.courses[self.state.course_by_idnumber[name]]

    def enrolled(self, who: str, course: str) -> bool:
        return self.moodle.id(who) in self.course(course).enrolments

    def act(self, what: str, who: str, course: str, points: float = 0) -> None:
        """Do one thing; grades and completions need an enrolment, as in Moodle."""
        with self.state.lock:
            ids = {"userid": self.moodle.id(who), "courseid": self.course(course).id}
            if what == "enrol":
                times = {"timestart": 0, "timeend": 0}
                enrol(self.state, {"enrolments": [{**ids, **times, "roleid": 5, "suspend": 0}]})
            elif not self.enrolled(who, course):
                return
            elif what == "suspend":
                times = {"timestart": 0, "timeend": 0}
                enrol(self.state, {"enrolments": [{**ids, **times, "roleid": 5, "suspend": 1}]})
            elif what == "unenrol":
                unenrol(self.state, {"enrolments": [ids]})
            elif what == "complete":
                self.life.complete(who.lower(), course, 1_700_000_000)
            elif what == "reset":
                self.life.begin_again(who.lower(), course)
            elif what == "grade":
                self.life.grade(who.lower(), course, points, 1_700_000_000 + int(points))
            elif what == "clear":
                self.life.grade(who.lower(), course, None)


def now(house: House, table: str, *columns: str) -> set[tuple[Any, ...]]:
    """What holds now."""
    found = house.sql(f"SELECT {', '.join(columns)} FROM facts.{table} WHERE valid_to = 'infinity'")
    rows_now = [tuple(one[name] for name in columns) for one in found]
    assert len(rows_now) == len(set(rows_now))
    return set(rows_now)


def history(house: House) -> dict[str, list[str]]:
    return {
        table: [one["text"] for one in house.sql(f"SELECT t::text AS text FROM facts.{table} t ORDER BY 1")]
        for table in FACTS
    }


def check(house: House, moodle: Seen) -> None:
    """Facts equal the twin's state: enrolments of everybody, grades and completions of those in force."""
    state = moodle.state
    managed = {one["account_id"] for one in house.sql("SELECT account_id FROM connector.binding")}
    enrolments, active = set(), set()
    completions, grades = {}, set()
    for name in COURSES:
        course = state.courses[state.course_by_idnumber[name]]
        for user, one in course.enrolments.items():
            if user not in managed:
                continue
            enrolments.add((user, course.id, not one.suspended))
            if not one.suspended:
                active.add((user, course.id))
                completions[user, course.id] = user in course.completions
                grade = course.grades.get(user)
                if grade:
                    grades.add((user, course.id, grade.value))
    assert now(house, "fact_enrolment", "moodle_id", "course_id", "active") == enrolments
    held = now(house, "fact_grade", "moodle_id", "course_id", "value")
    assert {one for one in held if one[:2] in active} == grades
    assert {one[:2] for one in held} <= {one[:2] for one in enrolments}, (
        "a grade goes with the enrolment, as in Moodle"
    )
    found = {(u, c): done for u, c, done in now(house, "fact_completion", "moodle_id", "course_id", "completed")}
    assert {key: found.get(key) for key in active} == completions


async def unlike(house: House) -> list[str]:
    """Datasets of which something is held otherwise than Moodle counts it."""
    async with moodle_client(house.twin.url, house.settings.moodle_token()) as client:
        reader = await house.connector.reader(MoodleSite(client))
        assert isinstance(reader, Counter)
        facts = house.connector.facts
        found = []
        for question in await reader.questions():
            theirs = [bucket async for buckets in reader.counted(question) for bucket in buckets]
            if theirs != [bucket for buckets in facts.held.buckets(question.name) for bucket in buckets]:
                found.append(question.name)
        assert facts.held.columns().keys() == {question.name for question in await reader.questions()}
        return found


def no_overlaps(house: House) -> None:
    """Versions of one thing follow each other; none begins before the one before it ended."""
    keys = {
        "fact_enrolment": "moodle_id, course_id",
        "fact_completion": "moodle_id, course_id",
        "fact_grade": "moodle_id, course_id",
        "fact_assignment": "grant_id, cycle",
        "dim_person": "person_id",
        "dim_course": "course_id",
    }
    for table, key in keys.items():
        wrong = house.sql(
            f"SELECT FROM (SELECT *, lead(valid_from) OVER (PARTITION BY {key} ORDER BY valid_from) AS next "
            f"FROM facts.{table}) v WHERE valid_from >= valid_to OR next < valid_to"
        )
        assert wrong == [], table
