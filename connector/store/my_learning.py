"""What a learner sees of their own learning, from the facts; see ``connector.domain.my_learning``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from connector.domain.learning_events import Verb
from connector.domain.lti import AUTHORIZES
from connector.domain.multilang import Texts
from connector.domain.my_learning import (
    RECENT,
    Basis,
    CourseCard,
    Due,
    DueCourse,
    DueState,
    Earned,
    Happened,
    Happening,
    MyLearning,
    Report,
    Suggestion,
    Team,
    by_progress,
    by_urgency,
    newest,
    streak,
    suggestions,
)
from connector.domain.review import full_name
from connector.domain.zones import QUARTER, days_of
from connector.store.database import Database, Row

PEERS = 1000
"""Of people with the same job, or of the same unit, so many are looked at."""
LEAST = 3
"""So many have to have completed what is recommended by it."""
TEAM = 50
"""People of a team who are shown."""
LEARNING = (Verb.INITIALIZED, Verb.ANSWERED, Verb.COMPLETED, Verb.PLAYED)
"""What somebody does themselves: a score is given, and to launch something is not to learn."""


class LearningViews:
    """``database`` is that of the reports; ``own`` is where launched content has its attempts and events; ``moodle``
    is the address of the Moodle whose courses are among the facts."""

    def __init__(self, database: Database, own: Database, moodle: str) -> None:
        self._database = database
        self._own = own
        self._there = moodle.rstrip("/") + AUTHORIZES

    def of(self, person_id: int, zone: ZoneInfo) -> MyLearning:
        """A page asks twice: the facts, and what launched content has that is no fact yet."""
        who = {"person_id": person_id}
        told = self._database.rows_of(
            {
                "my_learning.due": who,
                "my_learning.courses": who,
                "my_learning.earned": who,
                "my_learning.as_of": {},
                "my_learning.clock": {},
                "my_learning.worked": {**who, "quarter": QUARTER},
                "my_learning.recent": {**who, "most": RECENT},
                "my_learning.suggested": {**who, "peers": PEERS, "least": LEAST},
                "my_learning.team": {**who, "most": TEAM},
            }
        )
        here = {**who, "verbs": [one.value for one in LEARNING], "quarter": QUARTER}
        launched = self._own.rows_of(
            {
                "my_learning.worked_here": here,
                "my_learning.launched_recent": {**who, "most": RECENT, "there": self._there},
            }
        )
        read = next(iter(told["my_learning.as_of"]), None)
        [clock] = told["my_learning.clock"]
        worked = (row["at"] for row in (*told["my_learning.worked"], *launched["my_learning.worked_here"]))
        courses = [CourseCard(**row) for row in told["my_learning.courses"]]
        names = {one.course_id: one.title or {"und": one.fullname} for one in courses}
        done = [_happened(row) for row in told["my_learning.recent"]]
        done_here = [_within(_happened(row), names) for row in launched["my_learning.launched_recent"]]
        return MyLearning(
            by_urgency([_due(row) for row in told["my_learning.due"]]),
            by_progress(courses),
            [Earned(**row) for row in told["my_learning.earned"]],
            read["as_of"] if read else None,
            streak(days_of(worked, zone), clock["now"].astimezone(zone).date()),
            newest(done, done_here),
            suggestions([_suggestion(row) for row in told["my_learning.suggested"]]),
            _team(told["my_learning.team"]),
        )


def _happened(row: Row) -> Happened:
    return Happened(**{**row, "what": Happening(row["what"])})


def _within(one: Happened, names: Mapping[int, Texts]) -> Happened:
    """With the name of its course, where somebody is in it."""
    name = names.get(one.course_id) if one.course_id is not None else None
    return replace(one, course=name) if name else replace(one, course_id=None)


def _suggestion(row: Row) -> Suggestion:
    return Suggestion(**{**row, "basis": Basis(row["basis"])})


def _team(rows: Sequence[Row]) -> Team | None:
    """None of whoever leads nobody."""
    if not rows:
        return None
    counts = {name: rows[0][name] for name in ("people", "direct", "people_overdue")}
    return Team(shown=[_report(row) for row in rows], **counts)


def _report(row: Row) -> Report:
    told = {name: row[name] for name in ("person_id", "distance", "overdue", "still_open", "next_due")}
    return Report(name=full_name(row["firstname"], row["lastname"]), **told)


def _due(row: Row) -> Due:
    courses = [DueCourse(**one) for one in row["courses"]]
    return Due(**{**row, "name": row["name"] or {}, "state": DueState(row["state"]), "courses": courses})
