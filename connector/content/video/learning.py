"""Somebody watches a lesson: where they go on, what counts as watched, what they answer, and when it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connector.content.assessment.marking import share as marked
from connector.content.sent import Watched
from connector.content.video.watching import (
    Played,
    Rules,
    counted,
    frontier,
    heated,
    kept,
    share,
    watched_seconds,
)
from connector.domain.assessments import Answer, Question
from connector.domain.errors import LaunchRefused
from connector.domain.learning_events import Event, Verb
from connector.domain.lti import Trouble
from connector.domain.lti_scores import Progress, Scored
from connector.domain.videos import Left, Lesson, Outcome, Span, Viewer, Viewing, Viewings

MOST = 100.0
"""Scores go to gradebooks in percent."""
MOMENTS = (Verb.PLAYED, Verb.PAUSED, Verb.SEEKED)
"""What a page may tell of."""
LONGEST_ANSWER = 2000
SILENT = timedelta(minutes=2)
"""A page tells what was watched every ten seconds: of which nothing has come for so long, it was left."""
MANY = 200
"""Viewings that are told at one go."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Somebody has played, paused or jumped, when the video was there."""

    verb: Verb
    time: float


@dataclass(frozen=True, slots=True)
class Report:
    """What a page tells of what was watched since its last report."""

    played: Sequence[Played]
    position: float
    moments: Sequence[Moment] = ()


def report_of(told: Watched) -> Report:
    """What was sent, as far as a page may tell it."""
    moments = [Moment(verb, time) for verb, time in told.moments if verb in MOMENTS]
    return Report([Played(*one) for one in told.played], told.position, moments)


@dataclass(frozen=True, slots=True)
class Learning:
    """One lesson, of a video of this length."""

    viewings: Viewings
    clock: Callable[[], datetime]

    def open(self, viewer: Viewer, length: float) -> Viewing:
        """The player begins: from now on the clock counts what can have been watched."""
        begun = Event(viewer.actor, Verb.INITIALIZED, result={"length": length})
        return self.viewings.open(viewer, self.clock(), *([] if viewer.trial else [begun]))

    def report(self, viewer: Viewer, lesson: Lesson, length: float, report: Report) -> Viewing:
        """Keep what was watched, as far as it counts. Raises LaunchRefused where the player was not opened."""
        now = self.clock()
        rules = Rules(length, max(lesson.speeds, default=1.0), lesson.no_skip)

        def change(before: Viewing) -> Viewing:
            credit = before.credit + max(0.0, (now - before.reported_at).total_seconds())
            new, left = counted(report.played, before.watched, credit, rules)
            watched = kept([*before.watched, *new])
            position = min(max(0.0, report.position), length)
            if lesson.no_skip:
                position = min(position, frontier(watched))
            return replace(
                before,
                watched=watched,
                heat=heated(before.heat, new, length),
                position=position,
                share=max(before.share, share(watched, length)),  # pieces are not kept for as long as how much it was
                reported_at=now,
                credit=left,
            )

        def events(_before: Viewing, after: Viewing) -> Sequence[Event]:
            seconds = _seconds(after.watched)
            return [
                Event(
                    viewer.actor, one.verb, result={"time": round(one.time, 1), "length": length, "seconds": seconds}
                )
                for one in report.moments
                if one.verb in MOMENTS
            ]

        return self._alter(viewer, lesson, length, change, events, now)

    def answer(self, viewer: Viewer, lesson: Lesson, length: float, question_id: str, said: Answer) -> Viewing:
        """Keep an answer to a question within the video; the first counts. Raises LaunchRefused."""
        asked = question(lesson, question_id)
        right = marked(asked, said) or 0.0
        first = {"chosen": sorted(said.chosen), "text": said.text[:LONGEST_ANSWER], "share": right}

        def change(before: Viewing) -> Viewing:
            return replace(before, answers={question_id: first, **before.answers})

        def events(before: Viewing, _after: Viewing) -> Sequence[Event]:
            answered = Event(viewer.actor, Verb.ANSWERED, object=question_id, result={"share": right})
            return [] if question_id in before.answers else [answered]

        return self._alter(viewer, lesson, length, change, events, self.clock())

    def tell_left(self) -> int:
        """Tell how much was watched of what was left unfinished, without a pause; gives how many of them."""
        return self.viewings.tell_left(self.clock() - SILENT, _terminated, MANY)

    def _alter(
        self,
        viewer: Viewer,
        lesson: Lesson,
        length: float,
        change: Callable[[Viewing], Viewing],
        events: Callable[[Viewing, Viewing], Sequence[Event]],
        now: datetime,
    ) -> Viewing:
        """What is told, and the score, are kept with the change or not at all; of a trial nothing is."""

        def whole(before: Viewing) -> Viewing:
            after = change(before)
            done = before.completed_at or (now if completed(lesson, after) else None)
            return replace(after, completed_at=done)

        def outcome(before: Viewing, after: Viewing) -> Outcome | None:
            if viewer.trial:
                return None
            if before.completed_at is not None or after.completed_at is None:
                return Outcome(now, events(before, after))
            done = _completion(viewer, lesson, length, after)
            return Outcome(now, [*events(before, after), done], _scored(viewer, score(lesson, after)))

        altered = self.viewings.alter(viewer, whole, outcome)
        if altered is None:
            raise LaunchRefused("The video was not begun.", Trouble.AGAIN)
        return altered


def _completion(viewer: Viewer, lesson: Lesson, length: float, viewing: Viewing) -> Event:
    result = {
        "share": viewing.share,
        "seconds": _seconds(viewing.watched),
        "percent": score(lesson, viewing),
        "time": viewing.position,
    }
    return Event(viewer.actor, Verb.COMPLETED, result={**result, "length": length})


def _terminated(left: Left) -> Event:
    result = {"time": round(left.position, 1), "seconds": _seconds(left.watched)}
    return Event(left.actor, Verb.TERMINATED, result=result)


def _seconds(watched: Sequence[Span]) -> float:
    """How much was watched, as it is told."""
    return round(watched_seconds(watched), 1)


def _scored(viewer: Viewer, percent: float) -> Scored | None:
    if not viewer.line_item:
        return None
    actor = viewer.actor
    return Scored(actor.platform_id, viewer.line_item, actor.subject, percent, MOST, Progress.COMPLETED)


def question(lesson: Lesson, question_id: str) -> Question:
    """Raises LaunchRefused where the lesson has none of this name."""
    for one in lesson.questions:
        if one.question.question_id == question_id:
            return one.question
    raise LaunchRefused("question: it is not of this video.", Trouble.MALFORMED)


def completed(lesson: Lesson, viewing: Viewing) -> bool:
    """Watched as far as is asked for, and all questions are answered."""
    asked = {one.question.question_id for one in lesson.questions}
    return viewing.share >= lesson.threshold and asked <= set(viewing.answers)


def score(lesson: Lesson, viewing: Viewing) -> float:
    """In percent: of the questions, by their weights; of a lesson without, everything to who completes it."""
    most = sum(one.question.weight for one in lesson.questions)
    if most <= 0:
        return MOST
    got = sum(_share(viewing.answers, one.question) * one.question.weight for one in lesson.questions)
    return round(MOST * got / most, 2)


def _share(answers: Mapping[str, Mapping[str, object]], asked: Question) -> float:
    found = answers.get(asked.question_id, {}).get("share", 0.0)
    return float(found) if isinstance(found, int | float) else 0.0
