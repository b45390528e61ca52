"""What an attempt asks, and by what it is marked: questions of certain versions of an assessment and its banks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from uuid import UUID

from connector.content.assessment import bodies
from connector.content.assessment.drawing import counting, dealt, drawn
from connector.content.assessment.marking import Counted, Tried, judged
from connector.domain.assessments import Answer, Assessment, Question
from connector.domain.attempting import Attempt, Drawn, Paper, Versions
from connector.domain.contents import Content, Contents

REMEMBERED = 500
"""Versions that are kept at hand: what an attempt refers to is altered no more."""


class Papers:
    """``seed`` gives chance, for drawing from banks and for the order."""

    def __init__(self, contents: Contents, seed: Callable[[], int]) -> None:
        self._contents = contents
        self._seed = seed
        self._assessment = lru_cache(REMEMBERED)(self._read_assessment)
        self._bank = lru_cache(REMEMBERED)(self._read_bank)
        self._questions = lru_cache(REMEMBERED)(self._read_questions)

    def draw(self, content: Content) -> Drawn:
        """The questions of a new attempt."""
        made = bodies.assessment(content.body)
        newest = {one.bank: self._contents.newest(UUID(one.bank)) for one in made.sections if one.bank}
        banks = {key: found for key, found in newest.items() if found is not None}
        questions = {key: bodies.bank(one.body).questions for key, one in banks.items()}
        paper = drawn(made.sections, questions, self._seed())
        versions = {key: one.version for key, one in banks.items()}
        return Drawn(Paper(content.version, versions, [one.question_id for one in paper]), [content, *banks.values()])

    def assessment(self, attempt: Attempt, *, marked: bool = False) -> Assessment:
        """As it was when the attempt began, or by what it is ``marked``, as far as it can be read."""
        return self._assessment(attempt.content_id, attempt.marked_version if marked else attempt.paper.version)

    def counted(self, every: Sequence[Attempt]) -> Counted | None:
        """What counts of all that somebody has submitted in an activity; None where nothing has a result."""
        found = []
        for one in every:
            if one.submitted_at is not None and one.percent is not None:
                made = self.assessment(one, marked=True)
                found.append(Tried(one.percent, bool(one.passed), made.policy, made.pass_mark))
        return judged(found)

    def asked(self, attempt: Attempt) -> list[Question]:
        """The questions of an attempt, as they were when it began. Raises Unreadable, as all that gives questions."""
        return self._dealt(attempt, self._known(attempt.content_id, attempt.paper.version, attempt.paper.banks))

    def marked(self, attempt: Attempt) -> list[Question]:
        """The questions by which an attempt is marked; those that are not asked any more do not count."""
        return self._dealt(attempt, self._known(attempt.content_id, attempt.marked_version, attempt.marked_banks))

    def counting(self, attempt: Attempt, answers: Mapping[str, Answer]) -> list[Question]:
        """Of those by which an attempt is marked the ones to which its ``answers`` have led; no options are dealt."""
        asked = self._known(attempt.content_id, attempt.paper.version, attempt.paper.banks)
        marked = self._known(attempt.content_id, attempt.marked_version, attempt.marked_banks)
        return counting(attempt.paper.questions, asked, marked, answers)

    def have_at_hand(self, attempt: Attempt) -> None:
        """Read all by which an attempt is marked: what locks rows afterwards waits for no other connection. Raises
        Unreadable."""
        self.assessment(attempt, marked=True)
        self.counting(attempt, {})

    @staticmethod
    def _dealt(attempt: Attempt, known: Mapping[str, Question]) -> list[Question]:
        return [dealt(known[key], attempt.attempt_id) for key in attempt.paper.questions if key in known]

    def _known(self, content_id: UUID, version: int, banks: Versions) -> Mapping[str, Question]:
        return self._questions(content_id, version, tuple(banks.items()))

    def _read_questions(
        self, content_id: UUID, version: int, banks: tuple[tuple[str, int], ...]
    ) -> Mapping[str, Question]:
        made = bodies.assessment(self._contents.version(content_id, version).body)
        own = [one for section in made.sections for one in section.questions]
        theirs = [one for key, number in banks for one in self._bank(UUID(key), number)]
        return {one.question_id: one for one in (*theirs, *own)}

    def _read_assessment(self, content_id: UUID, version: int) -> Assessment:
        return bodies.rules(self._contents.version(content_id, version).body)

    def _read_bank(self, content_id: UUID, version: int) -> Sequence[Question]:
        return bodies.bank(self._contents.version(content_id, version).body).questions
