"""Accounts as Moodle shows them, read into the domain's ``Account``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

from adapters.moodle.client import Call, MoodleClient
from adapters.moodle.together import together
from adapters.moodle.wire import chunks
from connector.domain.errors import BatchRefused, ConnectorError
from connector.domain.ports import Account

BY_FIELD = "core_user_get_users_by_field"
VALUES_A_CALL = 500
AT_ONCE = 4
SEARCHED_EMAILS = 200
"""Over so many misses no search without regard to case is made: each one reads Moodle's whole table of people."""
FEW_EMAILS = 25
"""Up to so many are searched at once: somebody waits for few people, and most would be searched next anyway."""
SEARCHES_A_CALL = 5
"""So many searches go in one call at least: Moodle does them one after another, and several calls at once."""

SHOWN_FIELDS = (
    "username", "firstname", "lastname", "email", "idnumber", "auth", "lang", "timezone", "theme",
    "city", "country", "department", "institution", "address",
)  # fmt: skip
"""Fields that Moodle shows to the service account wherever they are not empty: absent means empty."""

PHONES = ("phone1", "phone2")
"""Shown to administrators only, or where the site lists them under "Show user identity": absent says nothing else.

Never shown by any core function: middlename, alternatename, firstnamephonetic, lastnamephonetic
(``user_get_default_fields`` in Moodle's user/lib.php); they are written blindly.
"""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MANGLED_NAME = re.compile(r".+\.\d{9,11}$")
_MANGLED_EMAIL = re.compile(r"[0-9a-f]{32}$")


def account(row: Mapping[str, Any], *, admin: bool) -> Account:
    """One account of Moodle's answer. ``admin`` says whether the token sees every field.

    Fields that are not shown because they are empty are "" in ``fields``; fields that cannot be seen are absent.
    ``profile`` holds the custom fields that are not empty.
    """
    known = SHOWN_FIELDS + (PHONES if admin else ())
    fields = dict.fromkeys(known, "")
    fields |= {name: str(row[name]) for name in (*SHOWN_FIELDS, *PHONES) if row.get(name) is not None}
    suspended = bool(row.get("suspended", False))
    fields["suspended"] = str(int(suspended))
    return Account(
        id=int(row["id"]),
        username=fields["username"],
        email=fields["email"],
        idnumber=fields["idnumber"],
        suspended=suspended,
        auth=fields["auth"],
        fields=fields,
        profile={str(field["shortname"]): _profile_value(field) for field in row.get("customfields") or ()},
        deleted=is_deleted(row),
    )


def _profile_value(field: Mapping[str, Any]) -> str:
    """A custom field as it is written: of the kind datetime Moodle takes a date and shows seconds since 1970.

    The date is that of the service account's time zone (``edit_save_data_preprocess`` in Moodle's
    user/profile/field/datetime/field.class.php), which is UTC. A time of the day stands behind it as Moodle takes it.
    """
    value = str(field["value"] or "")
    if field.get("type") != "datetime" or not value.lstrip("-").isdecimal():
        return value
    if value == "0":
        return ""
    moment = EPOCH + timedelta(seconds=int(value))
    return f"{moment:%Y-%m-%d}" if moment.time() == time.min else f"{moment:%Y-%m-%d-%H-%M-%S}"


def is_deleted(row: Mapping[str, Any]) -> bool:
    """True for what ``delete_user`` (Moodle's lib/moodlelib.php) leaves: no idnumber, ``email.time`` as username and
    an MD5 as e-mail. Moodle gives no mark of its own."""
    return (
        not row.get("idnumber")
        and bool(_MANGLED_NAME.match(str(row.get("username", ""))))
        and bool(_MANGLED_EMAIL.match(str(row.get("email", ""))))
    )


async def look_up(client: MoodleClient, field: str, values: Sequence[str], *, admin: bool) -> list[Account]:
    """All accounts whose ``field`` is one of ``values``, each once; see ``look_up_rows``."""
    return [account(row, admin=admin) for row in await look_up_rows(client, field, values)]


async def look_up_rows(client: MoodleClient, field: str, values: Sequence[str]) -> list[Mapping[str, Any]]:
    """Accounts as Moodle tells them, each once; 500 values a call, 4 calls at once.

    Usernames are lower-cased. E-mails are compared here without regard to case: asked for as given and in lower
    case, and, for up to 200 that were not found so, searched one by one (Moodle's own look-up minds the case on
    PostgreSQL); up to 25 are searched at once. A value that Moodle finds invalid finds nobody, and does not spoil the
    others.
    """
    emails = {value.lower() for value in values if value} if field == "email" else set[str]()
    wanted = [] if 0 < len(emails) <= FEW_EMAILS else _askable(field, values)
    jobs = [partial(_rows, client, field, chunk) for chunk in chunks(wanted, VALUES_A_CALL)]
    rows: dict[int, Mapping[str, Any]] = {}
    for start in range(0, len(jobs), AT_ONCE):
        for found in await together(jobs[start : start + AT_ONCE]):
            rows |= {int(row["id"]): row for row in found}
    if emails:
        rows |= await _search_emails(client, emails, rows)
    return list(rows.values())


def _askable(field: str, values: Sequence[str]) -> list[str]:
    """The values worth asking for, each once. An empty one would match everybody."""
    kept = [value for value in values if value]
    if field == "username":
        kept = [value.lower() for value in kept]
    elif field == "email":
        kept = [form for value in kept for form in (value, value.lower())]
    elif field == "id":
        kept = [value for value in kept if value.isdecimal()]
    return list(dict.fromkeys(kept))


async def _rows(client: MoodleClient, field: str, values: list[str]) -> list[Mapping[str, Any]]:
    """One look-up; where Moodle refuses a value without saying which, halves of it."""
    try:
        rows: list[Mapping[str, Any]] = await client.call(BY_FIELD, {"field": field, "values": values})
    except BatchRefused:
        if len(values) == 1:
            return []
        middle = len(values) // 2
        return await _rows(client, field, values[:middle]) + await _rows(client, field, values[middle:])
    return rows


async def _search_emails(
    client: MoodleClient, wanted: set[str], found: Mapping[int, Mapping[str, Any]]
) -> dict[int, Mapping[str, Any]]:
    """Accounts whose e-mail differs from a wanted one only in case, by ``core_user_get_users`` (ILIKE)."""
    missed = sorted(wanted - {str(row.get("email", "")).lower() for row in found.values()})
    if len(missed) > SEARCHED_EMAILS:
        return {}
    calls: list[Call] = [("core_user_get_users", {"criteria": [{"key": "email", "value": v}]}) for v in missed]
    size = max(SEARCHES_A_CALL, -(-len(calls) // AT_ONCE))
    asked = await together([partial(client.call_many, chunk) for chunk in chunks(calls, size)])
    hits: dict[int, Mapping[str, Any]] = {}
    for email, answer in zip(missed, [one for answers in asked for one in answers], strict=True):
        if isinstance(answer, BatchRefused):
            continue
        if isinstance(answer, ConnectorError):
            raise answer
        # "_" is a wildcard in the search: keep true equals only.
        hits |= {int(row["id"]): row for row in answer["users"] if str(row.get("email", "")).lower() == email}
    return hits
