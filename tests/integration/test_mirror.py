"""The way back: a reading brings what is new of those who are managed, or nothing at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from adapters.moodle.site import MoodleSite
from connector.domain.errors import AccessRefused, StorageError, TryAgain
from connector.domain.facts import Extent
from connector.domain.reading import Page, ReadEnrolment
from tests.integration.mirrored import Learning, check, history, no_overlaps
from tests.support import House, Seen, fail, moodle_client, row, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]


async def test_a_second_look_at_the_same_changes_nothing(house: House, learning: Learning) -> None:
    """No new versions where nothing is new; the counts say so."""
    await house.settled_in(rows(3, unit="Field"))
    learning.act("complete", "E0001", "SAFE")
    learning.act("grade", "E0001", "SAFE", 80)
    first = {one.fact: (one.rows, one.begun, one.ended) for one in await house.mirror()}
    assert first == {
        "people": (3, 3, 0), "units": (1, 1, 0), "courses": (3, 3, 0), "enrolments": (6, 6, 0),
        "completions": (6, 6, 0), "grades": (1, 1, 0), "certificates": (0, 0, 0), "assignments": (3, 3, 0),
        "activities": (0, 0, 0), "grade_items": (1, 1, 0), "activity_completions": (0, 0, 0), "item_grades": (0, 0, 0),
        "grade_history": (1, 1, 0),
    }  # fmt: skip
    before = history(house)
    again = await house.mirror()
    assert {(one.begun, one.ended) for one in again} == {(0, 0)}
    assert history(house) == before


async def test_each_total_has_a_range_of_its_own(house: House, learning: Learning) -> None:
    """Where it adds up what was graded. Grades of which none was told get it without a new version; as many points of
    more are another grade, and no change of points; and a second look at the same changes nothing."""

    def told() -> list[tuple[object, ...]]:
        found = house.sql(
            "SELECT value, minimum, maximum, valid_to = 'infinity' AS holds FROM facts.fact_grade "
            "ORDER BY moodle_id, valid_from"
        )
        return [tuple(one.values()) for one in found]

    await house.settled_in(rows(2, unit="Field"))
    learning.life.grade("e0001", "SAFE", 90, 1_700_000_000, most=600)
    learning.life.grade("e0002", "SAFE", 680, 1_700_000_000, most=800)
    await house.mirror()
    assert told() == [(90, 0, 600, True), (680, 0, 800, True)]
    house.sql("UPDATE facts.fact_grade SET minimum = NULL, maximum = NULL RETURNING 1")
    [grades] = [one for one in await house.mirror() if one.fact == "grades"]
    assert (grades.begun, grades.ended) == (0, 0)
    assert told() == [(90, 0, 600, True), (680, 0, 800, True)]
    learning.life.grade("e0001", "SAFE", 90, 1_700_000_000, most=700)
    for moved in (1, 0):
        loaded = {one.fact: (one.begun, one.ended) for one in await house.mirror()}
        assert (loaded["grades"], loaded["grade_history"]) == ((moved, moved), (0, 0))
    assert told() == [(90, 0, 600, False), (90, 0, 700, True), (680, 0, 800, True)]
    [overview] = house.sql("SELECT average_score, graded FROM facts.summary_overview WHERE unit = ''")
    assert (overview["average_score"], overview["graded"]) == (pytest.approx((90 / 7 + 85) / 2), 2)


async def test_a_grade_that_was_given_again_is_another(house: House, learning: Learning) -> None:
    """At another time, though as many points: the range that it brings is not that of the one before."""
    await house.settled_in(rows(1, unit="Field"))
    learning.life.grade("e0001", "SAFE", 90, 1_700_000_000, most=600)
    await house.mirror()
    house.sql("UPDATE facts.fact_grade SET minimum = NULL, maximum = NULL RETURNING 1")
    learning.life.grade("e0001", "SAFE", 90, 1_700_000_001, most=700)
    await house.mirror()
    found = house.sql("SELECT maximum FROM facts.fact_grade ORDER BY valid_from")
    assert [one["maximum"] for one in found] == [None, 700]


async def test_only_managed_people_are_in_the_facts(house: House, moodle: Seen, learning: Learning) -> None:
    """Somebody who was enrolled by hand and is in no feed does not appear."""
    await house.settled_in(rows(1, unit="Field"))
    moodle.add("stranger", idnumber="S1")
    learning.act("enrol", "S1", "SAFE")
    learning.life.grade("stranger", "SAFE", 90)
    await house.mirror()
    stranger = moodle.id("S1")
    for table in ("fact_enrolment", "fact_completion", "fact_grade"):
        assert house.sql(f"SELECT FROM facts.{table} WHERE moodle_id = %s", stranger) == []


async def test_an_empty_company_is_mirrored_too(house: House) -> None:
    """Before the first apply there is nothing to read, which is no error."""
    assert {one.rows for one in await house.mirror() if one.fact != "courses"} == {0}


@pytest.mark.parametrize("where", ["core_enrol_get_enrolled_users", "gradereport_user_get_grade_items", "killed"])
async def test_a_reading_that_breaks_off_leaves_the_facts_as_they_were(
    house: House, moodle: Seen, learning: Learning, where: str
) -> None:
    """Moodle goes away in the middle, or the process does: nothing of it shows, and the next one puts it right."""
    await house.settled_in(rows(3, unit="Field"))
    await house.mirror()
    for who in ("E0001", "E0002"):
        learning.act("complete", who, "SAFE")
        learning.act("grade", who, "FIRE", 66)
    learning.act("unenrol", "E0003", "SAFE")
    before = history(house)
    if where == "killed":
        facts = house.connector.way_back(None).facts  # type: ignore[arg-type]
        load = facts.start(Extent.EVERYTHING, "plain", house.clock())
        facts.land(load, Page(enrolments=[ReadEnrolment(4, 2, True)]))
    else:
        fail(house, "error500", where, times=50)
        with pytest.raises(TryAgain):
            await house.mirror()
    assert history(house) == before
    house.twin.faults.clear()
    await house.mirror()
    check(house, moodle)
    no_overlaps(house)
    runs = house.sql("SELECT status, detail FROM facts.load ORDER BY load_id")
    assert [one["status"] for one in runs] == ["done", "stopped", "done"]
    assert runs[1]["detail"]
    assert house.sql("SELECT FROM facts.landing_enrolment") == []


async def test_a_revoked_token_ends_the_reading(house: House) -> None:
    """A person must act; the facts stay."""
    await house.settled_in(rows(2, unit="Field"))
    await house.mirror()
    before = history(house)
    fail(house, "revoked", "core_user_get_users_by_field", times=50)
    with pytest.raises(AccessRefused):
        await house.mirror()
    assert history(house) == before


async def test_visits_are_told_without_reading_everybody(house: House, learning: Learning) -> None:
    """A visit does not change an account; the reports tell who was there since the last look, in the same request."""
    await house.settled_in(rows(3, unit="Field"))
    await house.make_reports()
    await house.mirror()
    house.clock.forward(hours=2)
    learning.life.access("e0002", at=int(house.clock.now.timestamp()))
    before = house.twin.state.calls["tool_mobile_call_external_functions"]
    await house.mirror(Extent.CHANGES)
    assert house.twin.state.calls["tool_mobile_call_external_functions"] - before == 2
    found = house.sql("SELECT hr_key FROM reporting.people WHERE accessed_at > now()")
    assert found == [{"hr_key": "E0002"}]


async def test_what_is_new_is_read_from_before_the_last_reading(house: House, learning: Learning) -> None:
    """Moodle's cron writes times of the past; still the reports and the doctor tell when Moodle was read."""
    await house.settled_in(rows(2, unit="Field"))
    await house.make_reports()
    for extent in Extent:
        began = house.clock.now
        await house.mirror(extent)
        hops = {row["hop"]: row["reached_at"] for row in house.connector.reports.freshness()}
        assert began < hops["changes"] < house.clock.now
        assert house.connector.accounts.read_until() == pytest.approx(began, abs=timedelta(seconds=1))
        house.clock.forward(hours=1)
    learning.life.access("e0002", at=int((hops["changes"] - timedelta(minutes=10)).timestamp()))
    await house.mirror(Extent.CHANGES)
    found = house.sql("SELECT hr_key FROM reporting.people WHERE accessed_at IS NOT NULL")
    assert found == [{"hr_key": "E0002"}]


async def test_a_run_without_changes_is_no_news_for_the_facts(house: House) -> None:
    """People and sums are reckoned anew only where HR, the ledger or Moodle said something."""
    await house.settled_in(rows(2, unit="Field"))
    await house.mirror()
    staff = house.connector.way_back(None).staff  # type: ignore[arg-type]
    before = staff.basis(house.clock.now)
    await house.sync()
    assert staff.basis(house.clock.now) == before
    await house.sync([*rows(2, unit="Field"), row("E9")])
    assert staff.basis(house.clock.now) != before


async def test_readers_and_merges_do_not_wait_for_each_other(house: House, learning: Learning) -> None:
    """Somebody who has all views open, and does not end, sees what was there; and a merge beside it comes to its end,
    in a month of which nothing was kept yet too."""
    await house.settled_in(rows(2, unit="Field"))
    await house.mirror()
    views = house.connector.views.names()
    address = house.settings.database_url.get_secret_value()
    with psycopg.connect(address, autocommit=True) as owner:
        owner.execute(f"ALTER DATABASE {owner.info.dbname} SET lock_timeout = '10s'".encode())
    house.reopen()
    with psycopg.connect(address) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

        def seen() -> dict[str, int]:
            return {view: len(reader.execute(f"SELECT * FROM reporting.{view}".encode()).fetchall()) for view in views}

        before = seen()
        learning.act("complete", "E0001", "SAFE")
        learning.act("unenrol", "E0002", "SAFE")
        house.clock.forward(days=40)
        await house.mirror(Extent.CHANGES)
        await house.mirror(Extent.EVERYTHING)
        reader.execute("SET statement_timeout = '20s'")
        assert seen() == before


async def test_pages_that_cannot_be_told_hold_nothing_up(house: House, moodle: Seen, learning: Learning) -> None:
    """What was taken away in Moodle is known to be gone all the same, and the reading is done."""
    await house.settled_in(rows(2, unit="Field"))
    await house.mirror()
    learning.act("unenrol", "E0001", "SAFE")
    told: list[object] = []

    def broken(people: object) -> None:
        told.append(people)
        raise StorageError("away")

    async with moodle_client(house.twin.url, house.settings.moodle_token()) as client:
        way = house.connector.way_back(await house.connector.reader(MoodleSite(client)))
        await replace(way, tell=broken).read(Extent.EVERYTHING)
    assert len(told) == 1
    assert house.sql("SELECT FROM connector.ledger WHERE lost") != []
