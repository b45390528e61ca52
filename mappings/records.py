"""Rows of former systems become records, by what ``imports.yaml`` says of their system."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from connector.domain.importing import Kind, LeftOut, Legacy, LegacyRow
from connector.domain.people import Record, Rejection
from mappings.imports import ColumnsSpec, ImportSpec
from mappings.refused import Refused
from mappings.transforms import build

T = TypeVar("T")

FIRST_YEAR = 1950
"""No training system had been there before: an earlier date was misread."""
_NOON = time(12)
_TIMES = ("%H", "%I", "%X", "%c")
"""What makes a form one of a moment and not of a day."""
Done = tuple[datetime, str]
"""When, and how exact that is."""


@dataclass(frozen=True)
class RecordMaker:
    """Implements ``connector.domain.importing.Reading``.

    ``courses`` and ``certificates``: what may stand in the file and what it is here. ``others``: courses of Moodle, by
    idnumber, that no path names. ``now``: nothing was done later.
    """

    spec: ImportSpec
    courses: Mapping[str, tuple[str, ...]]
    certificates: Collection[str]
    others: Collection[str]
    now: datetime

    @property
    def kind(self) -> Kind:
        return Kind(self.spec.kind)

    def row(self, record: Record) -> LegacyRow:
        """The record of a row, or all that is wrong with it."""
        said = {
            name: record.fields.get(column, "").strip()
            for name in ColumnsSpec.model_fields
            if (column := getattr(self.spec.columns, name))
        }
        key, wrong = said.get("person", ""), dict[str, str]()

        def made(name: str, make: Callable[[str], T]) -> T | None:
            try:
                return make(said.get(name, ""))
            except Refused as refused:
                wrong[name] = str(refused)
                return None

        courses, template = made("course", self._courses), made("certificate", self._template)
        if not courses and not template and not wrong:
            return LeftOut(record.line)
        if not key and not said.get("email"):
            wrong["person"] = "is empty; nobody can be meant without a key or an address"
        done, expires = made("date", self._done), made("expires", self._expires)
        score, score_max = made("score", _number), made("score_max", _number)
        number = said.get("number", "") if template else ""
        if template and not number:
            wrong["number"] = "is empty; one certificate is told from another by it"
        if wrong or done is None:
            return [Rejection(record.line, key or None, name, why) for name, why in wrong.items()]
        return Legacy(
            record.line, key, said.get("email", ""), said.get("lastname", ""), courses or (), *done, score, score_max,
            template or "", number, expires,
        )  # fmt: skip

    def _courses(self, text: str) -> tuple[str, ...]:
        if not text and self.kind is Kind.CERTIFICATES:
            return ()
        name = self.spec.courses.get(text, text)
        if not name and text:
            return ()
        if found := self.courses.get(name) or ((name,) if name in self.others else ()):
            return found
        if text and self.spec.other_courses == "leave_out":
            return ()
        raise Refused("is no course of a path, no requirement and no course of Moodle; name it in imports.yaml")

    def _template(self, text: str) -> str:
        name = self.spec.certificates.get(text, text)
        if not text and self.kind is Kind.CERTIFICATES:
            raise Refused("is empty; say which certificate it is")
        return name

    def _done(self, text: str) -> Done:
        done = self._moment(text)
        if done is None:
            raise Refused("is empty")
        if done[0].year < FIRST_YEAR:
            raise Refused(f"lies before {FIRST_YEAR}; is the form of dates another one?")
        today = self.now.astimezone(ZoneInfo(self.spec.timezone)).date()
        if done[0].astimezone(ZoneInfo(self.spec.timezone)).date() > today:
            raise Refused("lies in the future; is the form of dates another one?")
        return min(done[0], self.now), done[1]

    def _expires(self, text: str) -> datetime | None:
        """A day is the last one; what follows it is the end."""
        ends = self._moment(text)
        if ends is None or ends[1] != "day":
            return ends[0] if ends else None
        day = ends[0].date() + timedelta(days=1)
        return datetime.combine(day, time(), ZoneInfo(self.spec.timezone))

    def _moment(self, text: str) -> Done | None:
        """By the first form that fits. A day is its noon: so it is that day nearly everywhere."""
        if not text:
            return None
        zone = ZoneInfo(self.spec.timezone)
        for form in self.spec.dates:
            try:
                if form == "iso" and len(text) > len("2026-01-31"):
                    at = datetime.fromisoformat(text)
                    return (at if at.tzinfo else at.replace(tzinfo=zone)), "second"
                if any(directive in form for directive in _TIMES):
                    at = datetime.strptime(text, form)  # noqa: DTZ007 - its zone is that of the file
                    return at.replace(tzinfo=at.tzinfo or zone), "second" if "%S" in form or "%X" in form else "minute"
                day = date.fromisoformat(build("date", [form], {})(text))
            except ValueError:
                continue
            return datetime.combine(day, _NOON, zone), "day"
        raise Refused(f"is not a date as {' or '.join(self.spec.dates)}, or there is no such day")


def _number(text: str) -> float | None:
    """With a point or a comma; none where nothing stands."""
    if not text:
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        raise Refused("is no number") from None
    if not math.isfinite(value):
        raise Refused("is no number")
    return value
