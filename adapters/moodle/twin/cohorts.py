"""core_cohort_…: cohorts of the system context and their members."""

from __future__ import annotations

from typing import Any

from adapters.moodle.twin.params import OPTIONAL, Many, Record, Value, alphanumext, boolean, integer, no_tags, raw
from adapters.moodle.twin.refusals import invalid_parameter, missing_record
from adapters.moodle.twin.state import TwinCohort, TwinState

_NAMED = Record({"type": Value(alphanumext), "value": Value(raw, "")})
CREATE_SPEC = Record(
    {
        "cohorts": Many(
            Record(
                {
                    "categorytype": _NAMED,
                    "name": Value(no_tags),
                    "idnumber": Value(raw),
                    "description": Value(raw, OPTIONAL),
                    "visible": boolean(),
                }
            )
        )
    }
)
ADD_SPEC = Record({"members": Many(Record({"cohorttype": _NAMED, "usertype": _NAMED}))})
REMOVE_SPEC = Record({"members": Many(Record({"cohortid": integer(), "userid": integer()}))})
IDS_SPEC = Record({"cohortids": Many(integer(), ())})
NEEDED_IDS_SPEC = Record({"cohortids": Many(integer())})


def create_cohorts(state: TwinState, args: Any) -> list[dict[str, Any]]:
    """All or nothing; a known idnumber is refused."""
    new: set[str] = set()
    for row in args["cohorts"]:
        if row["categorytype"]["type"] not in ("system", "id", "idnumber"):
            raise invalid_parameter("categorytype")
        if row["idnumber"] in state.cohort_by_idnumber or row["idnumber"] in new:
            raise invalid_parameter("idnumber")
        new.add(row["idnumber"])
    return [_show(state.add_cohort(row["name"], row["idnumber"])) for row in args["cohorts"]]


def cohorts(state: TwinState, args: Any) -> list[dict[str, Any]]:
    """All cohorts, or those asked for."""
    wanted = args["cohortids"] or list(state.cohorts)
    if any(cohort_id not in state.cohorts for cohort_id in wanted):
        raise missing_record(state.version, "cohort")
    return [_show(state.cohorts[cohort_id]) | {"customfields": []} for cohort_id in wanted]


def members(state: TwinState, args: Any) -> list[dict[str, Any]]:
    """Ids of the members of each cohort asked for."""
    if any(cohort_id not in state.cohorts for cohort_id in args["cohortids"]):
        raise missing_record(state.version, "cohort")
    return [{"cohortid": i, "userids": list(state.cohorts[i].members)} for i in args["cohortids"]]


def add_members(state: TwinState, args: Any) -> dict[str, Any]:
    """Each row by itself. Warnings: 1 a type that is none, 2 no such cohort or user, 3 already a member."""
    warnings = []
    for row in args["members"]:
        if warning := _add(state, row["cohorttype"], row["usertype"]):
            warnings.append({"warningcode": warning[0], "message": warning[1]})
    return {"warnings": warnings}


def _add(state: TwinState, cohort: dict[str, str], user: dict[str, str]) -> tuple[str, str] | None:
    if cohort["type"] not in ("id", "idnumber"):
        return "1", f"invalid parameter: cohortype={cohort['type']}"
    if user["type"] not in ("id", "username"):
        return "1", f"invalid parameter: usertype={user['type']}"
    named_cohort, named_user = f"{cohort['type']}={cohort['value']}", f"{user['type']}={user['value']}"
    found = state.cohorts.get(_id_of(cohort, state.cohort_by_idnumber))
    if found is None:
        return "2", f"cohort {named_cohort} not exists"
    person = state.living(_id_of(user, state.by_username))
    if person is None:
        return "2", f"user {named_user} not exists"
    if person.id in found.members:
        return "3", f"record already exists: cohort({named_cohort} {named_user})"
    state.join(person.id, found)
    return None


def _id_of(named: dict[str, str], index: dict[str, int]) -> int:
    if named["type"] != "id":
        return index.get(named["value"], 0)
    return int(named["value"]) if named["value"].isdecimal() else 0


def remove_members(state: TwinState, args: Any) -> None:
    """All or nothing; who is no member is no error."""
    for row in args["members"]:
        if row["cohortid"] not in state.cohorts:
            raise missing_record(state.version, "cohort")
        if state.living(row["userid"]) is None:
            raise missing_record(state.version, "user")
    for row in args["members"]:
        state.leave(row["userid"], state.cohorts[row["cohortid"]])


def delete_cohorts(state: TwinState, args: Any) -> None:
    """All or nothing."""
    if any(cohort_id not in state.cohorts for cohort_id in args["cohortids"]):
        raise missing_record(state.version, "cohort")
    for cohort_id in args["cohortids"]:
        gone = state.cohorts.pop(cohort_id)
        state.cohort_by_idnumber.pop(gone.idnumber, None)
        for user_id in gone.members:
            state.user_cohorts[user_id].pop(cohort_id, None)


def _show(cohort: TwinCohort) -> dict[str, Any]:
    row: dict[str, Any] = {"id": cohort.id, "name": cohort.name, "idnumber": cohort.idnumber, "description": ""}
    return row | {"descriptionformat": 1, "visible": True, "theme": ""}
