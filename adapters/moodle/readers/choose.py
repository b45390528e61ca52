"""Which reader: reports where they are set up and the token may read them, else plain functions, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

from adapters.moodle.readers import setup
from adapters.moodle.readers.builder import Report
from adapters.moodle.readers.kinds import KINDS
from adapters.moodle.readers.language import speak_english_in_utc
from adapters.moodle.readers.plain import PlainReader
from adapters.moodle.readers.reports import ReportsReader
from adapters.moodle.site import MoodleSite
from connector.domain.errors import AccessRefused, Missing, SettingsError
from connector.domain.ports import SiteInfo
from connector.domain.reading import Reader

PREFIX = "connector"
KINDS_DIGEST = sha256(repr(KINDS).encode()).hexdigest()[:16]
"""Changes with what is read."""
Wanted = Literal["auto", "plain", "reports"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What was found out about a site. ``remarks`` are sentences: why not by reports, or what they leave out.

    ``reports`` has the reports by the key of their kind; none where plain functions read. It holds until somebody
    changes the reports, so that it may be kept: ``told`` and ``retold``.
    """

    info: SiteInfo
    reports: Mapping[str, Report] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def reader(self, site: MoodleSite) -> Reader:
        """A reader for one connection."""
        return ReportsReader(site, self.info, self.reports) if self.reports else PlainReader(site, self.info)

    def told(self) -> dict[str, Any]:
        """What ``retold`` makes a choice of again, as JSON has it."""
        found = [
            {"kind": key, "id": report.id, "name": report.name, "width": report.width, "rows": report.rows}
            for key, report in self.reports.items()
        ]
        about = {"kinds": KINDS_DIGEST, "account": self.info.user_id, "release": self.info.release}
        return {**about, "reports": found, "remarks": list(self.remarks)}


def retold(info: SiteInfo, told: Mapping[str, Any]) -> Choice | None:
    """The choice that was told; None where it was found by another account, of another release of Moodle, or by a
    version of this product that reads other reports or other columns of them."""
    if (told["kinds"], told["account"], told["release"]) != (KINDS_DIGEST, info.user_id, info.release):
        return None
    kinds = {kind.key: kind for kind in KINDS}
    reports = {
        row["kind"]: Report(kinds[row["kind"]], row["id"], row["name"], row["width"], row["rows"])
        for row in told["reports"]
    }
    return Choice(info, reports, tuple(told["remarks"]))


async def choose(site: MoodleSite, wanted: Wanted = "auto", prefix: str = PREFIX) -> Choice:
    """Find out how this token can best read this site.

    With ``reports`` plain functions are no answer: raises SettingsError or AccessRefused with what is missing.
    """
    info = await site.site_info()
    if wanted == "plain":
        return Choice(info)
    try:
        return await _by_reports(site, info, prefix)
    except (SettingsError, AccessRefused, Missing) as error:
        if wanted == "reports":
            raise
        return Choice(info, remarks=(str(error),))


async def choose_reader(site: MoodleSite, wanted: Wanted = "auto", prefix: str = PREFIX) -> Reader:
    """The best reader that this token and this site allow; see ``choose``."""
    return (await choose(site, wanted, prefix)).reader(site)


async def set_up_reports(site: MoodleSite, prefix: str = PREFIX) -> list[str]:
    """Put the reports right that an administrator has made; gives what was done. See ``setup.set_up``."""
    return await setup.set_up(site.client, await site.site_info(), prefix)


async def profile_fields(site: MoodleSite, prefix: str = PREFIX) -> frozenset[str] | None:
    """The custom profile fields of the site, in lower case; None where no report tells. See ``setup.Looked``."""
    try:
        return (await setup.look(site.client, await site.site_info(), prefix)).profile_fields
    except (SettingsError, AccessRefused, Missing):  # why the reports cannot be read is told by ``choose``
        return None


async def _by_reports(site: MoodleSite, info: SiteInfo, prefix: str) -> Choice:
    looked = await setup.look(site.client, info, prefix)
    if looked.lacking:
        raise AccessRefused(setup.not_callable(looked.lacking))
    if looked.missing:
        raise SettingsError(setup.how_to_make(looked.missing, prefix))
    if looked.faults:
        raise SettingsError(" ".join(looked.faults))
    await speak_english_in_utc(site.client, info)
    return Choice(info, looked.reports(), tuple(looked.notes))
