"""Reports tell times in the language and time zone of who reads them: the service account reads in English and UTC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.moodle.accounts import BY_FIELD
from adapters.moodle.client import Call, MoodleClient
from adapters.moodle.errors import foreseen
from adapters.moodle.readers.builder import values_of
from adapters.moodle.site import ENGLISH_IN_UTC
from connector.domain.errors import AccessRefused, SettingsError
from connector.domain.ports import SiteInfo

TIMESTAMPS = "core_calendar_get_timestamps"
UPDATE_USERS = "core_user_update_users"

NOON = {"data": [{"key": "noon", "year": 2026, "month": 7, "day": 15, "hour": 12, "minute": 0}]}
NOON_IN_UTC = 1_784_116_800
"""In July most zones that are UTC in winter are not."""


async def speak_english_in_utc(client: MoodleClient, info: SiteInfo) -> None:
    """Make Moodle write for this token in English and UTC; its own account is changed where it differs.

    One request where nothing is to be done. Raises SettingsError where the site forces another time zone upon
    everybody: times could not be read.
    """
    own: Call = (BY_FIELD, {"field": "id", "values": [str(info.user_id)]})
    rows, times = values_of(await client.call_many([own, (TIMESTAMPS, NOON)]))
    with foreseen(BY_FIELD):
        told = [(row.get("lang"), row.get("timezone")) for row in rows]
    if told != [ENGLISH_IN_UTC]:
        account = {"id": info.user_id, "lang": "en", "timezone": "UTC"}
        answer = await client.call(UPDATE_USERS, {"users": [account]})
        if answer and answer.get("warnings"):
            raise AccessRefused("Set language English and time zone UTC in Moodle for the service account by hand.")
        times = await client.call(TIMESTAMPS, NOON)
    _check_noon(times)


def _check_noon(times: Mapping[str, Any]) -> None:
    with foreseen(TIMESTAMPS):
        noon = int(times["timestamps"][0]["timestamp"])
    if noon != NOON_IN_UTC:
        raise SettingsError(
            "Moodle writes times for the service account in another time zone than UTC: set Site administration, "
            'Location, "Force timezone" to "Users can choose their own timezone".'
        )
