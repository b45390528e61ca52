"""Fields of a form that was posted, as values; what is wrong with one is noted beside its name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.datastructures import FormData

from connector.content.assessment.marking import number
from connector.domain.multilang import Texts
from connector.domain.sign_in import LANGUAGES
from connector.web.languages import message

Choice = TypeVar("Choice", bound=StrEnum)
NEEDED = message("This is needed.")
NOT_A_NUMBER = message("This is not a number.")
NO_MOMENT = message("This is not a date with a time.")
OUT_OF_RANGE = message("This is too small or too large.")
LONGEST = 20_000
"""Characters of a text."""
DIGITS = 15
"""With so many a number that was typed comes back as it was."""


class Fields:
    """``wrong``: by the name of a field, what is to be said beside it. What was typed is shown again."""

    def __init__(self, form: FormData) -> None:
        self._form = form
        self.wrong: dict[str, str] = {}

    @classmethod
    def untouched(cls) -> Fields:
        """Of a form that nobody has sent."""
        return cls(FormData())

    def shown(self, name: str, value: float | None = None) -> str:
        """What stands in a field: what was typed, or else a number as it is kept."""
        if self.has(name):
            return self.text(name)
        return "" if value is None else format(Decimal(format(value, f".{DIGITS}g")), "f")

    def has(self, name: str) -> bool:
        """Whether the form that was sent had such a field."""
        return name in self._form

    def text(self, name: str) -> str:
        """Without white space around, and with lines as they are kept everywhere."""
        value = self._form.get(name, "")
        plain = value if isinstance(value, str) else ""
        return plain.replace("\x00", "").replace("\r\n", "\n").strip()[:LONGEST]

    def texts(self, name: str) -> Texts:
        """A text in each language that it has: fields ``name.en``, ``name.fr`` and so on."""
        found = {tag: self.text(f"{name}.{tag}") for tag in LANGUAGES}
        return {tag: text for tag, text in found.items() if text}

    def texts_or_none(self, name: str) -> Texts | None:
        return self.texts(name) or None

    def needed(self, name: str, most: int) -> str:
        """A text of so many characters; that there is none is noted."""
        text = self.text(name)[:most]
        if not text:
            self.wrong[name] = NEEDED
        return text

    def flag(self, name: str) -> bool:
        return bool(self.text(name))

    def number(self, name: str, low: float, high: float) -> float | None:
        """As people type it; None where nothing stands there, or what is wrong with it is noted."""
        text = self.text(name)
        value = number(text) if text else None
        if text and value is None:
            self.wrong[name] = NOT_A_NUMBER
        elif value is not None and not low <= value <= high:
            self.wrong[name] = OUT_OF_RANGE
            return None
        return value

    def whole(self, name: str, low: int, high: int) -> int | None:
        """A whole number; else as ``number``."""
        value = self.number(name, low, high)
        if value is not None and value != int(value):
            self.wrong[name] = NOT_A_NUMBER
            return None
        return None if value is None else int(value)

    def moment(self, name: str, zone: str) -> datetime | None:
        """A day and time as the browser has it, in a time zone such as ``Asia/Taipei``; UTC where it is unknown."""
        text = self.text(name)
        if not text:
            return None
        try:
            local = datetime.fromisoformat(text)
        except ValueError:
            self.wrong[name] = NO_MOMENT
            return None
        if not 2000 <= local.year < 2100:
            self.wrong[name] = NO_MOMENT
            return None
        return local.replace(tzinfo=_zone(zone)).astimezone(UTC)

    def pick(self, name: str, usual: Choice) -> Choice:
        """One of an enumeration; the usual one for what is none."""
        by_value: Mapping[str, Choice] = {one.value: one for one in type(usual)}
        return by_value.get(self.text(name), usual)

    def count(self, prefix: str) -> int:
        """How many there are of numbered fields such as ``option-0-…``."""
        numbers = [name.split("-")[1] for name in self._form if name.startswith(f"{prefix}-")]
        return 1 + max((int(one) for one in numbers if one.isdecimal() and len(one) < 4), default=-1)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
