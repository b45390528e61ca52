"""Lessons as content keeps them, and what their authors write into forms. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

from pydantic import TypeAdapter

from connector.content import kept
from connector.content.assessment.marking import number
from connector.content.video import captions
from connector.domain.assessments import Kind, Option, Question
from connector.domain.multilang import Texts, texts
from connector.domain.videos import Asked, Captions, Chapter, Lesson

KINDS = (Kind.SINGLE, Kind.MULTIPLE, Kind.TRUE_FALSE, Kind.NUMERIC, Kind.TEXT)
"""Questions that a video may put: those that are marked at once."""
SPEEDS = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
_LESSON, _ASKED = TypeAdapter(Lesson), TypeAdapter(Asked)
TITLE, TEXT = 200, 5000
"""Letters, at most."""
CAPTIONS = 1_000_000
"""Bytes, at most."""


class NotRight(Exception):
    """What somebody has entered cannot be taken; ``field`` says where."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def read(body: Mapping[str, Any]) -> Lesson:
    """A lesson as content has it. Raises Unreadable."""
    lesson: Lesson = kept.read(_LESSON, body)
    return lesson


def written(lesson: Lesson) -> dict[str, Any]:
    """A lesson as content keeps it."""
    body: dict[str, Any] = _LESSON.dump_python(lesson, mode="json")
    return body


def state(lesson: Lesson) -> str:
    """How words, rules and chapters are, by which two people who change them at once are told apart."""
    body = written(replace(lesson, media_id=None, coming=None, captions=(), questions=()))
    return _digest(body)


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]


def with_words(lesson: Lesson, given: Mapping[str, str], languages: Sequence[str]) -> Lesson:
    """A lesson with title and description as they were entered, each in fields of a language.

    Raises NotRight.
    """
    title = {tag: said for tag in languages if (said := given.get(f"title_{tag}", "").strip()[:TITLE])}
    description = {tag: said for tag in languages if (said := given.get(f"description_{tag}", "").strip()[:TEXT])}
    if not title:
        raise NotRight("title")
    return replace(lesson, title=title, description=description)


def with_rules(lesson: Lesson, given: Mapping[str, str], speeds: Sequence[str]) -> Lesson:
    """With what counts as done, whether one may skip, at which speeds; 1 is among them. Raises NotRight."""
    threshold = number(given.get("threshold", ""))
    if threshold is None or not 1 <= threshold <= 100:
        raise NotRight("threshold")
    chosen = sorted({1.0, *(one for one in SPEEDS if f"{one:g}" in speeds)})
    return replace(lesson, threshold=threshold / 100, no_skip=bool(given.get("no_skip")), speeds=chosen)


def with_chapters(lesson: Lesson, text: str, length: float = 0.0) -> Lesson:
    """Chapters, a line each: a place and a title, which may be in several languages as Moodle's filter writes them.

    ``length``: seconds of the video, 0 where it is not there yet. Raises NotRight.
    """
    found = []
    for line in text.splitlines():
        if not line.strip():
            continue
        place, _, title = line.strip().partition(" ")
        at, said = captions.at(place), texts(title.strip()[:TITLE])
        if at is None or not said:
            raise NotRight("chapters")
        if length and at >= length:
            raise NotRight("chapters_late")
        found.append(Chapter(at, said))
    return replace(lesson, chapters=sorted(found, key=lambda one: one.at))


def chapters_written(lesson: Lesson) -> str:
    """Chapters as they are entered."""
    return "\n".join(f"{captions.shown(one.at)} {multilang(one.title)}" for one in lesson.chapters)


def multilang(text: Texts) -> str:
    """A text by language as Moodle's filter multilang2 writes it; plain where it is in one for all."""
    if set(text) <= {"und"}:
        return text.get("und", "")
    return "".join(f"{{mlang {'other' if tag == 'und' else tag}}}{said}{{mlang}}" for tag, said in text.items())


def captions_of(file: bytes) -> str:
    """The text of a file of captions, as a database can keep it. Raises NotRight."""
    if len(file) > CAPTIONS:
        raise NotRight("captions_size")
    encoding = "utf-16" if file.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8"
    try:
        text = file.decode(encoding).replace("\x00", "")
    except UnicodeDecodeError:
        raise NotRight("captions_encoding") from None
    if not captions.cues(text):
        raise NotRight("captions")
    return text


def with_captions(lesson: Lesson, language: str, text: str) -> Lesson:
    """With captions in a language instead of those that it had; "" takes them away."""
    others = [one for one in lesson.captions if one.language != language]
    return replace(lesson, captions=[*others, *([Captions(language, text)] if text else [])])


def with_question(lesson: Lesson, question_id: str, given: Mapping[str, str]) -> Lesson:
    """With one more question, or with the one of this name as it is from now on. Raises NotRight."""
    at = captions.at(given.get("at", ""))
    if at is None:
        raise NotRight("at")
    before = asked(lesson, question_id)
    question = _question(question_id, given)
    if before is not None:
        question = replace(question, options=_named_as(before.question.options, question.options))
    others = without_question(lesson, question_id).questions
    return replace(lesson, questions=sorted([*others, Asked(at, question)], key=lambda one: one.at))


def asked(lesson: Lesson, question_id: str) -> Asked | None:
    return next((one for one in lesson.questions if one.question.question_id == question_id), None)


def asked_state(one: Asked) -> str:
    """How a question is, by which two people who change it at once are told apart."""
    return _digest(_ASKED.dump_python(one, mode="json"))


def question_written(one: Asked) -> dict[str, str]:
    """A question as it is entered."""
    said = one.question
    lines = [f"{'*' if option.right else ''}{multilang(option.text)}" for option in said.options]
    if said.kind is Kind.NUMERIC and said.value is not None:
        lines = [_plain(said.value) + (f" ± {_plain(said.tolerance)}" if said.tolerance else "")]
    minutes, rest = divmod(one.at, 60)
    return {
        "at": f"{minutes:.0f}:{rest:06.3f}".rstrip("0").rstrip(".") if one.at % 1 else captions.shown(one.at),
        "kind": said.kind.value,
        "text": multilang(said.text),
        "options": "\n".join(lines or said.accepted),
        "explanation": multilang(said.explanation or {}),
    }


def _plain(value: float) -> str:
    """A number with a point, and without what an exponent is."""
    return f"{Decimal(repr(value)).normalize():f}"


def _named_as(before: Sequence[Option], now: Sequence[Option]) -> list[Option]:
    """Options that were there keep their names, by which answers know them, wherever they stand now."""
    names = {str(one.text): one.option_id for one in before}
    taken = {one.option_id for one in before}
    free = (str(number) for number in count(1) if str(number) not in taken)
    return [replace(one, option_id=names.pop(str(one.text), "") or next(free)) for one in now]


def without_question(lesson: Lesson, question_id: str) -> Lesson:
    return replace(lesson, questions=[one for one in lesson.questions if one.question.question_id != question_id])


def _question(question_id: str, given: Mapping[str, str]) -> Question:
    try:
        kind = Kind(given.get("kind", ""))
    except ValueError:
        raise NotRight("kind") from None
    text, why = (texts(given.get(name, "").strip()[:TEXT]) for name in ("text", "explanation"))
    lines = [one.strip()[:TITLE] for one in given.get("options", "").splitlines() if one.strip()]
    if kind not in KINDS:
        raise NotRight("kind")
    if not text:
        raise NotRight("text")
    question = Question(question_id, kind, text, explanation=why or None)
    if kind is Kind.NUMERIC:
        return _numeric(question, lines)
    if kind is Kind.TEXT:
        if not lines:
            raise NotRight("options")
        return replace(question, accepted=lines)
    return replace(question, options=_options(kind, lines))


def _numeric(question: Question, lines: Sequence[str]) -> Question:
    """The number, and after ± by how much an answer may be off."""
    value, _, off = (lines[0] if lines else "").replace("+-", "±").partition("±")
    right, tolerance = number(value), number(off or "0")
    if right is None or tolerance is None or tolerance < 0:
        raise NotRight("options")
    return replace(question, value=right, tolerance=tolerance)


def _options(kind: Kind, lines: Sequence[str]) -> list[Option]:
    """Options, a line each; a star stands before what is right."""
    found = [
        Option(str(place), texts(re.sub(r"^\*\s*", "", line)), right=line.startswith("*"))
        for place, line in enumerate(lines, 1)
    ]
    right = sum(one.right for one in found)
    if len(found) < 2 or not right or (kind is not Kind.MULTIPLE and right != 1) or not all(one.text for one in found):
        raise NotRight("options")
    return found
