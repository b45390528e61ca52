"""Questions from other systems, as Moodle XML and GIFT. What cannot be brought over is told with its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from connector.domain.assessments import Question
from connector.domain.multilang import Texts, written_in


class Why(StrEnum):
    """Why a question, or a whole file, was not brought over."""

    TOO_LONG = "too_long"
    NO_XML = "no_xml"
    OTHER_XML = "other_xml"
    OTHER_KIND = "other_kind"
    NO_TEXT = "no_text"
    NONE_RIGHT = "none_right"
    SEVERAL_NUMBERS = "several_numbers"
    ANSWERS_UNREADABLE = "answers_unreadable"
    NUMBERS_UNREADABLE = "numbers_unreadable"


class NotBrought(Exception):
    """A question that cannot be brought over. ``kind``: what the file calls it, where there is no such kind here."""

    def __init__(self, why: Why, kind: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.kind = kind


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A question that was not brought over. ``place`` is a line of the file; ``kind`` as in ``NotBrought``."""

    place: int
    title: str
    why: Why
    kind: str = ""


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

    def written_in(self, languages: Sequence[str], own: str) -> Sequence[Question]:
        """All of them, with texts in the languages that authors can change; ``own`` is that of who brings them."""

        def texts(found: Texts | None) -> Texts | None:
            return found and written_in(found, languages, own)

        return [
            replace(
                one,
                text=written_in(one.text, languages, own),
                explanation=texts(one.explanation),
                options=[
                    replace(option, text=written_in(option.text, languages, own), feedback=texts(option.feedback))
                    for option in one.options
                ],
            )
            for one in self.all
        ]
