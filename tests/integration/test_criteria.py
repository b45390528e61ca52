"""Courses that nobody can ever complete."""

from __future__ import annotations

import pytest

from adapters.moodle.site import MoodleSite
from connector.doctor import Finding, examine
from connector.mirror.criteria import criteria_of
from tests.support import House, Seen, moodle_client, row


async def courses(house: House) -> Finding:
    """What the doctor says of the courses, in a process of its own."""
    file = house.folder / "connector.toml"
    settings = house.settings
    file.write_text(
        f'database_url = "{settings.database_url.get_secret_value()}"\nmapping = "{house.mapping}"\n'
        f'[moodle]\nurl = "{house.twin.url}"\ntoken = "{house.twin.token}"\n'
    )
    house.close()
    found = await examine(file)
    house.reopen()
    return next(finding for finding in found if finding.what == "courses")


@pytest.mark.anyio
async def test_the_doctor_names_courses_without_criteria(house: House, moodle: Seen) -> None:
    """Of courses that somebody is in; of the others it says that Moodle does not tell."""
    await house.settled_in([row("E1", unit="Field"), row("E2", unit="Field")])
    found = await courses(house)
    assert (found.state, found.text.partition(";")[2]) == (
        "good", " whether LABS can be completed, Moodle tells once somebody is in it",
    )  # fmt: skip
    state = house.twin.state
    state.courses[state.course_by_idnumber["FIRE"]].criteria = False
    found = await courses(house)
    assert found.state == "bad"
    assert found.text.startswith("No completion criteria are set in FIRE: nobody can ever complete it.")


@pytest.mark.anyio
async def test_who_is_suspended_tells_nothing(house: House, moodle: Seen) -> None:
    """Moodle shows people the courses that they may enter."""
    await house.settled_in([row("E1", unit="Field"), row("E2")])
    await house.settled_in([row("E1"), row("E2")])
    assert moodle.enrolled("SAFE") == {"E1": False}
    ids = house.twin.state.course_by_idnumber
    async with moodle_client(house.twin.url, house.twin.token) as client:
        assert await criteria_of(MoodleSite(client), [ids["SAFE"], ids["LABS"]]) == dict.fromkeys(
            [ids["SAFE"], ids["LABS"]]
        )
