"""The named transforms: a closed list. Each takes text and gives text or raises Refused; all but default keep ""."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from mappings.problems import known
from mappings.refused import Refused
from mappings.romanise import family_name, given_name, romanise, strip_marks

Step = Callable[[str], str]
Tables = Mapping[str, Mapping[str, str]]

TRUE_WORDS = ("true", "yes", "y", "1", "on", "active")
FALSE_WORDS = ("false", "no", "n", "0", "off", "inactive", "terminated")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ]|$)")
_ROC_DATE = re.compile(r"(?:民國)?\s*(\d{1,3})\s*[/.\-年]\s*(\d{1,2})\s*[/.\-月]\s*(\d{1,2})\s*日?")
_ROC_DIGITS = re.compile(r"(\d{2,3})(\d{2})(\d{2})")


def build(name: str, options: Any, tables: Tables) -> Step:
    """The transform ``name`` with its options. Raises ValueError where name or options are wrong."""
    if options is None and name in PLAIN:
        return PLAIN[name]
    if name in WITH_OPTIONS:
        if options is None:
            raise ValueError(f"{name} needs options: {USAGE[name]}")
        return WITH_OPTIONS[name](options, tables)
    if name in PLAIN:
        raise ValueError(f"{name} takes no options: write it alone")
    raise ValueError(f"unknown transform; {known(name, [*PLAIN, *WITH_OPTIONS])}")


def iso_date(text: str) -> str:
    """A date written as ``2026-01-31`` (a time after it is left out). Raises Refused where there is no such day."""
    if not text:
        return text
    try:
        if _ISO_DATE.match(text):
            return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        pass
    raise Refused("is not a date such as 2026-01-31, or there is no such day")


def roc_date(text: str) -> str:
    """A date in the years of the Republic of China, such as ``113/02/29`` or ``1130229``, as ``2024-02-29``."""
    if not text:
        return text
    match = _ROC_DATE.fullmatch(text) or _ROC_DIGITS.fullmatch(text)
    if match:
        year, month, day = (int(part) for part in match.groups())
        try:
            return date(year + 1911, month, day).isoformat()
        except ValueError:
            pass
    raise Refused("is not a date such as 113/02/29 (ROC year), or there is no such day")


def digits(text: str) -> str:
    """The decimal digits of any script, as 0 to 9."""
    return "".join(str(unicodedata.decimal(c)) for c in text if unicodedata.decimal(c, None) is not None)


def boolean(text: str) -> str:
    """``true`` or ``false`` from the usual English words."""
    return _boolean_of(dict.fromkeys(TRUE_WORDS, "true") | dict.fromkeys(FALSE_WORDS, "false"))(text)


def _boolean_of(words: Mapping[str, str]) -> Step:
    def apply(text: str) -> str:
        if not text:
            return text
        try:
            return words[text.casefold()]
        except KeyError:
            raise Refused(f"is none of the words for true or false ({', '.join(sorted(words))})") from None

    return apply


def _boolean(options: Any, tables: Tables) -> Step:
    del tables
    if not isinstance(options, dict) or set(options) != {"true", "false"}:
        raise ValueError(USAGE["boolean"])
    words = {word.casefold(): side for side in ("true", "false") for word in _texts(options[side], "boolean")}
    if len(words) != sum(len(_texts(options[side], "boolean")) for side in ("true", "false")):
        raise ValueError("boolean: a word cannot mean both")
    return _boolean_of(words)


def _date(options: Any, tables: Tables) -> Step:
    del tables
    formats = _texts(options, "date")
    return _first_that_fits([_date_by(form) for form in formats], f"is not a date as {' or '.join(formats)}")


def _date_by(form: str) -> Step:
    if form == "roc":
        return roc_date
    if form == "iso":
        return iso_date
    if not all(directive in form for directive in ("%d", "%m")) or not ("%Y" in form or "%y" in form):
        raise ValueError(USAGE["date"])

    def apply(text: str) -> str:
        try:
            return datetime.strptime(text, form).date().isoformat() if text else text  # noqa: DTZ007 - a day, no time
        except ValueError:
            raise Refused("is no such date") from None

    return apply


def _first_that_fits(steps: list[Step], complaint: str) -> Step:
    def apply(text: str) -> str:
        for step in steps:
            try:
                return step(text)
            except Refused:
                continue
        raise Refused(f"{complaint}, or there is no such day")

    return apply


def _lookup(options: Any, tables: Tables) -> Step:
    if not isinstance(options, dict) or "table" not in options or set(options) - {"table", "otherwise", "default"}:
        raise ValueError(USAGE["lookup"])
    named, otherwise, fallback = options["table"], options.get("otherwise", "reject"), options.get("default")
    if isinstance(named, str) and named not in tables:
        raise ValueError(f"lookup: there is no table {named}; {known(named, tables)}")
    table = tables[named] if isinstance(named, str) else named
    if not isinstance(table, Mapping) or not all(isinstance(value, str) for value in table.values()):
        raise ValueError(USAGE["lookup"])
    if otherwise not in ("default", "keep", "reject") or (otherwise == "default") != isinstance(fallback, str):
        raise ValueError(USAGE["lookup"])
    rows = {unicodedata.normalize("NFC", key): value for key, value in table.items()}

    def apply(text: str) -> str:
        if not text:
            return text
        found = rows.get(text)
        if found is not None:
            return found
        if otherwise == "keep":
            return text
        if otherwise == "default":
            return str(fallback)
        raise Refused(f"is not in the lookup table{f' {named}' if isinstance(named, str) else ''}: add it there")

    return apply


def _default(options: Any, tables: Tables) -> Step:
    del tables
    text = _text(options, "default")
    return lambda value: value or text


def _replace(options: Any, tables: Tables) -> Step:
    del tables
    if not isinstance(options, dict) or not options or not all(isinstance(new, str) for new in options.values()):
        raise ValueError(USAGE["replace"])
    if "" in options:
        raise ValueError("replace: there is nothing to find in an empty text")
    pairs = list(options.items())

    def apply(text: str) -> str:
        for old, new in pairs:
            text = text.replace(old, new)
        return text

    return apply


def _slice(options: Any, tables: Tables) -> Step:
    del tables
    match = re.fullmatch(r"(-?\d*):(-?\d*)", options) if isinstance(options, str) else None
    if match is None or "-" in match.groups():
        raise ValueError(USAGE["slice"])
    part = slice(*(int(end) if end else None for end in match.groups()))
    return lambda text: text[part]


def _prefix(options: Any, tables: Tables) -> Step:
    del tables
    text = _text(options, "prefix")
    return lambda value: text + value if value else value


def _suffix(options: Any, tables: Tables) -> Step:
    del tables
    text = _text(options, "suffix")
    return lambda value: value + text if value else value


def _text(options: Any, name: str) -> str:
    if not isinstance(options, str) or not options:
        raise ValueError(f"{name} needs {USAGE[name]}")
    return options


def _texts(options: Any, name: str) -> list[str]:
    texts = options if isinstance(options, list) else [options]
    if not texts or not all(isinstance(text, str) and text for text in texts):
        raise ValueError(f"{name} needs {USAGE[name]}")
    return texts


PLAIN: dict[str, Step] = {
    "trim": str.strip,
    "lower": str.lower,
    "upper": str.upper,
    "title": str.title,
    "collapse": lambda text: " ".join(text.split()),
    "nfc": lambda text: unicodedata.normalize("NFC", text),
    "strip_marks": strip_marks,
    "romanise": romanise,
    "digits": digits,
    "boolean": boolean,
    "family_name": family_name,
    "given_name": given_name,
}
"""Transforms without options."""

WITH_OPTIONS: dict[str, Callable[[Any, Tables], Step]] = {
    "boolean": _boolean,
    "date": _date,
    "lookup": _lookup,
    "default": _default,
    "replace": _replace,
    "slice": _slice,
    "prefix": _prefix,
    "suffix": _suffix,
}

USAGE = {
    "boolean": "boolean: {true: [WORDS], false: [WORDS]}",
    "date": 'date: iso, roc, or a format with %Y (or %y), %m and %d, such as "%d/%m/%Y"; a list tries each in turn',
    "lookup": "lookup: {table: NAME or {from: to}, otherwise: reject | keep | default, default: TEXT}",
    "default": "default: TEXT",
    "replace": "replace: {OLD: NEW}",
    "slice": 'slice: "FROM:TO", such as "0:8"',
    "prefix": "prefix: TEXT",
    "suffix": "suffix: TEXT",
}
"""How each transform with options is written."""
