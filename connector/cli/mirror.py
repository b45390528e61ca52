"""mirror, reconcile, report: the way back."""

from __future__ import annotations

import unicodedata
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from connector.bootstrap import Connector
from connector.cli.common import Config, Json, installation, run
from connector.cli.output import as_json, bar, progress, say, table
from connector.domain.facts import Extent, Loaded


def add_to(app: typer.Typer) -> None:
    app.command()(mirror)
    app.command()(reconcile)
    app.command()(report)


def mirror(config: Config = None, json: Json = False) -> None:
    """Read what is new in Moodle into the facts; all of it where no report tells what is new."""
    _read(Extent.CHANGES, config, json)


def reconcile(config: Config = None, json: Json = False) -> None:
    """Read all of Moodle into the facts, so that what no cursor shows is found: regrades, resets, deletions."""
    _read(Extent.EVERYTHING, config, json)


def _read(extent: Extent, config: Path | None, json: bool) -> None:
    with installation(config) as connector:
        loaded = run(lambda: read(connector, extent))
    if json:
        as_json([asdict(one) for one in loaded])
    else:
        show_loaded(loaded)


async def read(connector: Connector, extent: Extent) -> list[Loaded]:
    """Read Moodle into the facts, with progress."""
    async with connector.mirroring() as way:
        with progress("Reading Moodle") as advance:
            return await way.read(extent, lambda _, rows: advance(rows))


def report(config: Config = None, json: Json = False) -> None:
    """Who must have done what, who has, and who is late: from the facts of the last mirror."""
    with installation(config) as connector:
        if json:
            as_json(report_of(connector))
        else:
            show_report(connector)


def show_loaded(loaded: list[Loaded]) -> None:
    table(
        "Mirrored", ("fact", "rows", "begun", "ended"), ((one.fact, one.rows, one.begun, one.ended) for one in loaded)
    )


def report_of(connector: Connector) -> dict[str, Any]:
    """The report as one JSON value."""
    reports = connector.reports
    return {
        "people": reports.people(),
        "compliance": reports.compliance(),
        "units": reports.by_unit(),
        "overdue_by_manager": reports.overdue_by_manager(10),
        "courses": reports.courses(),
        "freshness": reports.freshness(),
    }


def show_report(connector: Connector) -> None:
    found = report_of(connector)
    if not found["freshness"]:
        say("Nothing has been mirrored yet: run `moodle-connector mirror` first.")
        return
    people = ", ".join(f"{count:,} {status}" for status, count in found["people"].items())
    say(f"People: {people}", style="bold")
    table(
        "Compliance now",
        ("requirement", "name", "people", "satisfied", "open", "overdue", ""),
        (
            (
                row["requirement"],
                _localised(row["requirement_name"]),
                row["people"],
                row["satisfied"],
                row["open"],
                row["overdue"],
                bar(row["satisfied"], row["people"]),
            )
            for row in found["compliance"]
        ),
    )
    table(
        "By unit",
        ("unit", "name", "assignments", "satisfied", "overdue", ""),
        (
            (
                row["unit"],
                row["unit_name"],
                row["assignments"],
                row["satisfied"],
                row["overdue"],
                bar(row["satisfied"], row["assignments"]),
            )
            for row in found["units"]
        ),
    )
    table(
        "Overdue by manager",
        ("manager", "name", "unit", "people", "overdue", "oldest due"),
        (
            (
                row["manager_key"] or "(nobody)",
                _full_name(row["firstname"] or "", row["lastname"] or ""),
                row["unit_name"] or "",
                row["people"],
                row["overdue"],
                row["oldest_due_on"],
            )
            for row in found["overdue_by_manager"]
        ),
    )
    table(
        "Courses",
        ("course", "name", "enrolled", "completed", "average grade", ""),
        (
            (
                row["shortname"],
                row["fullname"],
                row["enrolled"],
                row["completed"],
                row["average_grade"],
                bar(row["completed"], row["enrolled"]),
            )
            for row in found["courses"]
        ),
    )
    hops = ", ".join(f"{row['hop']} {row['reached_at']:%Y-%m-%d %H:%M}" for row in found["freshness"])
    say(f"How fresh this is (UTC): {hops}.", style="dim")


_VIETNAMESE = (
    "nguyễn trần lê phạm hoàng huỳnh phan vũ võ đặng bùi đỗ hồ ngô dương lý đinh trịnh đoàn lâm trương đào cao tạ "
    "vương thái hà mạc tô"
)
"""The family names of nearly everybody in Vietnam."""


def _full_name(first: str, last: str) -> str:
    """As it is written: a Chinese, Japanese or Korean name without a space and the family's first.

    A Vietnamese one begins with the family's too, where ``last`` has the middle names beside it: Nguyễn Thị, Hoa.
    """
    if last and unicodedata.east_asian_width(last[0]) == "W":
        return f"{last}{first}"
    family, _, middle = last.partition(" ")
    family_first = middle and unicodedata.normalize("NFC", family).lower() in _VIETNAMESE.split()
    return f"{last} {first}" if family_first else f"{first} {last}".strip()


def _localised(names: dict[str, str] | None) -> str:
    return next(iter((names or {}).values()), "")
