"""report: how it stands, as tables and small charts in the terminal, as JSON, or as a page that can be mailed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.bootstrap import Connector
from connector.cli.common import Config, Json, installation
from connector.cli.output import as_json, bar, say, sparkline, table
from connector.domain.errors import StorageError
from connector.domain.facts import Reports
from connector.reports.names import full_name, localised
from connector.reports.page import Language, render
from connector.reports.picture import Picture, gather


def add_to(app: typer.Typer) -> None:
    app.command()(report)


def report(
    unit: Annotated[str, typer.Option("--unit", metavar="UNIT", help="Only this unit and all below it.")] = "",
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write one page with charts, to be mailed or opened.")
    ] = None,
    lang: Annotated[Language, typer.Option("--lang", help="Of the page.")] = Language.EN,
    config: Config = None,
    json: Json = False,
) -> None:
    """Who must have done what, who has, and who is late: from the facts of the last mirror."""
    with installation(config) as connector:
        reports = connector.reports.of_unit(unit) if unit else connector.reports
        if html is not None:
            _write(html, render(gather(reports), lang, connector.clock(), unit))
            say(f"{html}: written.")
        elif json:
            as_json(_values(reports))
        else:
            _show(gather(reports))


def report_of(connector: Connector) -> dict[str, Any]:
    """The report as one JSON value."""
    return _values(connector.reports)


def show_report(connector: Connector) -> None:
    """The report as tables."""
    _show(gather(connector.reports))


def _values(reports: Reports) -> dict[str, Any]:
    return {
        "people": reports.people(),
        "compliance": reports.compliance(),
        "units": reports.by_unit(),
        "overdue_by_manager": reports.overdue_by_manager(10),
        "courses": reports.courses(),
        "expiring": reports.expiring(),
        "freshness": reports.freshness(),
    }


def _write(file: Path, page: str) -> None:
    try:
        file.write_text(page, "utf-8")
    except OSError as error:
        raise StorageError(f"{file}: cannot be written ({error.strerror}).") from error


def _show(found: Picture) -> None:
    if found.overview is None:
        say("Nothing has been mirrored yet: run `moodle-connector mirror` first.")
        return
    _overview(found)
    _compliance(found)
    _section(
        "By unit, those below counted too",
        ("unit", "name", "assignments", "satisfied", "overdue", ""),
        (
            (row["unit"], row["unit_name"], row["assignments"], row["satisfied"],
             row["overdue"], bar(row["satisfied"], row["assignments"]))
            for row in found.units
        ),
    )  # fmt: skip
    _managers(found)
    _courses(found)
    if found.expiring:
        _section(
            "Ends within 90 days",
            ("what", "name", "30 days", "60 days", "90 days"),
            ((row["code"], row["name"], row["in_30"], row["in_60"], row["in_90"]) for row in found.expiring),
        )
    if found.quality:
        _section(
            "What looks wrong in the data",
            ("finding", "severity", "found", "what to do"),
            ((row["finding"], row["severity"], row["found"], row["advice"]) for row in found.quality),
        )
    say("")
    hops = ", ".join(f"{row['hop']} {row['reached_at']:%Y-%m-%d %H:%M}" for row in found.freshness)
    say(f"How fresh this is (UTC): {hops}.", style="dim")


def _overview(found: Picture) -> None:
    people = ", ".join(f"{count:,} {status}" for status, count in found.people.items())
    say(f"People: {people}", style="bold")
    one = found.overview or {}
    parts = [
        ("requirements satisfied", one["compliance_rate"], " %"),
        ("courses completed", one["completion_rate"], " %"),
        ("average score", one["average_score"], " %"),
        ("active in 24 hours", one["active_24h"], ""),
        ("certificates", one["certificates"], ""),
    ]
    say("; ".join(f"{name} {value:,}{after}" for name, value, after in parts if value is not None))
    if any(week["completions"] for week in found.weeks):
        line = sparkline([week["completions"] for week in found.weeks])
        say(f"Completions by week, since {found.weeks[0]['starts_on']}: {line}")


def _section(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table with a line of air above it; nothing where there are no rows."""
    if listed := list(rows):
        say("")
        table(title, columns, listed)


def _compliance(found: Picture) -> None:
    _section(
        "Compliance now",
        ("requirement", "name", "people", "satisfied", "open", "overdue", ""),
        (
            (row["requirement"], localised(row["requirement_name"]), row["people"], row["satisfied"], row["open"],
             row["overdue"], bar(row["satisfied"], row["people"]))
            for row in found.compliance
        ),
    )  # fmt: skip


def _managers(found: Picture) -> None:
    _section(
        "Overdue by manager",
        ("manager", "name", "unit", "people", "overdue", "oldest due"),
        (
            (_manager(row["manager_key"]), full_name(row["firstname"] or "", row["lastname"] or ""),
             row["unit_name"] or "", row["people"], row["overdue"], row["oldest_due_on"])
            for row in found.managers
        ),
    )  # fmt: skip


def _manager(key: str | None) -> str:
    return "(of other units)" if key is None else key or "(nobody)"


def _courses(found: Picture) -> None:
    passes = any(row["pass_rate"] is not None for row in found.courses)
    _section(
        "Courses",
        ("course", "name", "enrolled", "completed", "average", "median", *(["passed"] if passes else []), ""),
        (
            (row["shortname"], row["fullname"], row["enrolled"], row["completed"], row["average_grade"],
             row["median_grade"], *([_percent(row["pass_rate"])] if passes else []),
             bar(row["completed"], row["enrolled"]))
            for row in found.courses
        ),
    )  # fmt: skip


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.0f} %"
