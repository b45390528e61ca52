"""What an older plan sent without ever getting an answer is looked at as ours by the next plan."""

from __future__ import annotations

import pytest

from connector.domain.errors import TryAgain
from tests.support import House, Seen, fail, row, rows

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("function", ["enrol_manual_enrol_users", "core_cohort_add_cohort_members"])
async def test_a_newer_plan_owns_what_an_older_one_sent_in_doubt(house: House, moodle: Seen, function: str) -> None:
    """Grants that happened although no answer came are ours, even if another plan takes the place of the first."""
    people = rows(20, unit="Field")
    plan = await house.plan(people)
    fail(house, "cut_after", function, times=1000)
    with pytest.raises(TryAgain):
        await house.apply(plan)
    house.twin.faults.clear()
    await house.sync([*people, row("NEW", unit="Field")])
    ledger = house.ledger()
    given = {(who, target) for who, kind, target, ours, _ in ledger if kind in ("enrolment", "cohort") and ours}
    assert {(who, "SAFE") for who in moodle.enrolled("SAFE")} <= given
    assert {(who, cohort) for cohort, members in moodle.cohorts().items() for who in members} <= given
    assert not [entry for entry in ledger if not entry[3]]
    assert (await house.plan()).size == 0
