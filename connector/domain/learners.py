"""What learners are told in Moodle: the due dates of their requirements."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from connector.domain.errors import ConnectorError
from connector.domain.notices import Language
from connector.domain.ports import SiteInfo

LANGUAGES: Mapping[str, Language] = {"en": "en", "fr": "fr", "vi": "vi", "zh_tw": "zh-TW"}
"""By the beginning of the name of Moodle's language pack."""


@dataclass(frozen=True, slots=True)
class DueNotice:
    """That a requirement is due on a day. ``changed``: it was due on another day before. ``lang``: Moodle's pack."""

    person_id: int
    account_id: int
    requirement: str
    path: str
    due_on: date
    changed: bool
    lang: str


@dataclass(frozen=True, slots=True)
class DueLetter:
    """What one learner reads: plain texts without markup, and where to begin."""

    language: Language
    path: str
    due_on: date
    changed: bool
    url: str


class Told(StrEnum):
    """What became of a notice; until then it waits."""

    DONE = "done"
    REFUSED = "refused"
    """Moodle does not let this person be written to."""


@dataclass(frozen=True, slots=True)
class Telling:
    notice: DueNotice
    told: Told
    message: str = ""


class DueNoticeStore(Protocol):
    """Notices that wait, one for each person, requirement and day. Bound to one site."""

    def end_over(self, now: datetime) -> int:
        """End notices of what holds no longer: it is due on another day now, or was withdrawn. Gives how many."""
        ...

    def waiting(self, now: datetime, limit: int) -> list[DueNotice]:
        """Of people who can read it: active, and with an account that is not suspended."""
        ...

    def claim(self, notices: Collection[DueNotice], now: datetime) -> list[DueNotice]:
        """They are about to be sent: whatever happens from here on, they are not sent again.

        Gives those that another process has not claimed meanwhile.
        """
        ...

    def give_back(self, notices: Collection[DueNotice]) -> None:
        """They surely were not sent."""
        ...

    def settle(self, tellings: Collection[Telling], now: datetime) -> None: ...


class Messenger(Protocol):
    """What of Moodle is needed to write to people."""

    async def site_info(self) -> SiteInfo: ...

    async def send_messages(self, messages: Sequence[tuple[int, str]]) -> list[str | ConnectorError]:
        """See ``connector.domain.ports.Moodle``."""
        ...


def language_of(lang: str, default: Language) -> Language:
    """The language for who uses this pack of Moodle's, such as fr_ca; ``default`` where there is none."""
    return next((ours for begin, ours in LANGUAGES.items() if lang == begin or lang.startswith(f"{begin}_")), default)


def name_in(names: Mapping[str, str], language: Language, code: str) -> str:
    """A name of the mapping in this language, else in English, else in whatever there is, else its code."""
    wanted = (language.lower().replace("-", "_"), "en")
    return next((names[key] for key in wanted if names.get(key)), next(iter(names.values()), code))
