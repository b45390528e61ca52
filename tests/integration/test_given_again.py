"""What somebody takes away by hand in Moodle is seen by a full reading, and given again by the plan."""

from __future__ import annotations

import pytest

from connector.domain.errors import HoldClass
from tests.integration.mirrored import Learning, check
from tests.support import House, Seen, assert_whole, row, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]


async def test_what_was_taken_away_by_hand_is_given_again(house: House, moodle: Seen, learning: Learning) -> None:
    """An unenrolment, a cohort member removed: noticed by a full reading, mended by the plan."""
    people = [*rows(3, unit="Field"), row("L1", unit="Lab")]
    await house.settled_in(people)
    await house.mirror()
    cohort, members = next((name, who) for name, who in moodle.cohorts().items() if "E0001" in who)
    learning.act("unenrol", "E0001", "SAFE")
    with house.twin.state.lock:
        found = house.twin.state.cohorts[house.twin.state.cohort_by_idnumber[cohort]]
        found.members.pop(moodle.id("E0002"))
    assert (await house.plan()).size == 0, "nobody has looked yet"
    await house.mirror()
    assert house.does(await house.plan()) == [
        ("add_to_cohort", "E0002", cohort),
        ("enrol", "E0001", "SAFE"),
    ]
    await house.sync()
    assert moodle.cohort(cohort) == members
    await assert_whole(house, moodle, people)
    await house.mirror()
    await assert_whole(house, moodle, people)


async def test_what_is_granted_while_moodle_is_read_is_not_judged_by_it(house: House, learning: Learning) -> None:
    """The reading began before: what it did not see may have come since."""
    people = rows(2, unit="Field")
    await house.settled_in(people)
    await house.mirror()
    learning.act("unenrol", "E0001", "SAFE")
    house.sql("UPDATE connector.ledger SET granted_at = now() + interval '1 day' WHERE target = 'SAFE'")
    await house.mirror()
    assert (await house.plan()).size == 0


async def test_what_many_lose_at_once_waits_for_a_person(house: House, moodle: Seen, learning: Learning) -> None:
    """A report that hides people looks like a course that was emptied: the ledger stays until somebody decides."""
    people = rows(40, unit="Field")
    await house.settled_in(people)
    await house.mirror()
    for one in people[:30]:
        learning.act("unenrol", one["id"], "SAFE")
    with pytest.raises(HoldClass, match="--give-again"):
        await house.mirror()
    check(house, moodle)
    assert (await house.plan()).size == 0
    await house.mirror(give_again=True)
    assert (await house.plan()).size == 30
    await house.sync()
    await assert_whole(house, moodle, people)
