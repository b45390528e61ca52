"""The console's languages: texts from catalogues, and dates and numbers as each language writes them.

A text is known by its English; catalogues are ``catalogues/TAG.po`` and are read at the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_FLOOR, Decimal
from functools import cache
from gettext import NullTranslations
from importlib.resources import files
from io import BytesIO
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_gmt
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.support import Translations
from markupsafe import Markup

from connector.domain.sign_in import LANGUAGES

SOURCE = "en"
"""The language in which texts stand in the code."""
OWN_NAMES: Mapping[str, str] = {"en": "English", "zh-TW": "繁體中文", "fr": "Français", "vi": "Tiếng Việt"}
"""Each language in its own words."""
COLONS: Mapping[str, str] = {"en": ": ", "zh-TW": "：", "fr": "\u00a0: ", "vi": ": "}
"""What stands between a name and its value."""


def message(text: str) -> str:
    """Marks a text in a table, so that it is found for the catalogues; ``Speech.t`` translates it."""
    return text


@dataclass(frozen=True)
class Language:
    """One language: ``tag`` as in HTML, and its texts."""

    tag: str
    locale: Locale
    texts: NullTranslations


@dataclass(frozen=True)
class Speech:
    """How a page speaks to one person: a language, and the zone in which times are shown."""

    language: Language
    zone: ZoneInfo

    def t(self, text: str, **values: object) -> str:
        """The text in this language; ``{name}`` in it stands for a value."""
        return self.language.texts.gettext(text).format(**values)

    def tn(self, one: str, many: str, count: int, **values: object) -> str:
        """The text for so many; ``{count}`` in it is the number as the language writes it."""
        text = self.language.texts.ngettext(one, many, count)
        return text.format(count=self.number(count), **values)

    @property
    def colon(self) -> str:
        return COLONS[self.language.tag]

    def number(self, value: float) -> str:
        return format_decimal(value, locale=self.language.locale)

    def exact(self, value: float) -> str:
        """With all its decimals: 0.0005 is what is right, and 0 is not."""
        return format_decimal(Decimal(format(value, ".15g")), locale=self.language.locale, decimal_quantization=False)

    def result(self, percent: float) -> str:
        """A result, never rounded up: what is not quite enough to pass does not look as if it were."""
        floored = Decimal(str(percent)).quantize(Decimal("0.1"), ROUND_FLOOR).normalize() / 100
        return format_percent(floored, locale=self.language.locale, decimal_quantization=False)

    def percent(self, share: float) -> str:
        """0.25 as 25 %; below ten per cent with one decimal."""
        rounded = Decimal(str(round(share, 3 if share < 0.1 else 2)))
        return format_percent(rounded, locale=self.language.locale, decimal_quantization=False)

    def day(self, day: date) -> str:
        """A day as the language writes it out; of a moment that on which it is in the person's zone."""
        told = self.here(day).date() if isinstance(day, datetime) else day
        return format_date(told, "long", locale=self.language.locale)

    def here(self, at: datetime) -> datetime:
        """The same moment, as clocks have it in the person's zone."""
        return at.astimezone(self.zone)

    def moment(self, at: datetime) -> str:
        """Day and time in the person's zone, with its distance from Greenwich: short names of zones are ambiguous."""
        local, locale = at.astimezone(self.zone), self.language.locale
        day = format_date(local, "medium", locale=locale)
        return f"{day} {format_time(local, 'short', locale=locale)} {get_timezone_gmt(local, locale=locale)}"

    def when(self, at: datetime) -> Markup:
        """The same as an element, in which pages of launched content put it in the zone of the browser (arrive.js): a
        platform does not tell whose zone is which."""
        return Markup('<time datetime="{}">{}</time>').format(at.astimezone(UTC).isoformat(), self.moment(at))


@cache
def load_languages() -> Mapping[str, Language]:
    """All languages, by tag; read once in a process."""
    return {tag: Language(tag, Locale.parse(tag, sep="-"), _texts(tag)) for tag in LANGUAGES}


def _texts(tag: str) -> NullTranslations:
    if tag == SOURCE:
        return NullTranslations()
    with (files("connector.web") / "catalogues" / f"{tag}.po").open("rb") as file:
        catalogue = read_po(file, locale=tag.replace("-", "_"))
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def preferred(accepted: str) -> str:
    """The language that suits an ``Accept-Language`` header best (RFC 9110, 12.5.4), English where none does."""
    ranked = sorted(_ranges(accepted), key=lambda one: -one[1])
    for wanted, quality in ranked:
        for tag in LANGUAGES:
            if quality > 0 and wanted.partition("-")[0] == tag.lower().partition("-")[0]:
                return tag
    return SOURCE


def _ranges(accepted: str) -> list[tuple[str, float]]:
    found = []
    for part in accepted.lower()[:500].split(","):
        tag, _, parameter = part.strip().partition(";")
        try:
            quality = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        found.append((tag.strip(), quality))
    return found
