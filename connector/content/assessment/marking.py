"""What is right, what a score is, and which of several attempts counts. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum, isfinite
from statistics import fmean
from unicodedata import normalize

from connector.domain.assessments import CHOICES, Answer, Kind, Policy, Question

ANYTHING = "*"
LONGEST = 2000
"""Characters of a text that are compared."""
DIGITS = 6
"""Of a percentage: weights such as 0.1 are not exact to a computer, and a pass mark is."""
LONGEST_NUMBER = 400
"""Characters of a number: the largest that a computer knows has some three hundred digits."""
MARKS = (",", ".")
"""Of decimals or of thousands, as a language has it."""
_SPACE = re.compile(r"\s+")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Scored:
    """``percent`` None while something waits to be marked. ``unmarked``: questions that wait."""

    percent: float | None
    points: float
    most: float
    unmarked: Sequence[str]


def share(question: Question, answer: Answer | None) -> float | None:
    """How much of a question is right: 0 or 1, or what an assessor gave; None where nobody has marked it yet.

    What was not answered is not right. Several options are right together or not at all; where one is to be chosen,
    each that is right is enough.
    """
    if answer is not None and answer.share is not None:
        return min(1.0, max(0.0, answer.share))
    if question.kind is Kind.PRACTICAL:
        return 0.0 if answer is None or not (answer.files or answer.text.strip()) else None
    if answer is None:
        return 0.0
    if question.kind in CHOICES:
        right = {option.option_id for option in question.options if option.right}
        if question.kind is Kind.MULTIPLE:
            return float(bool(right) and answer.chosen == right)
        return float(len(answer.chosen) == 1 and answer.chosen <= right)
    if question.kind is Kind.NUMERIC:
        return float(_is_near(question, answer.text))
    return float(any(matches(one, answer.text) for one in question.accepted))


def score(questions: Sequence[Question], answers: Mapping[str, Answer]) -> Scored:
    """The sum of the weights of right answers by that of all weights, in percent; 0 where nothing weighs anything."""
    shares = {one.question_id: share(one, answers.get(one.question_id)) for one in questions}
    most = fsum(one.weight for one in questions)
    points = fsum(one.weight * (shares[one.question_id] or 0.0) for one in questions)
    unmarked = [key for key, got in shares.items() if got is None]
    percent = None if unmarked else round(100 * points / most, DIGITS) if most > 0 else 0.0
    return Scored(percent, points, most, unmarked)


def counts(policy: Policy, percents: Sequence[float]) -> float | None:
    """What of several attempts counts, in the order in which they were submitted; None where there is none."""
    if not percents:
        return None
    if policy is Policy.BEST:
        return max(percents)
    return percents[-1] if policy is Policy.LAST else round(fmean(percents), DIGITS)


@dataclass(frozen=True, slots=True)
class Tried:
    """What an attempt has come to, and by which rule: that of the version by which it is marked."""

    percent: float
    passed: bool
    policy: Policy
    pass_mark: float


@dataclass(frozen=True, slots=True)
class Counted:
    """What counts of all attempts by which policy, whether that is a pass, and from how many percent on it was one."""

    percent: float
    passed: bool
    pass_mark: float
    policy: Policy


def judged(tried: Sequence[Tried]) -> Counted | None:
    """What counts of several attempts, in the order in which they were submitted; None where there is none.

    Which counts is by the rule of the last. Each keeps the pass mark by which it is marked: where the best counts, to
    have passed once is enough; an average is judged by the pass mark of the last.
    """
    if not tried:
        return None
    last = tried[-1]
    percent = counts(last.policy, [one.percent for one in tried]) or 0.0
    if last.policy is Policy.AVERAGE:
        return Counted(percent, percent >= last.pass_mark, last.pass_mark, last.policy)
    by = last if last.policy is Policy.LAST else max(tried, key=lambda one: (one.passed, one.percent))
    return Counted(percent, by.passed, by.pass_mark, last.policy)


def number(text: str) -> float | None:
    """A number as people type it: 1,5 as 1.5; 1 234,5, 1.234,5 and 1,234.5 alike; None where it is none.

    Of two kinds of marks the last is the decimal one; one that comes several times parts thousands. A mark that comes
    once is a decimal one, whatever stands behind it.
    """
    if len(text) > LONGEST_NUMBER:
        return None
    plain = _SPACE.sub("", normalize("NFKC", text).replace("\u2212", "-"))  # letters of full width, and a minus sign
    last = max(plain.rfind(mark) for mark in MARKS)
    if last >= 0:
        before, mark, after = plain[:last], plain[last], plain[last + 1 :]
        if mark in before:
            before, mark, after = plain, "", ""
        parting = next((one for one in MARKS if one in before), "")
        if parting and not re.fullmatch(rf"[+-]?\d{{1,3}}(?:{re.escape(parting)}\d{{3}})+", before):
            return None
        plain = before.replace(parting, "") + mark.replace(",", ".") + after
    if not _NUMBER.fullmatch(plain):
        return None
    value = float(plain)
    return value if isfinite(value) else None


def matches(accepted: str, text: str) -> bool:
    """Whether a text is one that is accepted: case and white space do not count, ``*`` stands for anything."""
    first, *rest = (_plain(part) for part in accepted.split(ANYTHING))
    given = _plain(text[:LONGEST])
    if not rest:
        return given == first
    if not given.startswith(first):
        return False
    *between, last = rest
    at = len(first)
    for part in between:  # the first place of each is the best one: no regular expression, which could try for ever
        found = given.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(given) - len(last) >= at and given.endswith(last)


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip().casefold()


def _is_near(question: Question, text: str) -> bool:
    given = number(text)
    if given is None or question.value is None:
        return False
    slack = 1e-9 * max(1.0, abs(question.value))  # 0.1 + 0.2 is not 0.3 to a computer
    return abs(given - question.value) <= question.tolerance + slack
