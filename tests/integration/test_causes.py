"""Why a grade ended: a deletion is told only where Moodle deleted something."""

from __future__ import annotations

import pytest

from connector.store.migrate import downgrade, upgrade
from connector.store.revision import REPORTING
from tests.support import House, Seen, row

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(house: House) -> House:
    """E1 has a grade in one course. One Moodle is read by plain functions, the other by reports."""
    if house.twin.state.version.family != "4.5":
        await house.make_reports()
    await house.settled_in([row("E1", unit="Field"), row("E2", unit="Field")])
    house.twin.life.grade("e1", "SAFE", 80)
    await house.mirror()
    assert causes(house) == [None]
    return house


def causes(house: House) -> list[str | None]:
    return [one["ended_by"] for one in house.sql("SELECT ended_by FROM facts.fact_grade ORDER BY valid_from")]


def told(house: House) -> list[str]:
    """Causes in the view that is the contract with those who report."""
    found = house.sql("SELECT cause FROM reporting.grade_changes ORDER BY observed_at")
    return [one["cause"] for one in found]


def unbind(house: House, who: str) -> None:
    """The person is known, and has no account any more."""
    [person] = house.sql("SELECT person_id FROM connector.person WHERE key = %s", who)
    house.connector.plans.unbind([person["person_id"]], house.clock())


async def test_an_account_that_is_nobodys_any_more_was_not_deleted(house: House, moodle: Seen) -> None:
    """Moodle still has it, and the grade: only nobody managed has it."""
    unbind(house, "E1")
    await house.mirror()
    assert causes(house) == ["unbinding"]
    assert told(house) == ["first", "unbinding"]


async def test_an_account_that_was_out_of_sight_for_a_while_was_not_deleted(house: House, moodle: Seen) -> None:
    """It was taken for lost and given up, and then Moodle shows it in its course again."""
    house.connector.way_back(None).book.mark_lost([moodle.id("E1")], house.clock())  # type: ignore[arg-type]
    unbind(house, "E1")
    await house.mirror()
    assert causes(house) == ["unbinding"]


async def test_a_deleted_account_is_a_deletion(house: House, moodle: Seen) -> None:
    """As soon as it is read, while the person's case still waits."""
    house.twin.life.delete_user("e1")
    await house.mirror()
    assert causes(house) == ["deletion"]


async def test_a_deleted_account_is_a_deletion_after_the_case_is_settled_too(house: House, moodle: Seen) -> None:
    """The person has another account when the reading comes."""
    house.twin.life.delete_user("e1")
    people = [row("E1", unit="Field", city="Hanoi"), row("E2", unit="Field")]
    await house.sync(people)
    house.settle("account_gone", "E1", create=True)
    await house.settled_in(people)
    await house.mirror()
    assert causes(house) == ["deletion"]


async def test_a_deleted_course_is_a_deletion(house: House, moodle: Seen) -> None:
    """Whatever became of the account."""
    house.twin.life.delete_course("SAFE")
    unbind(house, "E1")
    await house.mirror()
    assert causes(house) == ["deletion"]


async def test_an_unenrolment_stays_one(house: House, moodle: Seen) -> None:
    """With its enrolment Moodle takes the grade; the account is there and the person's."""
    house.twin.life.unenrol("e1", "SAFE")
    await house.mirror()
    assert causes(house) == ["unenrolment"]


async def test_the_cause_survives_the_way_back_to_an_older_version(
    house: House, moodle: Seen, database_url: str
) -> None:
    """Which knows deletions only, and nothing of the history is lost."""
    unbind(house, "E1")
    await house.mirror()
    downgrade(database_url, "0001", REPORTING)
    assert causes(house) == ["deletion"]
    upgrade(database_url, REPORTING)
    assert causes(house) == ["deletion"]
