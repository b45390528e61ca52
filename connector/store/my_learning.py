"""What a learner sees of their own learning, from the facts; see ``connector.domain.my_learning``."""

from __future__ import annotations

from collections.abc import Sequence

from connector.domain.learning_events import Verb
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
    """``database`` is that of the reports; ``own`` is where launched content has its attempts and events."""

    def __init__(self, database: Database, own: Database) -> None:
        self._database = database
        self._own = own

    def of(self, person_id: int) -> MyLearning:
        rows = {
            name: self._database.rows(f"my_learning.{name}", person_id=person_id)
            for name in ("due", "courses", "earned")
        }
        read = self._database.row("my_learning.as_of")
        return MyLearning(
            by_urgency([_due(row) for row in rows["due"]]),
            by_progress([CourseCard(**row) for row in rows["courses"]]),
            [Earned(**row) for row in rows["earned"]],
            read["as_of"] if read else None,
            self._streak(person_id),
            self._recent(person_id),
            self._suggested(person_id),
            self._team(person_id),
        )

    def _streak(self, person_id: int) -> int:
        clock = self._database.row("my_learning.clock", person_id=person_id)
        if clock is None:
            return 0
        there = {"person_id": person_id, "timezone": clock["timezone"]}
        verbs = [one.value for one in LEARNING]
        rows = self._database.rows("my_learning.days", **there)
        rows += self._own.rows("my_learning.launched_days", verbs=verbs, **there)
        return streak({row["day"] for row in rows}, clock["today"])

    def _recent(self, person_id: int) -> Sequence[Happened]:
        asked = {"person_id": person_id, "most": RECENT}
        rows = self._database.rows("my_learning.recent", **asked) + self._own.rows(
            "my_learning.launched_recent", **asked
        )
        return newest([Happened(**{**row, "what": Happening(row["what"])}) for row in rows])

    def _suggested(self, person_id: int) -> Sequence[Suggestion]:
        rows = self._database.rows("my_learning.suggested", person_id=person_id, peers=PEERS, least=LEAST)
        return suggestions([Suggestion(**{**row, "basis": Basis(row["basis"])}) for row in rows])

    def _team(self, person_id: int) -> Team | None:
        """None of whoever leads nobody."""
        rows = self._database.rows("my_learning.team", person_id=person_id, most=TEAM)
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
