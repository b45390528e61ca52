"""Certificates of the connector: what earns one, its number and code, how long it holds. Pure decisions.

What is read and kept of them comes in through the ports of ``connector.domain.certifying``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from connector.domain.due import add_days, add_months
from connector.domain.notices import Language

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no letter that is taken for a digit. Each stands for five bits."""
OWN = "connector"
"""The source of the connector's own certificates, as the facts have it."""
CODE_BITS = 100
GROUP = 5
"""Letters between two hyphens of a code."""
LONGEST_NUMBER = 60
MOST_DIGITS = 12
"""Of a serial."""
SAME_DEED = timedelta(days=1)
"""What is earned within so long of another is the same: a time told to the minute now was told to the day before."""
NEVER = datetime.max.replace(tzinfo=UTC)
CHOSEN = "chosen"
"""In place of the id of content: all content whose authors have chosen the certificate."""
WINDOW_DAYS = 90

_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})
_PLACE = re.compile(r"\{(?:(year)|(serial)(?::0?([1-9]|1[0-2]))?)\}")
_PLAIN = re.compile(r"[A-Za-z0-9_.-]*")
_FAMILY_FIRST = ("CJK UNIFIED", "CJK COMPATIBILITY", "HANGUL", "HIRAGANA", "KATAKANA")


@dataclass(frozen=True, slots=True)
class CertificateTemplate:
    """One kind of certificate. Exactly one of ``requirement``, ``course`` (an idnumber or shortname) and ``content``
    (an id, or CHOSEN) earns it.

    ``title`` by language, as mappings write it. ``months``: how long it holds; None: for ever. ``language``: of all
    of them; None: the person's own. ``since``: what was earned before that day earns none. ``window_days``: so long
    before its end content that is passed again earns the next one.
    """

    code: str
    title: Mapping[str, str]
    number: str
    issuer: str
    requirement: str | None = None
    course: str | None = None
    months: int | None = None
    language: Language | None = None
    since: date | None = None
    content: str | None = None
    window_days: int = WINDOW_DAYS

    def is_given_by(self, content_id: str, chosen: str) -> bool:
        """Whether content with this id earns it, whose authors have chosen this one, or "" for none."""
        return self.content == content_id or (self.content == CHOSEN and self.code == chosen)

    def again_from(self, earned_at: datetime, revoked: bool) -> datetime | None:
        """From when on another deed earns another one, where the last was earned at this moment; None: never.

        A course or a requirement is completed again only where that is wanted; content is passed as often as somebody
        likes: only near the end of the last one does it earn the next, or where that was ``revoked``.
        """
        if self.content is None:
            return after_a_day(earned_at, revoked)
        if revoked:
            return earned_at
        if self.months is None:
            return None
        end = datetime.combine(add_months(earned_at.date(), self.months), earned_at.timetz())
        return max(end - timedelta(days=self.window_days), earned_at + SAME_DEED)


@dataclass(frozen=True, slots=True)
class Achievement:
    """That somebody has done what earns a certificate. ``deed`` tells it apart from the other deeds of the person.

    ``evidence``: what it rests on, where that is known here; nothing in it is about anybody else.
    """

    person_id: int
    deed: str
    earned_at: datetime
    evidence: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate that was issued, as far as it matters for issuing another one of the same template."""

    person_id: int
    deed: str
    earned_at: datetime
    by_hand: bool
    revoked: bool


@dataclass(frozen=True, slots=True)
class Validity:
    """``on``: the last day on which it holds, where the person is; ``at``: when that day is over. None: for ever."""

    on: date | None = None
    at: datetime | None = None


class CertificateState(StrEnum):
    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


def after_a_day(earned_at: datetime, revoked: bool) -> datetime | None:  # noqa: ARG001 - for others it matters
    return earned_at + SAME_DEED


def earned(
    achievements: Iterable[Achievement],
    held: Iterable[Held],
    again_from: Callable[[datetime, bool], datetime | None] = after_a_day,
) -> list[Achievement]:
    """The achievements for which nobody has got this certificate yet, in the order of time.

    An account that is somebody's again brings its old completions back under another key: what is not later than the
    newest certificate of the person earns no other one; ``again_from`` says from when it does. A certificate that was
    issued by hand and revoked, as by mistake, keeps nobody from earning one; one that a rule had issued is not issued
    again for the same deed.
    """
    deeds: dict[int, set[str]] = {}
    free: dict[int, datetime] = {}

    def note(person_id: int, earned_at: datetime, revoked: bool) -> None:
        bound = again_from(earned_at, revoked) or NEVER
        free[person_id] = max(free.get(person_id, bound), bound)

    for one in held:
        deeds.setdefault(one.person_id, set()).add(one.deed)
        if not (one.by_hand and one.revoked):
            note(one.person_id, one.earned_at, one.revoked)
    found = []
    for new in sorted(achievements, key=lambda one: (one.earned_at, one.person_id, one.deed)):
        known = deeds.setdefault(new.person_id, set())
        if new.deed not in known and (new.person_id not in free or new.earned_at >= free[new.person_id]):
            found.append(new)
            known.add(new.deed)
            note(new.person_id, new.earned_at, False)
    return found


def validity(months: int | None, earned_at: datetime, timezone: str) -> Validity:
    """How long a certificate holds that was earned at this moment by somebody in this time zone."""
    if months is None:
        return Validity()
    zone = ZoneInfo(timezone)
    last = add_months(earned_at.astimezone(zone).date(), months)
    after = add_days(last, 1)
    return Validity(last, datetime(after.year, after.month, after.day, tzinfo=zone).astimezone(UTC))


def state_of(expires_at: datetime | None, revoked_at: datetime | None, now: datetime) -> CertificateState:
    if revoked_at is not None:
        return CertificateState.REVOKED
    if expires_at is not None and expires_at <= now:
        return CertificateState.EXPIRED
    return CertificateState.VALID


# ---------------------------------------------------------------- numbers
def wrong_number(pattern: str) -> str | None:
    """What is wrong with a pattern of numbers, or None."""
    places = _PLACE.findall(pattern)
    if sorted(bool(year) for year, _, _ in places) != [False, True]:
        return "needs {year} and {serial}, each once, such as FIRE-{year}-{serial:06}"
    if not _PLAIN.fullmatch(_PLACE.sub("", pattern)):
        return "may have letters from A to Z, digits, hyphens, dots and underscores besides {year} and {serial}"
    if len(number_of(pattern, 2000, 10**MOST_DIGITS)) > LONGEST_NUMBER:
        return f"gives numbers of over {LONGEST_NUMBER} characters"
    return None


def number_of(pattern: str, year: int, serial: int) -> str:
    """The number of a certificate; ``serial`` counts those of its template and year."""

    def fill(place: re.Match[str]) -> str:
        return f"{year:04}" if place[1] else f"{serial:0{place[3] or 1}}"

    return _PLACE.sub(fill, pattern)


def serials_of(pattern: str, year: int) -> str:
    """A regular expression for Python and PostgreSQL; its group is the serial of a number of this pattern and year."""
    plain, places = _PLACE.split(pattern)[:: _PLACE.groups + 1], _PLACE.findall(pattern)
    shown = [f"{year:04}" if of_year else f"([0-9]{{1,{MOST_DIGITS}}})" for of_year, _, _ in places] + [""]
    return "^" + "".join(re.escape(text) + place for text, place in zip(plain, shown, strict=True)) + "$"


def shape_of(pattern: str) -> str:
    """What all numbers of a pattern have in common: two patterns of different shapes never give the same number."""
    return re.sub(r"[0-9]+", "0", _PLACE.sub("0", pattern)).upper()


# ---------------------------------------------------------------- codes
def code_of(chance: int) -> str:
    """The verification code that stands for ``CODE_BITS`` random bits, in groups that can be read out."""
    letters = [ALPHABET[chance >> shift & 31] for shift in range(CODE_BITS - 5, -1, -5)]
    return "-".join("".join(letters[at : at + GROUP]) for at in range(0, len(letters), GROUP))


def read_code(text: str) -> str:
    """A code as it was issued, whatever case and hyphens are typed, and O for 0; "" for what cannot be one."""
    letters = re.sub(r"[\s-]", "", _typed(text)).upper().translate(_MISREAD)
    if len(letters) != CODE_BITS // 5 or not set(letters) <= set(ALPHABET):
        return ""
    return "-".join(letters[at : at + GROUP] for at in range(0, len(letters), GROUP))


def same_number(given: str, number: str) -> bool:
    """Whether somebody who typed ``given`` means this number."""
    return _typed(given).strip().casefold() == number.casefold()


def _typed(text: str) -> str:
    """As a keyboard for Latin letters gives it: one for Chinese may give wide letters, digits and hyphens."""
    return unicodedata.normalize("NFKC", text[:100])


# ---------------------------------------------------------------- names
def printed_name(firstname: str, lastname: str, lang: str) -> str:
    """A name as it is printed; ``lang`` is the person's language pack in Moodle.

    Names in Chinese, Japanese and Korean letters have the family first and no space; so have Vietnamese ones, with it.
    """
    first, last = " ".join(firstname.split()), " ".join(lastname.split())
    if first and last and _has_family_first(first + last):
        return last + first
    parts: Sequence[str] = (last, first) if lang.partition("_")[0] == "vi" else (first, last)
    return unicodedata.normalize("NFC", " ".join(part for part in parts if part))


def _has_family_first(letters: str) -> bool:
    return all(unicodedata.name(letter, "").startswith(_FAMILY_FIRST) for letter in letters)
