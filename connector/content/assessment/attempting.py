"""Attempts: begun, answered one question at a time, submitted by the learner or by the clock, marked, and scored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connector.content.assessment import bodies
from connector.content.assessment.marking import Counted, score
from connector.content.assessment.marking import Scored as Result
from connector.content.assessment.papers import Papers
from connector.domain.allowances import NOTHING, Allowances
from connector.domain.apart import Apart
from connector.domain.assessments import Answer, Assessment
from connector.domain.attempting import Attempt, Attempts, Begun, Drawn, Mark, Outcome, Saved
from connector.domain.contents import Content, Contents
from connector.domain.errors import LaunchRefused, Unreadable
from connector.domain.learning_events import Actor, Event, Verb
from connector.domain.lti import Trouble
from connector.domain.lti_scores import Progress, Scored

GRACE = timedelta(seconds=30)
"""An answer that was given in time may be so long on its way."""
MOST = 100.0
"""Scores go to gradebooks in percent."""
MANY = 200
"""Attempts that are looked up at one go."""
TRIES = 3
"""So often an attempt is drawn or marked anew where its questions change in this moment."""


@dataclass(frozen=True, slots=True)
class Attempting:
    attempts: Attempts
    allowances: Allowances
    contents: Contents
    papers: Papers
    clock: Callable[[], datetime]

    def begin(
        self,
        content: Content,
        actor: Actor,
        line_item: str,
        launched_at: datetime,
        *,
        trial: bool,
        link_title: str = "",
    ) -> Attempt:
        """The attempt that is open, or a new one. Raises LaunchRefused where there is none left, and Unreadable."""
        now = self.clock()
        tried = self.attempts.of(content.content_id, actor, trial=trial)
        if tried and takes_answers(tried[-1], now):
            return tried[-1]
        if tried and tried[-1].submitted_at is None:
            last = self.run_out(tried[-1])
            if last.submitted_at is None:
                return last
        made = bodies.assessment(content.body)
        allowed = NOTHING if trial else self.allowances.of(content.content_id, actor)
        most = None if trial else allowed.attempts_of(made.attempts)
        if most is not None and len(tried) >= most:
            raise LaunchRefused("There is no attempt left.", Trouble.NOT_ALLOWED)
        known = {one.attempt_id for one in tried}
        for _ in range(TRIES):
            begun = Begun(actor, len(tried), "" if trial else line_item, trial, launched_at, now, link_title)
            started = self.attempts.start(self._drawn(content), begun)
            if started is not None:
                return self._again(started)  # as it is now: who teaches may have discarded it already
            after = self.attempts.of(content.content_id, actor, trial=trial)
            if new := [one for one in after if one.attempt_id not in known]:
                return new[-1]  # where two windows began at once, it is one attempt
            content = self._newest(content)
        raise LaunchRefused("The assessment was changed in this moment.", Trouble.AGAIN)

    def _drawn(self, content: Content) -> Drawn:
        drawn = self.papers.draw(content)
        if not drawn.paper.questions:
            raise LaunchRefused("There is nothing to be asked.", Trouble.GONE)
        return drawn

    def _newest(self, content: Content) -> Content:
        found = self.contents.newest(content.content_id)
        if found is None:
            raise LaunchRefused("content: it is not there any more.", Trouble.GONE)
        return found

    def save(self, attempt: Attempt, answer: Answer, place: int) -> Saved:
        """Keep an answer; ``place`` counts what the page has sent, so that what is late does not count.

        Raises LaunchRefused where the question is not of this attempt.
        """
        if answer.question_id not in attempt.paper.questions:
            raise LaunchRefused("question: it is not of this attempt.", Trouble.MALFORMED)
        now = self.clock()
        return self.attempts.save(attempt, answer, place, now, now - GRACE)

    def submit(self, attempt: Attempt) -> Attempt:
        """End an attempt, as its learner wishes, and score it. Submitted twice, it is scored once."""
        return self._end(attempt, None)

    def run_out(self, attempt: Attempt, grace: timedelta = GRACE) -> Attempt:
        """End an attempt by the clock, where its time is over for longer than ``grace``, and score it.

        Where more is allowed since it was looked up, it goes on.
        """
        return self._end(attempt, self.clock() - grace)

    def _end(self, attempt: Attempt, before: datetime | None) -> Attempt:
        """It has ended, also where that by which it is marked cannot be read: then it waits for its result, and the
        job that looks after such attempts tells so."""
        found = self._ended(attempt, before)
        if found.submitted_at is None:
            return found
        with suppress(Unreadable):
            self._settle(attempt.attempt_id)
        return self._again(attempt.attempt_id)

    def _ended(self, attempt: Attempt, before: datetime | None) -> Attempt:
        self.attempts.submit(attempt, self.clock(), before)
        return self._again(attempt.attempt_id)

    def submit_overdue(self, apart: Apart, stopping: Callable[[], bool]) -> int | None:
        """End what nobody has ended, each ``apart`` from the others; gives how many, None where it was told to stop
        before. Raises StorageError."""
        done, behind = 0, 0
        while left := self.attempts.unsettled(self.clock(), behind, MANY):
            for attempt in left:
                if stopping():
                    return None
                with apart.one(attempt.attempt_id):
                    done += self._settled_late(attempt)
            behind = left[-1].attempt_id
        return done

    def _settled_late(self, attempt: Attempt) -> bool:
        if self._ended(attempt, self.clock() - GRACE).submitted_at is None:
            return False
        self._settle(attempt.attempt_id)
        return True

    def mark(self, attempt: Attempt, question_id: str, share: float, comment: str, by: str) -> Attempt:
        """An assessor marks a question of a submitted attempt, as often as needed; every mark is kept.

        Raises LaunchRefused where the attempt is open, archived or discarded, or the question not of it.
        """
        if not may_be_marked(attempt):
            raise LaunchRefused("The attempt is open yet, archived, or discarded.", Trouble.NOT_ALLOWED)
        if question_id not in attempt.paper.questions or not 0 <= share <= 1:
            raise LaunchRefused("mark: it is for no question of this attempt, or not from 0 to 1.", Trouble.MALFORMED)
        if not self.attempts.mark(attempt.attempt_id, Mark(question_id, share, comment, by, self.clock())):
            raise LaunchRefused("The attempt was archived or discarded in this moment.", Trouble.NOT_ALLOWED)
        self._settle(attempt.attempt_id)
        return self._again(attempt.attempt_id)

    def result(self, attempt: Attempt) -> Result:
        """What an attempt has come to, question by question."""
        answers = self.attempts.answers(attempt.attempt_id)
        return score(self.papers.counting(attempt, answers), answers)

    def _again(self, attempt_id: int) -> Attempt:
        found = self.attempts.one(attempt_id)
        if found is None:
            raise LaunchRefused("attempt: it is not there any more.", Trouble.GONE)
        return found

    def _settle(self, attempt_id: int) -> None:
        """Find the result of a submitted attempt, and send what counts of all attempts at it."""
        for _ in range(TRIES):
            attempt = self.attempts.as_marked(self._again(attempt_id))
            self.papers.have_at_hand(attempt)
            self.papers.counted(self.attempts.of(attempt.content_id, attempt.actor, trial=attempt.trial))
            if self.attempts.settle(attempt, self._found, self.clock()):
                return
        raise LaunchRefused("The assessment was changed in this moment.", Trouble.AGAIN)

    def _found(self, attempt: Attempt, every: Sequence[Attempt], answers: Mapping[str, Answer]) -> Outcome:
        """What an attempt has come to; what is as it was before is not told again."""
        made = self.papers.assessment(attempt, marked=True)
        outcome = outcome_of(attempt, made, score(self.papers.counting(attempt, answers), answers).percent)
        key = attempt.attempt_id
        counts = self.papers.counted(with_outcomes(every, {key: attempt}, {key: outcome}))
        told = scored([attempt], counts) if outcome.events or attempt.percent is None else None
        return replace(outcome, told=told, earns=counts is not None and counts.passed)


def may_be_marked(attempt: Attempt) -> bool:
    return attempt.submitted_at is not None and not attempt.archived and attempt.discard is None


def takes_answers(attempt: Attempt, now: datetime) -> bool:
    """Whether it is open, or answers that were given in time may still be on their way: then its page submits it."""
    return attempt.is_open(now - GRACE)


def outcome_of(attempt: Attempt, made: Assessment, percent: float | None) -> Outcome:
    """What an attempt has come to by itself, and what is told of it where it is not as it was before."""
    passed = percent >= made.pass_mark if percent is not None else None
    same = attempt.percent is not None and (percent, passed) == (attempt.percent, attempt.passed)
    return Outcome(percent, passed, events=[] if same else _events(attempt, percent, passed))


def with_outcomes(
    every: Sequence[Attempt], marked: Mapping[int, Attempt], outcomes: Mapping[int, Outcome]
) -> list[Attempt]:
    """All attempts of somebody as they will be: those with an outcome as they are ``marked``, with what it is."""
    return [
        replace(marked[one.attempt_id], percent=found.percent, passed=found.passed)
        if (found := outcomes.get(one.attempt_id))
        else one
        for one in every
    ]


def scored(every: Sequence[Attempt], counts: Counted | None) -> Scored | None:
    """What the gradebook is to have of somebody, no value where all waits to be marked; in the column that the newest
    of these attempts was launched with, as an activity may have one only for a while. None where none was."""
    told = next((one for one in reversed(every) if one.line_item), None)
    if told is None:
        return None
    value = counts.percent if counts else None
    return Scored(told.actor.platform_id, told.line_item, told.actor.subject, value, MOST, Progress.COMPLETED)


def _events(attempt: Attempt, percent: float | None, passed: bool | None) -> list[Event]:
    if attempt.trial:
        return []
    told = {"percent": percent, "seconds": attempt.seconds}
    verbs = (Verb.SCORED,) if percent is None else (Verb.SCORED, Verb.PASSED if passed else Verb.FAILED)
    return [Event(attempt.actor, verb, attempt.attempt_id, result=told) for verb in verbs]
