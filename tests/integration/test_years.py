"""Years of small companies, invented: whatever happens at HR's, on the way and in Moodle, the laws hold."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from adapters.moodle.twin import TwinState, serve_twin
from connector.store.embedded import EmbeddedServer, create_database, drop_database
from tests.integration.years import Company, Turn
from tests.support import House, Seen, make_courses

UNITS, JOBS = st.sampled_from(["Field", "Lab", "Office"]), st.sampled_from(["", "director", "author", "trainer"])
WHO = st.integers(0, 14)
COURSES, COHORTS = st.sampled_from(["SAFE", "FIRE", "LABS"]), st.sampled_from(["club", "unit-Field", "unit-Lab"])
NAMES = st.sampled_from(["username", "email"])


def event(name: str, *arguments: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.tuples(st.just(name), *arguments)


EVENTS = st.one_of(
    event("hire", UNITS, JOBS),
    event("hire", UNITS, JOBS),
    event("move", WHO, UNITS, JOBS),
    event("move", WHO, UNITS, JOBS),
    event("leave", WHO, st.sampled_from(["said", "dated", "vanished"])),
    event("come_back", WHO, st.sampled_from(["same", "new", "new, old row gone"])),
    event("rename", WHO, NAMES),
    event("swap", st.lists(WHO, min_size=2, max_size=3, unique=True).map(tuple), NAMES),
    event("boss", WHO, WHO),
    event("enrol_by_hand", WHO, COURSES),
    event("add_by_hand", WHO, COHORTS),
    event("assign_by_hand", WHO),
    event("suspend_by_hand", WHO),
    event("make_by_hand", st.sampled_from(["stranger", "same name", "same address", "same person"])),
)
WEATHER = ["cut_before", "cut_after", "error500", "error500 written", "error502", "maintenance", "write_late"]
TURNS = st.builds(
    Turn,
    days=st.sampled_from([0, 1, 2, 7, 40, 400]),
    events=st.lists(EVENTS, max_size=5).map(tuple),
    before=st.sampled_from(["", "", "", "cut", "cut", "doubled", "one doubled", "empty"]),
    tenth=st.integers(0, 9),
    weather=st.sampled_from(["", "", "", *WEATHER]),
    dice=st.integers(0, 1_000_000),
    regretted=st.booleans(),
)
numbers = iter(range(1, 1_000_000))
seen: Counter[str] = Counter()
"""How often each law was looked at, over all examples."""


@pytest.mark.timeout(900 if settings().max_examples <= 100 else 0)
@settings(
    max_examples=max(1, settings().max_examples // 12),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.integers(3, 12), st.lists(TURNS, min_size=2, max_size=7))
def test_the_laws_hold_for_years(
    postgres: EmbeddedServer,
    template_database: str,
    tmp_path_factory: pytest.TempPathFactory,
    size: int,
    turns: list[Turn],
) -> None:
    """Nobody twice, nobody else's touched, nothing of others' taken; plan, undo and order as they are to be."""
    live(postgres, template_database, tmp_path_factory.mktemp("years"), size, turns)


def live(postgres: EmbeddedServer, template_database: str, folder: Path, size: int, turns: Sequence[Turn]) -> None:
    """One company, from its first day, with a database and a Moodle of its own; every other Moodle has our plugin."""
    name = f"years_{os.getpid()}_{next(numbers)}"
    create_database(postgres.url(), name, template=template_database)
    try:
        with serve_twin(state=TwinState("4.5", plugin=size % 2 == 0)) as twin:
            make_courses(twin.life)
            house = House(folder, postgres.url(name), twin)
            company = Company(house, Seen(twin.state))

            async def story() -> None:
                await company.begin(size)
                for turn in turns:
                    await company.live(turn)

            try:
                anyio.run(story)
            finally:
                house.close()
                seen.update(company.seen)
    finally:
        drop_database(postgres.url(), name)
