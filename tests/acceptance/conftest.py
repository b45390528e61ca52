"""A company that has just installed the product: its folder, its database, its Moodle (the twin), its first feed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.moodle.twin import ServedTwin, serve_twin
from tests.acceptance.house import House


@pytest.fixture
def twin() -> Iterator[ServedTwin]:
    with serve_twin() as served:
        served.life.make_course("WELCOME", category="ONBOARDING")
        yield served


@pytest.fixture
def house(tmp_path: Path, database_url: str, twin: ServedTwin, monkeypatch: pytest.MonkeyPatch) -> House:
    """Initialised, with a Moodle and a database, and nothing read yet."""
    monkeypatch.chdir(tmp_path)
    house = House(tmp_path, twin, monkeypatch)
    house.set("CONNECTOR_DATABASE_URL", database_url)
    house.set("CONNECTOR_MOODLE__URL", twin.url)
    house.set("CONNECTOR_MOODLE__TOKEN", twin.token)
    house.set("CONNECTOR_DROP__SETTLE_SECONDS", "0")
    assert house.call("init").status == 0
    return house


@pytest.fixture
def settled(house: House) -> House:
    """Twelve people have been taken over into Moodle."""
    done = house.call("sync", house.feed())
    assert done.status == 0, done.all
    return house
