"""Our plugin answers for each row: one request for a batch, whatever is wrong with some of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from connector.domain.errors import TryAgain
from tests.support import House, Seen, assert_whole, fail, row, rows

pytestmark = pytest.mark.anyio
WRITE = "local_connector_write"


@pytest.fixture(autouse=True)
def _with_plugin(house: House) -> None:
    house.twin.state.plugin = True


def written(house: House) -> Counter[str]:
    """How often Moodle's own writing functions were called, and ours."""
    names = ("core_user_create", "core_user_update", "core_cohort_add", "enrol_manual", "core_role", WRITE)
    return Counter({name: n for name, n in house.twin.state.calls.items() if name.startswith(names)})


async def test_nobody_else_is_asked_for_again(house: House, moodle: Seen) -> None:
    """Those who are wrong are named with the field; all others are there after one request for each kind of change."""
    people = rows(20, unit="Field")
    people[3]["auth"] = "shibboleth"
    people[11]["auth"] = "nope"
    applied = await house.sync(people)
    assert len(moodle.people()) == 18
    assert sorted((who, code, cause.partition(":")[0]) for _, who, code, cause in house.refusals()) == [
        ("E0004", "invalidparameter", "auth"),
        ("E0012", "invalidparameter", "auth"),
    ]
    assert applied.tally.refused == 2
    assert set(written(house)) == {WRITE}
    assert moodle.cohort("unit-Field") == set(moodle.people())


@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "error500", "write_late"])
async def test_a_lost_answer_is_looked_up(house: House, moodle: Seen, kind: Any) -> None:
    """Whichever request it is, nobody is there twice and everybody in the end."""
    people = [*rows(12, unit="Field"), row("NEW", starts=house.clock.day(5), job="trainer")]
    fail(house, kind, WRITE, times=3, seconds=0.1)
    for _ in range(3):
        try:
            await house.sync(people)
        except TryAgain:
            continue
    await assert_whole(house, moodle, people)
    assert moodle.suspended("NEW")


async def test_it_can_be_forbidden(house: House, moodle: Seen) -> None:
    """By the setting; and a plugin that is too old, or a token without the right, is left alone."""
    for change in ({"lacking": {WRITE}}, {"forbidden": {"local/connector:write"}}, {"plugin_version": 2026113006}):
        for name, value in change.items():
            setattr(house.twin.state, name, value)
        async with house.connector.moodle() as site:
            chosen = await site.chosen_writer()
        assert chosen.writer.name == "plain"
        assert "local_connector" in chosen.remark
    await house.settled_in(rows(2))
    assert WRITE not in written(house)
