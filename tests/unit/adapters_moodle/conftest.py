"""A twin for each test, over real HTTP, with a client and a site that talk to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.moodle.client import MoodleClient
from adapters.moodle.site import MoodleSite
from adapters.moodle.twin import ServedTwin, serve_twin


@pytest.fixture
def twin(request: pytest.FixtureRequest) -> Iterator[ServedTwin]:
    """A twin; its version by indirect parametrizing, where it matters."""
    with serve_twin(getattr(request, "param", "5.1"), control=True) as served:
        yield served


@pytest.fixture
async def client(twin: ServedTwin) -> AsyncIterator[MoodleClient]:
    """A client that waits only milliseconds between its attempts."""
    async with MoodleClient(twin.url, twin.token, timeout=2, attempts=3, first_wait=0.005) as client:
        yield client


@pytest.fixture
def site(client: MoodleClient) -> MoodleSite:
    return MoodleSite(client)
