"""Cells of reports, read strictly: what does not look as Moodle writes it in English and UTC is never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from connector.domain.errors import ProtocolError

_PERSON = re.compile(r'<a\b[^>]*\bhref="[^"]*/user/profile\.php\?(?:[^"]*&amp;)?id=(\d+)[&"]')
_COURSE = re.compile(r'<a\b[^>]*\bhref="[^"]*/course/view\.php\?(?:[^"]*&amp;)?id=(\d+)[&"]')
_BADGE = re.compile(r'<a\b[^>]*\bhref="[^"]*/badges/overview\.php\?(?:[^"]*&amp;)?id=(\d+)[&"]')
_TEXT_OF_LINK = re.compile(r"<a\b[^>]*>(.*)</a>", re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")
_DATE = re.compile(r"[A-Z][a-z]+day, (\d{1,2}) ([A-Z][a-z]+) (\d{4}), (\d{1,2}):(\d\d) ([AP]M)")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MONTH = {name: number for number, name in enumerate(_MONTHS, 1)}
_GRADE = re.compile(r"-?\d+\.\d\d")
_YES_NO: Mapping[str, bool] = {"Yes": True, "No": False, "": False}
_STATUS: Mapping[str, bool] = {"Active": True, "Suspended": False, "Not current": False}


def person(cell: str) -> int:
    """The account id in the link of ``user:fullnamewithlink``; 0 where the row has nobody."""
    return _id(_PERSON, cell, "a person's link") if cell else 0


def course(cell: str) -> int:
    """The course id in the link of a ``course:…withlink`` column."""
    return _id(_COURSE, cell, "a course's link")


def badge(cell: str) -> int:
    """The badge id in the link of ``badge:namewithlink``."""
    return _id(_BADGE, cell, "a badge's link")


def text_of_link(cell: str) -> str:
    """What stands in a link, without tags: a badge's name is told as it was typed, and elsewhere cleaned."""
    found = _TEXT_OF_LINK.fullmatch(cell)
    if not found:
        raise _unforeseen("a link")
    return _TAG.sub("", found[1]).strip()


def moment(cell: str) -> datetime | None:
    """``Saturday, 3 October 2026, 5:00 AM`` as a moment in UTC, to the minute; None for an empty cell.

    The form is Moodle's ``strftimedaydatetime`` in English; another one is refused.
    """
    if not cell:
        return None
    found = _DATE.fullmatch(cell)
    if not found:
        raise _unforeseen("a date in English")
    day, month, year, hour, minute, half = found.groups()
    try:
        if not 1 <= int(hour) <= 12:
            raise ValueError(hour)
        hours = int(hour) % 12 + (12 if half == "PM" else 0)
        return datetime(int(year), _MONTH[month], int(day), hours, int(minute), tzinfo=UTC)
    except (KeyError, ValueError):
        raise _unforeseen("a date in English") from None


def yes_or_no(cell: str) -> bool:
    """Yes or No; empty is no."""
    return _one_of(_YES_NO, cell, "Yes or No")


def active(cell: str) -> bool:
    """The status of an enrolment: whether it lets its owner in now."""
    return _one_of(_STATUS, cell, "an enrolment's status in English")


def grade(cell: str) -> float | None:
    """Points with two decimals; None for an empty cell."""
    if not cell:
        return None
    if not _GRADE.fullmatch(cell):
        raise _unforeseen("a grade with two decimals")
    return float(cell)


def _id(link: re.Pattern[str], cell: str, what: str) -> int:
    found = link.match(cell)
    if not found:
        raise _unforeseen(what)
    return int(found[1])


def _one_of(words: Mapping[str, bool], cell: str, what: str) -> bool:
    try:
        return words[cell]
    except KeyError:
        raise _unforeseen(what) from None


def _unforeseen(what: str) -> ProtocolError:
    return ProtocolError(
        f"A report of Moodle has a cell that is not {what}. `moodle-connector doctor --fix` sets the reports "
        "up again; texts of the English language pack that were changed on the site have to be changed back, "
        "or set moodle.reader to plain."
    )
