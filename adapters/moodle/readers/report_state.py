"""How a report is set up, read from what Moodle shows to who edits it; and what is wrong with it.

No function of Moodle tells the columns of a report by their names. The page of the editor has each column's title with
that of its entity, in order; the list of what can be added has the names for these titles, in the same language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any

from lxml import html

from adapters.moodle.readers.kinds import Kind

ASCENDING = 4
"""PHP's SORT_ASC."""

Title = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is there. ``names`` are those that its title can stand for: one, nearly always."""

    id: int
    names: frozenset[str]
    aggregated: bool


@dataclass(frozen=True, slots=True)
class State:
    """``sorted_by`` are ids of columns, in order; ``columns`` are in the order of the cells."""

    report_id: int
    kind: Kind
    name: str
    available: frozenset[str]
    columns: Sequence[Column]
    sorted_by: Sequence[int]
    missing_filters: Sequence[str]
    conditions: Sequence[int]
    rows: int

    @property
    def extras(self) -> list[str]:
        """Columns that this site adds, in the order in which they are set up."""
        return sorted(one for one in self.available if self.kind.extra and one.startswith(self.kind.extra))

    @property
    def absent(self) -> list[str]:
        """Columns that are needed and that this Moodle does not offer to the token."""
        return [name for name in self.kind.columns if name not in self.available]

    @property
    def missing_extras(self) -> list[str]:
        there = {name for column in self.columns[len(self.kind.columns) :] for name in column.names}
        return [name for name in self.extras if name not in there]

    @property
    def columns_fit(self) -> bool:
        """The needed columns in their order, and after them only some that the site adds."""
        needed, beside = self.columns[: len(self.kind.columns)], self.columns[len(self.kind.columns) :]
        return (
            len(needed) == len(self.kind.columns)
            and all(name in column.names for name, column in zip(self.kind.columns, needed, strict=True))
            and all(column.names & set(self.extras) for column in beside)
            and not any(column.aggregated for column in self.columns)
        )

    @property
    def wanted_sort(self) -> list[int]:
        """Ids of the columns to sort by. Only where the columns fit."""
        return [self.columns[self.kind.columns.index(name)].id for name in self.kind.sort]


def faults(state: State) -> list[str]:
    """What is wrong, in words that end a sentence; nothing where the report can be read."""
    if state.absent:
        return [f"lacks the columns {', '.join(state.absent)}, which this Moodle does not offer to the token"]
    found = []
    if state.conditions:
        found.append("has conditions, which hide people from it")
    if not state.columns_fit:
        found.append("has other columns than it needs" if state.columns else "has no columns yet")
    elif list(state.sorted_by) != state.wanted_sort:
        found.append("is not sorted as it needs to be")
    if state.missing_filters:
        found.append(f"lacks the filters {', '.join(state.missing_filters)}")
    return found


def state_of(kind: Kind, report_id: int, answer: Mapping[str, Any]) -> State:
    """Of ``core_reportbuilder_reports_get`` with ``editmode``."""
    titles = _titles(answer["sidebarmenucards"])
    available = frozenset(name for names in titles.values() for name in names)
    addable = {value["value"] for group in answer["filters"]["availablefilters"] for value in _values(group)}
    return State(
        report_id,
        kind,
        unescape(str(answer["name"])),
        available,
        _columns(str(answer["table"]), titles),
        _sorted_by(answer["sorting"]["sortablecolumns"]),
        [name for name in kind.filters if name in addable],
        _conditions(answer["conditions"]),
        _rows(str(answer["table"])),
    )


def _values(group: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    values: Sequence[Mapping[str, Any]] = group["optiongroup"]["values"]
    return values


def _titles(cards: Mapping[str, Any]) -> dict[Title, set[str]]:
    found: dict[Title, set[str]] = {}
    for card in cards["menucards"]:
        for item in card["items"]:
            title = _told(str(card["name"])), _told(str(item["name"]))
            found.setdefault(title, set()).add(str(item["identifier"]))
    return found


def _columns(table: str, titles: Mapping[Title, set[str]]) -> list[Column]:
    """The headers of the editor's table: "Entity • Title" in the small print, and the order of the cells."""
    found = []
    for header in html.fragment_fromstring(table, create_parent=True).iterfind(".//th[@data-column-id]"):
        title = _told(header.get("data-column-name", ""))
        small = header.find(".//small")
        entity = _told(small.text_content() if small is not None else "").removesuffix(title).rstrip(" •")
        chosen = header.find(".//*[@data-itemtype='columnaggregation']")
        aggregated = chosen is not None and bool(chosen.get("data-value"))
        names = frozenset(titles.get((entity, title), ()))
        found.append(
            (int(header.get("data-column-position", "0")), int(header.get("data-column-id")), names, aggregated)
        )
    return [Column(column_id, names, aggregated) for _, column_id, names, aggregated in sorted(found)]


def _rows(table: str) -> int:
    """How many rows there are, as the editor's table says of itself; 0 where it does not."""
    found = re.search(r'data-table-total-rows="(\d+)"', table)
    return int(found[1]) if found else 0


def _sorted_by(columns: Sequence[Mapping[str, Any]]) -> list[int]:
    """Ids of what it is sorted by. A descending one counts as a column that nobody wants."""
    enabled = sorted((int(one["sortorder"]), one) for one in columns if one["sortenabled"])
    return [int(one["id"]) if int(one["sortdirection"]) == ASCENDING else 0 for _, one in enabled]


def _conditions(conditions: Mapping[str, Any]) -> list[int]:
    if not conditions["hasactiveconditions"]:
        return []
    form = html.fragment_fromstring(str(conditions["activeconditionsform"]), create_parent=True)
    return [int(one.get("data-condition-id")) for one in form.iterfind(".//*[@data-condition-id]")]


def _told(text: str) -> str:
    return " ".join(unescape(text).split())
