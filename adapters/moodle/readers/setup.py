"""The set-up of the reports: found, looked at, and put right by the token. An administrator makes them, empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from adapters.moodle.client import BATCH, Call, MoodleClient
from adapters.moodle.errors import foreseen
from adapters.moodle.readers import builder
from adapters.moodle.readers.builder import Report, values_of
from adapters.moodle.readers.kinds import KINDS, Kind
from adapters.moodle.readers.language import TIMESTAMPS
from adapters.moodle.readers.report_state import ASCENDING, State, faults, state_of
from adapters.moodle.together import together
from connector.domain.errors import AccessRefused, SettingsError
from connector.domain.ports import SiteInfo

GET = "core_reportbuilder_reports_get"
ADD_COLUMN = "core_reportbuilder_columns_add"
DELETE_COLUMN = "core_reportbuilder_columns_delete"
SORT = "core_reportbuilder_columns_sort_toggle"
SORT_ORDER = "core_reportbuilder_columns_sort_reorder"
ADD_FILTER = "core_reportbuilder_filters_add"
DELETE_CONDITION = "core_reportbuilder_conditions_delete"

TO_READ = frozenset({builder.LIST, GET, builder.SET_FILTERS, builder.RETRIEVE, TIMESTAMPS, BATCH})
TO_SET_UP = frozenset({ADD_COLUMN, DELETE_COLUMN, SORT, SORT_ORDER, ADD_FILTER, DELETE_CONDITION})

HOW_TO_MAKE = (
    "As an administrator open Site administration, Reports, Report builder, Custom reports and make a new report "
    '{names}, each with "Include default setup" off; then run `moodle-connector doctor --fix`.'
)


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found. ``states`` has the reports that are there; ``missing`` the kinds that are needed and are not."""

    states: Sequence[State]
    missing: Sequence[Kind]
    lacking: Sequence[str]
    """Functions that the token may not call."""

    @property
    def faults(self) -> list[str]:
        """Sentences on the reports that are needed."""
        return [sentence for state in self.states if not state.kind.optional for sentence in _sentences(state)]

    @property
    def notes(self) -> list[str]:
        """Sentences on what could be better: optional reports, and columns that the site has added since."""
        optional = [one for state in self.states if state.kind.optional for one in _sentences(state)]
        newer = [
            f'The report "{state.name}" does not have {", ".join(state.missing_extras)}: '
            "`moodle-connector doctor --fix` adds it."
            for state in self.states
            if state.missing_extras and not faults(state)
        ]
        return optional + newer

    @property
    def profile_fields(self) -> frozenset[str] | None:
        """Short names of the custom profile fields that Moodle has, which it tells in lower case only.

        None where there is no report of people, whatever state it is in: nothing else tells of a field that is empty.
        """
        told = (state for state in self.states if state.kind.extra)
        return next((frozenset(name.removeprefix(one.kind.extra) for name in one.extras) for one in told), None)

    def reports(self) -> dict[str, Report]:
        """Those that can be read, by the key of their kind."""
        return {
            state.kind.key: Report(state.kind, state.report_id, state.name, len(state.columns), state.rows)
            for state in self.states
            if not faults(state)
        }


def _sentences(state: State) -> list[str]:
    return [f'The report "{state.name}" {fault}: run `moodle-connector doctor --fix`.' for fault in faults(state)]


async def look(client: MoodleClient, info: SiteInfo, prefix: str) -> Looked:
    """How the reports are set up. Three requests, whatever there is. Raises the error tree."""
    if lacking := sorted(TO_READ - info.functions):
        return Looked([], [kind for kind in KINDS if not kind.optional], lacking)
    found = _by_kind(await builder.listed(client), prefix)
    missing = [kind for kind in KINDS if not kind.optional and kind not in found]
    return Looked(await _states(client, found), missing, [])


def _by_kind(listed: Sequence[Mapping[str, Any]], prefix: str) -> dict[Kind, int]:
    """Ids of our reports. Raises SettingsError where a name is given twice, or to a report of another kind."""
    with foreseen(builder.LIST):
        told = [(str(row["name"]).strip(), str(row["source"]).lstrip("\\"), int(row["id"])) for row in listed]
    found: dict[Kind, int] = {}
    for kind in KINDS:
        named = [(source, report_id) for name, source, report_id in told if name == kind.name(prefix)]
        if len(named) > 1:
            raise SettingsError(
                f'Moodle has {len(named)} reports with the name "{kind.name(prefix)}": delete the others.'
            )
        if named and named[0][0] != kind.source:
            raise SettingsError(
                f'The report "{kind.name(prefix)}" has another source than "{kind.source_name}": '
                "delete it and make it anew."
            )
        if named:
            found[kind] = named[0][1]
    return found


async def _states(client: MoodleClient, found: Mapping[Kind, int]) -> list[State]:
    """Each in a request of its own: Moodle can begin a page only once in a request, and so fails at the second."""
    jobs = [
        partial(client.call, GET, {"reportid": report_id, "editmode": 1, "pagesize": 1}, reading=True)
        for report_id in found.values()
    ]
    answers = await together(jobs)
    with foreseen(GET):
        return [
            state_of(kind, report_id, answer) for (kind, report_id), answer in zip(found.items(), answers, strict=True)
        ]


async def set_up(client: MoodleClient, info: SiteInfo, prefix: str) -> list[str]:
    """Put all of our reports right that are there; gives a sentence for each that was not. Can be repeated.

    Raises AccessRefused where the token may not, SettingsError where a report is still wrong afterwards.
    """
    looked = await look(client, info, prefix)
    if lacking := sorted({*looked.lacking, *(TO_SET_UP - info.functions)}):
        raise AccessRefused(not_callable(lacking))
    done = []
    for state in looked.states:
        if faults(state) == [] and not state.missing_extras:
            continue
        if state.absent:
            if state.kind.optional:
                continue
            raise SettingsError(" ".join(_sentences(state)))
        await _mend(client, state)
        done.append(f'The report "{state.name}" was set up.')
    return done


async def _mend(client: MoodleClient, state: State) -> None:
    for one in state.conditions:  # each in a request of its own, as with GET
        await client.call(DELETE_CONDITION, {"reportid": state.report_id, "conditionid": one})
    columns: list[Call] = []
    add = state.missing_extras
    if not state.columns_fit:
        columns += [(DELETE_COLUMN, {"reportid": state.report_id, "columnid": one.id}) for one in state.columns]
        add = [*state.kind.columns, *state.extras]
    columns += [(ADD_COLUMN, {"reportid": state.report_id, "uniqueidentifier": name}) for name in add]
    columns += [
        (ADD_FILTER, {"reportid": state.report_id, "uniqueidentifier": name}) for name in state.missing_filters
    ]
    values_of(await client.call_many(columns) if columns else [])
    (now,) = await _states(client, {state.kind: state.report_id})
    if now.columns_fit and list(now.sorted_by) != now.wanted_sort:
        values_of(await client.call_many(_sorting(now)))
        (now,) = await _states(client, {state.kind: state.report_id})
    if wrong := _sentences(now):
        raise SettingsError(f"Setting it up did not help. {wrong[0]} Or delete it in Moodle and make it anew.")


def _sorting(state: State) -> list[Call]:
    """Sort by the wanted columns, in their order, and by no others."""
    report, wanted = {"reportid": state.report_id}, state.wanted_sort
    return [
        *(
            (SORT, {**report, "columnid": column.id, "enabled": int(column.id in wanted), "direction": ASCENDING})
            for column in state.columns
        ),
        *((SORT_ORDER, {**report, "columnid": one, "position": at}) for at, one in enumerate(wanted, 1)),
    ]


def not_callable(functions: Sequence[str]) -> str:
    """What to do about functions that the token may not call."""
    return (
        f"The token may not call {', '.join(functions)}. "
        "Add them in Moodle: Site administration, Server, External services, Functions of its service."
    )


def how_to_make(kinds: Sequence[Kind], prefix: str) -> str:
    """One sentence for the administrator who makes the reports."""
    names = " and ".join(f'"{kind.name(prefix)}" with the source "{kind.source_name}"' for kind in kinds)
    return HOW_TO_MAKE.format(names=names)
