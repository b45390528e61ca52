"""A report as Moodle's tables keep it: columns, filters, conditions and what each account filtered by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ASCENDING, DESCENDING = 4, 3
"""PHP's SORT_ASC and SORT_DESC."""


@dataclass(slots=True)
class ReportColumn:
    """``identifier`` is ``entity:name``; one identifier may come twice, so that ``id`` alone tells them apart."""

    id: int
    identifier: str
    sortorder: int
    sort_enabled: bool = False
    direction: int = ASCENDING


@dataclass(slots=True)
class ReportFilter:
    id: int
    identifier: str
    order: int


@dataclass(slots=True)
class Report:
    """``columns`` in the order of the report; ``conditions`` narrow it for everybody, ``values`` by account."""

    id: int
    name: str
    source: str
    created: int
    columns: list[ReportColumn] = field(default_factory=list)
    filters: list[ReportFilter] = field(default_factory=list)
    conditions: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    condition_ids: dict[str, int] = field(default_factory=dict)
    conditiondata: str | None = None
    values: dict[int, dict[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class TwinBadge:
    """``course`` is None for a badge of the site."""

    id: int
    name: str
    course: int | None = None


@dataclass(slots=True)
class BadgeIssue:
    """``expires`` is None where the badge does not expire."""

    badge: TwinBadge
    issued: int
    expires: int | None = None
    visible: bool = True


@dataclass(slots=True)
class Certificate:
    """One issue of the plugin tool_certificate; ``expires`` is 0 where it does not expire."""

    template: str
    code: str
    issued: int
    expires: int = 0
    archived: bool = False
