"""Questions from other systems, as Moodle XML and GIFT. What cannot be brought over is told with its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from connector.domain.assessments import Picture, Question
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
    LONG_TEXT = "long_text"
    MANY_ANSWERS = "many_answers"
    BLANK_OPTION = "blank_option"
    """One has no text, and no picture that can be kept."""
    MANY_QUESTIONS = "many_questions"
    """What follows is not brought over."""
    PICTURE_LOST = "picture_lost"
    """The question is brought over without it."""
    NO_PLACE = "no_place"
    """The same, since no picture can be kept."""
    MEDIA_LOST = "media_lost"
    """The question is brought over without sound, video or another file."""
    NO_FILES = "no_files"
    """The question is brought over without what it shows: such a file holds words only."""
    NOT_IN_FILE = "not_in_file"
    """The file has its name and nothing else."""
    PARTS = "parts"
    """The question is brought over; parts of the mark for some answers are not."""
    TOGETHER = "together"
    """The question is brought over; what was a part of the mark is right only with the others."""
    CAPITALS = "capitals"
    """The question is brought over, and not that capital letters count."""
    UNITS = "units"
    """The question is brought over without units."""
    THERE = "there"
    """It is there already, and stays as it is."""


MOST_QUESTIONS = 1000
"""Of one file."""
MOST_LOOKED_AT = 20_000
"""Of one file, of all that may be a question: what follows is not looked at."""
MOST_TOLD = 100
"""Of one file and one reason, of what was left out: of more only how many."""
MOST_ANSWERS = 100
"""Of one question: so many an answer can choose."""
LONGEST = 20_000
"""Characters of a text, without markup."""
LONGEST_RAW = 3 * LONGEST
"""With it."""


IMPORTED = frozenset(
    {Why.PICTURE_LOST, Why.NO_PLACE, Why.MEDIA_LOST, Why.NO_FILES, Why.PARTS, Why.TOGETHER, Why.CAPITALS, Why.UNITS}
)
"""Those that tell what is missing of a question that was brought over."""


class NotBrought(Exception):
    """A question that cannot be brought over. ``kind``: what the file calls it, where there is no such kind here."""

    def __init__(self, why: Why, kind: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.kind = kind


def best(shares: Sequence[float]) -> Sequence[bool]:
    """Which answers are right where one is given: those with the largest part of the mark.

    Raises NotBrought where no answer gives any.
    """
    most = max(shares, default=0.0)
    if most <= 0:
        raise NotBrought(Why.NONE_RIGHT)
    return [one == most for one in shares]


def in_parts(shares: Sequence[float]) -> bool:
    """Whether answers give parts of the mark that differ."""
    return len({one for one in shares if one > 0}) > 1


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A question that was not brought over, or a part of one that was.

    ``place`` is a line of the file; ``kind`` as in ``NotBrought``.
    """

    place: int
    title: str
    why: Why
    kind: str = ""


@dataclass(slots=True)
class Brought:
    """Questions by category, "" where there is none, the files of their pictures by id, and what was ``left_out``, of
    which there are ``more`` that are not told one by one.

    ``there``: ids of questions that need not be brought, as they are there already.
    """

    questions: dict[str, list[Question]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    more: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    there: set[str] = field(default_factory=set)
    _told: Counter[Why] = field(default_factory=Counter)
    _looked_at: int = 0

    def add(self, category: str, question: Question) -> None:
        """Raises NotBrought for one that is too large, or there already."""
        said = (question.explanation, *(text for one in question.options for text in (one.text, one.feedback)))
        every = (*(one for text in (question.text, *said) if text for one in text.values()), *question.accepted)
        if any(len(one) > LONGEST for one in every):
            raise NotBrought(Why.LONG_TEXT)
        if max(len(question.options), len(question.accepted)) > MOST_ANSWERS:
            raise NotBrought(Why.MANY_ANSWERS)
        if question.question_id in self.there:
            raise NotBrought(Why.THERE)
        if any(one.is_blank for one in question.options):
            raise NotBrought(Why.BLANK_OPTION)
        self.there.add(question.question_id)
        self.questions.setdefault(category, []).append(question)

    def leave_out(self, *found: LeftOut) -> None:
        """Tell what was not brought over, or count it where there is too much of its kind."""
        for one in found:
            self._told[one.why] += 1
            if self._told[one.why] <= MOST_TOLD:
                self.left_out.append(one)
            else:
                self.more += 1

    def is_full(self, place: int) -> bool:
        """Whether no more is brought over, which is told with its place; if not, one more is looked at."""
        self._looked_at += 1
        if sum(map(len, self.questions.values())) >= MOST_QUESTIONS:
            self.leave_out(LeftOut(place, "", Why.MANY_QUESTIONS))
        elif self._looked_at > MOST_LOOKED_AT:
            self.leave_out(LeftOut(place, "", Why.TOO_LONG))
        else:
            return False
        return True

    @property
    def all(self) -> Sequence[Question]:
        return [one for some in self.questions.values() for one in some]

    def written_in(self, languages: Sequence[str], own: str) -> Sequence[Question]:
        """All of them, with texts in the languages that authors can change; ``own`` is that of who brings them."""

        def texts(found: Texts | None) -> Texts | None:
            return found and written_in(found, languages, own)

        def pictures(found: Sequence[Picture]) -> Sequence[Picture]:
            return [replace(one, alt=written_in(one.alt, languages, own)) for one in found]

        return [
            replace(
                one,
                text=written_in(one.text, languages, own),
                explanation=texts(one.explanation),
                options=[
                    replace(
                        option,
                        text=written_in(option.text, languages, own),
                        feedback=texts(option.feedback),
                        pictures=pictures(option.pictures),
                    )
                    for option in one.options
                ],
                pictures=pictures(one.pictures),
            )
            for one in self.all
        ]
