"""How commands speak: tables and progress for people, JSON for scripts, plain lines where there is no terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

WIDE = 200
"""Columns where there is no terminal: in a file or a log nothing needs to be folded."""
ROOMY = 100
"""Columns from which tables have room for long bars."""
out = Console(
    highlight=False,
    emoji=False,
    soft_wrap=not sys.stdout.isatty(),
    width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDE,
)
"""Results."""
err = Console(stderr=True, highlight=False, emoji=False, soft_wrap=not sys.stderr.isatty())
"""Progress and errors, so that what a script reads stays clean."""


def say(text: str, style: str = "") -> None:
    """A sentence for people. On a terminal, what does not fit stands below the beginning of an indented text."""
    indent = len(text) - len(text.lstrip())
    if indent and out.is_terminal:
        out.print(Padding(escape(text.lstrip()), (0, 0, 0, indent), expand=False), style=style)
    else:
        out.print(escape(text), style=style)


def entry(label: str, text: str) -> None:
    """A label (markup of ours) and a text beside it, whose lines begin below each other on a terminal."""
    if not out.is_terminal:
        out.print(label, end="")
        say(text)
        return
    grid = Table.grid()
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(label, escape(text))
    out.print(grid)


def note(text: str) -> None:
    """A sentence beside the result: it goes to standard error."""
    err.print(escape(text), style="dim")


def as_json(value: Any) -> None:
    """One JSON document on standard output, keys sorted."""
    print(json.dumps(value, default=_plain, ensure_ascii=False, sort_keys=True, indent=2))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table; numbers stand to the right. A column without a name is for bars, which are not folded."""
    made = Table(
        title=escape(title), title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False
    )
    listed = [list(row) for row in rows]
    for index, column in enumerate(columns):
        numeric = bool(listed) and all(isinstance(row[index], int | float) for row in listed)
        made.add_column(escape(column), justify="right" if numeric else "left", overflow="fold", no_wrap=not column)
    for row in listed:
        made.add_row(*(escape(_cell(value)) for value in row))
    out.print(made)


def minute(moment: datetime | None) -> str:
    """A moment to the minute, in UTC, for a table's cell; never, where there is none."""
    return moment.strftime("%Y-%m-%d %H:%M") if moment else "never"


def bar(part: int, whole: int, width: int | None = None) -> str:
    """A small bar chart of a share, for a table's cell; a smaller one where there is little room."""
    width = width or (20 if out.width >= ROOMY else 10)
    filled = round(width * part / whole) if whole else 0
    return "█" * filled + "░" * (width - filled)


def sparkline(values: Sequence[float | None]) -> str:
    """A line of small columns from nought to the largest; what is not known is a gap."""
    most = max((value for value in values if value is not None), default=0) or 1
    return "".join(" " if value is None else "▁▂▃▄▅▆▇█"[round(7 * max(value, 0) / most)] for value in values)


class _Rate(ProgressColumn):
    """How many are done in a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="progress.data.speed")


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A bar with rate and remaining time on a terminal, a line at the beginning and the end elsewhere."""
    if not err.is_terminal:
        counted = 0

        def count(rows: int) -> None:
            nonlocal counted
            counted += rows

        yield count
        note(f"{what}: {counted:,}" + (f" of {total:,}" if total is not None else ""))
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bars:
        task = bars.add_task(what, total=total)
        yield lambda rows: bars.advance(task, rows)


@contextmanager
def step(what: str) -> Iterator[Callable[[str], None]]:
    """A spinner that says what is being done; plain lines where there is no terminal."""
    if not err.is_terminal:
        yield lambda part: note(f"{what}: {part}")
        return
    with err.status(what) as status:
        yield lambda part: status.update(f"{what}: {part}")


def fields(values: Mapping[str, Any]) -> str:
    """Values by name, in one line."""
    return ", ".join(f"{name}={_cell(value)}" for name, value in _flat(values).items())


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Before and after of a change, field by field, in one line; what stays the same is left out."""
    was, becomes = _shown(before), _shown(after)
    parts = []
    for name in [*becomes, *(name for name in was if name not in becomes)]:
        old, new = _cell(was.get(name)), _cell(becomes.get(name))
        if old != new:
            parts.append(f"{name}: {old} → {new or '–'}" if old else f"{name}: {new}")
    return "; ".join(parts)


_OURS = frozenset({"granted_on", "timezone", "cycle"})
"""What the ledger keeps for reckoning, and says nothing to a reader."""


def _shown(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in _flat(values).items() if name not in _OURS}


def counted(number: int, what: str) -> str:
    """A number with its noun: 1 case, 2 cases."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Custom fields stand beside the others, as ``profile.NAME``."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= {f"{name}.{key}": text for key, text in value.items()} if isinstance(value, Mapping) else {name: value}
    return flat


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M UTC")
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(type(value).__name__)
