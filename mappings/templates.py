"""Texts with places to fill in: ``{unit}-{job_role}`` names fields, ``{column:姓名}`` a column of the feed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mappings.problems import known

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


@dataclass(frozen=True, slots=True)
class Template:
    """``texts`` surround the filled places: one more than ``names``; each a field, or ``column:`` and a column."""

    texts: tuple[str, ...]
    names: tuple[str, ...]

    def fill(self, values: Mapping[str, str]) -> str:
        """The text with ``values`` by name. Empty where any part is: ``unit-`` alone would name nothing."""
        filled = [self.texts[0]]
        for name, after in zip(self.names, self.texts[1:], strict=True):
            value = values[name]
            if not value:
                return ""
            filled += (value, after)
        return "".join(filled)


def parse(text: str, fields: Collection[str], columns: bool) -> Template:
    """Read a template over ``fields`` and, where ``columns`` is set, columns. Raises ValueError: what is wrong."""
    texts, names, end = [""], list[str](), 0
    for match in _PART.finditer(text):
        texts[-1] += text[end : match.start()]
        end = match.end()
        if match[0] in ("{{", "}}"):
            texts[-1] += match[0][0]
        elif match[1] is None:
            raise ValueError(f"a single {match[0]} in a template: write it twice for the character itself")
        else:
            names.append(_name(match[1].strip(), fields, columns))
            texts.append("")
    texts[-1] += text[end:]
    return Template(tuple(texts), tuple(names))


def _name(name: str, fields: Collection[str], columns: bool) -> str:
    kind, _, column = name.partition(":")
    if columns and kind == "column" and column:
        return f"column:{column}"
    if name not in fields:
        hint = "; a column is written {column:NAME}" if columns else ""
        raise ValueError(f"{{{name}}} is no field here; {known(name, fields)}{hint}")
    return name
