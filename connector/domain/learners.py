"""What learners are told: in Moodle the due dates of their requirements, by mail that they have an account."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo

from connector.domain.errors import ConnectorError
from connector.domain.notices import Language
from connector.domain.ports import SiteInfo

N = TypeVar("N")

LANGUAGES: Mapping[str, Language] = {"en": "en", "fr": "fr", "vi": "vi", "zh_tw": "zh-TW"}
"""By the beginning of the name of Moodle's language pack."""


@dataclass(frozen=True, slots=True)
class DueNotice:
    """That a requirement is due on a day. ``changed``: it was due on another day before. ``lang``: Moodle's pack.

    ``timezone`` is the person's, in which days are counted.
    """

    person_id: int
    account_id: int
    requirement: str
    path: str
    due_on: date
    changed: bool
    lang: str
    timezone: str


@dataclass(frozen=True, slots=True)
class DueLetter:
    """What one learner reads: plain texts without markup, and where to begin. ``due_on`` None: to be done now."""

    language: Language
    path: str
    due_on: date | None
    changed: bool
    url: str


@dataclass(frozen=True, slots=True)
class Welcome:
    """That somebody has an account, which was made here. ``auth``: Moodle's sign-in method, ``lang``: its pack."""

    account_id: int
    username: str
    email: str
    auth: str
    lang: str


@dataclass(frozen=True, slots=True)
class WelcomeLetter:
    """What one newcomer reads. ``site``: the name that Moodle has. ``auth``: how to sign in; never a password."""

    language: Language
    site: str
    url: str
    username: str
    auth: str


class Told(StrEnum):
    """What became of a notice; until then it waits."""

    DONE = "done"
    REFUSED = "refused"
    """This person cannot be written to."""
    LATER = "waiting"
    """Not now, and that concerns this person alone: others are told meanwhile."""


@dataclass(frozen=True, slots=True)
class Telling(Generic[N]):
    notice: N
    told: Told
    message: str = ""


class Waiting(Protocol[N]):
    """Notices that wait, each to be told once: of a due date to a person, or of an account. Bound to one site."""

    def end_over(self, now: datetime) -> int:
        """End notices of what holds no longer, such as a day on which nothing is due any more. Gives how many."""
        ...

    def waiting(self, now: datetime, limit: int) -> list[N]:
        """Of people who can do something with it: active, and with an account that is not suspended."""
        ...

    def claim(self, notices: Collection[N], now: datetime) -> list[N]:
        """They are about to be sent: whatever happens from here on, they are not sent again.

        Gives those that another process has not claimed meanwhile.
        """
        ...

    def give_back(self, notices: Collection[N]) -> None:
        """They surely were not sent."""
        ...

    def settle(self, tellings: Collection[Telling[N]], now: datetime) -> None: ...


class Messenger(Protocol):
    """What of Moodle is needed to write to people."""

    async def site_info(self) -> SiteInfo: ...

    async def send_messages(self, messages: Sequence[tuple[int, str]]) -> list[str | ConnectorError]:
        """See ``connector.domain.ports.Moodle``."""
        ...


class Postman(Protocol):
    """What is needed to welcome people by mail."""

    async def welcome(self, to: str, letter: WelcomeLetter, now: datetime) -> tuple[Told, str]:
        """Send one letter; gives what became of it, with the reason where the address is not taken.

        Raises AnswerLost where it may have been sent, else what says that it surely was not, nor would others be.
        """
        ...


def day_to_tell(due_on: date, at: datetime, timezone: str) -> date | None:
    """The day that a learner is told at this moment; None for one that is over: then it is to be done now.

    Whoever was hired years ago and gets a requirement today can do nothing about a day that has gone by.
    """
    return due_on if at.astimezone(ZoneInfo(timezone)).date() <= due_on else None


def language_of(lang: str, default: Language) -> Language:
    """The language for who uses this pack of Moodle's, such as fr_ca; ``default`` where there is none."""
    return next((ours for begin, ours in LANGUAGES.items() if lang == begin or lang.startswith(f"{begin}_")), default)


def name_in(names: Mapping[str, str], language: Language, code: str) -> str:
    """A name of the mapping in this language, else in English, else in whatever there is, else its code."""
    wanted = (language.lower().replace("-", "_"), "en")
    return next((names[key] for key in wanted if names.get(key)), next(iter(names.values()), code))
