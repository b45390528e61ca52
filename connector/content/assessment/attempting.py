"""Attempts: begun, answered one question at a time, submitted by the learner or by the clock, marked, and scored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from connector.content.assessment import bodies
from connector.content.assessment.drawing import met
from connector.content.assessment.marking import Scored as Result
from connector.content.assessment.marking import counts, score
from connector.content.assessment.papers import Papers
from connector.domain.assessments import Answer, Assessment
from connector.domain.attempting import Attempt, Attempts, Begun, Mark, Outcome, Saved, Versions
from connector.domain.contents import Content, Contents
from connector.domain.errors import LaunchRefused
from connector.domain.learning_events import Actor, Event, Verb
from connector.domain.lti import Trouble
from connector.domain.lti_scores import Progress, Scored

GRACE = timedelta(seconds=30)
"""An answer that was given in time may be so long on its way."""
MOST = 100.0
"""Scores go to gradebooks in percent."""
MANY = 200
"""Attempts that are ended at one go."""


@dataclass(frozen=True, slots=True)
class Attempting:
    attempts: Attempts
    contents: Contents
    papers: Papers
    clock: Callable[[], datetime]

    def begin(self, content: Content, actor: Actor, line_item: str, launched_at: datetime, *, trial: bool) -> Attempt:
        """The attempt that is open, or a new one. Raises LaunchRefused where there is none left."""
        now, made = self.clock(), bodies.assessment(content.body)
        tried = self.attempts.of(content.content_id, actor, trial=trial)
        if tried and tried[-1].is_open(now):
            return tried[-1]
        if tried and tried[-1].submitted_at is None:
            self.submit(tried[-1])
        if made.attempts is not None and not trial and len(tried) >= made.attempts:
            raise LaunchRefused("There is no attempt left.", Trouble.NOT_ALLOWED)
        paper = self.papers.draw(content)
        if not paper.questions:
            raise LaunchRefused("There is nothing to be asked.", Trouble.GONE)
        ends_at = now + timedelta(minutes=made.minutes) if made.minutes else None
        begun = Begun(actor, "" if trial else line_item, trial, launched_at, now, ends_at)
        self.attempts.start(content, paper, begun)
        after = self.attempts.of(content.content_id, actor, trial=trial)
        if len(after) == len(tried):
            raise LaunchRefused("The assessment was changed in this moment.", Trouble.AGAIN)
        return after[-1]  # where two windows began at once, it is one attempt

    def save(self, attempt: Attempt, answer: Answer, place: int) -> Saved:
        """Keep an answer; ``place`` counts what the page has sent, so that what is late does not count.

        Raises LaunchRefused where the question is not of this attempt.
        """
        if answer.question_id not in attempt.paper.questions:
            raise LaunchRefused("question: it is not of this attempt.", Trouble.MALFORMED)
        now = self.clock()
        return self.attempts.save(attempt, answer, place, now, now - GRACE)

    def submit(self, attempt: Attempt) -> Attempt:
        """End an attempt and score it. Submitted twice, it is scored once."""
        self.attempts.submit(attempt, self.clock())
        self._settle(attempt.attempt_id)
        return self._again(attempt.attempt_id)

    def submit_overdue(self) -> int:
        """End what nobody has ended; gives how many."""
        left = self.attempts.unsettled(self.clock(), MANY)
        for attempt in left:
            self.attempts.submit(attempt, self.clock())
            self._settle(attempt.attempt_id)
        return len(left)

    def mark(self, attempt: Attempt, question_id: str, share: float, comment: str, by: str) -> Attempt:
        """An assessor marks a question of a submitted attempt, as often as needed; every mark is kept.

        Raises LaunchRefused where the attempt is open, or the question not of it.
        """
        if attempt.submitted_at is None:
            raise LaunchRefused("The attempt is open yet.", Trouble.NOT_ALLOWED)
        if question_id not in attempt.paper.questions or not 0 <= share <= 1:
            raise LaunchRefused("mark: it is for no question of this attempt, or not from 0 to 1.", Trouble.MALFORMED)
        self.attempts.mark(attempt.attempt_id, Mark(question_id, share, comment, by, self.clock()))
        self._settle(attempt.attempt_id)
        return self._again(attempt.attempt_id)

    def regrade(self, content: Content, platform_id: int, course: str) -> int:
        """Mark all attempts of a course by what is right now, and send what has become another score.

        Gives how many attempts have another result.
        """
        changed = 0
        for attempt in self.attempts.regradable(content.content_id, platform_id, course):
            if self.is_old(attempt, content):
                self.attempts.mark_by(attempt.attempt_id, content.version, self._banks(attempt))
                self._settle(attempt.attempt_id)
                changed += self._again(attempt.attempt_id).percent != attempt.percent
        return changed

    def is_old(self, attempt: Attempt, content: Content) -> bool:
        """Whether it is marked by other questions than those of now."""
        return (attempt.marked_version, attempt.marked_banks) != (content.version, self._banks(attempt))

    def result(self, attempt: Attempt) -> Result:
        """What an attempt has come to, question by question."""
        answers = self.attempts.answers(attempt.attempt_id)
        return score(met(self.papers.marked(attempt), answers), answers)

    def _banks(self, attempt: Attempt) -> Versions:
        """The newest versions of the banks from which it was drawn."""
        newest = {key: self.contents.newest(UUID(key)) for key in attempt.paper.banks}
        return {key: one.version if (one := newest[key]) else before for key, before in attempt.paper.banks.items()}

    def _again(self, attempt_id: int) -> Attempt:
        found = self.attempts.one(attempt_id)
        if found is None:
            raise LaunchRefused("attempt: it is not there any more.", Trouble.GONE)
        return found

    def _settle(self, attempt_id: int) -> None:
        """Find the result of a submitted attempt, and send what counts of all attempts at it."""
        attempt = self._again(attempt_id)
        self.papers.marked(attempt)  # at hand before anything is locked
        self.attempts.settle(attempt, self._found, self.clock())

    def _found(self, attempt: Attempt, every: Sequence[Attempt], answers: Mapping[str, Answer]) -> Outcome:
        """What an attempt has come to; what is as it was before is not told again."""
        made = self.papers.assessment(attempt, marked=True)
        percent = score(met(self.papers.marked(attempt), answers), answers).percent
        passed = None if percent is None else percent >= made.pass_mark
        if attempt.percent is not None and (percent, passed) == (attempt.percent, attempt.passed):
            return Outcome(percent, passed)
        return Outcome(percent, passed, _events(attempt, percent, passed), _told(attempt, every, made, percent))


def _told(attempt: Attempt, every: Sequence[Attempt], made: Assessment, percent: float | None) -> Scored | None:
    """What the gradebook is to have; nothing to grade yet where all waits to be marked."""
    if not attempt.line_item:
        return None
    tried = [one for one in every if one.submitted_at is not None]
    percents = [percent if one.attempt_id == attempt.attempt_id else one.percent for one in tried]
    value = counts(made.policy, [one for one in percents if one is not None])
    actor = attempt.actor
    return Scored(actor.platform_id, attempt.line_item, actor.subject, value, MOST, Progress.COMPLETED)


def _events(attempt: Attempt, percent: float | None, passed: bool | None) -> list[Event]:
    if attempt.trial:
        return []
    told = {"percent": percent, "seconds": attempt.seconds}
    verbs = (Verb.SCORED,) if percent is None else (Verb.SCORED, Verb.PASSED if passed else Verb.FAILED)
    return [Event(attempt.actor, verb, attempt.attempt_id, result=told) for verb in verbs]
