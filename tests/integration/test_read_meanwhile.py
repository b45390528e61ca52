"""Moodle does not stand still while it is read: what changes meanwhile is not taken for lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import parse_qs

import httpx
import pytest

from adapters.moodle.client import MoodleClient
from adapters.moodle.readers.plain import PlainReader
from adapters.moodle.site import ENROLLED, MoodleSite
from connector.domain.facts import Extent
from connector.domain.reading import GradeItem
from tests.support import House, Row, Seen, assert_whole, moodle_client, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]


class Meanwhile(httpx.AsyncHTTPTransport):
    """After so many answers about who is in one course something happens in Moodle."""

    def __init__(self, course_id: int, answers: int, act: Callable[[], None]) -> None:
        super().__init__()
        self.left = answers
        self._course_id = course_id
        self._act = act

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asked = parse_qs((await request.aread()).decode())
        response = await super().handle_async_request(request)
        if asked.get("wsfunction") == [ENROLLED] and asked["courseid"] == [str(self._course_id)]:
            self.left -= 1
            if self.left == 0:
                self._act()
        return response


class Returning(PlainReader):
    """HR names somebody again after everybody's enrolments were read, and before they are judged."""

    house: House
    people: list[Row]

    async def grade_items(self, samples: Mapping[int, int]) -> list[GradeItem]:
        await self.house.settled_in(self.people)
        return await super().grade_items(samples)


@pytest.mark.parametrize("suspended", [True, False])
@pytest.mark.parametrize("answers", [1, 3])
async def test_who_changes_while_a_course_is_read_is_in_it(
    house: House, moodle: Seen, answers: int, suspended: bool
) -> None:
    """Suspended or made active between two answers, at first or when the course is read again for somebody else."""
    people = [row("E1", unit="Field"), row("E2", unit="Field")]
    await house.settled_in(people)
    life = house.twin.life
    life.suspend_enrolment("e2", "SAFE", suspended=not suspended)
    await house.mirror()
    before = house.ledger()
    life.unenrol("e1", "SAFE")
    transport = Meanwhile(
        moodle.state.course_by_idnumber["SAFE"],
        answers,
        lambda: life.suspend_enrolment("e2", "SAFE", suspended=suspended),
    )
    async with MoodleClient(house.twin.url, house.settings.moodle_token(), transport=transport) as client:
        await house.connector.way_back(await house.connector.reader(MoodleSite(client))).read(Extent.EVERYTHING)
    assert transport.left < 0
    assert before - house.ledger() == {("E1", "enrolment", "SAFE", True, False)}
    life.suspend_enrolment("e2", "SAFE", suspended=False)
    assert house.does(await house.plan()) == [("enrol", "E1", "SAFE")]
    await house.sync()
    await assert_whole(house, moodle, people)


async def test_an_enrolment_made_active_while_moodle_is_read_stays_ours(house: House, moodle: Seen) -> None:
    """A teacher had unenrolled a leaver; the leaver returns during the reading, which knows nothing of that yet."""
    people = [row("E1", unit="Field"), row("E2")]
    await house.settled_in(people)
    await house.settled_in([row("E1", unit="Field", status="left"), row("E2")])
    await house.mirror()
    house.twin.life.unenrol("e1", "SAFE")
    house.clock.forward(hours=1)
    async with moodle_client(house.twin.url, house.settings.moodle_token()) as client:
        site = MoodleSite(client)
        reader = Returning(site, await site.site_info())
        reader.house, reader.people = house, people
        await house.connector.way_back(reader).read(Extent.EVERYTHING)
    assert ("E1", "enrolment", "SAFE", True, False) in house.ledger()
    await assert_whole(house, moodle, people)
    await house.mirror()
    assert (await house.plan()).size == 0
