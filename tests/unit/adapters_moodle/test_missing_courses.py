"""Which courses are gone from Moodle, and which are only closed to the token."""

from __future__ import annotations

import pytest

from adapters.moodle.readers.choose import choose_reader
from adapters.moodle.readers.shared import missing_courses
from adapters.moodle.site import ENROLLED, MoodleSite
from adapters.moodle.twin import ServedTwin
from adapters.moodle.twin.faults import Fault
from connector.domain.errors import AccessRefused, TryAgain

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("twin", ["4.5", "5.1"], indirect=True)
@pytest.mark.parametrize("lacking", [set(), {"tool_mobile_call_external_functions"}], ids=["batches", "one by one"])
async def test_closed_is_not_gone(twin: ServedTwin, site: MoodleSite, lacking: set[str]) -> None:
    """Neither is in the list of courses; only the one that was deleted is missing."""
    twin.state.lacking |= lacking
    there, closed, gone = (twin.life.make_course(name) for name in ("THERE", "CLOSED", "GONE"))
    twin.life.close_course("CLOSED")
    twin.life.delete_course("GONE")
    reader = await choose_reader(site, "plain")
    assert [course.id for course in await reader.courses()] == [there]
    assert await reader.missing_courses([gone, there, closed, 9999]) == [gone, 9999]


async def test_nobody_is_asked_about_nothing(twin: ServedTwin, site: MoodleSite) -> None:
    """Where every course is in the list, which is the rule."""
    assert await missing_courses(site.client, []) == []
    assert twin.state.calls[ENROLLED] == 0


async def test_what_could_not_be_asked_is_not_gone(twin: ServedTwin, site: MoodleSite) -> None:
    """A site that does not answer, or a token that was revoked, says nothing of a course."""
    await site.site_info()
    for kind, error in (("maintenance", TryAgain), ("revoked", AccessRefused)):
        twin.faults.add(Fault(kind, times=9))  # type: ignore[arg-type]
        with pytest.raises(error):
            await missing_courses(site.client, [9999])
        twin.faults.clear()
