"""What the set-up functions answer: details, sorting, filters, and the editing page with its HTML.

Which columns a report has, and in which order, is told by the HTML of the editing page's table alone: attributes
``data-column-id``, ``data-column-name`` and ``data-column-position``, and the entity's title before the bullet.
"""

from __future__ import annotations

from typing import Any

from adapters.moodle.twin.reports.cells import plain
from adapters.moodle.twin.reports.model import ASCENDING, Report, ReportColumn, ReportFilter
from adapters.moodle.twin.reports.pages import count
from adapters.moodle.twin.reports.sources import SOURCES, Offer, offer
from adapters.moodle.twin.state import TwinState

_HELP = '<a class="btn btn-link p-0" role="button" tabindex="0" aria-label="Help"></a>'
_CELL = (
    '<th class="border-end border-start" scope="col" data-region="column-header" data-column-id="{id}"'
    ' data-column-name="{title}" data-column-position="{position}"><div class="w-100">'
    '<small class="text-muted text-nowrap text-uppercase">{entity} &bull; {title}</small></div></th>'
)
_CONDITION = (
    '<div class="condition list-group-item" data-region="active-condition" data-condition-id="{id}"'
    ' data-condition-name="{name}"><input name="{fields}"></div>'
)
_TABLE = (
    '<div class="table-dynamic position-relative" data-region="core_table/dynamic"'
    ' data-table-uniqueid="custom-report-table-{id}" data-table-total-rows="{rows}"><div>'
    '<table class="flexible table table-striped table-hover generaltable reportbuilder-table"'
    ' data-region="reportbuilder-table"><thead><tr>{cells}</tr></thead></table></div></div>'
)


def _persistent(report: Report) -> dict[str, Any]:
    return {
        "name": report.name,
        "source": report.source,
        "type": 0,
        "uniquerows": False,
        "conditiondata": report.conditiondata,
        "settingsdata": None,
        "contextid": 1,
        "component": "",
        "area": "",
        "itemid": 0,
        "usercreated": 2,
        "id": report.id,
        "timecreated": report.created,
        "timemodified": report.created,
        "usermodified": 2,
    }


def details(state: TwinState, report: Report) -> dict[str, Any]:
    """Of a list and above each page: who made the report over what."""
    admin = state.users[state.by_username["admin"]]
    picture = f"{state.url}/theme/image.php/boost/core/{state.started}/u/f"
    fields = {name: admin.fields.get(name, "") for name in ("phone1", "phone2", "department", "institution")}
    made_by = {
        "id": admin.id,
        "email": admin.fields["email"],
        "idnumber": admin.fields["idnumber"],
        **fields,
        "fullname": f"{admin.fields['firstname']} {admin.fields['lastname']}",
        "identity": admin.fields["email"],
        "profileurl": f"{state.url}/user/profile.php?id={admin.id}",
        "profileimageurl": f"{picture}1",
        "profileimageurlsmall": f"{picture}2",
    }
    custom: dict[str, Any] = {"customfields": {"data": []}} if state.version.report_customfields else {}
    row = _persistent(report) | {"sourcename": SOURCES[report.source].title, "tags": []}
    return row | custom | {"modifiedby": made_by}


# ---------------------------------------------------------------- sorting and filters
def sorting(state: TwinState, report: Report) -> dict[str, Any]:
    """Columns that can be sorted by, in the order of sorting: ids and titles, no identifiers."""
    offered = offer(state, report.source)
    ordered = sorted(report.columns, key=lambda column: column.sortorder)
    titled = [(column, offered.columns[column.identifier]) for column in ordered]
    rows = [_sortable(column, one.title) for column, one in titled if one.unsortable != state.version.family]
    return {"hassortablecolumns": bool(rows), "sortablecolumns": rows, "helpicon": _HELP}


def _sortable(column: ReportColumn, title: str) -> dict[str, Any]:
    up = column.direction == ASCENDING
    turned = "descending" if up else "ascending"
    return {
        "id": column.id,
        "title": title,
        "heading": title,
        "sortdirection": column.direction,
        "sortenabled": column.sort_enabled,
        "sortorder": column.sortorder,
        "sorticon": {
            "key": "t/sort_asc" if up else "t/sort_desc",
            "component": "moodle",
            "title": f"Change initial sorting for column '{title}' to {turned}",
        },
        "movetitle": f"Move sorting for column '{title}'",
        "sortenabledtitle": f"{'Disable' if column.sort_enabled else 'Enable'} initial sorting for column '{title}'",
    }


def filters(state: TwinState, report: Report) -> dict[str, Any]:
    """What could be added, by identifier, and what is there, by title."""
    offered = offer(state, report.source)
    there = {one.identifier for one in report.filters}
    available = _grouped(offered, [name for name in offered.filters if name not in there])
    active = [_active(offered, one) for one in report.filters]
    return {
        "hasavailablefilters": bool(available),
        "availablefilters": available,
        "hasactivefilters": bool(active),
        "activefilters": active,
        "helpicon": _HELP,
    }


def _grouped(offered: Offer, identifiers: list[str]) -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, str]]] = {}
    for name in identifiers:
        title = offered.titles[name.partition(":")[0]]
        groups.setdefault(title, []).append({"value": name, "visiblename": offered.filters[name].title})
    return [{"optiongroup": {"text": title, "values": values}} for title, values in groups.items()]


def _active(offered: Offer, one: ReportFilter) -> dict[str, Any]:
    title = offered.filters[one.identifier].title
    return {
        "id": one.id,
        "heading": title,
        "headingeditable": f'<span class="inplaceeditable" data-itemid="{one.id}">{plain(title)}</span>',
        "sortorder": one.order,
        "movetitle": f"Move filter '{title}'",
        "entityname": offered.titles[one.identifier.partition(":")[0]],
    }


def conditions(state: TwinState, report: Report) -> dict[str, Any]:
    """What could narrow the report, by identifier, and the form of what does: ids, and names of fields."""
    offered = offer(state, report.source)
    available = [name for name in offered.filters if name not in report.conditions]
    cards = "".join(
        _CONDITION.format(
            id=report.condition_ids[name], name=plain(offered.filters[name].title), fields=" ".join(values)
        )
        for name, values in report.conditions.items()
    )
    return {
        "hasavailableconditions": bool(available),
        "availableconditions": _grouped(offered, available),
        "hasactiveconditions": bool(report.conditions),
        "activeconditionsform": f"<form>{cards}</form>" if cards else "",
        "helpicon": _HELP,
    }


# ---------------------------------------------------------------- pages
def editing(state: TwinState, report: Report) -> dict[str, Any]:
    """The editing page: the table tells the columns, the cards tell which could be added."""
    offered = offer(state, report.source)
    more = {
        "sidebarmenucards": {"menucards": _cards(offered)},
        "conditions": conditions(state, report),
        "filters": filters(state, report),
        "sorting": sorting(state, report),
        "cardview": {"form": "<form></form>", "helpicon": _HELP},
    }
    return _page(state, report, _header(report, offered), editing=True) | more | {"javascript": ""}


def viewing(state: TwinState, report: Report) -> dict[str, Any]:
    """The page as it is read; its table holds headings, and rows that nobody should read from HTML."""
    columns = offer(state, report.source).columns
    cells = "".join(f'<th class="header" scope="col">{columns[c.identifier].title}</th>' for c in report.columns)
    return _page(state, report, cells, editing=False) | {"javascript": ""}


def _page(state: TwinState, report: Report, cells: str, *, editing: bool) -> dict[str, Any]:
    values = report.values.get(state.me, {})
    applied = sum(1 for one in report.filters if any(key.startswith(f"{one.identifier}_") for key in values))
    shown = bool(report.filters) and not editing
    container = {"infocontainer": ""} if state.version.report_customfields else {}
    return {
        **_persistent(report),
        "table": _TABLE.format(id=report.id, rows=count(state, report), cells=cells),
        **container,
        "filtersapplied": applied,
        "filterspresent": shown,
        "filtersform": "<form></form>" if shown else "",
        "attributes": [],
        "classes": "",
        "editmode": editing,
    }


def _header(report: Report, offered: Offer) -> str:
    return "".join(
        _CELL.format(
            id=column.id,
            title=plain(offered.columns[column.identifier].title),
            position=position,
            entity=plain(offered.titles[column.identifier.partition(":")[0]]),
        )
        for position, column in enumerate(report.columns, 1)
    )


def _cards(offered: Offer) -> list[dict[str, Any]]:
    cards: dict[str, dict[str, Any]] = {}
    for identifier, column in offered.columns.items():
        if not column.listed:
            continue
        entity = identifier.partition(":")[0]
        card = cards.setdefault(entity, {"name": offered.titles[entity], "key": entity, "items": []})
        title = f"Add column '{column.title}'"
        card["items"].append(
            {"name": column.title, "identifier": identifier, "title": title, "action": "report-add-column"}
        )
    return list(cards.values())
