"""Which reader: reports where they are set up and the token may read them, else plain functions, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from adapters.moodle.readers import setup
from adapters.moodle.readers.plain import PlainReader
from adapters.moodle.readers.reports import ReportsReader
from adapters.moodle.site import MoodleSite
from connector.domain.errors import AccessRefused, Missing, SettingsError
from connector.domain.ports import SiteInfo
from connector.domain.reading import Reader

PREFIX = "connector"
Wanted = Literal["auto", "plain", "reports"]


@dataclass(frozen=True, slots=True)
class Choice:
    """The reader, and sentences: why it is not the better one, or what is left out."""

    reader: Reader
    remarks: tuple[str, ...] = ()


async def choose_reader(site: MoodleSite, wanted: Wanted = "auto", prefix: str = PREFIX) -> Choice:
    """The best reader that this token and this site allow.

    With ``reports`` plain functions are no answer: raises SettingsError or AccessRefused with what is missing.
    """
    info = await site.site_info()
    if wanted == "plain":
        return Choice(PlainReader(site, info))
    try:
        return await _by_reports(site, info, prefix)
    except (SettingsError, AccessRefused, Missing) as error:
        if wanted == "reports":
            raise
        return Choice(PlainReader(site, info), (str(error),))


async def _by_reports(site: MoodleSite, info: SiteInfo, prefix: str) -> Choice:
    looked = await setup.look(site.client, info, prefix)
    if looked.lacking:
        raise AccessRefused(setup.not_callable(looked.lacking))
    if looked.missing:
        raise SettingsError(setup.how_to_make(looked.missing, prefix))
    if looked.faults:
        raise SettingsError(" ".join(looked.faults))
    await setup.speak_english_in_utc(site.client, info)
    return Choice(ReportsReader(site, info, looked.reports()), tuple(looked.notes))
