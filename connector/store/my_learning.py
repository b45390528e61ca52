"""What a learner sees of their own learning, from the facts; see ``connector.domain.my_learning``."""

from __future__ import annotations

from connector.domain.my_learning import (
    CourseCard,
    Due,
    DueCourse,
    DueState,
    Earned,
    MyLearning,
    by_progress,
    by_urgency,
)
from connector.store.database import Database, Row


class LearningViews:
    """``database`` is that of the reports."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
        )


def _due(row: Row) -> Due:
    courses = [DueCourse(**one) for one in row["courses"]]
    return Due(**{**row, "name": row["name"] or {}, "state": DueState(row["state"]), "courses": courses})
