"""local_connector_write and its like: our plugin, where it is installed: rows that are carried out each by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from adapters.moodle.twin import cohorts, enrolments, groups, people
from adapters.moodle.twin.params import Many, Record, Value, alphanumext, integer, raw, text, trimmed, validate
from adapters.moodle.twin.refusals import Refusal, invalid_parameter, missing_record
from adapters.moodle.twin.state import DueDate, Enrolment, TwinState

MOST = 1000
LONGEST_KEY = 239
WIDTHS = {"name": 254, "idnumber": 100}

WRITE_SPEC = Record({"operation": Value(alphanumext), "rows": Value(raw)})
ROWS_SPEC = Record({"rows": Value(raw)})

Told = Mapping[str, Any]
Operation = Callable[[TwinState, dict[str, Any]], Told]

_MEMBER = Record({"cohortid": integer(), "userid": integer()})
_SUSPEND = Record({"userid": integer(), "courseid": integer(), "suspend": integer(1)})
_DUE = Record(
    {
        "userid": integer(),
        "name": Value(text),
        "timestart": integer(),
        "description": Value(raw, ""),
        "timeduration": integer(0),
    }
)
_LINK = Record({"userid": integer(), "issuerid": integer(), "username": Value(trimmed), "email": Value(trimmed)})


def write(state: TwinState, args: Any) -> dict[str, str]:
    """An operation for each row, and what came of each."""
    return _carry_out(state, args["rows"], OPERATIONS.get(args["operation"]))


def due_dates(state: TwinState, args: Any) -> dict[str, str]:
    """Put, moved and removed by their keys."""
    return _carry_out(state, args["rows"], _due_date)


def link_logins(state: TwinState, args: Any) -> dict[str, str]:
    """Identities linked with accounts."""
    return _carry_out(state, args["rows"], _link)


def _carry_out(state: TwinState, rows: str, operation: Operation | None) -> dict[str, str]:
    if "local/connector:write" in state.forbidden:
        raise _forbidden("Write in bulk, as far as other permissions reach")
    if operation is None:
        raise _wrong("nosuchoperation", "There is no operation with this name.")
    try:
        wanted = orjson.loads(rows)
    except ValueError:
        wanted = None
    wanted = [] if wanted == {} else wanted  # PHP has one kind of both
    if not isinstance(wanted, list) or not all(isinstance(row, dict) for row in wanted):
        raise _wrong("norows", "The rows have to be a list of objects, written as JSON.")
    if len(wanted) > MOST:
        raise _wrong("outofrange", f"The parameter rows has to be between 0 and {MOST}.")
    return {"json": orjson.dumps([_outcome(state, row, operation) for row in wanted]).decode()}


def _outcome(state: TwinState, row: dict[str, Any], operation: Operation) -> dict[str, Any]:
    key = {"key": row["key"]} if "key" in row else {}
    row = row if operation is _due_date else {name: value for name, value in row.items() if name != "key"}
    try:
        return {**key, "ok": True, **operation(state, row)}
    except Refusal as refusal:
        if "<" in refusal.code:
            return {**key, "ok": False, "errorcode": "passwordpolicy", "message": "", "field": "password"}
        told = {"ok": False, "errorcode": refusal.code, "message": refusal.message}
        field = "id" if refusal.field == "userid" and "id" in row else refusal.field
        return {**key, **told, **({"field": field} if field else {})}


def _checked(spec: Record, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as Moodle validates it, field by field."""
    checked: dict[str, Any] = {}
    for name, inner in spec.keys.items():
        try:
            checked |= validate(Record({name: inner}), {name: row[name]} if name in row else {})
        except Refusal as refusal:
            raise invalid_parameter(name) from refusal
        if row.get(name, "") is None:
            raise invalid_parameter(name)
    if strange := row.keys() - spec.keys.keys():
        raise invalid_parameter(min(strange))
    return checked


def _by_core(spec: Record, run: Callable[[TwinState, Any], Any]) -> Operation:
    """A function of Moodle's own that takes a list, called with a list of one."""
    ((parameter, many),) = spec.keys.items()

    def operation(state: TwinState, row: dict[str, Any]) -> Told:
        row = _checked(many.one, row) if isinstance(many, Many) and isinstance(many.one, Record) else row
        answer = run(state, {parameter: [row]})
        return {"id": answer[0]["id"]} if answer else {}

    return operation


# ---------------------------------------------------------------- people
def _create_person(state: TwinState, row: dict[str, Any]) -> Told:
    fields = {name: value for name, value in row.items() if name != "suspended"}
    _fits(fields)
    told = _by_core(people.create_spec(state), people.create_users)(state, fields)
    state.users[told["id"]].suspended = bool(row.get("suspended"))
    return {**told, **_dropped(state, row)}


def _update_person(state: TwinState, row: dict[str, Any]) -> Told:
    _fits(row)
    if state.by_username.get(row.get("username", ""), row.get("id")) != row.get("id"):
        raise invalid_parameter("username")
    people.update_one(state, _checked(_only(people.update_spec(state)), row))
    return {"id": row["id"], **_dropped(state, row)}


def _delete_person(state: TwinState, row: dict[str, Any]) -> Told:
    if row.keys() != {"id"} or not isinstance(row["id"], int):
        raise invalid_parameter("id")
    people.delete_users(state, {"userids": [row["id"]]})
    return row


def _fits(row: dict[str, Any]) -> None:
    if wide := people.too_wide(row):
        raise invalid_parameter(wide[0])


def _dropped(state: TwinState, row: dict[str, Any]) -> Told:
    lost = [one["type"] for one in row.get("customfields", ()) if one["type"] not in state.profile_fields]
    return {"dropped": lost} if lost else {}


def _only(spec: Record) -> Record:
    """What a row of the only list is."""
    (many,) = spec.keys.values()
    if not isinstance(many, Many) or not isinstance(many.one, Record):
        raise TypeError("not a list of records")
    return many.one


# ---------------------------------------------------------------- cohorts, groups, roles, enrolments
def _create_cohort(state: TwinState, row: dict[str, Any]) -> Told:
    system = {"categorytype": {"type": "system", "value": ""}}
    _check_widths(row)
    return _by_core(cohorts.CREATE_SPEC, cohorts.create_cohorts)(state, system | row)


def _add_cohort_member(state: TwinState, row: dict[str, Any]) -> Told:
    row = _member(state, row)
    cohort = state.cohorts[row["cohortid"]]
    if row["userid"] in cohort.members:
        return {"already": True}
    state.join(row["userid"], cohort)
    return {}


def _remove_cohort_member(state: TwinState, row: dict[str, Any]) -> Told:
    row = _member(state, row)
    state.leave(row["userid"], state.cohorts[row["cohortid"]])
    return {}


def _member(state: TwinState, row: dict[str, Any]) -> dict[str, Any]:
    row = _checked(_MEMBER, row)
    if row["cohortid"] not in state.cohorts:
        raise missing_record(state.version, "cohort")
    if state.living(row["userid"]) is None:
        raise missing_record(state.version, "user")
    return row


def _create_group(state: TwinState, row: dict[str, Any]) -> Told:
    _check_widths(row)
    return _by_core(groups.CREATE_SPEC, groups.create_groups)(state, row)


def _check_widths(row: dict[str, Any]) -> None:
    for name, width in WIDTHS.items():
        if len(str(row.get(name, ""))) > width:
            raise invalid_parameter(name)


def _assign_role(state: TwinState, row: dict[str, Any]) -> Told:
    if state.living(int(row.get("userid", 0))) is None:
        raise invalid_parameter("userid")
    return _by_core(enrolments.ASSIGN_SPEC, enrolments.assign_roles)(state, row)


def _suspend(state: TwinState, row: dict[str, Any]) -> Told:
    row = _checked(_SUSPEND, row)
    enrolments.in_manual_course(state, row)
    course = state.courses[row["courseid"]]
    before = course.enrolments.get(row["userid"])
    if before is None:
        raise _wrong("notenrolled", "This person has no manual enrolment in this course.")
    course.enrolments[row["userid"]] = Enrolment(
        before.timestart, before.timeend, bool(row["suspend"]), before.created, int(time.time())
    )
    return {}


def _unenrol(state: TwinState, row: dict[str, Any]) -> Told:
    enrolments.in_manual_course(state, _checked(_only(enrolments.UNENROL_SPEC), row))
    return _by_core(enrolments.UNENROL_SPEC, enrolments.unenrol)(state, row)


# ---------------------------------------------------------------- calendar, sign-in
def _due_date(state: TwinState, row: dict[str, Any]) -> Told:
    key = row.get("key")
    if not isinstance(key, str) or not 0 < len(key) <= LONGEST_KEY:
        raise invalid_parameter("key")
    present = state.due_dates.get(key)
    if row.get("remove"):
        if present:
            _may_write_calendar(state, present.user_id)
            del state.due_dates[key]
        return {}
    wanted = _checked(_DUE, {name: value for name, value in row.items() if name not in ("key", "remove")})
    for field, wrong in (
        ("name", not wanted["name"].strip()),
        ("timestart", wanted["timestart"] < 1),
        ("timeduration", wanted["timeduration"] < 0),
        ("userid", present is not None and present.user_id != wanted["userid"]),
    ):
        if wrong:
            raise invalid_parameter(field)
    enrolments.active_user(state, wanted["userid"])
    _may_write_calendar(state, wanted["userid"])
    number = present.id if present else state.next_id("event")
    state.due_dates[key] = DueDate(
        number, wanted["userid"], wanted["name"], wanted["timestart"], wanted["description"]
    )
    return {"id": number}


def _may_write_calendar(state: TwinState, user_id: int) -> None:
    if user_id in state.administrators:
        raise Refusal("usernotupdatedadmin", "Cannot update admin accounts")
    if "moodle/calendar:manageentries" in state.forbidden:
        raise _forbidden("Manage any calendar entries")


def _link(state: TwinState, row: dict[str, Any]) -> Told:
    if row.get("remove"):
        return _unlink(state, {name: value for name, value in row.items() if name != "remove"})
    row = _checked(_LINK, {name: value for name, value in row.items() if name != "remove"})
    if not row["username"]:
        raise invalid_parameter("username")
    enrolments.active_user(state, row["userid"])
    if row["userid"] in state.administrators:
        raise Refusal("usernotupdatedadmin", "Cannot update admin accounts")
    if row["issuerid"] not in state.issuers:
        raise missing_record(state.version, "oauth2_issuer")
    if "auth/oauth2:managelinkedlogins" in state.forbidden:
        raise _forbidden("Manage linked logins for users")
    identity = row["issuerid"], row["username"]
    if state.linked.setdefault(identity, row["userid"]) != row["userid"]:
        raise Refusal("alreadylinked", "The external account is already linked to an account on this site")
    return {"id": list(state.linked).index(identity) + 1}


def _unlink(state: TwinState, row: dict[str, Any]) -> Told:
    row = _checked(Record({name: spec for name, spec in _LINK.keys.items() if name != "email"}), row)
    if state.living(row["userid"]) is None:
        return {}
    if row["userid"] in state.administrators:
        raise Refusal("usernotupdatedadmin", "Cannot update admin accounts")
    if state.linked.get((row["issuerid"], row["username"])) == row["userid"]:
        del state.linked[row["issuerid"], row["username"]]
    return {}


def _wrong(code: str, message: str) -> Refusal:
    return Refusal(code, message, module="local_connector")


def _forbidden(what: str) -> Refusal:
    text = f"Sorry, but you do not currently have permissions to do that ({what})."
    return Refusal("nopermissions", text, "required_capability_exception", "error")


OPERATIONS: Mapping[str, Operation] = {
    "create_people": _create_person,
    "update_people": _update_person,
    "delete_people": _delete_person,
    "enrol": _by_core(enrolments.ENROL_SPEC, enrolments.enrol),
    "suspend": _suspend,
    "unenrol": _unenrol,
    "create_cohorts": _create_cohort,
    "add_cohort_members": _add_cohort_member,
    "remove_cohort_members": _remove_cohort_member,
    "assign_roles": _assign_role,
    "unassign_roles": _by_core(enrolments.UNASSIGN_SPEC, enrolments.unassign_roles),
    "create_groups": _create_group,
    "add_group_members": _by_core(groups.MEMBERS_SPEC, groups.add_members),
    "remove_group_members": _by_core(groups.MEMBERS_SPEC, groups.remove_members),
}
