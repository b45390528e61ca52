"""Figures: what was measured, against what it may be at most, as a table and as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of one work. ``limit``: the most that it may be (None: it is only told)."""

    work: str
    name: str
    value: float
    unit: str
    limit: float | None = None
    load: float = 0.0
    """The machine's load average (1 minute) when the work began: others slow it down."""
    runs: tuple[float, ...] = field(default=())
    """The value of each round, where there was more than one."""

    @property
    def ratio(self) -> float | None:
        return None if self.limit is None else self.value / self.limit

    @property
    def ok(self) -> bool:
        return self.ratio is None or self.ratio <= 1


def medians(rounds: Sequence[Sequence[Figure]]) -> list[Figure]:
    """One figure of each name: the median over the rounds."""
    by_name: dict[tuple[str, str], list[Figure]] = {}
    for figure in (figure for one in rounds for figure in one):
        by_name.setdefault((figure.work, figure.name), []).append(figure)
    return [_median(same) for same in by_name.values()]


def _median(same: Sequence[Figure]) -> Figure:
    first, values = same[0], [figure.value for figure in same]
    load = statistics.median(figure.load for figure in same)
    return Figure(
        first.work, first.name, statistics.median(values), first.unit, first.limit, load, tuple(values)
    )  # fmt: skip


def as_json(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    return [{**asdict(figure), "ratio": figure.ratio, "ok": figure.ok} for figure in figures]


def show(figures: Iterable[Figure], title: str, console: Console) -> None:
    """The one table."""
    table = Table(title=title, title_justify="left")
    for heading in ("work", "figure"):
        table.add_column(heading)
    for heading in ("measured", "limit", "ratio"):
        table.add_column(heading, justify="right")
    table.add_column("ok?")
    table.add_column("load", justify="right")
    before = ""
    for figure in figures:
        table.add_row(
            figure.work if figure.work != before else "",
            figure.name,
            f"{figure.value:,.4g} {figure.unit}".strip(),
            "" if figure.limit is None else f"{figure.limit:,.4g} {figure.unit}".strip(),
            "" if figure.ratio is None else f"{figure.ratio:.2f}",
            "" if figure.limit is None else "yes" if figure.ok else "NO",
            f"{figure.load:.1f}",
        )
        before = figure.work
    console.print(table)
