"""core_reportbuilder_…: what a token may do with a report that an administrator made."""

from __future__ import annotations

import json
from typing import Any

from adapters.moodle.twin.params import OPTIONAL, Record, Value, boolean, integer, raw
from adapters.moodle.twin.refusals import Refusal, invalid_parameter, missing_record
from adapters.moodle.twin.reports import shapes
from adapters.moodle.twin.reports.model import ASCENDING, DESCENDING, Report, ReportColumn, ReportFilter
from adapters.moodle.twin.reports.pages import page
from adapters.moodle.twin.reports.sources import SOURCES, offer
from adapters.moodle.twin.state import TwinState

_REPORT = integer()
LIST_SPEC = Record({"page": integer(0), "perpage": integer(10)})
ONE_SPEC = Record({"reportid": _REPORT})
GET_SPEC = Record({"reportid": _REPORT, "editmode": boolean(0), "pagesize": integer(0)})
RETRIEVE_SPEC = Record({"reportid": _REPORT, "page": integer(0), "perpage": integer(10)})
ADD_SPEC = Record({"reportid": _REPORT, "uniqueidentifier": Value(raw)})
COLUMN_SPEC = Record({"reportid": _REPORT, "columnid": integer()})
FILTER_SPEC = Record({"reportid": _REPORT, "filterid": integer()})
CONDITION_SPEC = Record({"reportid": _REPORT, "conditionid": integer()})
MOVE_SPEC = Record({"reportid": _REPORT, "columnid": integer(), "position": integer()})
TOGGLE_SPEC = Record(
    {"reportid": _REPORT, "columnid": integer(), "enabled": boolean(), "direction": integer(ASCENDING)}
)
SET_FILTERS_SPEC = Record({"reportid": _REPORT, "parameters": Value(raw, ""), "values": Value(raw, OPTIONAL)})


def make_report(state: TwinState, name: str, source: str, *, defaults: bool) -> Report:
    """As an administrator does on Moodle's page: empty, or with the source's default columns and conditions."""
    if source not in SOURCES:
        raise ValueError(f"no such source: {source}; one of {', '.join(SOURCES)}")
    report = Report(state.next_id("report"), name, source, state.started)
    state.reports[report.id] = report
    if defaults:
        made = SOURCES[source]
        for identifier in made.columns:
            column = _add_column(state, report, identifier)
            column.sort_enabled = identifier in made.sorted
        for identifier in made.filters:
            report.filters.append(ReportFilter(state.next_id("report_filter"), identifier, len(report.filters) + 1))
        report.conditions, report.conditiondata = dict(made.conditions), made.conditiondata
        report.condition_ids = {name: state.next_id("report_filter") for name in made.conditions}
    return report


def _found(state: TwinState, args: Any, *, editing: bool = False) -> Report:
    """The report, if it is there and the account may see it, or change it."""
    report = state.reports.get(args["reportid"])
    if report is None:
        raise missing_record(state.version, "reportbuilder_report")
    if editing and not state.edits_reports:
        raise _denied("edit")
    if not state.views_reports:
        raise _denied("view")
    return report


def _denied(what: str) -> Refusal:
    kind = "core_reportbuilder\\exception\\report_access_exception"
    return Refusal(f"errorreport{what}", f"You cannot {what} this report", kind, "reportbuilder")


def _column(report: Report, args: Any) -> ReportColumn:
    for column in report.columns:
        if column.id == args["columnid"]:
            return column
    raise invalid_parameter()


# ---------------------------------------------------------------- reading
def list_reports(state: TwinState, args: Any) -> dict[str, Any]:
    """By name, ten a page unless asked otherwise; none where the account may see none."""
    reports = (
        sorted(state.reports.values(), key=lambda report: (report.name, report.id)) if state.views_reports else []
    )
    start, size = args["page"] * args["perpage"], args["perpage"]
    shown = reports[start : start + size] if size else reports
    return {"reports": [shapes.details(state, report) for report in shown], "warnings": []}


def get_report(state: TwinState, args: Any) -> dict[str, Any]:
    """With ``editmode`` 1 what is in it and what could be, as the editing page is built of."""
    report = _found(state, args, editing=bool(args["editmode"]))
    return shapes.editing(state, report) if args["editmode"] else shapes.viewing(state, report)


def retrieve(state: TwinState, args: Any) -> dict[str, Any]:
    """One page of cells."""
    report = _found(state, args)
    data = page(state, report, args["page"], args["perpage"])
    return {"details": shapes.details(state, report), "data": data, "warnings": []}


def set_filters(state: TwinState, args: Any) -> bool:
    """Kept by account and report until they are set again; what is no JSON clears them."""
    report = _found(state, args)
    if "values" not in args:
        raise invalid_parameter()
    try:
        values = json.loads(args["values"])
    except ValueError:
        values = {}
    report.values[state.me] = values if isinstance(values, dict) else {}
    return True


# ---------------------------------------------------------------- columns
def add_column(state: TwinState, args: Any) -> dict[str, Any]:
    """At the end; the same column may come again."""
    report = _found(state, args, editing=True)
    if args["uniqueidentifier"] not in offer(state, report.source).columns:
        raise invalid_parameter()
    _add_column(state, report, args["uniqueidentifier"])
    return shapes.sorting(state, report)


def _add_column(state: TwinState, report: Report, identifier: str) -> ReportColumn:
    last = max((column.sortorder for column in report.columns), default=0)
    column = ReportColumn(state.next_id("report_column"), identifier, last + 1)
    report.columns.append(column)
    return column


def delete_column(state: TwinState, args: Any) -> dict[str, Any]:
    report = _found(state, args, editing=True)
    report.columns.remove(_column(report, args))
    return shapes.sorting(state, report)


def move_column(state: TwinState, args: Any) -> bool:
    """``position`` counts from 1."""
    report = _found(state, args, editing=True)
    column = _column(report, args)
    report.columns.remove(column)
    report.columns.insert(args["position"] - 1, column)
    return True


# ---------------------------------------------------------------- sorting
def get_sorting(state: TwinState, args: Any) -> dict[str, Any]:
    return shapes.sorting(state, _found(state, args, editing=True))


def toggle_sorting(state: TwinState, args: Any) -> dict[str, Any]:
    """Switch a column's sorting on or off, and say which way."""
    report = _found(state, args, editing=True)
    column = _column(report, args)
    if args["direction"] not in (ASCENDING, DESCENDING):
        kind = "core\\invalid_persistent_exception"
        raise Refusal("invalidpersistenterror", "Error: Data submitted is invalid", kind)
    column.sort_enabled, column.direction = bool(args.get("enabled", 0)), args["direction"]
    return shapes.sorting(state, report)


def move_sorting(state: TwinState, args: Any) -> dict[str, Any]:
    """``position`` counts from 1; the others follow in the order they had."""
    report = _found(state, args, editing=True)
    column = _column(report, args)
    others = sorted((one for one in report.columns if one is not column), key=lambda one: one.sortorder)
    others.insert(args["position"] - 1, column)
    for order, one in enumerate(others, 1):
        one.sortorder = order
    return shapes.sorting(state, report)


# ---------------------------------------------------------------- filters
def add_filter(state: TwinState, args: Any) -> dict[str, Any]:
    """Once only."""
    report, identifier = _found(state, args, editing=True), args["uniqueidentifier"]
    there = {one.identifier for one in report.filters}
    if identifier not in offer(state, report.source).filters or identifier in there:
        raise invalid_parameter()
    report.filters.append(ReportFilter(state.next_id("report_filter"), identifier, len(report.filters) + 1))
    return shapes.filters(state, report)


def delete_filter(state: TwinState, args: Any) -> dict[str, Any]:
    report = _found(state, args, editing=True)
    found = [one for one in report.filters if one.id == args["filterid"]]
    if not found:
        raise invalid_parameter()
    report.filters.remove(found[0])
    for order, one in enumerate(report.filters, 1):
        one.order = order
    return shapes.filters(state, report)


# ---------------------------------------------------------------- conditions
def delete_condition(state: TwinState, args: Any) -> dict[str, Any]:
    """Its value stays in ``conditiondata``, where it narrows nothing any more."""
    report = _found(state, args, editing=True)
    found = [name for name, one in report.condition_ids.items() if one == args["conditionid"]]
    if not found:
        raise invalid_parameter()
    del report.conditions[found[0]], report.condition_ids[found[0]]
    return shapes.conditions(state, report)
