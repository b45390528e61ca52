"""Sentences with values: English here, and known by their English where a page tells them in another language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Text:
    """``message`` is the sentence with ``{names}`` of ``values``, which may be texts; ``str`` gives it in English."""

    message: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message.format(**{name: _shown(value) for name, value in self.values.items()})


def text(message: str, /, **values: object) -> Text:
    """A sentence. The message is written out where this is called, so that it is found for catalogues."""
    return Text(message, values)


def joined(texts: Iterable[Text]) -> Text:
    """Several as one, with semicolons between them."""
    first, *more = texts
    for one in more:
        first = text("{first}; {then}", first=first, then=one)
    return first


class EventKind(StrEnum):
    HR = "HR"
    RULES = "rules"
    DECISION = "decision"
    PLAN = "plan"
    HOLD = "hold"
    CASE = "case"
    MOODLE = "Moodle"
    """What was done there, or what it answered."""
    LEDGER = "ledger"
    LEARNING = "learning"
    DUE = "due"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, or is due, at a moment."""

    at: datetime
    kind: EventKind
    parts: tuple[Text, ...]

    @property
    def sentence(self) -> str:
        """In English."""
        return "; ".join(map(str, self.parts))


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d")
    return "" if value is None else str(value)
