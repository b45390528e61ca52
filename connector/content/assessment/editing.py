"""Changes of assessments and banks, as authors make them; and what is wrong with a question. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum

from connector.domain.assessments import CHOICES, Assessment, Bank, Kind, Option, Question, Section

Made = Assessment | Bank
TRUTH: Sequence[Option] = (
    Option("true", {"en": "True", "fr": "Vrai", "vi": "Đúng", "zh-TW": "對"}),
    Option("false", {"en": "False", "fr": "Faux", "vi": "Sai", "zh-TW": "錯"}),
)
"""The options of a true/false question, but for which is right."""


class Fault(StrEnum):
    """Why a question cannot be asked as it is."""

    NO_TEXT = "no_text"
    FEW_OPTIONS = "few_options"
    BLANK_OPTION = "blank_option"
    UNSAID_PICTURE = "unsaid_picture"
    """An option is only a picture, and nothing says what it shows."""
    NOT_ONE_RIGHT = "not_one_right"
    NONE_RIGHT = "none_right"
    NO_VALUE = "no_value"
    NONE_ACCEPTED = "none_accepted"
    LEADS_NOWHERE = "leads_nowhere"
    """A scenario's option leads to a question that is not in its section."""


def faults(question: Question, beside: Sequence[Question] = ()) -> list[Fault]:
    """What is wrong with a question; ``beside`` are those of its section."""
    found = []
    if not any(text.strip() for text in question.text.values()):
        found.append(Fault.NO_TEXT)
    if question.kind in CHOICES:
        found += _choice_faults(question, beside)
    if question.kind is Kind.NUMERIC and question.value is None:
        found.append(Fault.NO_VALUE)
    if question.kind is Kind.TEXT and not any(one.strip() for one in question.accepted):
        found.append(Fault.NONE_ACCEPTED)
    return found


def _choice_faults(question: Question, beside: Sequence[Question]) -> list[Fault]:
    right = sum(one.right for one in question.options)
    found = [Fault.FEW_OPTIONS] if len(question.options) < 2 else []
    if any(one.is_blank for one in question.options):
        found.append(Fault.BLANK_OPTION)
    if question.kind in (Kind.SINGLE, Kind.TRUE_FALSE) and right != 1:
        found.append(Fault.NOT_ONE_RIGHT)
    if question.kind in (Kind.MULTIPLE, Kind.SCENARIO) and not right:
        found.append(Fault.NONE_RIGHT)
    if any(one.pictures and not one.said for one in question.options):
        found.append(Fault.UNSAID_PICTURE)
    others = {one.question_id for one in beside if one.kind is Kind.SCENARIO}
    if any(one.leads_to and one.leads_to not in others for one in question.options):
        found.append(Fault.LEADS_NOWHERE)
    return found


def sections(made: Made) -> Sequence[Section]:
    """Those of an assessment; a bank is one."""
    return made.sections if isinstance(made, Assessment) else [Section(made.title, made.questions)]


def _with(made: Made, changed: Sequence[Section]) -> Made:
    if isinstance(made, Assessment):
        return replace(made, sections=list(changed))
    return replace(made, questions=[one for section in changed for one in section.questions])


def find(made: Made, question_id: str) -> tuple[int, Question] | None:
    """A question, and the section that it stands in."""
    for place, section in enumerate(sections(made)):
        for one in section.questions:
            if one.question_id == question_id:
                return place, one
    return None


def put(made: Made, section: int, *questions: Question) -> Made:
    """Questions as they are now: where they stand, or at the end of a section."""
    new = {one.question_id: one for one in questions}
    there = {one.question_id for part in sections(made) for one in part.questions}
    found = []
    for place, part in enumerate(sections(made)):
        own = [new.get(one.question_id, one) for one in part.questions]
        added = [one for key, one in new.items() if key not in there] if place == section else []
        found.append(replace(part, questions=[*own, *added]))
    return _with(made, found)


def drop(made: Made, question_id: str) -> Made:
    there = find(made, question_id)
    if there is None:
        return made
    return _in_section(made, there[0], lambda some: [one for one in some if one.question_id != question_id])


def move(made: Made, question_id: str, step: int) -> Made:
    """A question so many places on; beyond the end of its section into the next."""
    there = find(made, question_id)
    if there is None:
        return made
    place, question = there
    some = list(sections(made)[place].questions)
    at = some.index(question) + step
    if 0 <= at < len(some):
        some.remove(question)
        some.insert(at, question)
        return _in_section(made, place, lambda _: some)
    beyond = place + (1 if step > 0 else -1)
    if not 0 <= beyond < len(sections(made)):
        return made
    without = drop(made, question_id)
    return _in_section(without, beyond, lambda rest: [question, *rest] if step > 0 else [*rest, question])


def put_section(made: Assessment, place: int, section: Section) -> Assessment:
    """A section as it is now; at the end where there is none at this place."""
    some = list(made.sections)
    if place < len(some):
        some[place] = replace(section, questions=some[place].questions)
    else:
        some.append(section)
    return replace(made, sections=some)


def drop_section(made: Assessment, place: int) -> Assessment:
    """Its questions go with it."""
    return replace(made, sections=[one for at, one in enumerate(made.sections) if at != place])


def unfinished(made: Made) -> dict[str, list[Fault]]:
    """Questions that cannot be asked as they are, by their id."""
    found = {one.question_id: faults(one, part.questions) for part in sections(made) for one in part.questions}
    return {key: some for key, some in found.items() if some}


def _in_section(made: Made, place: int, change: Callable[[Sequence[Question]], Sequence[Question]]) -> Made:
    return _with(
        made,
        [
            replace(one, questions=list(change(one.questions))) if at == place else one
            for at, one in enumerate(sections(made))
        ],
    )
