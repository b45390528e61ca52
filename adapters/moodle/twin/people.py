"""core_user_…: accounts, created all or nothing, updated one by one, deleted by mangling."""

from __future__ import annotations

import hashlib
import re
import time
from typing import Any

from adapters.moodle.twin.countries import COUNTRIES
from adapters.moodle.twin.params import (
    OPTIONAL,
    Many,
    Record,
    Spec,
    Value,
    alphanumext,
    boolean,
    integer,
    letters,
    no_tags,
    one_of,
    raw,
    trimmed,
    user_name,
    zone,
)
from adapters.moodle.twin.refusals import Refusal, coding_error, invalid_parameter, missing_record, write_failed
from adapters.moodle.twin.state import TwinState, TwinUser

_WIDTHS = {
    "username": 100, "firstname": 100, "lastname": 100, "email": 100, "city": 120, "country": 2, "phone1": 20,
    "phone2": 20, "lang": 30, "timezone": 100, "auth": 20,
}  # fmt: skip
"""Columns of Moodle's table of people; all others have 255 characters."""

_EMAIL = re.compile(r"[^@\s<>\"(),;:]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z0-9-]{2,}|[^@\s]+@localhost")
_INTERNAL = frozenset({"manual", "email"})
_NOT_TEXT = frozenset({"createpassword", "password", "customfields", "preferences", "suspended", "id"})


def _account_keys() -> dict[str, Spec]:
    optional_texts = (
        "city", "description", "firstnamephonetic", "lastnamephonetic", "middlename", "alternatename", "interests",
        "institution", "department", "phone1", "phone2", "address", "theme", "calendartype",
    )  # fmt: skip
    pair = Record({"type": Value(alphanumext), "value": Value(raw)})
    return {
        "password": Value(raw, OPTIONAL),
        "country": Value(letters, OPTIONAL),
        "timezone": Value(zone, OPTIONAL),
        "mailformat": integer(OPTIONAL),
        "maildisplay": integer(OPTIONAL),
        "customfields": Many(pair, OPTIONAL),
        "preferences": Many(Record({"type": Value(raw), "value": Value(raw)}), OPTIONAL),
        **{name: Value(no_tags, OPTIONAL) for name in optional_texts},
    }


def create_spec(state: TwinState) -> Record:
    keys: dict[str, Spec] = {
        "username": Value(user_name),
        "firstname": Value(no_tags),
        "lastname": Value(no_tags),
        "email": Value(trimmed),
        "createpassword": boolean(),
        "auth": Value(one_of(state.auths), "manual"),
        "idnumber": Value(raw, ""),
        "lang": Value(one_of(state.languages), "en"),
    }
    return Record({"users": Many(Record(_account_keys() | keys))})


def update_spec(state: TwinState) -> Record:
    keys: dict[str, Spec] = {
        "id": integer(),
        "username": Value(user_name, OPTIONAL),
        "firstname": Value(no_tags, OPTIONAL),
        "lastname": Value(no_tags, OPTIONAL),
        "email": Value(trimmed, OPTIONAL),
        "auth": Value(one_of(state.auths), OPTIONAL),
        "suspended": boolean(),
        "idnumber": Value(raw, OPTIONAL),
        "lang": Value(one_of(state.languages), OPTIONAL),
    }
    return Record({"users": Many(Record(_account_keys() | keys))})


def create_users(state: TwinState, args: Any) -> list[dict[str, Any]]:
    """All or nothing. The order of the checks is Moodle's."""
    usernames: set[str] = set()
    emails: set[str] = set()
    for row in args["users"]:
        username, email = row["username"], row["email"].lower()
        if blank := [name for name in ("username", "firstname", "lastname") if not row[name].strip()]:
            raise invalid_parameter(blank[0])
        if username in state.by_username or username in usernames:
            raise invalid_parameter("username")
        if row["auth"] in _INTERNAL and not row.get("password") and not row.get("createpassword"):
            raise invalid_parameter("password")
        if not _EMAIL.fullmatch(email) or email in state.by_email or email in emails:
            raise invalid_parameter("email")
        if row["auth"] in _INTERNAL and not row.get("createpassword"):
            _check_password(row["password"])
        _check_widths(row)
        if username in state.reserved:  # the database waits for the other transaction, then its unique index refuses
            raise write_failed()
        usernames.add(username)
        emails.add(email)
    created = [state.add_user(_texts(row), _profile(state, row, {})) for row in args["users"]]
    return [{"id": user.id, "username": user.fields["username"]} for user in created]


def update_users(state: TwinState, args: Any) -> dict[str, Any]:
    """Each row by itself: bad ones come back as warnings. A refused password spoils the answer, not the others."""
    warnings = []
    for row in args["users"]:
        try:
            update_one(state, row)
        except Refusal as refusal:
            warning = {"item": "user", "itemid": row["id"], "warningcode": refusal.code, "message": refusal.message}
            warnings.append(warning)
    if any("<" in warning["warningcode"] for warning in warnings):  # a refused password's sentences are no valid code
        kind = "core\\exception\\invalid_response_exception"
        raise Refusal("invalidresponse", "Invalid response value detected", kind, "debug")
    return {"warnings": warnings}


def update_one(state: TwinState, row: dict[str, Any]) -> None:
    """Change one person. Raises Refusal."""
    user = state.users.get(row["id"])
    if user is None:
        raise Refusal("invaliduserid", "Invalid user ID")
    if user.deleted:
        raise Refusal("usernotupdateddeleted", "error/usernotupdateddeleted")
    if user.fields["username"] == "guest":
        raise Refusal("usernotupdatedguest", "Cannot update guest account")
    if user.id in state.administrators and not state.admin:
        raise Refusal("usernotupdatedadmin", "Cannot update admin accounts")
    if row.get("email", user.fields["email"]) != user.fields["email"]:
        if not _EMAIL.fullmatch(row["email"]):
            raise Refusal("useremailinvalid", "error/useremailinvalid")
        if state.by_email.get(row["email"].lower(), user.id) != user.id:
            raise Refusal("useremailduplicate", "Duplicate address")
    if "password" in row:
        _check_password(row["password"])
    _check_widths(row)
    if state.by_username.get(row.get("username", ""), user.id) != user.id:
        raise write_failed()
    state.unindex(user)
    user.fields |= _texts(row)
    user.profile = _profile(state, row, user.profile)
    user.suspended = bool(row.get("suspended", user.suspended))
    user.modified = int(time.time())
    state.index(user)
    state.note("people", "updated", user.id, thing=user.id)


def delete_users(state: TwinState, args: Any) -> None:
    """All or nothing; what remains is mangled, and found by id only."""
    users = []
    for user_id in args["userids"]:
        user = state.living(user_id)
        if user is None or user in users:
            raise missing_record(state.version, "user")
        if user.id in state.administrators:
            raise Refusal("useradminodelete", "You cannot delete admin accounts.")
        if user.id == state.me:
            raise Refusal("usernotdeletederror", "Cannot delete user")
        users.append(user)
    for user in users:
        mangle(state, user)


def mangle(state: TwinState, user: TwinUser) -> None:
    """Delete a person: what remains is found by id alone."""
    state.unindex(user)
    for course_id in list(state.user_courses.pop(user.id, {})):
        state.leave_course(user.id, state.courses[course_id])
    for cohort_id in state.user_cohorts.pop(user.id, {}):
        state.cohorts[cohort_id].members.pop(user.id, None)
    state.roles.pop(user.id, None)
    name = f"{user.fields['email'].lower()}.{int(time.time())}"
    digest = hashlib.md5(user.fields["username"].encode(), usedforsecurity=False).hexdigest()
    user.fields |= {"username": name, "email": digest, "idnumber": ""}
    user.deleted, user.modified = True, int(time.time())
    state.note("people", "deleted", user.id, thing=user.id)


def _check_password(password: str) -> None:
    """The policy of a fresh site; its sentences take the place of the errorcode."""
    faults = []
    if len(password) < 8:
        faults.append("Passwords must be at least 8 characters long.")
    if not re.search(r"\d", password):
        faults.append("Passwords must have at least 1 digit(s).")
    if not re.search(r"[a-z]", password):
        faults.append("Passwords must have at least 1 lower case letter(s).")
    if not re.search(r"[A-Z]", password):
        faults.append("Passwords must have at least 1 upper case letter(s).")
    if not re.search(r"[^A-Za-z0-9]", password):
        faults.append("The password must have at least 1 special character(s) such as *, -, or #.")
    if faults:
        text = "".join(f"<div>{fault}</div>" for fault in faults)
        raise Refusal(text, f"error/{text}")


def too_wide(row: dict[str, Any]) -> list[str]:
    """Fields whose texts are longer than their columns."""
    texts = {name: value for name, value in _texts(row).items() if name not in ("description", "interests")}
    return [name for name, value in texts.items() if len(value) > _WIDTHS.get(name, 255)]


def _check_widths(row: dict[str, Any]) -> None:
    if too_wide(row):
        raise write_failed()


def _texts(row: dict[str, Any]) -> dict[str, str]:
    """Text fields as they are kept: a country that is none becomes "0" without a word."""
    texts = {name: str(value) for name, value in row.items() if name not in _NOT_TEXT}
    if texts.get("country") and texts["country"] not in COUNTRIES:
        texts["country"] = "0"
    return texts


def _profile(state: TwinState, row: dict[str, Any], now: dict[str, str]) -> dict[str, str]:
    """Custom fields; unknown ones are dropped without a word."""
    given = {
        pair["type"]: pair["value"] for pair in row.get("customfields", ()) if pair["type"] in state.profile_fields
    }
    return {name: value for name, value in (now | given).items() if value}


# ---------------------------------------------------------------- reading
BY_FIELD_SPEC = Record({"field": Value(alphanumext), "values": Many(Value(raw))})
SEARCH_SPEC = Record({"criteria": Many(Record({"key": Value(alphanumext), "value": Value(raw)}), ())})
USERIDS_SPEC = Record({"userids": Many(integer())})


def users_by_field(state: TwinState, args: Any) -> list[dict[str, Any]]:
    """Every match, in the order of ids. Deleted people are still found by id."""
    field, values = args["field"], args["values"]
    if field not in ("id", "idnumber", "username", "email"):
        raise coding_error("invalid field parameter")
    clean = {"username": user_name, "email": trimmed}.get(field, raw)
    if any(clean(value) != value for value in values):
        raise invalid_parameter()
    ids = sorted({user_id for value in values for user_id in _matches(state, field, value)})
    return [show(state, state.users[user_id]) for user_id in ids]


def _matches(state: TwinState, field: str, value: str) -> list[int]:
    if field == "id":
        return [int(value)] if value.isdecimal() and int(value) in state.users else []
    if field == "idnumber":
        return list(state.by_idnumber.get(value, ()))
    if field == "username":
        return [state.by_username[value]] if value in state.by_username else []
    found = state.by_email.get(value.lower())  # PostgreSQL minds the case
    return [found] if found and state.users[found].fields["email"] == value else []


def search_users(state: TwinState, args: Any) -> dict[str, Any]:
    """``core_user_get_users``: criteria joined by AND; e-mail and names without regard to case, % as wildcard."""
    found: set[int] | None = None
    for criterion in args["criteria"]:
        hits = set(_search(state, criterion["key"], criterion["value"]))
        found = hits if found is None else found & hits
    ids = sorted(state.users if found is None else found)
    people = [state.users[user_id] for user_id in ids if not state.users[user_id].deleted]
    return {"users": [show(state, user) for user in people], "warnings": []}


def _search(state: TwinState, key: str, value: str) -> list[int]:
    if key in ("id", "idnumber", "username"):
        return _matches(state, key, value)
    if key == "email" and "%" not in value:
        return [state.by_email[value.lower()]] if value.lower() in state.by_email else []
    pattern = re.compile(re.escape(value).replace("%", ".*").replace("_", "."), re.IGNORECASE)
    return [user.id for user in state.users.values() if pattern.fullmatch(user.fields.get(key, ""))]


def show(state: TwinState, user: TwinUser) -> dict[str, Any]:
    """A person as ``user_get_user_details`` (Moodle's user/lib.php) gives it: most empty fields are left out."""
    fields = user.fields
    row: dict[str, Any] = {
        "id": user.id,
        "username": fields["username"],
        "firstname": fields["firstname"],
        "lastname": fields["lastname"],
        "fullname": f"{fields['firstname']} {fields['lastname']}",
        "email": fields["email"],
    }
    shown = ("address", "phone1", "phone2") if state.admin else ("address",)
    row |= {name: fields[name] for name in shown if fields.get(name)}
    row["department"] = fields["department"]
    row |= {name: fields[name] for name in ("institution", "idnumber") if fields.get(name)}
    row |= {
        "firstaccess": user.firstaccess,
        "lastaccess": user.lastaccess,
        "auth": fields["auth"],
        "suspended": user.suspended,
        "confirmed": True,
    }
    row |= {"lang": fields["lang"], "theme": fields["theme"], "timezone": fields["timezone"]}
    row |= {"mailformat": int(fields.get("mailformat", 1)), "trackforums": 0}
    if fields.get("description"):
        row |= {"description": fields["description"], "descriptionformat": 1}
    row |= {name: fields[name] for name in ("city", "country") if fields.get(name, "") not in ("", "0")}
    row |= {"profileimageurlsmall": picture(state, 2), "profileimageurl": picture(state, 1)}
    if user.profile:
        row["customfields"] = [
            {"type": "text", "value": value, "displayvalue": value, "name": name, "shortname": name}
            for name, value in user.profile.items()
        ]
    return row


def picture(state: TwinState, size: int) -> str:
    return f"{state.url}/theme/image.php/boost/core/{state.started}/u/f{size}"
