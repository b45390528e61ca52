"""The report as one HTML file: no scripts and nothing to load, so that it can be mailed, opened and printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any

from babel import Locale
from babel.dates import format_date, format_time
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from connector.reports.charts import columns, line, share
from connector.reports.names import full_name, localised
from connector.reports.picture import Picture

LONGEST = 40
"""Rows of a table of units; the rest is counted, and an export has them all."""
HOPS = {
    "feed": "Data from HR",
    "people": "People and units",
    "changes": "What is new in Moodle",
    "everything": "All of Moodle",
}
"""What the hops of the data are called, in the order in which the data goes."""
NOTHING = "–"


class Language(StrEnum):
    """The languages of pages."""

    EN = "en"
    FR = "fr"
    VI = "vi"
    ZH_TW = "zh-TW"


@dataclass(frozen=True)
class Speech:
    """How a page speaks: its texts, and dates and numbers as the language writes them."""

    language: Language
    locale: Locale
    texts: Mapping[str, str]

    def say(self, text: str, **values: object) -> str:
        return self.texts.get(text, text).format(**values)

    def number(self, value: float | None) -> str:
        return NOTHING if value is None else format_decimal(value, locale=self.locale)

    def grade(self, value: float | None) -> str:
        """With one decimal always, so that a column of them can be compared."""
        return NOTHING if value is None else format_decimal(value, "#,##0.0", locale=self.locale)

    def percent(self, value: float | None) -> str:
        """Of 100, with one decimal at most."""
        share = None if value is None else Decimal(str(round(value, 1))) / 100
        return NOTHING if share is None else format_percent(share, locale=self.locale, decimal_quantization=False)

    def day(self, value: date | None) -> str:
        return format_date(value, "medium", locale=self.locale) if value else ""

    def moment(self, value: datetime) -> str:
        at = value.astimezone(UTC)
        return f"{self.day(at.date())} {format_time(at, 'short', locale=self.locale)} UTC"

    def month(self, value: date) -> str:
        return format_date(value, "LLL", locale=self.locale)

    def name(self, names: Mapping[str, str] | None) -> str:
        return localised(names, self.language.value.replace("-", "_"))


def render(found: Picture, language: Language, now: datetime, unit: str = "") -> str:
    """The page, of everybody or of the unit that has this key. Everything that came from outside is escaped."""
    speech = _speech(language)
    tools: dict[str, Callable[..., Any]] = {
        "_": speech.say,
        "number": speech.number,
        "grade": speech.grade,
        "percent": speech.percent,
        "day": speech.day,
        "moment": speech.moment,
        "localised": speech.name,
        "full_name": full_name,
        "share": share,
        "columns": columns,
        "line": line,
    }
    months = [speech.month(row["starts_on"]) for row in found.months]
    template = _templates().get_template("page.html")
    return template.render(
        found=found,
        unit=next((row["unit_name"] for row in found.units if row["unit"] == unit), None) or unit,
        names={row["requirement"]: row["requirement_name"] for row in found.compliance},
        language=language.value,
        now=now,
        months=months,
        longest=LONGEST,
        hops=HOPS,
        **tools,
    )


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("connector.reports", "."),
        autoescape=select_autoescape(("html",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _speech(language: Language) -> Speech:
    locale = Locale.parse(language.value, sep="-")
    if language is Language.EN:
        return Speech(language, locale, {})
    content = (files("connector.reports") / "catalogues" / f"{language.value}.po").read_bytes()
    catalogue = read_po(BytesIO(content), locale=locale)
    texts = {str(message.id): str(message.string) for message in catalogue if message.id and message.string}
    return Speech(language, locale, texts)
