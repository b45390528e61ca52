"""A waived requirement is shown as waived, and neither as open nor as overdue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connector.domain.decisions import DecisionKind
from connector.sync.deciding import Decider
from tests.support import House, Row, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
HR = Decider("anna", hr=True)


def people() -> list[Row]:
    """Two who should have passed LAB-NOW long ago, and their manager."""
    return [row("E1", unit="Lab", manager="E3"), row("E2", unit="Lab", manager="E3"), row("E3")]


def shown(house: House) -> tuple[list[tuple[str, str]], list[tuple[str, str, bool]], list[int]]:
    """Compliance by person, what is waived, and the overdue requirements of each manager."""
    now = house.sql("SELECT hr_key, state FROM reporting.compliance_now ORDER BY hr_key")
    waived = house.sql("SELECT hr_key, requirement, by_hr FROM reporting.waived ORDER BY hr_key")
    late = house.sql("SELECT overdue FROM reporting.overdue_by_manager")
    return (
        [(one["hr_key"], one["state"]) for one in now],
        [(one["hr_key"], one["requirement"], one["by_hr"]) for one in waived],
        [one["overdue"] for one in late],
    )


async def test_waived_is_neither_open_nor_overdue(house: House) -> None:
    """From the sync that goes by it until it is over or withdrawn; then it is as it was."""
    await house.settled_in(people())
    await house.mirror()
    overdue = ([("E1", "overdue"), ("E2", "overdue")], [], [2])
    assert shown(house) == overdue
    decision = house.connector.deciding.decide(DecisionKind.WAIVE, "E1", "LAB-NOW", HR, "has the licence")
    await house.mirror()
    assert shown(house) == overdue, "no plan has gone by it yet"
    await house.settled_in(people())
    await house.mirror()
    assert shown(house) == ([("E2", "overdue")], [("E1", "LAB-NOW", True)], [1])
    columns = house.sql("SELECT * FROM reporting.waived")[0]
    assert "licence" not in str(columns), "reasons stay with HR"
    house.connector.deciding.withdraw(decision.number, HR)
    await house.settled_in(people())
    await house.mirror()
    assert shown(house) == overdue


async def test_who_sees_one_unit_sees_its_waivers_only(house: House) -> None:
    """As with every view."""
    await house.settled_in([*people(), row("E4", unit="Field")])
    for who, code in (("E1", "LAB-NOW"), ("E4", "SAFETY-14")):
        house.connector.deciding.decide(DecisionKind.WAIVE, who, code, HR, "has the licence")
    await house.settled_in([*people(), row("E4", unit="Field")])
    await house.mirror()
    assert [one[0] for one in shown(house)[1]] == ["E1", "E4"]
    with house.connector.database.transaction() as connection:
        connection.execute("SELECT set_config('reporting.unit', 'Field', true)")
        found = connection.execute("SELECT hr_key FROM reporting.waived").fetchall()
    assert [one["hr_key"] for one in found] == ["E4"]


@pytest.mark.parametrize("zone", ["Pacific/Honolulu", "UTC", "Pacific/Kiritimati"])
async def test_days_count_anew_after_a_waiver_of_one_day(house: House, zone: str) -> None:
    """Its last day is one of the person's own time zone, wherever the database stands."""
    house.clock.now = datetime(2027, 5, 7, 5, tzinfo=UTC)
    here = [row("E1", unit="Field", zone=zone), row("E2")]
    await house.settled_in(here)
    house.clock.forward(days=5)
    today = house.clock.now.astimezone(ZoneInfo(zone)).date()
    house.connector.deciding.decide(DecisionKind.WAIVE, "E1", "SAFETY-14", HR, "was ill", ends_on=today)
    await house.settled_in(here)
    house.clock.forward(days=1)
    await house.settled_in(here)
    [found] = house.sql("SELECT terms FROM connector.ledger WHERE kind = 'assignment' AND ended_at IS NULL")
    assert found["terms"]["granted_on"] == (today + timedelta(days=1)).isoformat()
