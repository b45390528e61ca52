"""What was sent without an answer: ours where it has happened, and somebody else's where it was there before."""

from __future__ import annotations

from typing import Any

import pytest

from connector.domain.errors import TryAgain
from tests.support import House, Seen, fail, row, rows

pytestmark = pytest.mark.anyio
COHORT, ENROL = "core_cohort_add_cohort_members", "enrol_manual_enrol_users"


def join(house: House, moodle: Seen, who: str, cohort: str = "unit-Field") -> None:
    """An administrator puts somebody into a cohort."""
    state = house.twin.state
    with state.lock:
        state.join(moodle.id(who), state.cohorts[state.cohort_by_idnumber[cohort]])


@pytest.mark.parametrize("function", [ENROL, COHORT])
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


@pytest.mark.parametrize("kind", ["cut_before", "error500"])
async def test_a_lost_answer_does_not_make_a_membership_by_hand_ours(house: House, moodle: Seen, kind: Any) -> None:
    """Moodle says "already there" to the second try: it was so before the first one too, and stays."""
    others = [row("E2", unit="Field"), row("E3")]
    await house.settled_in([row("E1"), *others])
    join(house, moodle, "E1")
    plan = await house.plan([row("E1", unit="Field"), row("E2", unit="Field"), row("E3", unit="Field")])
    fail(house, kind, COHORT)
    await house.apply(plan)
    await house.settled_in([row("E1"), *others])
    assert moodle.cohort("unit-Field") == {"E1", "E2"}
