"""Which questions an attempt has, and in which order: always the same of one attempt. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from random import Random

from connector.domain.assessments import Answer, Kind, Question, Section


def drawn(sections: Sequence[Section], banks: Mapping[str, Sequence[Question]], seed: int) -> list[Question]:
    """The questions of the attempt with this ``seed``, section after section, no question twice.

    A bank with fewer than are to be drawn gives what it has.
    """
    dice, taken = Random(seed), set[str]()  # noqa: S311 - chance, not secrecy: an attempt keeps what it has drawn
    found: list[Question] = []
    for section in sections:
        own = [one for one in section.questions if one.question_id not in taken]
        taken |= {one.question_id for one in own}
        left = [one for one in banks.get(section.bank, ()) if one.question_id not in taken]
        more = dice.sample(left, min(section.drawn, len(left)))
        taken |= {one.question_id for one in more}
        both = [*own, *more]
        if section.shuffled:
            dice.shuffle(both)
        found += both
    return found


def met(questions: Sequence[Question], answers: Mapping[str, Answer]) -> list[Question]:
    """The questions that count: all but those of a scenario to which no answer has led.

    Questions of the kind scenario that follow each other are one scenario.
    """
    found: list[Question] = []
    for branches, group in groupby(questions, lambda one: one.kind is Kind.SCENARIO):
        some = list(group)
        if branches:
            by_id = {one.question_id: one for one in some}
            some = [
                by_id[key] for key in path(some, {key: next(iter(one.chosen), "") for key, one in answers.items()})
            ]
        found += some
    return found


def path(questions: Sequence[Question], chosen: Mapping[str, str]) -> list[str]:
    """Of a scenario: the questions that were met, from the first on, by the options that were ``chosen``.

    It ends where nothing was chosen yet, where an option leads nowhere, and where it would come back.
    """
    by_id = {one.question_id: one for one in questions}
    met: list[str] = []
    here = questions[0].question_id if questions else ""
    while here in by_id and here not in met:
        met.append(here)
        options = {option.option_id: option for option in by_id[here].options}
        taken = options.get(chosen.get(here, ""))
        here = taken.leads_to if taken else ""
    return met
