"""Which questions an attempt has, and in which order: always the same of one attempt. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from random import Random

from connector.domain.assessments import Answer, Kind, Question, Section


def drawn(sections: Sequence[Section], banks: Mapping[str, Sequence[Question]], seed: int) -> list[Question]:
    """The questions of the attempt with this ``seed``, section after section, no question twice.

    A bank with fewer than are to be drawn gives what it has, and no steps of scenarios, which are nothing alone. Where
    the order is by chance, the steps of a scenario stay together.
    """
    dice, taken = Random(seed), set[str]()  # noqa: S311 - chance, not secrecy: an attempt keeps what it has drawn
    found: list[Question] = []
    for section in sections:
        own = [one for one in section.questions if one.question_id not in taken]
        taken |= {one.question_id for one in own}
        bank = banks.get(section.bank, ())
        left = [one for one in bank if one.question_id not in taken and one.kind is not Kind.SCENARIO]
        more = dice.sample(left, min(section.drawn, len(left)))
        taken |= {one.question_id for one in more}
        both = list(_runs([*own, *more]))
        if section.shuffled:
            dice.shuffle(both)
        found += [one for run in both for one in run]
    return found


def dealt(question: Question, seed: int) -> Question:
    """A question with its options as the attempt with this ``seed`` has them: always the same of one attempt."""
    if not question.shuffled:
        return question
    options = list(question.options)
    Random(f"{seed}.{question.question_id}").shuffle(options)  # noqa: S311 - chance, not secrecy
    return replace(question, options=options)


def met(questions: Sequence[Question], answers: Mapping[str, Answer]) -> list[Question]:
    """The questions that count: all but those of scenarios to which no answer has led.

    A scenario begins with a step to which no other one beside it leads.
    """
    taken = {key: next(iter(one.chosen)) for key, one in answers.items() if len(one.chosen) == 1}
    found: list[Question] = []
    for run in _runs(questions):
        if run[0].kind is not Kind.SCENARIO:
            found += run
            continue
        by_id = {one.question_id: one for one in run}
        keys = [key for start in starts(run) for key in path(run, taken, start)]
        found += [by_id[key] for key in dict.fromkeys(keys)]
    return found


Known = Mapping[str, Question]
"""Questions by their id."""


def counting(paper: Sequence[str], asked: Known, marked: Known, answers: Mapping[str, Answer]) -> list[Question]:
    """The questions by which an attempt with this ``paper`` is marked: what it met on its way as it was ``asked``, by
    what it is ``marked``. What is not there any more does not count, nor what came into its way since."""
    there = met([asked[key] for key in paper if key in asked], answers)
    return [marked[one.question_id] for one in there if one.question_id in marked]


def beginnings(questions: Sequence[Question]) -> set[str]:
    """Questions that go on from no other: all but the later steps of scenarios."""
    return {key for run in _runs(questions) for key in starts(run)}


def _runs(questions: Sequence[Question]) -> Iterator[list[Question]]:
    """Steps of scenarios that stand beside each other together, and each other question alone."""
    for steps, some in groupby(questions, lambda one: one.kind is Kind.SCENARIO):
        if steps:
            yield list(some)
        else:
            yield from ([one] for one in some)


def starts(run: Sequence[Question]) -> list[str]:
    """With what the scenarios of a run begin; the first step where each is led to by another."""
    led_to = {option.leads_to for one in run for option in one.options if option.leads_to != one.question_id}
    found = [one.question_id for one in run if one.question_id not in led_to]
    return found or [one.question_id for one in run[:1]]


def path(questions: Sequence[Question], chosen: Mapping[str, str], start: str) -> list[str]:
    """Of a scenario: the questions that were met, from the ``start`` on, by the options that were ``chosen``.

    It ends where nothing was chosen yet, where an option leads nowhere, and where it would come back.
    """
    by_id = {one.question_id: one for one in questions}
    met: list[str] = []
    here = start
    while here in by_id and here not in met:
        met.append(here)
        options = {option.option_id: option for option in by_id[here].options}
        taken = options.get(chosen.get(here, ""))
        here = taken.leads_to if taken else ""
    return met
