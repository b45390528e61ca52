"""The proof that what is held of Moodle equals Moodle, on a twin that has our plugin."""

from __future__ import annotations

import pytest

from adapters.moodle.site import MoodleSite
from connector.domain.facts import Extent
from connector.domain.proving import Counter
from tests.integration.mirrored import Learning
from tests.support import House, Seen, moodle_client, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]


@pytest.fixture
async def learned(house: House, learning: Learning) -> House:
    """Three people in all courses, with completions, grades, a badge and a certificate; all of it is in the facts."""
    house.twin.state.plugin = True
    await house.settled_in(rows(3, unit="Field"))
    for number in (1, 2, 3):
        for course in ("SAFE", "FIRE"):
            learning.act("enrol", f"E000{number}", course)
            learning.act("complete", f"E000{number}", course)
            learning.act("grade", f"E000{number}", course, 50 + number)
    learning.life.award("e0001", "Badge")
    learning.life.certify("e0002", "Template", "C0DE")
    await house.mirror()
    return house


async def unlike(house: House) -> list[str]:
    """Datasets of which something is held otherwise than Moodle counts it."""
    async with moodle_client(house.twin.url, house.settings.moodle_token()) as client:
        reader = await house.connector.reader(MoodleSite(client))
        assert isinstance(reader, Counter)
        facts = house.connector.facts
        found = []
        for question in await reader.questions():
            theirs = [bucket async for buckets in reader.counted(question) for bucket in buckets]
            if theirs != [bucket for buckets in facts.held.buckets(question.name) for bucket in buckets]:
                found.append(question.name)
        assert facts.held.columns().keys() == {question.name for question in await reader.questions()}
        return found


async def test_rows_are_held_as_moodle_counts_them(learned: House, learning: Learning, moodle: Seen) -> None:
    """After a full reading, and after an increment of what has times: byte for byte."""
    assert await unlike(learned) == []
    learning.life.grade("e0001", "SAFE", 99)
    learning.act("suspend", "E0001", "FIRE")
    assert await unlike(learned) == ["enrolments", "grades"]
    await learned.mirror(Extent.CHANGES)
    assert await unlike(learned) == []
    learned.settings.moodle.reader = "plain"
    await learned.mirror()
    assert learned.connector.facts.held.columns() == {}, "what another reader reads is not compared with"
