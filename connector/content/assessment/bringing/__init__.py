"""Questions from other systems, as Moodle XML and GIFT. What cannot be brought over is told with its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from connector.domain.assessments import Question


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A question that was not brought over. ``place`` is a line of the file."""

    place: int
    title: str
    why: str


@dataclass(slots=True)
class Brought:
    """Questions by category, "" where there is none, and what was left out."""

    questions: dict[str, list[Question]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)

    def add(self, category: str, question: Question) -> None:
        self.questions.setdefault(category, []).append(question)

    @property
    def all(self) -> Sequence[Question]:
        return [one for some in self.questions.values() for one in some]
