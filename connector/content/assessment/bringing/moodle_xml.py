"""Moodle XML: https://docs.moodle.org/en/Moodle_XML_format, and ``question/format/xml``.

Entities and networks are closed: a file is what somebody has sent, and one that declares anything is none of Moodle's.
Kinds that there are not here are left out. Pictures in the texts of a question and its options come along; of others
it is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from lxml import etree

from connector.content.assessment.bringing import (
    LONGEST_RAW,
    MOST_ANSWERS,
    Brought,
    LeftOut,
    NotBrought,
    Why,
    best,
    in_parts,
    pictures,
)
from connector.content.assessment.editing import TRUTH
from connector.content.assessment.marking import number
from connector.domain.assessments import Kind, Option, Question
from connector.domain.multilang import texts

Element = etree._Element
LONGEST_TITLE = 200
"""Characters of what is told of a question that was left out."""
HEAVIEST = 1000
"""Weight that a question can have."""
_MEDIA = re.compile(r"<(?:audio|video|object|embed|iframe)\b", re.IGNORECASE)


def read(content: bytes, there: Iterable[str] = (), *, keeping: bool = True) -> Brought:
    """Bring a whole file over, ``keeping`` its pictures where there is a place for them, but for questions that are
    ``there``, by their ids.

    A file that is no such XML has its one fault told, and brings nothing.
    """
    brought, category = Brought(there=set(there)), ""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        brought.leave_out(LeftOut(error.lineno or 1, "", Why.NO_XML))
        return brought
    if root.tag != "quiz" or root.getroottree().docinfo.internalDTD is not None:
        brought.leave_out(LeftOut(1, "", Why.OTHER_XML))
        return brought
    for one in root.iterfind("question"):
        kind = one.get("type", "")
        if kind == "category":
            category = _raw(one, "category/text")
            continue
        line = one.sourceline if isinstance(one.sourceline, int) else 1
        if brought.is_full(line):
            break
        title = _raw(one, "name/text")[:LONGEST_TITLE]
        try:
            make = KINDS.get(kind)
            if make is None:
                raise NotBrought(Why.OTHER_KIND, kind)
            if len(one.findall("answer")) > MOST_ANSWERS:
                raise NotBrought(Why.MANY_ANSWERS)
            question, found = make(one), pictures.of(one)
            brought.add(category, _with(question, found) if keeping else question)
            if keeping:
                brought.files |= found.files
            elif found.files:
                brought.leave_out(LeftOut(line, title, Why.NO_PLACE))
            if found.lost:
                brought.leave_out(LeftOut(line, title, Why.PICTURE_LOST))
            brought.leave_out(*(LeftOut(line, title, why) for why in _lost(one, question)))
        except NotBrought as error:
            brought.leave_out(LeftOut(line, title, error.why, error.kind))
    return brought


def _with(question: Question, found: pictures.Found) -> Question:
    """A question with its pictures."""
    if not found.of_options:
        return replace(question, pictures=found.pictures)
    both = zip(question.options, found.of_options, strict=True)
    return replace(question, pictures=found.pictures, options=[replace(one, pictures=some) for one, some in both])


def _choice(one: Element) -> Question:
    single = _is_set(one, "single")
    options, rights = _options(one), best(_shares(one))
    if single:
        options = [replace(option, right=right) for option, right in zip(options, rights, strict=True)]
    shuffled = _is_set(one, "shuffleanswers")
    return _made(one, Kind.SINGLE if single else Kind.MULTIPLE, options=options, shuffled=shuffled)


def _true_false(one: Element) -> Question:
    right = next((_text(answer, "text") for answer in one.iterfind("answer") if _fraction(answer) > 0), "")
    said = {_text(answer, "text"): texts(_text(answer, "feedback/text")) or None for answer in one.iterfind("answer")}
    options = [replace(one, right=right == one.option_id, feedback=said.get(one.option_id)) for one in TRUTH]
    return _made(one, Kind.TRUE_FALSE, options=options)


def _short(one: Element) -> Question:
    accepted = [_text(answer, "text") for answer in one.iterfind("answer") if _fraction(answer) > 0]
    if not accepted:
        raise NotBrought(Why.NONE_RIGHT)
    return _made(one, Kind.TEXT, accepted=accepted)


def _numeric(one: Element) -> Question:
    answers = [answer for answer, right in zip(one.iterfind("answer"), best(_shares(one)), strict=True) if right]
    if len(answers) != 1:
        raise NotBrought(Why.SEVERAL_NUMBERS)
    value, tolerance = number(_text(answers[0], "text")), number(_text(answers[0], "tolerance") or "0")
    if value is None or tolerance is None:
        raise NotBrought(Why.NUMBERS_UNREADABLE)
    return _made(one, Kind.NUMERIC, value=value, tolerance=abs(tolerance))


def _essay(one: Element) -> Question:
    return _made(one, Kind.PRACTICAL)


KINDS: Mapping[str, Callable[[Element], Question]] = {
    "multichoice": _choice,
    "truefalse": _true_false,
    "shortanswer": _short,
    "numerical": _numeric,
    "essay": _essay,
}


def _lost(one: Element, question: Question) -> Iterator[Why]:
    """What of a question is not brought over, but for its pictures."""
    if any(_MEDIA.search(found.text or "") for found in one.iter("text")):
        yield Why.MEDIA_LOST
    if question.kind is not Kind.MULTIPLE and in_parts(_shares(one)):
        yield Why.PARTS
    if question.kind is Kind.MULTIPLE:
        yield Why.TOGETHER
    if _is_set(one, "usecase"):
        yield Why.CAPITALS
    if one.find("units/unit") is not None:
        yield Why.UNITS


def _made(one: Element, kind: Kind, **more: Any) -> Question:
    asked = texts(_text(one, "questiontext/text"))
    if not asked:
        raise NotBrought(Why.NO_TEXT)
    weight = number(_text(one, "defaultgrade") or "1")
    key = blake2b(etree.tostring(one), digest_size=16).hexdigest()
    explanation = texts(_text(one, "generalfeedback/text")) or None
    weighs = min(weight, HEAVIEST) if weight and weight > 0 else 1.0
    return replace(Question(key, kind, asked, weighs, explanation=explanation), **more)


def _options(one: Element) -> list[Option]:
    return [
        Option(
            str(place),
            texts(_text(answer, "text")),
            _fraction(answer) > 0,
            texts(_text(answer, "feedback/text")) or None,
        )
        for place, answer in enumerate(one.iterfind("answer"), 1)
    ]


def _shares(one: Element) -> list[float]:
    return [_fraction(answer) for answer in one.iterfind("answer")]


def _is_set(one: Element, path: str) -> bool:
    return _text(one, path).casefold() in ("true", "1")


def _fraction(answer: Element) -> float:
    return number(answer.get("fraction", "0")) or 0.0


def _text(one: Element, path: str) -> str:
    """Raises NotBrought."""
    found = _raw(one, path)
    if len(found) > LONGEST_RAW:
        raise NotBrought(Why.LONG_TEXT)
    return found


def _raw(one: Element, path: str) -> str:
    found = one.find(path)
    return (found.text or "").strip() if found is not None else ""
