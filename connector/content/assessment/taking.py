"""An assessment as who takes it has it: how they stand, their own attempts, and what came of one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from connector.content.assessment import bodies
from connector.content.assessment.attempting import Attempting, takes_answers
from connector.content.assessment.drawing import dealt, met
from connector.content.assessment.marking import Counted, share
from connector.content.launched import actor_of, line_item_of
from connector.domain.allowances import NOTHING
from connector.domain.assessments import Answer, Assessment, Explain, Question
from connector.domain.attempting import Attempt
from connector.domain.contents import Content
from connector.domain.errors import LaunchRefused, Unreadable
from connector.domain.learning_events import Actor
from connector.domain.lti import LaunchSession, Trouble


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands. ``tried`` are attempts that have ended, ``open`` is the one that goes on; ``left`` None:
    as many as they like, as who teaches and tries it out; ``counts``: the result that counts,
    and by which pass mark, which may be one from before it was changed; ``discarded``: attempts that count nowhere;
    ``commented``: ids of those of ``tried`` with a comment of who has marked them; ``questions``: how many are asked;
    ``minutes``: how long each attempt may take, None for no limit; ``readable``: whether another one can be begun by
    what is kept now."""

    made: Assessment
    tried: Sequence[Attempt]
    discarded: Sequence[Attempt]
    commented: Collection[int]
    open: Attempt | None
    left: int | None
    counts: Counted | None
    questions: int
    minutes: int | None
    readable: bool


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A question with what was answered. ``share`` None: it waits to be marked."""

    question: Question
    answer: Answer
    share: float | None


def standing(attempting: Attempting, content: Content, session: LaunchSession) -> Standing:
    made = bodies.rules(content.body)
    tried = attempting.attempts.of(content.content_id, actor_of(session), trial=session.launch.teaches)
    now, teaches = attempting.clock(), session.launch.teaches
    allowed = NOTHING if teaches else attempting.allowances.of(content.content_id, actor_of(session))
    most = None if teaches else allowed.attempts_of(made.attempts)
    ended = [one for one in tried if not one.is_open(now)]
    return Standing(
        made,
        ended,
        [] if teaches else attempting.attempts.discarded_of(content.content_id, actor_of(session)),
        attempting.attempts.commented([one.attempt_id for one in ended if not one.archived]),
        next((one for one in tried if one.is_open(now)), None),
        None if most is None else max(0, most - len(ended)),
        attempting.papers.counted(ended),
        sum(len(one.questions) + (one.drawn if one.bank else 0) for one in made.sections),
        allowed.minutes_of(made.minutes),
        bodies.can_be_read(content.body),
    )


def begin(attempting: Attempting, content: Content, session: LaunchSession) -> Attempt:
    """Begin an attempt, or go on with the one that is open. Raises LaunchRefused and Unreadable."""
    link = session.launch.link
    return attempting.begin(
        content,
        actor_of(session),
        line_item_of(session),
        session.began_at,
        trial=session.launch.teaches,
        link_title=link.title if link else "",
    )


def own(attempting: Attempting, attempt_id: str, actor: Actor) -> Attempt:
    """Raises LaunchRefused where it is somebody else's, or of another activity or course."""
    try:
        number = int(attempt_id)
    except ValueError:
        raise LaunchRefused("attempt: it has no such number.", Trouble.MALFORMED) from None
    attempt = attempting.attempts.one(number) if 0 < number < 2**63 else None
    if attempt is None or not attempt.actor.is_same(actor):
        raise LaunchRefused("attempt: it is not of whoever asks, or not of this activity.", Trouble.NOT_ALLOWED)
    return attempt


def as_it_stands(attempting: Attempting, attempt: Attempt) -> Attempt:
    """An attempt as it is now; one whose time is over is submitted."""
    if attempt.submitted_at is None and attempt.discard is None and not takes_answers(attempt, attempting.clock()):
        return attempting.run_out(attempt)
    return attempt


def asked(attempting: Attempting, attempt: Attempt, said: Mapping[str, Answer] | None = None) -> list[Question]:
    """What somebody is asked by now in an open attempt: of a scenario the steps to which answers have led, and of what
    may come nothing. ``said`` is what was answered, where that is known. Raises Unreadable."""
    answers = attempting.attempts.answers(attempt.attempt_id) if said is None else said
    return met(attempting.papers.asked(attempt), answers)


def reviewed(attempting: Attempting, attempt: Attempt) -> list[Reviewed] | None:
    """What was asked of somebody, answered, and what it is worth; nothing of what is archived, and None where it
    cannot be read any more."""
    if attempt.archived:
        return []
    answers = attempting.attempts.answers(attempt.attempt_id)
    try:
        found = [dealt(one, attempt.attempt_id) for one in attempting.papers.counting(attempt, answers)]
    except Unreadable:
        return None
    return [Reviewed(q, answers.get(q.question_id, Answer(q.question_id)), share(q, answers.get(q.question_id)))
            for q in found]  # fmt: skip


def explains(made: Assessment, attempt: Attempt) -> bool:
    """Whether what is right may be shown: never of an attempt that takes answers, or was discarded."""
    if attempt.submitted_at is None or attempt.discard is not None:
        return False
    return made.explain is Explain.AFTER_ATTEMPT or (made.explain is Explain.AFTER_SUCCESS and bool(attempt.passed))
