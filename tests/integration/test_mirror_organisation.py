"""Units and managers in the facts: trees, with history."""

from __future__ import annotations

import pytest

from connector.domain.plan import HoldState
from tests.integration.mirrored import now
from tests.support import House, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]


async def test_units_and_managers_form_a_tree_with_history(house: House) -> None:
    """Everyone below somebody is one join; a move closes the old branch; managers in a circle end somewhere."""
    house.edit("mapping.yaml", "  unit: ", '  units_above: {column: cost, separator: ">"}\n  unit: ')
    people = [
        row("E1", unit="North", cost="Company>Sales"),
        row("E2", unit="South", cost="Company>Sales", manager="E1"),
        row("E3", unit="South", cost="Company>Sales>South", manager="E2"),
    ]
    await house.settled_in(people)
    await house.mirror()
    assert now(house, "dim_org_unit", "unit", "parent") == {
        ("Company", None), ("Sales", "Company"), ("North", "Sales"), ("South", "Sales"),
    }  # fmt: skip
    below = {
        (above, unit) for above, unit, distance in now(house, "unit_closure", "above", "unit", "distance") if distance
    }
    assert below == {
        (a, u) for a, us in {"Company": ("Sales", "North", "South"), "Sales": ("North", "South")}.items() for u in us
    }
    keys = {one["person_id"]: one["hr_key"] for one in house.sql("SELECT person_id, hr_key FROM facts.dim_person")}
    led = {
        (keys[m], keys[p], d) for m, p, d in now(house, "manager_closure", "manager_id", "person_id", "distance") if d
    }
    assert led == {("E1", "E2", 1), ("E1", "E3", 2), ("E2", "E3", 1)}
    people[2] = row("E3", unit="South", cost="Company>Service>South", manager="E1")
    people[1] = row("E2", unit="South", cost="Company>Service", manager="E1")
    held = await house.plan(people)
    house.decide(held, HoldState.APPROVED)
    await house.apply(held)
    house.clock.forward(days=1)
    await house.mirror()
    assert ("Service", "South", 1) in now(house, "unit_closure", "above", "unit", "distance")
    assert ("Sales", "South", 1) not in now(house, "unit_closure", "above", "unit", "distance")
    assert house.sql(
        "SELECT 1 AS one FROM facts.unit_closure WHERE above = 'Sales' AND unit = 'South' AND valid_to < 'infinity'"
    )
    led = {
        (keys[m], keys[p], d) for m, p, d in now(house, "manager_closure", "manager_id", "person_id", "distance") if d
    }
    assert led == {("E1", "E2", 1), ("E1", "E3", 1)}
