"""Assessments as values: questions and their sections, what counts as right, and what somebody answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.domain.multilang import Texts


class Kind(StrEnum):
    """What is asked for."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    TRUE_FALSE = "true_false"
    NUMERIC = "numeric"
    TEXT = "text"
    PRACTICAL = "practical"
    """A file or photo, marked by an assessor."""
    SCENARIO = "scenario"
    """Which option is taken decides which question comes next."""


CHOICES = frozenset({Kind.SINGLE, Kind.MULTIPLE, Kind.TRUE_FALSE, Kind.SCENARIO})


class Policy(StrEnum):
    """Which of several attempts counts."""

    BEST = "best"
    LAST = "last"
    AVERAGE = "average"


class Explain(StrEnum):
    """When explanations and right answers are shown."""

    NEVER = "never"
    AFTER_ATTEMPT = "after_attempt"
    AFTER_SUCCESS = "after_success"


PASS_MARKS, MINUTES, ATTEMPTS = (0, 100), (1, 10_000), (1, 1000)
"""The least and the most of what an assessment may ask for. What is kept otherwise is as if nothing had been said,
here as in the queries that read pass marks and minutes."""
PICTURES = "pictures"
"""Where their files lie in the storage."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a question, or of an option. ``picture_id`` is the SHA-256 of what is in it, in hexadecimal;
    ``alt`` says what it shows, to who cannot see it."""

    picture_id: str
    media_type: str
    alt: Texts

    @property
    def place(self) -> str:
        """Its name in the storage."""
        return f"{PICTURES}/{self.picture_id}"


@dataclass(frozen=True, slots=True)
class Option:
    """``leads_to``: of a scenario, the question that comes next; "" ends it."""

    option_id: str
    text: Texts
    right: bool = False
    feedback: Texts | None = None
    leads_to: str = ""
    pictures: Sequence[Picture] = ()

    @property
    def said(self) -> Texts:
        """In words: its text, or what its pictures show."""
        return self.text or next((one.alt for one in self.pictures if one.alt), {})

    @property
    def is_blank(self) -> bool:
        """Whether it shows nothing to whoever is to choose."""
        return not self.pictures and not any(text.strip() for text in self.text.values())


@dataclass(frozen=True, slots=True)
class Question:
    """``shuffled``: each attempt has the options in an order of its own. ``weight`` counts for the score. ``accepted``
    are right texts, compared without regard to case and white space around; ``*`` in one stands for anything.
    ``value`` and ``tolerance`` are of a numeric one, both ends included."""

    question_id: str
    kind: Kind
    text: Texts
    weight: float = 1.0
    options: Sequence[Option] = ()
    accepted: Sequence[str] = ()
    value: float | None = None
    tolerance: float = 0.0
    explanation: Texts | None = None
    pictures: Sequence[Picture] = ()
    shuffled: bool = False

    @property
    def every_picture(self) -> Sequence[Picture]:
        """Those of its options, too."""
        return [*self.pictures, *(one for option in self.options for one in option.pictures)]


@dataclass(frozen=True, slots=True)
class Section:
    """Questions of its own in their order, then so many ``drawn`` from a ``bank``, which is the id of content.
    ``shuffled``: each attempt has an order of its own."""

    title: Texts
    questions: Sequence[Question] = ()
    bank: str = ""
    drawn: int = 0
    shuffled: bool = False


@dataclass(frozen=True, slots=True)
class Assessment:
    """``minutes`` None: no limit; ``attempts`` None: as many as somebody likes. ``pass_mark`` in percent.
    ``certificate``: the code of the one that passing it earns, "" for none."""

    title: Texts
    sections: Sequence[Section] = ()
    pass_mark: float = 80.0
    minutes: int | None = None
    attempts: int | None = None
    policy: Policy = Policy.BEST
    explain: Explain = Explain.AFTER_ATTEMPT
    confidence: bool = False
    introduction: Texts | None = None
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class Bank:
    """Questions from which assessments draw."""

    title: Texts
    questions: Sequence[Question] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answered. ``chosen`` are options, ``files`` what was handed in; ``share`` is an assessor's mark
    from 0 to 1, None until there is one. ``confidence`` from 1 to 5; ``seconds`` that the question was looked at;
    ``at``: when it was last saved."""

    question_id: str
    chosen: frozenset[str] = frozenset()
    text: str = ""
    files: Sequence[str] = ()
    share: float | None = None
    comment: str = ""
    confidence: int | None = None
    seconds: float | None = None
    at: datetime | None = None

    @property
    def says_something(self) -> bool:
        """Who has looked at a question alone has given no answer."""
        return bool(self.chosen or self.text.strip() or self.files)
