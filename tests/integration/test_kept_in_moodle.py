"""By our plugin in Moodle: due dates stand in calendars, and identities of OAuth 2 are linked with accounts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from connector.domain.errors import AnswerLost
from connector.settings.parts import PrivacySettings
from tests.support import House, Row, Seen, fail, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["5.1"], indirect=True)]
DUE_DATES = "local_connector_due_dates"
SERVICE = 3


@pytest.fixture
def learning(house: House) -> House:
    """Our plugin is in Moodle, and calendars are to say what is due; another day counts for who has it already."""
    house.twin.state.plugin = True
    notices = house.settings.notices.model_copy(update={"calendar": True})
    house.settings = house.settings.model_copy(update={"notices": notices})
    house.edit("requirements.yaml", "path: SAFETY, due:", "path: SAFETY, on_change: restart, due:")
    return house


def calendar(house: House, moodle: Seen) -> list[tuple[str, str, str]]:
    """Who has what in the calendar, on which day from now."""
    names = {moodle.id(key): key for key in moodle.people()}
    entries = house.twin.state.due_dates.values()
    return sorted(
        (names[one.user_id], one.name, datetime.fromtimestamp(one.at, UTC).date().isoformat()) for one in entries
    )


async def kept(house: House, people: list[Row] | None = None) -> dict[str, object]:
    """HR's people are carried out where there are some, Moodle is read, and calendars follow."""
    if people is not None:
        await house.settled_in(people)
    await house.mirror()
    return dict(await house.connector.calendar().keep())


async def test_due_dates_stand_in_calendars_until_they_are_met(learning: House, moodle: Seen) -> None:
    """Put once, moved with the day, removed when done or withdrawn; a lost answer doubles nothing."""
    people = [row("E1", unit="Field"), row("E2", unit="Field"), row("E3")]
    await learning.settled_in(people)
    await learning.mirror()
    fail(learning, "cut_after", DUE_DATES)
    with pytest.raises(AnswerLost):
        await learning.connector.calendar().keep()
    assert await kept(learning) == {"put": 2, "removed": 0, "refused": 0}
    day = learning.clock.day(14)
    assert calendar(learning, moodle) == [("E1", "Due: Safety", day), ("E2", "Due: Safety", day)]
    course = learning.twin.state.course_by_idnumber["SAFE"]
    assert f"course/view.php?id={course}" in next(iter(learning.twin.state.due_dates.values())).description
    asked = learning.twin.state.calls[DUE_DATES]
    assert await kept(learning) == {"put": 0, "removed": 0, "refused": 0}
    assert learning.twin.state.calls[DUE_DATES] == asked

    learning.edit("requirements.yaml", "days_after_assignment: 14", "days_after_assignment: 21")
    assert await kept(learning, people) == {"put": 2, "removed": 0, "refused": 0}
    later = learning.clock.day(21)
    assert [found[2] for found in calendar(learning, moodle)] == [later, later]
    for course_of_path in ("SAFE", "FIRE"):
        learning.twin.life.complete("e1", course_of_path)
    assert await kept(learning) == {"put": 0, "removed": 1, "refused": 0}
    assert calendar(learning, moodle) == [("E2", "Due: Safety", later)]
    assert await kept(learning, [people[0], row("E2"), people[2]]) == {"put": 0, "removed": 1, "refused": 0}
    assert calendar(learning, moodle) == []
    assert learning.sql("SELECT FROM connector.calendar_entry") == []


async def test_of_somebody_erased_nothing_stays_in_the_calendar(learning: House, moodle: Seen) -> None:
    """What stands in Moodle is told before and on record; the next run removes due dates of whoever works here."""
    privacy = PrivacySettings(secret=SecretStr("a secret of the tests that is long enough"))
    learning.settings = learning.settings.model_copy(update={"privacy": privacy})
    learning.reopen()
    assert await kept(learning, [row("E1", unit="Field"), row("E2", unit="Field")]) == {
        "put": 2,
        "removed": 0,
        "refused": 0,
    }
    erasing = learning.connector.erasing
    standing = {"accounts in Moodle": 1, "due dates in the calendar in Moodle": 1}
    shown = erasing.preview("E1")
    assert shown.standing == standing
    erasing.erase("E1", "asked for it", "dpo", shown.hash)
    assert [one.standing for one in learning.connector.erasures.records()] == [standing]
    assert len(calendar(learning, moodle)) == 2
    assert await kept(learning) == {"put": 0, "removed": 1, "refused": 0}
    assert [who for who, *_ in calendar(learning, moodle)] == ["E2"]
    assert len(learning.sql("SELECT FROM connector.calendar_entry")) == 1


async def test_without_the_function_everything_waits(learning: House, moodle: Seen) -> None:
    """Nothing is written down as sent."""
    learning.twin.state.lacking = {DUE_DATES}
    came = await kept(learning, [row("E1", unit="Field")])
    assert came == {"put": 0, "removed": 0, "refused": 0, "lacking": DUE_DATES}
    assert learning.sql("SELECT FROM connector.calendar_entry") == []


def links(house: House, moodle: Seen) -> dict[str, str]:
    """Whose account the names at the provider open."""
    names = {moodle.id(key): key for key in moodle.people()}
    return {name: names[account] for (issuer, name), account in house.twin.state.linked.items() if issuer == SERVICE}


async def test_identities_follow_the_accounts(house: House, moodle: Seen) -> None:
    """Linked once there is an account, moved with a swap of addresses, ended when somebody leaves."""
    house.twin.state.plugin = True
    house.twin.state.issuers[SERVICE] = "Entra ID"
    settings = house.settings.moodle.model_copy(update={"oauth2_issuer": SERVICE})
    house.settings = house.settings.model_copy(update={"moodle": settings})
    house.reopen()
    people = [row("E1", auth="oauth2", email="Ann@Example.test"), row("E2", auth="oauth2"), row("E3", auth="manual")]
    await house.settled_in(people)
    assert await house.connector.linking().keep() == {"put": 2, "removed": 0, "refused": 0}
    assert links(house, moodle) == {"ann@example.test": "E1", "e2@example.test": "E2"}
    people[0]["email"], people[1]["email"] = people[1]["email"], people[0]["email"]
    await house.settled_in(people)
    fail(house, "cut_after", "local_connector_link_logins")
    with pytest.raises(AnswerLost):
        await house.connector.linking().keep()
    await house.connector.linking().keep()
    assert links(house, moodle) == {"ann@example.test": "E2", "e2@example.test": "E1"}
    people[1]["status"] = "left"
    await house.settled_in(people)
    assert await house.connector.linking().keep() == {"put": 0, "removed": 1, "refused": 0}
    assert links(house, moodle) == {"e2@example.test": "E1"}
    assert await house.connector.linking().keep() == {"put": 0, "removed": 0, "refused": 0}
