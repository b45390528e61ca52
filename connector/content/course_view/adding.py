"""Attempts of a course, added up by person and by assessment. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from statistics import fmean

from connector.content.assessment import bodies
from connector.content.assessment.marking import counts
from connector.domain.assessments import Assessment
from connector.domain.contents import Content
from connector.domain.course_view import Tried, Tries, Work


def works(assessments: Sequence[Content], tries: Sequence[Tries]) -> list[Work]:
    """What each person has made of them; of several attempts what counts, as each assessment has it."""
    made = {one.content_id: bodies.assessment(one.body) for one in assessments}
    there = sorted((one for one in tries if one.content_id in made), key=lambda one: one.subject)
    return [
        _work(subject, [(one, made[one.content_id]) for one in some])
        for subject, some in groupby(there, lambda one: one.subject)
    ]


def tried(assessments: Sequence[Content], tries: Sequence[Tries]) -> list[Tried]:
    """How each assessment was taken. Who took it in two activities counts in each, as in its own results."""
    return [_tried(one, [some for some in tries if some.content_id == one.content_id]) for one in assessments]


def _work(subject: str, tries: Sequence[tuple[Tries, Assessment]]) -> Work:
    results = [(one.content_id, made, counts(made.policy, one.percents)) for one, made in tries]
    percents = [percent for _, _, percent in results if percent is not None]
    return Work(
        subject,
        next((one.person_id for one, _ in tries if one.person_id is not None), None),
        len({one.content_id for one, _ in tries}),
        len({key for key, made, percent in results if percent is not None and percent >= made.pass_mark}),
        sum(one.waiting for one, _ in tries),
        _mean(percents),
        max(one.last for one, _ in tries),
    )


def _tried(content: Content, tries: Sequence[Tries]) -> Tried:
    made = bodies.assessment(content.body)
    percents = [percent for one in tries if (percent := counts(made.policy, one.percents)) is not None]
    return Tried(
        content.content_id,
        content.title,
        len(tries),
        len(percents),
        sum(percent >= made.pass_mark for percent in percents),
        _mean(percents),
        sum(one.waiting for one in tries),
    )


def _mean(percents: Iterable[float]) -> float | None:
    told = list(percents)
    return fmean(told) if told else None
