"""The languages of paths: how the fields of a record are found in formats that are no tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import jmespath
from jmespath.exceptions import ArityError, JMESPathError, UnknownFunctionError
from lxml import etree

from connector.domain.scim_records import COLUMNS
from mappings.model.people import Origin
from mappings.model.sources import SourceSettings


@dataclass(frozen=True, slots=True)
class PathLanguage:
    """``origin``: the word for a path in a mapping. ``wrong`` says what is wrong with a path, or gives None.

    ``of_name``: the path of a column that no ``fields`` declare; None where all have to be declared.
    """

    origin: Literal["xpath", "jmespath"]
    wrong: Callable[[str, Mapping[str, str]], str | None]
    of_name: Callable[[str], str] | None = None


def language(source: SourceSettings) -> PathLanguage | None:
    """The language of the source's format; None for tables, which have columns."""
    return LANGUAGES.get(source.format)


def columns(source: SourceSettings) -> tuple[str, ...]:
    """The columns that a table is known to have; none where its header row tells them."""
    return COLUMNS if source.format == "scim" else source.columns


def given(origin: Origin) -> tuple[str, str] | None:
    """The word and path of an origin that is a path."""
    found = ((each.origin, getattr(origin, each.origin)) for each in LANGUAGES.values())
    return next(((word, path) for word, path in found if path is not None), None)


def expressions(source: SourceSettings, names: set[str] | frozenset[str]) -> dict[str, str]:
    """The path of each of ``names``: that of a declared field, or the name itself."""
    return {name: source.fields.get(name, name) for name in sorted(names)} if language(source) else {}


def wrong_xpath(path: str, namespaces: Mapping[str, str]) -> str | None:
    """What is wrong with an XPath, or None."""
    try:
        etree.XPath(path, namespaces=dict(namespaces) or None)
    except etree.XPathError as error:
        return f"is no XPath: {error}"
    return None


def wrong_jmespath(path: str, _namespaces: Mapping[str, str]) -> str | None:
    """What is wrong with a JMESPath, or None."""
    try:
        jmespath.compile(path).search({})  # unknown functions and wrong numbers of arguments show only here
    except (UnknownFunctionError, ArityError) as error:
        return f"is no JMESPath: {error}"
    except JMESPathError as error:
        # That nothing is of no type which a function expects is no mistake.
        return None if hasattr(error, "actual_type") else "is no JMESPath"
    return None


def quoted(name: str) -> str:
    """A plain name as a JMESPath, whatever is in it."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


LANGUAGES = {
    "xml": PathLanguage("xpath", wrong_xpath),
    "json": PathLanguage("jmespath", wrong_jmespath, quoted),
}
