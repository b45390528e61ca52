"""GIFT, Moodle's plain text for questions: https://docs.moodle.org/en/GIFT_format, and ``question/format/gift``.

Several right answers with parts of the mark are brought over as right where their part is above nought: here an answer
is right or not. Matching and descriptions are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b

from connector.content.assessment.bringing import LONGEST_RAW, Brought, LeftOut, NotBrought, Why
from connector.content.assessment.editing import TRUTH
from connector.content.assessment.marking import number
from connector.domain.assessments import Kind, Option, Question
from connector.domain.multilang import texts

LARGEST = 5_000_000
"""Characters."""
LONGEST_TITLE = 200
"""Of what is told of a question that was left out."""
GAP = "_____"
"""Stands where a missing word is asked for."""
_ESCAPED = re.compile(r"\\([~=#{}:\\n])")
_TITLE = re.compile(r"::(.*?)(?<!\\)::\s*", re.DOTALL)
_MARKUP = re.compile(r"\[(html|moodle|plain|markdown)\]\s*", re.IGNORECASE)
_OPENS, _CLOSES = re.compile(r"(?<!\\)\{"), re.compile(r"(?<!\\)\}")
_MARK = re.compile(r"(?<!\\)([=~])")
_PART = re.compile(r"%(-?\d+(?:\.\d+)?)%")
_FEEDBACK = re.compile(r"(?<!\\)#")
_TRUE = {"t": True, "true": True, "f": False, "false": False}


@dataclass(frozen=True, slots=True)
class _Entry:
    line: int
    text: str


def read(text: str) -> Brought:
    """Bring a whole file over."""
    brought, category = Brought(), ""
    if len(text) > LARGEST:
        brought.left_out.append(LeftOut(1, "", Why.TOO_LONG))
        return brought
    for entry in _entries(text):
        if entry.text.startswith("$CATEGORY:"):
            category = entry.text.partition(":")[2].strip()
            continue
        if brought.is_full(entry.line):
            break
        title = _TITLE.match(entry.text)
        named = _plain(title[1])[:LONGEST_TITLE] if title else ""
        try:
            if len(entry.text) > LONGEST_RAW:
                raise NotBrought(Why.LONG_TEXT)
            brought.add(category, _question(entry.text[title.end() if title else 0 :], named))
        except NotBrought as error:
            brought.left_out.append(LeftOut(entry.line, named, error.why, error.kind))
    return brought


def _entries(text: str) -> Iterator[_Entry]:
    """Questions stand apart by empty lines, outside of braces; lines that begin with // are comments."""
    lines: list[str] = []
    began, depth = 1, 0
    for number_, line in enumerate([*text.lstrip("\ufeff").splitlines(), ""], 1):
        bare = line.strip()
        if bare.startswith("//"):
            continue
        if not depth and (not bare or bare.startswith("$CATEGORY:")):
            if lines:
                yield _Entry(began, "\n".join(lines).strip())
                lines = []
            if bare:
                yield _Entry(number_, bare)
            continue
        if not lines:
            began = number_
        lines.append(line)
        opened, closed = len(_OPENS.findall(line)), len(_CLOSES.findall(line))
        depth = max(0, depth + opened - closed)
    if lines:
        yield _Entry(began, "\n".join(lines).strip())


def _question(text: str, title: str) -> Question:
    text = _MARKUP.sub("", text, count=1)
    opens = _OPENS.search(text)
    closes = _CLOSES.search(text, opens.end()) if opens else None
    if opens is None or closes is None:
        raise NotBrought(Why.OTHER_KIND, "description")
    body, before, after = text[opens.end() : closes.start()].strip(), text[: opens.start()], text[closes.end() :]
    asked = f"{before.rstrip()} {GAP} {after.strip()}" if after.strip() else before
    key = blake2b(f"{title}\0{text}".encode(), digest_size=16).hexdigest()
    body, _, general = body.partition("####")
    made = _by_body(key, _texts(asked), body.strip())
    explanation = _texts(general) if general.strip() else made.explanation
    return replace(made, explanation=explanation)


def _by_body(key: str, asked: dict[str, str], body: str) -> Question:
    if not body:
        return Question(key, Kind.PRACTICAL, asked)
    if body.startswith("#"):
        return _numeric(key, asked, body[1:].strip())
    word, *feedback = _FEEDBACK.split(body)
    if word.strip().casefold() in _TRUE:
        return _true_false(key, asked, right=_TRUE[word.strip().casefold()], feedback=feedback)
    answers = list(_answers(body))
    if not answers:
        raise NotBrought(Why.ANSWERS_UNREADABLE)
    if any("->" in text for _, _, text, _ in answers):
        raise NotBrought(Why.OTHER_KIND, "matching")
    if all(right for right, _, _, _ in answers):
        return Question(key, Kind.TEXT, asked, accepted=[_plain(text) for _, _, text, _ in answers])
    options = [
        Option(
            str(place), _texts(text), right=(right and part is None) or (part or 0) > 0, feedback=_texts(said) or None
        )
        for place, (right, part, text, said) in enumerate(answers, 1)
    ]
    several = sum(option.right for option in options) > 1
    return Question(key, Kind.MULTIPLE if several else Kind.SINGLE, asked, options=options)


def _answers(body: str) -> Iterator[tuple[bool, float | None, str, str]]:
    """Whether each is marked as right, which part of the mark it gives, its text, and what is said of it."""
    parts = _MARK.split(body)
    for mark, told in zip(parts[1::2], parts[2::2], strict=True):
        said = told.strip()
        part = _PART.match(said)
        text, *feedback = _FEEDBACK.split(said[part.end() :] if part else said)
        yield mark == "=", float(part[1]) if part else None, text.strip(), " ".join(feedback).strip()


def _numeric(key: str, asked: dict[str, str], body: str) -> Question:
    first = next(_answers(body), None)
    told = first[2] if first else _FEEDBACK.split(body)[0].strip()
    low, dots, high = told.partition("..")
    if dots:
        ends = number(low), number(high)
        if ends[0] is None or ends[1] is None:
            raise NotBrought(Why.NUMBERS_UNREADABLE)
        return Question(key, Kind.NUMERIC, asked, value=(ends[0] + ends[1]) / 2, tolerance=abs(ends[1] - ends[0]) / 2)
    value, _, slack = told.partition(":")
    known, tolerance = number(value), number(slack) if slack else 0.0
    if known is None or tolerance is None:
        raise NotBrought(Why.NUMBERS_UNREADABLE)
    return Question(key, Kind.NUMERIC, asked, value=known, tolerance=abs(tolerance))


def _true_false(key: str, asked: dict[str, str], *, right: bool, feedback: list[str]) -> Question:
    """Feedback of a wrong answer stands before that of a right one."""
    wrong, good = (*map(_texts, feedback), {}, {})[:2]
    options = [
        replace(one, right=is_right, feedback=(good if is_right else wrong) or None)
        for one, is_right in zip(TRUTH, (right, not right), strict=True)
    ]
    return Question(key, Kind.TRUE_FALSE, asked, options=options)


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], text).strip()


def _texts(text: str) -> dict[str, str]:
    """By language, where it is marked so, without markup."""
    return texts(_plain(text))
