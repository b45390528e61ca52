"""Of the few of whom something may differ grants are compared one by one: with all of them it comes to the same."""

from __future__ import annotations

import pytest

from connector.domain.decisions import DecisionKind
from connector.domain.plan import Action
from connector.store import plans
from connector.sync.deciding import Decider
from tests.support import House, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
HR = Decider("anna", hr=True)
EVERYBODY, NOBODY = 1.0, -1.0


async def test_it_makes_no_difference_who_is_left_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Movers, leavers, newcomers, a waiver, an assignment, a changed rule, a lost grant, days that went by."""
    people = [
        row(f"E{n}", unit=("Field", "Lab", "Office")[n % 3], job="trainer" if n % 5 == 0 else "") for n in range(24)
    ]
    await house.settled_in(people)
    assert (await house.plan(people)).size == 0
    people[1]["unit"], people[2]["job"], people[3]["status"] = "Field", "director", "left"
    people[4]["last"] = "Other"
    house.connector.deciding.decide(DecisionKind.WAIVE, "E6", "SAFETY-14", HR, "has the licence")
    house.connector.deciding.decide(DecisionKind.ASSIGN, "E8", "LAB", HR, "helps out")
    house.sql("UPDATE connector.ledger SET ended_at = now() WHERE kind = 'cohort' AND person_id = (SELECT person_id "
              "FROM connector.person WHERE key = 'E9') RETURNING person_id")  # fmt: skip
    house.edit("paths.yaml", "end_days: 30", "end_days: 60")
    house.clock.forward(days=3)
    found = []
    for few in (NOBODY, EVERYBODY):
        monkeypatch.setattr(plans, "FEW", few)
        plan = await house.plan([*people, row("N1", unit="Lab")])
        found.append([(one.action, one.subject, one.target, one.before, one.after) for one in house.changes(plan)])
    assert found[0] == found[1]
    assert {"E1", "E2", "E3", "E4", "E6", "E8", "E9", "N1"} <= {subject for _, subject, *_ in found[0]}
    assert {Action.ENROL, Action.ASSIGN_ROLE, Action.ADD_TO_COHORT} <= {action for action, *_ in found[0]}
