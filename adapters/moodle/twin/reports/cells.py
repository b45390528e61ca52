"""How Moodle writes a value into a cell: in the reading account's language and time zone, escaped or not.

What escapes how was seen on 4.5.5 and 5.1 and is the same in both. English is as recorded; French follows the strings
of Moodle's French pack (langconfig, moodle), which was not there to be recorded. Other languages fall back to English.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from adapters.moodle.twin.countries import COUNTRIES
from adapters.moodle.twin.params import no_tags

_DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
}
_MONTHS = {
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
    "fr": (
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
        "décembre",
    ),
}  # fmt: skip
_YES_NO = {"en": ("No", "Yes"), "fr": ("Non", "Oui")}
_NEVER = {"en": "Never", "fr": "Jamais"}
_NUMERIC_ENTITY = re.compile(r"&amp;(#\d+|#x[0-9a-f]+);", re.IGNORECASE)
_BARE_AMPERSAND = re.compile(r"&(?!(#\d+|#x[0-9a-f]+|[a-z]+);)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: ``url`` of the site for links, ``lang``, ``zone`` of the account, ``now`` in epoch seconds."""

    url: str
    lang: str
    zone: tzinfo
    now: float


def zone_of(name: str) -> tzinfo:
    """Of an account's setting: 99 is the site's own zone (here UTC), a number is hours east."""
    if re.fullmatch(r"[+-]?\d{1,2}(\.[05])?", name):
        return UTC if name == "99" else timezone(timedelta(hours=float(name)))
    return ZoneInfo(name)


def plain(text: str | None) -> str:
    """Moodle's ``s()``: everything escaped, quotes too; numeric entities that were in the text are left."""
    if not text:
        return ""
    for sign, entity in (("&", "&amp;"), ('"', "&quot;"), ("'", "&#039;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(sign, entity)
    return _NUMERIC_ENTITY.sub(r"&\1;", text)


def stripped(text: str | None) -> str:
    """``format_string()`` without escaping: tags go (of multilang spans the texts of all languages stay)."""
    return no_tags(text or "")


def formatted(text: str | None) -> str:
    """``format_string()``: tags go, ampersands and angle brackets are escaped, quotes are not."""
    return _BARE_AMPERSAND.sub("&amp;", stripped(text)).replace("<", "&lt;").replace(">", "&gt;")


def link(address: str, text: str) -> str:
    """``html_writer::link()``: the text is trusted to be HTML already, which names of people are not."""
    return f'<a href="{address}">{text}</a>'


def moment(seconds: int | None, reader: Reader) -> str:
    """A time to the minute, or nothing: "Saturday, 3 October 2026, 5:00 AM"."""
    if not seconds:
        return ""
    at = datetime.fromtimestamp(seconds, reader.zone)
    lang = reader.lang if reader.lang in _DAYS else "en"
    day, month = _DAYS[lang][at.weekday()], _MONTHS[lang][at.month - 1]
    if lang == "fr":
        return f"{day} {at.day} {month} {at.year}, {at:%H:%M}"
    return f"{day}, {at.day} {month} {at.year}, {at.hour % 12 or 12}:{at:%M} {'AM' if at.hour < 12 else 'PM'}"


def yes_no(value: bool | None, reader: Reader) -> str:
    """Nothing for a row that is not there."""
    return "" if value is None else _YES_NO.get(reader.lang, _YES_NO["en"])[bool(value)]


def never_or(seconds: int | None, reader: Reader) -> str:
    """Of "last access to course": a person who was never there has a word for it."""
    return _NEVER.get(reader.lang, _NEVER["en"]) if seconds is not None and not seconds else moment(seconds, reader)


def grade(value: float | None, reader: Reader) -> str:
    """Two decimals, with the language's decimal sign."""
    text = "" if value is None else f"{value:.2f}"
    return text.replace(".", ",") if reader.lang == "fr" else text


# ---------------------------------------------------------------- names in place of codes
AUTHS = {
    "manual": "Manual accounts", "oauth2": "OAuth 2", "nologin": "No login", "ldap": "LDAP server",
    "email": "Email-based self-registration", "oidc": "OpenID Connect", "saml2": "SAML2",
}  # fmt: skip
_LANGUAGES = {"en": "English", "fr": "Français", "vi": "Vietnamese", "zh_tw": "正體中文"}
PLUGINS = {
    "manual": "Manual enrolments", "self": "Self enrolment", "guest": "Guest access", "cohort": "Cohort sync",
    "meta": "Course meta link", "database": "External database", "flatfile": "Flat file (CSV)",
}  # fmt: skip
STATUSES = ("Active", "Suspended", "Not current")


def auth(value: str | None, _reader: Reader) -> str:
    return AUTHS.get(value or "", plain(value))


def language(value: str | None, _reader: Reader) -> str:
    """The name and, between marks of writing direction, the code."""
    return f"{_LANGUAGES[value]} \u200e({value})\u200e" if value in _LANGUAGES else plain(value)


def country(value: str | None, _reader: Reader) -> str:
    return COUNTRIES.get(value or "", plain(value))


def time_zone(value: str | None, _reader: Reader) -> str:
    return "Server timezone (UTC)" if value == "99" else plain(value)
