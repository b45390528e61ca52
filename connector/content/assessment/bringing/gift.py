"""GIFT, Moodle's plain text for questions: https://docs.moodle.org/en/GIFT_format, and ``question/format/gift``.

Here an answer is right or not: where one is chosen those with the largest part of the mark are right, and where
several are, or a text is written, those with any part. Matching and descriptions are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b

from connector.content.assessment.bringing import (
    LONGEST_RAW,
    MOST_ANSWERS,
    Brought,
    LeftOut,
    NotBrought,
    Why,
    best,
    in_parts,
)
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
_SHOWN = re.compile(r"<(?:img|audio|video|object|embed|iframe)\b|@@PLUGINFILE@@", re.IGNORECASE)
_NAMED = re.compile(r"//\s*question:\s*\d+\s+name:\s*(?!Switch category to )(.*)")
"""What Moodle writes before each question, also where it can write nothing of it."""
_TRUE = {"t": True, "true": True, "f": False, "false": False}


@dataclass(frozen=True, slots=True)
class _Entry:
    """``named``: there is nothing but the name of a question, which is the ``text``."""

    line: int
    text: str
    named: bool = False


def read(text: str, there: Iterable[str] = ()) -> Brought:
    """Bring a whole file over, but for the questions that are ``there``, by their ids."""
    brought, category = Brought(there=set(there)), ""
    if len(text) > LARGEST:
        brought.leave_out(LeftOut(1, "", Why.TOO_LONG))
        return brought
    for entry in _entries(text):
        if entry.text.startswith("$CATEGORY:"):
            category = entry.text.partition(":")[2].strip()
            continue
        if brought.is_full(entry.line):
            break
        if entry.named:
            brought.leave_out(LeftOut(entry.line, entry.text[:LONGEST_TITLE], Why.NOT_IN_FILE))
            continue
        title = _TITLE.match(entry.text)
        named = _plain(title[1])[:LONGEST_TITLE] if title else ""
        try:
            if len(entry.text) > LONGEST_RAW:
                raise NotBrought(Why.LONG_TEXT)
            text = entry.text[title.end() if title else 0 :]
            question = _question(text, named)
            brought.add(category, question)
            brought.leave_out(*(LeftOut(entry.line, named, why) for why in _lost(text, question)))
        except NotBrought as error:
            brought.leave_out(LeftOut(entry.line, named, error.why, error.kind))
    return brought


def _entries(text: str) -> Iterator[_Entry]:
    """Questions stand apart by empty lines, outside of braces; lines that begin with // are comments."""
    lines: list[str] = []
    began, depth = 1, 0
    announced: _Entry | None = None
    for number_, line in enumerate([*text.lstrip("\ufeff").splitlines(), ""], 1):
        bare = line.strip()
        if bare.startswith("//"):
            if name := _NAMED.match(bare):
                yield from [announced] if announced else ()
                announced = _Entry(number_, name[1].strip(), named=True)
            continue
        if bare:
            announced = None
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
    yield from [announced] if announced else ()


def _lost(text: str, question: Question) -> Iterator[Why]:
    """What of a question is not brought over."""
    if _SHOWN.search(text):
        yield Why.NO_FILES
    shares = (
        [share for share, _, _ in _answers(text)] if question.kind in (Kind.SINGLE, Kind.TEXT, Kind.NUMERIC) else []
    )
    if in_parts(shares):
        yield Why.PARTS
    if question.kind is Kind.MULTIPLE:
        yield Why.TOGETHER


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
    if len(answers) > MOST_ANSWERS:
        raise NotBrought(Why.MANY_ANSWERS)
    if not answers:
        raise NotBrought(Why.ANSWERS_UNREADABLE)
    if any("->" in text for _, text, _ in answers):
        raise NotBrought(Why.OTHER_KIND, "matching")
    shares, marks = [share for share, _, _ in answers], set(_MARK.findall(body))
    rights = best(shares)
    if marks == {"="}:
        return Question(key, Kind.TEXT, asked, accepted=[_plain(text) for share, text, _ in answers if share > 0])
    single = "=" in marks  # as Moodle has it: where no answer is marked as right, several are to be chosen
    options = [
        Option(str(place), _texts(text), right=right if single else share > 0, feedback=_texts(said) or None)
        for place, ((share, text, said), right) in enumerate(zip(answers, rights, strict=True), 1)
    ]
    several = not single and sum(option.right for option in options) > 1
    return Question(key, Kind.MULTIPLE if several else Kind.SINGLE, asked, options=options, shuffled=True)


def _answers(body: str) -> Iterator[tuple[float, str, str]]:
    """Which part of the mark each gives, its text, and what is said of it."""
    parts = _MARK.split(body)
    for mark, told in zip(parts[1::2], parts[2::2], strict=True):
        said = told.strip()
        part = _PART.match(said)
        text, *feedback = _FEEDBACK.split(said[part.end() :] if part else said)
        share = float(part[1]) / 100 if part else float(mark == "=")
        yield share, text.strip(), " ".join(feedback).strip()


def _numeric(key: str, asked: dict[str, str], body: str) -> Question:
    answers = list(_answers(body))
    if answers:
        rights = best([share for share, _, _ in answers])
        found = [text for (_, text, _), right in zip(answers, rights, strict=True) if right]
    else:
        found = [_FEEDBACK.split(body)[0].strip()]
    if len(found) > 1:
        raise NotBrought(Why.SEVERAL_NUMBERS)
    told = found[0]
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
