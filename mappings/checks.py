"""What Moodle refuses, checked before anything is sent: Moodle itself would name neither the row nor the field.

Sources: Moodle's ``core_user`` properties (PARAM types), the column widths of its table ``user``, and calls to a
real Moodle 4.5 and 5.1. Each check takes a value that is not empty and gives it as it should be sent, or raises
Refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email

from mappings.refused import Refused

Check = Callable[[str], str]

_COUNTRIES_TEXT = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW "
    "BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI "
    "FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN "
    "IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME "
    "MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF "
    "PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV "
    "SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE "
    "YT ZA ZM ZW"
)
COUNTRIES = frozenset(_COUNTRIES_TEXT.split())
"""ISO 3166-1 alpha-2: Moodle stores an unknown country without a word."""

_WRONG_CHARACTERS = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters
    "\u2028\u2029\u200b\ufeff"  # line and paragraph separators, zero-width space, stray byte-order mark
    "\u202a-\u202e\u2066-\u2069"  # direction overrides, which make text look like another
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"  # not characters at all
)
_MARKUP = re.compile(r"<(?![ \t\n\r\v\f])")
"""What PHP's strip_tags, and so PARAM_NOTAGS and PARAM_TEXT, takes for the beginning of a tag."""
_USERNAME = re.compile(r"[a-z0-9._@-]+")
_LANG = re.compile(r"[a-z]{2,3}(_[a-z0-9]+)*")
_PLUGIN = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9.-]+)")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


def characters(value: str) -> str:
    """Refuse control characters, and the traces of a wrong encoding."""
    if not value.isprintable() and _WRONG_CHARACTERS.search(value):  # none of them is printable
        raise Refused(
            "has control or invisible characters, or line breaks: remove them, or use the transform collapse"
        )
    if "\ufffd" in value:
        raise Refused("has characters that were lost in a wrong encoding: check the source's encoding")
    return value


def text(longest: int, markup: bool = False) -> Check:
    """At most ``longest`` characters; no markup where Moodle would strip it."""

    def check(value: str) -> str:
        if len(value) > longest:
            raise Refused(f"is longer than {longest} characters")
        if not markup and "<" in value and _MARKUP.search(value):
            raise Refused("has markup: Moodle refuses a < that no space follows")
        return characters(value)

    return check


def username(value: str) -> str:
    """Moodle's PARAM_USERNAME on a site without extended user names; 100 characters."""
    if not _USERNAME.fullmatch(value):
        raise Refused("may have lower-case letters a to z, digits and . _ - @ only: try lower or romanise")
    if len(value) > 100:
        raise Refused("is longer than 100 characters")
    return value


def email(value: str) -> str:
    """A valid address of at most 100 characters, as ASCII: Moodle refuses others. No look-up in DNS."""
    if len(value) > 100:
        raise Refused("is longer than 100 characters")
    match = _EMAIL.fullmatch(value)
    if match and match.start(1) <= 65 and _domain(match[1]):
        return value
    return _unusual_email(value)


@lru_cache(maxsize=10_000)
def _domain(domain: str) -> bool:
    labels = domain.lower().split(".")
    top = labels[-1]
    ordinary = len(labels) > 1 and len(top) > 1 and not any(c.isdigit() for c in top) and "xn--" not in domain.lower()
    return ordinary and len(domain) <= 253 and all(_LABEL.fullmatch(label) for label in labels)


def _unusual_email(value: str) -> str:
    try:
        # A company's own domains may be known inside its network only.
        parts = validate_email(value, check_deliverability=False, globally_deliverable=False, strict=True)
    except EmailNotValidError:
        raise Refused("is not a valid e-mail address") from None
    if parts.ascii_email is None or parts.display_name or len(parts.ascii_email) > 100 or "." not in parts.domain:
        raise Refused("is not an e-mail address that Moodle takes: use plain letters before the @, and a full domain")
    return parts.ascii_email


def country(value: str) -> str:
    """Two capital letters that ISO 3166-1 knows."""
    if value not in COUNTRIES:
        raise Refused("is not a country code of ISO 3166-1 in two capital letters, such as TW")
    return value


def lang(value: str) -> str:
    """The name of a Moodle language pack. Whether it is installed, only the site knows."""
    if not _LANG.fullmatch(value) or len(value) > 30:
        raise Refused("is not the name of a language pack, such as en or zh_tw")
    return value


def auth(value: str) -> str:
    """The name of an authentication plugin. Whether it is enabled, only the site knows."""
    if not _PLUGIN.fullmatch(value) or len(value) > 20:
        raise Refused("is not the name of an authentication method, such as manual or oauth2")
    return value


def timezone(value: str) -> str:
    """A name of the IANA time zone database."""
    if value not in _timezones():
        raise Refused("is not a time zone such as Asia/Taipei")
    return value


def day(value: str) -> str:
    """An ISO date, which is what the transform date gives."""
    try:
        if len(value) == 10:
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise Refused("is not a date such as 2026-01-31, or there is no such day: use the transform date")


def boolean(value: str) -> str:
    """``true`` or ``false``, which is what the transform boolean gives."""
    if value not in ("true", "false"):
        raise Refused("is neither true nor false: use the transform boolean")
    return value


def integer(value: str) -> str:
    """A whole number that fits 64 bits, in the digits 0 to 9."""
    if not re.fullmatch(r"-?[0-9]{1,18}", value):
        raise Refused("is not a whole number")
    return str(int(value))


@lru_cache(maxsize=1)
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


ACCOUNT: dict[str, Check] = {
    "username": username,
    "firstname": text(100),
    "lastname": text(100),
    "email": email,
    "auth": auth,
    "idnumber": text(255, markup=True),
    "lang": lang,
    "city": text(120),
    "country": country,
    "department": text(255),
    "institution": text(255),
    "phone1": text(20),
    "phone2": text(20),
    "address": text(255),
    "middlename": text(255),
    "alternatename": text(255),
    "firstnamephonetic": text(255),
    "lastnamephonetic": text(255),
}
"""Moodle's account fields, by Moodle's own names."""

PROFILE: Check = text(5000, markup=True)

EMPLOYMENT: dict[str, Check] = {
    "unit": text(255, markup=True),
    "unit_name": text(255, markup=True),
    "units_above": text(5000, markup=True),
    "job_role": text(255, markup=True),
    "manager": text(255, markup=True),
    "starts": day,
    "ends": day,
    "active": boolean,
    "leave_from": day,
    "leave_until": day,
    "on_leave": boolean,
    "timezone": timezone,
    "earlier_keys": text(5000, markup=True),
}
"""What is known of the employment, which Moodle does not hold."""

TYPED: dict[str, Check] = {
    "string": text(5000, markup=True),
    "int": integer,
    "bool": boolean,
    "date": day,
}
"""Attributes by their declared type."""
