"""Which reader: by our plugin where the token may, else by reports where they are set up, else by plain functions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Literal

from adapters.moodle.readers import datasets, outbox, raw, raw_details, setup
from adapters.moodle.readers.builder import Report
from adapters.moodle.readers.kinds import KINDS
from adapters.moodle.readers.language import speak_english_in_utc
from adapters.moodle.readers.plain import PlainReader
from adapters.moodle.readers.plugin import PluginReader
from adapters.moodle.readers.reports import ReportsReader
from adapters.moodle.site import MoodleSite
from connector.domain.details import Detail
from connector.domain.errors import AccessRefused, Missing, SettingsError
from connector.domain.ports import SiteInfo
from connector.domain.reading import Reader

PREFIX = "connector"
KINDS_DIGEST = sha256(repr((KINDS, raw.NEEDED, raw.ISSUES, raw_details.DETAILS, outbox.ENTRIES)).encode()).hexdigest()[
    :16
]
"""Changes with what is read."""
Wanted = Literal["auto", "plain", "reports", "plugin"]
ISSUES = {kind.source: kind for kind in raw.ISSUES}


@dataclass(frozen=True, slots=True)
class Choice:
    """What was found out about a site. ``remarks`` are sentences: why not in a better way, or what is left out.

    ``reports`` has the reports by the key of their kind; none where they are not read. ``issues`` are sources of
    certificates that the plugin reads; None where it does not read. ``outbox``: whether its outbox may be read;
    ``details`` is what it tells beyond courses. It
    holds until somebody changes the reports, or what the token may, so that it may be kept: ``told`` and ``retold``.
    """

    info: SiteInfo
    reports: Mapping[str, Report] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    issues: tuple[str, ...] | None = None
    outbox: bool = False
    details: tuple[Detail, ...] = ()

    @property
    def way(self) -> str:
        """The name of the reader."""
        if self.issues is not None:
            return PluginReader.name
        return ReportsReader.name if self.reports else PlainReader.name

    def reader(self, site: MoodleSite) -> Reader:
        """A reader for one connection."""
        if self.issues is not None:
            issues = [ISSUES[source] for source in self.issues]
            return PluginReader(site, issues, self.details, outbox=self.outbox)
        return ReportsReader(site, self.info, self.reports) if self.reports else PlainReader(site, self.info)

    def told(self) -> dict[str, Any]:
        """What ``retold`` makes a choice of again, as JSON has it."""
        found = [
            {"kind": key, "id": report.id, "name": report.name, "width": report.width, "rows": report.rows}
            for key, report in self.reports.items()
        ]
        about = {"kinds": KINDS_DIGEST, "account": self.info.user_id, "release": self.info.release}
        how = {"issues": self.issues, "outbox": self.outbox, "details": self.details, "remarks": list(self.remarks)}
        return {**about, "reports": found, **how}


def retold(info: SiteInfo, told: Mapping[str, Any]) -> Choice | None:
    """The choice that was told; None where it was found by another account, of another release of Moodle, or by a
    version of this product that reads other reports or datasets, or other columns of them."""
    if (told["kinds"], told["account"], told["release"]) != (KINDS_DIGEST, info.user_id, info.release):
        return None
    kinds = {kind.key: kind for kind in KINDS}
    reports = {
        row["kind"]: Report(kinds[row["kind"]], row["id"], row["name"], row["width"], row["rows"])
        for row in told["reports"]
    }
    issues = None if told["issues"] is None else tuple(told["issues"])
    details = tuple(map(Detail, told["details"]))
    return Choice(info, reports, tuple(told["remarks"]), issues, told["outbox"], details)


async def choose(
    site: MoodleSite, wanted: Wanted = "auto", prefix: str = PREFIX, *, activities: bool = True
) -> Choice:
    """Find out how this token can best read this site; without ``activities`` only courses are told of.

    Where one way is wanted no other is an answer: raises SettingsError or AccessRefused with what is missing.
    """
    info = await site.site_info()
    ways: dict[str, Callable[[], Awaitable[Choice]]] = {
        PluginReader.name: lambda: _by_plugin(site, info, activities=activities),
        ReportsReader.name: lambda: _by_reports(site, info, prefix),
    }
    why_not: tuple[str, ...] = ()
    for name, way in ways.items():
        if wanted in (name, "auto"):
            try:
                found = await way()
                return replace(found, remarks=(*found.remarks, *why_not))
            except (SettingsError, AccessRefused, Missing) as error:
                if wanted == name:
                    raise
                why_not = (str(error), *why_not)  # the way that comes next in reach is told first
    return Choice(info, remarks=why_not)


async def choose_reader(site: MoodleSite, wanted: Wanted = "auto", prefix: str = PREFIX) -> Reader:
    """The best reader that this token and this site allow; see ``choose``."""
    return (await choose(site, wanted, prefix)).reader(site)


async def set_up_reports(site: MoodleSite, prefix: str = PREFIX) -> list[str]:
    """Put the reports right that an administrator has made; gives what was done. See ``setup.set_up``."""
    return await setup.set_up(site.client, await site.site_info(), prefix)


async def profile_fields(site: MoodleSite, prefix: str = PREFIX) -> frozenset[str] | None:
    """The custom profile fields of the site, in lower case; None where neither plugin nor report tells."""
    info = await site.site_info()
    with suppress(SettingsError, AccessRefused, Missing):  # why it cannot be read is told by ``choose``
        await _by_plugin(site, info, activities=False)
        fields = await datasets.each(site.client, datasets.Asked(raw.PROFILE_FIELDS))
        return frozenset(str(name).lower() for _, name, _ in fields)
    with suppress(SettingsError, AccessRefused, Missing):
        return (await setup.look(site.client, info, prefix)).profile_fields
    return None


async def _by_plugin(site: MoodleSite, info: SiteInfo, *, activities: bool) -> Choice:
    if not {datasets.LIST, datasets.READ} <= info.functions:
        raise AccessRefused(
            "The plugin local_connector, by which Moodle is read fastest, is not installed there, or the token is not "
            "one of its service: `moodle-connector moodle plugin` writes it."
        )
    there = await datasets.listed(site.client)
    for dataset in raw.NEEDED:
        if dataset.name not in there or not there[dataset.name]["columns"].issuperset(dataset.columns):
            raise SettingsError(
                f'Moodle\'s plugin local_connector is of another version: it has no dataset "{dataset.name}" with all '
                "columns that are read. `moodle-connector moodle plugin` writes the one that fits."
            )
    if lacking := sorted({one for dataset in raw.NEEDED for one in there[dataset.name]["lacking"]}):
        raise AccessRefused(
            f"Moodle cannot be read by the plugin local_connector: the role of the service account lacks "
            f"{', '.join(lacking)}. Run cli/setup.php of the plugin again, or allow it."
        )
    readable, remarks = [], []
    for kind in raw.ISSUES:
        names = [one.name for one in (kind.issues, kind.templates) if one.name in there]
        missing = sorted({one for name in names for one in there[name]["lacking"]})
        if missing:
            remarks.append(f"No {kind.source} is read: the role of the service account lacks {', '.join(missing)}.")
        elif len(names) == 2:
            readable.append(kind.source)
    details = []
    for detail, needed in raw_details.DETAILS.items():
        if not activities and detail is not Detail.ARCHIVES:
            continue
        old = any(one.name not in there or not there[one.name]["columns"].issuperset(one.columns) for one in needed)
        missing = sorted({one for dataset in needed if not old for one in there[dataset.name]["lacking"]})
        if missing:
            what = detail.value.replace("_", " ")
            remarks.append(f"No {what} is read: the role of the service account lacks {', '.join(missing)}.")
        elif not old:
            details.append(detail)
    hears = await _hears(site, info)
    if not hears:
        remarks.append(
            "Increments do not see what ends: the token may not read the plugin's outbox. Run its cli/setup.php "
            "again, or allow local/connector:outbox and put its functions into the service."
        )
    return Choice(info, remarks=tuple(remarks), issues=tuple(readable), outbox=hears, details=tuple(details))


async def _hears(site: MoodleSite, info: SiteInfo) -> bool:
    """Whether what Moodle tells may be read and forgotten."""
    if not {outbox.OUTBOX, outbox.FORGET} <= info.functions:
        return False
    try:
        await site.client.call(outbox.OUTBOX, {"limit": 1}, reading=True)
    except AccessRefused:
        return False
    return True


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
