"""Whatever is done in Moodle, in any order: the facts are what it has."""

from __future__ import annotations

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.domain.facts import Extent
from connector.store.checks import checks
from tests.integration.mirrored import COURSES, Learning, check, no_overlaps
from tests.support import House, Seen, row, rows

pytestmark = pytest.mark.parametrize("twin", ["4.5"], indirect=True)
EVENTS = ["enrol", "enrol", "complete", "reset", "grade", "grade", "clear", "unenrol", "suspend", "look", "glance"]
steps = st.lists(
    st.tuples(
        st.sampled_from(EVENTS),
        st.sampled_from(["E0001", "E0002", "E0003"]),
        st.sampled_from(COURSES),
        st.integers(0, 100),
    ),
    max_size=25,
)


@pytest.mark.parametrize("reader", ["plain", "reports", "plugin"])
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_facts_are_what_moodle_has(
    house: House, moodle: Seen, learning: Learning, reader: str, events: list[tuple[str, str, str, int]]
) -> None:
    """After any sequence of enrolling, learning, grading, resetting and leaving, looked at by each reader."""

    async def story() -> None:
        if not moodle.people():
            house.twin.state.plugin = reader == "plugin"
            await house.sync([*rows(3, unit="Field"), row("L1", unit="Lab")])
            if reader == "reports":
                await house.make_reports()
        for what, who, course, points in events:
            if what == "look":
                await house.mirror()
                check(house, moodle)
            elif what == "glance":
                await house.mirror(Extent.CHANGES)
            else:
                learning.act(what, who, course, points)
        await house.mirror()
        assert house.sql("SELECT reader FROM facts.load ORDER BY load_id DESC LIMIT 1") == [{"reader": reader}]

    anyio.run(story)
    check(house, moodle)
    no_overlaps(house)
    if reader == "plugin":
        assert checks(house.connector.reporting) == {}
