"""A Moodle twin in both versions, and an installation that talks to it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest

from adapters.moodle.twin import ServedTwin, serve_twin
from tests.console import client as client
from tests.console import hr as hr
from tests.console import served as served
from tests.integration.mirrored import Learning
from tests.support import House, Seen, make_courses

VERSIONS = ("4.5", "5.1")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test has a twin of one version, always the same, unless it or ``--every-moodle`` says otherwise.

    Where versions differ is told and tested by tests/contract; here it is enough that half of the tests have each.
    """
    said = [name for mark in metafunc.definition.iter_markers("parametrize") for name in _names(mark.args[0])]
    if "twin" in metafunc.fixturenames and "twin" not in said:
        one = VERSIONS[crc32(metafunc.definition.nodeid.encode()) % len(VERSIONS)]
        every = metafunc.config.getoption("--every-moodle")
        metafunc.parametrize("twin", VERSIONS if every else [one], indirect=True)


def _names(names: str | tuple[str, ...] | list[str]) -> list[str]:
    return [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)


@pytest.fixture
def twin(request: pytest.FixtureRequest) -> Iterator[ServedTwin]:
    with serve_twin(request.param) as served:
        make_courses(served.life)
        yield served


@pytest.fixture
def house(tmp_path: Path, database_url: str, twin: ServedTwin) -> Iterator[House]:
    built = House(tmp_path, database_url, twin)
    yield built
    built.close()


@pytest.fixture
def moodle(twin: ServedTwin) -> Seen:
    return Seen(twin.state)


@pytest.fixture
def learning(house: House, moodle: Seen) -> Learning:
    return Learning(house, moodle)


@pytest.fixture
def free_port() -> int:
    """A port of loopback on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
