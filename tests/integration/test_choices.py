"""How Moodle is best read is found out once, and looked at again when there is a reason."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.moodle.readers import builder, setup
from adapters.moodle.readers.kinds import PEOPLE
from connector.cli import mirror as commands
from connector.domain.errors import SettingsError
from connector.domain.facts import Extent
from tests.support import House, Seen, rows

LOOKS = {builder.LIST, setup.GET}
"""What is asked to find out, and never to read."""


class Calls:
    """Names of the functions that were called since the last look."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def called(self, function: str, _seconds: float, _outcome: str) -> None:
        self.names.append(function)

    def looked(self) -> bool:
        found = not LOOKS.isdisjoint(self.names)
        self.names.clear()
        return found


@pytest.fixture
def calls() -> Iterator[Calls]:
    yield Calls()


async def read(house: House, calls: Calls, extent: Extent = Extent.CHANGES) -> str:
    """Mirror as a new process; gives the name of the reader."""
    house.reopen()
    house.connector.observer = calls
    async with house.connector.mirroring(extent) as mirror:
        await mirror.read(extent)
        return mirror.reader.name


async def unchanged(house: House, calls: Calls) -> None:
    """The way in as a new process, with nothing to do."""
    house.reopen()
    house.connector.observer = calls
    async with house.connector.entering() as way:
        assert not (await way.plan()).size


@pytest.mark.anyio
async def test_found_out_once_a_day(house: House, calls: Calls) -> None:
    """Processes that follow each other look at the reports once a day, the way in and the way back together."""
    await house.make_reports()
    await house.sync(rows(3))
    await read(house, calls, Extent.EVERYTHING)
    assert calls.looked()
    house.clock.forward(hours=1)
    assert await read(house, calls) == "reports"
    await unchanged(house, calls)
    assert not calls.looked()
    house.clock.forward(days=1)
    await unchanged(house, calls)
    assert calls.looked()


@pytest.mark.anyio
async def test_an_unchanged_day_asks_little(house: House, calls: Calls) -> None:
    """Who knows how to read, and finds that nobody changed, asks four times."""
    await house.make_reports()
    await house.sync(rows(3))
    await read(house, calls, Extent.EVERYTHING)
    house.clock.forward(hours=1)
    await unchanged(house, calls)
    calls.names.clear()
    await unchanged(house, calls)
    assert len(calls.names) <= 4, calls.names


@pytest.mark.anyio
async def test_everything_is_read_by_reports_that_were_looked_at(house: House, calls: Calls) -> None:
    """Who reads everything looks first: a condition that somebody added since would hide people."""
    await house.make_reports()
    await read(house, calls, Extent.EVERYTHING)
    assert calls.looked()
    await read(house, calls, Extent.EVERYTHING)
    assert calls.looked()


@pytest.mark.anyio
async def test_a_changed_report_ends_it(house: House, calls: Calls) -> None:
    """A report with other columns is told, and looked at by the next process."""
    await house.make_reports()
    await house.sync(rows(3))
    await read(house, calls, Extent.EVERYTHING)
    with house.twin.state.lock:
        [people] = [one for one in house.twin.state.reports.values() if one.name == PEOPLE.name("connector")]
        people.columns.pop(0)
    calls.names.clear()
    with pytest.raises(SettingsError, match="doctor --fix"):
        await read(house, calls)
    assert not calls.looked()
    assert await read(house, calls) == "plain"
    assert calls.looked()


@pytest.mark.anyio
async def test_another_setting_is_another_choice(house: House, calls: Calls) -> None:
    """What was found by one setting does not answer for another."""
    await house.make_reports()
    await read(house, calls, Extent.EVERYTHING)
    house.settings.moodle.reader = "plain"
    assert await read(house, calls) == "plain"
    house.settings.moodle.reader = "reports"
    assert await read(house, calls) == "reports"


@pytest.mark.anyio
async def test_another_version_looks_anew(house: House, calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that reads other columns does not believe what an older one found."""
    await house.make_reports()
    await read(house, calls, Extent.EVERYTHING)
    calls.names.clear()
    monkeypatch.setattr("adapters.moodle.readers.choose.KINDS_DIGEST", "newer")
    assert await read(house, calls) == "reports"
    assert calls.looked()


@pytest.mark.anyio
async def test_reports_made_since_are_used_at_once(house: House, calls: Calls) -> None:
    """Who has been told that plain functions are slow and sets reports up does not wait for them."""
    assert await read(house, calls) == "plain"
    await house.make_reports()
    assert await read(house, calls) == "reports"


@pytest.mark.anyio
async def test_another_account_looks_anew(house: House, calls: Calls) -> None:
    """What was found by one service account says nothing of another, which may speak another language."""
    await house.make_reports()
    await read(house, calls, Extent.EVERYTHING)
    house.sql("UPDATE connector.reading_choice SET told = jsonb_set(told, '{account}', '12345')")
    calls.names.clear()
    assert await read(house, calls) == "reports"
    assert calls.looked()


@pytest.mark.anyio
async def test_a_changed_time_zone_is_put_right_at_once(house: House, calls: Calls, moodle: Seen) -> None:
    """Who changes the service account's zone in Moodle does not shift the times of what is learned that day."""
    await house.make_reports()
    await read(house, calls, Extent.EVERYTHING)
    async with house.connector.moodle() as site:
        own = (await site.site_info()).user_id
    with moodle.state.lock:
        moodle.state.users[own].fields["timezone"] = "Asia/Taipei"
    calls.names.clear()
    assert await read(house, calls) == "reports"
    assert calls.looked()
    with moodle.state.lock:
        assert moodle.state.users[own].fields["timezone"] == "UTC"


@pytest.mark.anyio
async def test_the_commands_look_before_they_read_everything(house: House, calls: Calls) -> None:
    """``reconcile`` from the command line believes no choice of yesterday, ``mirror`` does once all was read."""
    await house.make_reports()
    for extent, looks in ((Extent.CHANGES, True), (Extent.CHANGES, False), (Extent.EVERYTHING, True)):
        house.reopen()
        house.connector.observer = calls
        await commands.read(house.connector, extent)
        assert calls.looked() is looks
