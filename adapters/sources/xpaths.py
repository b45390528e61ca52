"""The paths that an XML source is told: the one of its record, and an XPath for each field within it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from connector.domain.errors import MappingError

_NAME = r"[^\W\d][\w.-]*"
_STEP = rf"(?:{_NAME}:)?{_NAME}"
_RECORD = re.compile(rf"(?P<start>/{{0,2}})(?P<steps>{_STEP}(?:/{_STEP})*)")
_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")
_OUTSIDE = re.compile(r"\.\.|\b(?:ancestor|parent|preceding|following)[\w-]*\s*::|(?<![\w\]).:*/-])/")


@dataclass(frozen=True, slots=True)
class RecordPath:
    """Plain steps to the repeated element, as ``{namespace}name``; from the root where ``absolute``."""

    steps: tuple[str, ...]
    absolute: bool

    def leads_to(self, element: etree._Element) -> bool:
        """Tell whether the element is a record; one within another record belongs to the outer one."""
        return self._fits(element) and not any(self._fits(outer) for outer in element.iterancestors(self.steps[-1]))

    def _fits(self, element: etree._Element) -> bool:
        node: etree._Element | None = element
        for step in reversed(self.steps):
            if node is None or node.tag != step:
                return False
            node = node.getparent()
        return node is None or not self.absolute


def record_path(path: str, namespaces: Mapping[str, str]) -> RecordPath:
    """Read ``/root/person`` or ``//wd:person``; without a slash it is found at any depth. Raises MappingError."""

    def qualified(step: str) -> str:
        prefix, colon, local = step.rpartition(":")
        if colon and prefix not in namespaces:
            raise MappingError(f"record: {path}: the prefix {prefix} is not in namespaces.")
        return f"{{{namespaces[prefix]}}}{local}" if colon else local

    match = _RECORD.fullmatch(path)
    if match is None:
        raise MappingError(
            f"record: {path} is no plain path such as /people/person or //wd:person; conditions belong in the mapping."
        )
    return RecordPath(tuple(qualified(step) for step in match["steps"].split("/")), match["start"] == "/")


def field_xpath(name: str, xpath: str, namespaces: Mapping[str, str]) -> etree.XPath:
    """Compile the XPath of a field to give the text of the first node it finds, "" for none.

    Raises MappingError where it is wrong or leaves the record: of the rest of a streamed file nothing is there,
    so that it would give a value for the first records and none for the others.
    """
    if _OUTSIDE.search(_LITERAL.sub("''", xpath)):
        raise MappingError(f"fields: {name}: {xpath} leaves the record; give a path within it.")
    try:
        for expression in (xpath, f"string({xpath})"):
            compiled = etree.XPath(expression, namespaces=dict(namespaces), smart_strings=False)
            compiled(etree.Element("probe"))  # unknown prefixes, functions and variables show only here
    except (etree.XPathError, TypeError, ValueError) as error:
        raise MappingError(f"fields: {name}: {xpath} is not an XPath: {error}.") from error
    return compiled
