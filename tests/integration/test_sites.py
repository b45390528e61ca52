"""Two Moodles in one installation: one database, and nothing shared by accident."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.moodle.twin import ServedTwin, serve_twin
from connector.domain.errors import SettingsError
from connector.domain.plan import HoldState
from connector.settings.parts import MoodleSettings
from connector.settings.whole import SiteSettings
from tests.support import House, Seen, make_courses, rows

pytestmark = pytest.mark.anyio


@pytest.fixture
def other_twin() -> Iterator[ServedTwin]:
    with serve_twin("4.5") as served:
        make_courses(served.life)
        yield served


@pytest.fixture
def both(house: House, other_twin: ServedTwin, tmp_path: Path, database_url: str) -> Iterator[tuple[House, House]]:
    """Two sites in one database, each with a mapping of its own."""
    folder = tmp_path / "second"
    folder.mkdir()
    other = House(folder, database_url, other_twin)
    sites = {
        name: SiteSettings(
            moodle=MoodleSettings(url=each.twin.url, token=SecretStr(each.twin.token)), mapping=each.mapping
        )
        for name, each in (("academy", house), ("partners", other))
    }
    for name, each in (("academy", house), ("partners", other)):
        plain = each.settings.model_copy(
            update={"sites": sites, "moodle": MoodleSettings(), "mapping": None, "create_days_ahead": 0}
        )
        each.settings = plain.of(name)
        each.reopen()
    yield house, other
    other.close()


async def test_each_site_has_its_own_people(both: tuple[House, House]) -> None:
    """The same keys in both: accounts, feeds, plans, ledger and cases of one say nothing of the other."""
    academy, partners = both
    first, second = Seen(academy.twin.state), Seen(partners.twin.state)
    await academy.settled_in(rows(3))
    with pytest.raises(SettingsError, match="No feed of hr"):
        await partners.plan()
    await partners.settled_in(rows(2, first="Other"))
    assert (first.people(), second.people()) == (["E0001", "E0002", "E0003"], ["E0001", "E0002"])
    assert first.fields("E0001", "firstname") == ("FirstE0001",)
    assert second.fields("E0001", "firstname") == ("Other",)
    assert (await academy.plan()).size == (await partners.plan()).size == 0
    found = academy.sql("SELECT site, count(*) FROM connector.person GROUP BY site ORDER BY site")
    assert [(one["site"], one["count"]) for one in found] == [("academy", 3), ("partners", 2)]


async def test_who_leaves_one_site_stays_in_the_other(both: tuple[House, House]) -> None:
    """A leaver of one, and what is approved for one, is nothing to the other."""
    academy, partners = both
    for each in both:
        await each.settled_in(rows(40))
    plan = await academy.plan([*rows(20, status="left"), *rows(40)[20:]])
    assert [hold.count for hold in plan.holds if hold.guard == "suspend"] == [20]
    assert partners.connector.plans.holds() == []
    assert partners.decide(plan, HoldState.APPROVED) == []
    academy.decide(plan, HoldState.APPROVED)
    await academy.apply(plan)
    assert (await partners.plan()).size == 0
    assert not Seen(partners.twin.state).suspended("E0001")
    assert Seen(academy.twin.state).suspended("E0001")


async def test_two_sites_never_share_their_facts(both: tuple[House, House]) -> None:
    """Who may read the reports of one would read the other's: it is refused until each has a database."""
    academy, _ = both
    await academy.settled_in(rows(1))
    with pytest.raises(SettingsError, match=r"sites.academy.reporting.url: name a database"):
        await academy.mirror()
