"""The twin's Report Builder where the recordings do not reach: languages, life, order, permissions, defaults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from adapters.moodle.client import MoodleClient
from adapters.moodle.twin import ServedTwin, TwinState, serve_twin
from connector.domain.errors import AccessRefused, ProtocolError, Unavailable

pytestmark = pytest.mark.anyio

PEOPLE = "core_user\\reportbuilder\\datasource\\users"
PARTICIPANTS = "core_course\\reportbuilder\\datasource\\participants"
BADGES = "core_badges\\reportbuilder\\datasource\\users"
COHORTS = "core_cohort\\reportbuilder\\datasource\\cohorts"
ROLES = "core_role\\reportbuilder\\datasource\\roles"
CERTIFICATES = "tool_certificate\\reportbuilder\\datasource\\issues"
NOON = 1_791_460_800
"""2026-10-08 12:00 UTC."""


@pytest.fixture(params=["4.5", "5.1"])
def twin(request: pytest.FixtureRequest) -> Iterator[ServedTwin]:
    """Four people, of whom the first three are in the course SAFE101."""
    state = TwinState(request.param, languages=frozenset({"en", "fr"}))
    with serve_twin(state=state) as twin:
        for name in ("ann", "ben", "cyd", "dan"):
            fields = {"username": name, "firstname": name.title(), "lastname": "Tester", "auth": "oauth2"}
            state.add_user(fields | {"email": f"{name}@example.test"})
        twin.life.make_course("SAFE101")
        for name in ("ann", "ben", "cyd"):
            twin.life.enrol(name, "SAFE101", "manual", at=NOON)
        yield twin


class Report:
    """One report of the twin with these columns, read as the connector reads."""

    def __init__(self, client: MoodleClient, twin: ServedTwin, source: str, *, defaults: bool = False) -> None:
        self.client = client
        self.id = twin.life.make_report("report", source, defaults=defaults)

    async def call(self, function: str, **params: Any) -> Any:
        return await self.client.call(f"core_reportbuilder_{function}", {"reportid": self.id, **params})

    async def add(self, *columns: str, sort: str = "") -> Report:
        for column in columns:
            answer = await self.call("columns_add", uniqueidentifier=column)
            if column == sort:
                added = answer["sortablecolumns"][-1]["id"]
                await self.call("columns_sort_toggle", columnid=added, enabled=1, direction=4)
        return self

    async def filter(self, identifier: str, **values: Any) -> None:
        await self.call("filters_add", uniqueidentifier=identifier)
        named = {f"{identifier}_{key}": value for key, value in values.items()}
        await self.call("set_filters", parameters="{}", values=json.dumps(named))

    async def rows(self, page: int = 0, perpage: int = 100) -> list[list[str | None]]:
        data = (await self.call("retrieve_report", page=page, perpage=perpage))["data"]
        return [row["columns"] for row in data["rows"]]


@pytest.fixture
async def client(twin: ServedTwin) -> Any:
    async with MoodleClient(twin.url, twin.token, attempts=1) as client:
        yield client


async def _set_me(client: MoodleClient, twin: ServedTwin, **fields: str) -> None:
    await client.call("core_user_update_users", {"users": [{"id": twin.state.me, **fields}]})


async def test_cells_speak_the_readers_language(client: MoodleClient, twin: ServedTwin) -> None:
    """Moments, yes and no, and the decimal sign follow the account that reads, in its language and time zone."""
    twin.life.complete("ann", "SAFE101", NOON)
    twin.life.grade("ann", "SAFE101", 71.567)
    report = Report(client, twin, PARTICIPANTS)
    await report.add("completion:completed", "completion:timecompleted", "completion:grade")
    await report.filter("completion:timecompleted", operator=1)
    assert await report.rows() == [["Yes", "Thursday, 8 October 2026, 12:00 PM", "71.57"]]
    await _set_me(client, twin, timezone="Asia/Taipei")
    assert await report.rows() == [["Yes", "Thursday, 8 October 2026, 8:00 PM", "71.57"]]
    await _set_me(client, twin, timezone="-5.5", lang="fr")
    assert await report.rows() == [["Oui", "jeudi 8 octobre 2026, 06:30", "71,57"]]


async def test_without_a_unique_sort_pages_lose_rows(client: MoodleClient, twin: ServedTwin) -> None:
    """Who pages without a sort does not get everybody; with one, everybody comes once."""
    unsorted = await Report(client, twin, PEOPLE).add("user:username")
    pages = [row for page in range(3) for row in await unsorted.rows(page, 2)]
    assert len(pages) == 6
    assert len({row[0] for row in pages}) < 6
    by_username = await Report(client, twin, PEOPLE).add("user:username", sort="user:username")
    pages = [row for page in range(3) for row in await by_username.rows(page, 2)]
    assert [row[0] for row in pages] == ["admin", "ann", "ben", "connector", "cyd", "dan"]


async def test_a_new_time_of_enrolment(client: MoodleClient, twin: ServedTwin) -> None:
    """Suspending keeps the time of creation; unenrolling and coming back makes a new one, and completion stays."""
    life = twin.life
    life.complete("ann", "SAFE101", NOON)
    life.grade("ann", "SAFE101", 80)
    report = Report(client, twin, PARTICIPANTS)
    await report.add("enrolment:status", "enrolment:timecreated", "completion:completed", "completion:grade")
    await report.filter("user:username", operator=3, value="ann")
    moment = "Thursday, 8 October 2026, 12:00 PM"
    assert await report.rows() == [["Active", moment, "Yes", "80.00"]]
    life.suspend_enrolment("ann", "SAFE101")
    assert await report.rows() == [["Suspended", moment, "Yes", "80.00"]]
    life.unenrol("ann", "SAFE101")
    assert await report.rows() == []
    life.enrol("ann", "SAFE101", "manual", at=NOON + 60)
    assert await report.rows() == [["Active", "Thursday, 8 October 2026, 12:01 PM", "Yes", ""]]
    life.reset_course("SAFE101")
    assert (await report.rows())[0][2:] == ["", ""]
    life.notice("SAFE101")
    assert (await report.rows())[0][2:] == ["No", ""]


async def test_two_methods_are_two_rows(client: MoodleClient, twin: ServedTwin) -> None:
    """A person who is in by hand and by herself has two rows, and stays enrolled when one of them ends."""
    twin.life.enrol("ann", "SAFE101", "self", at=NOON)
    report = await Report(client, twin, PARTICIPANTS).add("enrol:plugin", sort="enrol:plugin")
    await report.filter("user:username", operator=3, value="ann")
    assert await report.rows() == [["Manual enrolments"], ["Self enrolment"]]
    twin.life.unenrol("ann", "SAFE101")
    assert await report.rows() == [["Self enrolment"]]
    user = twin.state.by_username["ann"]
    courses = await client.call("core_enrol_get_users_courses", {"userid": user})
    assert [course["shortname"] for course in courses] == ["SAFE101"]


async def test_increments(client: MoodleClient, twin: ServedTwin) -> None:
    """From is inclusive; changing an account moves its time of change, and a visit only its time of access."""
    report = await Report(client, twin, PEOPLE).add("user:username", sort="user:username")
    twin.life.change_user("ben", NOON * 2, city="Hanoi")
    twin.life.access("cyd", "SAFE101", NOON * 2)
    await report.filter("user:timemodified", operator=3, **{"from": NOON * 2, "to": 0})
    assert await report.rows() == [["ben"]]
    await report.filter("user:lastaccess", operator=3, **{"from": NOON * 2, "to": 0})
    assert await report.rows() == [["cyd"]]
    await report.filter("user:timecreated", operator=3, **{"from": 0, "to": NOON * 2})
    assert len(await report.rows()) == 6


async def test_deleted_people_are_gone(client: MoodleClient, twin: ServedTwin) -> None:
    """A deleted person has no row, neither among people nor among participants."""
    people = await Report(client, twin, PEOPLE).add("user:username")
    participants = await Report(client, twin, PARTICIPANTS).add("user:username")
    twin.life.delete_user("ann")
    assert ["ann"] not in await people.rows()
    assert sorted(await participants.rows()) == [[""], [""], ["ben"], ["cyd"]]


async def test_defaults_hide_people(client: MoodleClient, twin: ServedTwin) -> None:
    """A report made with defaults leaves out who is suspended, and its conditions say so."""
    await client.call("core_user_update_users", {"users": [{"id": twin.state.by_username["ann"], "suspended": 1}]})
    twin.life.suspend_enrolment("ben", "SAFE101")
    people = Report(client, twin, PEOPLE, defaults=True)
    assert "ann@example.test" not in str(await people.rows())
    page = await people.call("reports_get", editmode=1)
    assert page["conditiondata"] == '{"user:suspended_operator":2}'
    assert page["conditions"]["hasactiveconditions"]
    participants = Report(client, twin, PARTICIPANTS, defaults=True)
    assert sorted(str(row[1]).partition(">")[2][:3] for row in await participants.rows()) == ["Ann", "Cyd"]


async def test_badges_cohorts_and_roles(client: MoodleClient, twin: ServedTwin) -> None:
    """Who has badges has a row for each; empty cohorts have one; a role says in which context it was given."""
    twin.life.award("ann", "Safe & sound", NOON, NOON + 86_400)
    twin.life.award("ann", "Second", NOON)
    twin.life.revoke("ann", "Second")
    badges = await Report(client, twin, BADGES).add("user:username", "badge:name", "badge_issued:expire")
    await badges.filter("badge_issued:issued", operator=3, **{"from": NOON, "to": 0})
    assert await badges.rows() == [["ann", "Safe & sound", "Friday, 9 October 2026, 12:00 PM"]]
    twin.state.add_cohort("Nobody yet", "EMPTY")
    cohorts = await Report(client, twin, COHORTS).add("cohort:idnumber", "user:username", "cohort_member:timeadded")
    assert await cohorts.rows() == [["EMPTY", "", ""]]
    roles = await Report(client, twin, ROLES).add("role:shortname", "context:link", "context:path", "user:username")
    await roles.filter("user:username", operator=3, value="ann")
    [[role, place, path, _]] = await roles.rows()
    course = twin.state.course_by_idnumber["SAFE101"]
    assert (role, place) == ("student", f'<a href="{twin.url}/course/view.php?id={course}">Course: SAFE101</a>')
    assert str(path).startswith("/1/")


async def test_certificates(client: MoodleClient, twin: ServedTwin) -> None:
    """Issues of tool_certificate: an archived one is told by its filter only, a revoked one is gone."""
    twin.life.certify("ann", "Safety & gas", "0001AN", at=NOON, expires=NOON + 60)
    twin.life.certify("ann", "Safety & gas", "0002AN", at=NOON)
    columns = ("issue:code", "template:name", "issue:timecreated", "issue:expires", "issue:status", "user:username")
    report = await Report(client, twin, CERTIFICATES).add(*columns, sort="issue:code")
    moment, minute_later = "Thursday, 8 October 2026, 12:00 PM", "Thursday, 8 October 2026, 12:01 PM"
    old = ["0001AN", "Safety & gas", moment, minute_later, "Expired", "ann"]
    new = ["0002AN", "Safety & gas", moment, "Never", "Valid", "ann"]
    assert await report.rows() == [old, new]
    twin.life.archive_certificate("ann", "0001AN")
    assert await report.rows() == [old, new]
    await report.filter("issue:archived", operator=2)
    assert await report.rows() == [new]
    twin.life.revoke_certificate("ann", "0002AN")
    assert await report.rows() == []


async def test_what_the_token_may_not(client: MoodleClient, twin: ServedTwin) -> None:
    """Without the capability to edit, reports are read only; without that to view, none is listed or read."""
    report = await Report(client, twin, PEOPLE).add("user:username")
    twin.state.edits_reports = False
    with pytest.raises(AccessRefused, match="reportbuilder:editall"):
        await report.add("user:email")
    assert len(await report.rows()) == 6
    twin.state.views_reports = False
    with pytest.raises(AccessRefused, match="reportbuilder:viewall"):
        await report.rows()
    assert (await client.call("core_reportbuilder_list_reports", {}))["reports"] == []


async def test_filters_are_each_accounts_own(client: MoodleClient, twin: ServedTwin) -> None:
    """What one account filters by does not narrow another's view."""
    report = await Report(client, twin, PEOPLE).add("user:username")
    await report.filter("user:username", operator=3, value="ann")
    assert len(await report.rows()) == 1
    twin.state.me = twin.state.by_username["admin"]
    assert len(await report.rows()) == 6


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        (1, "NN", ["ann", "connector"]),
        (5, "c", ["connector", "cyd"]),
        (6, "n", ["admin", "ann", "ben", "dan"]),
        (8, "", None),
    ],
)
async def test_texts(
    client: MoodleClient, twin: ServedTwin, operator: int, value: str, found: list[str] | None
) -> None:
    """Texts are found in whole or in part, without regard to case; "not empty" needs no value."""
    report = await Report(client, twin, PEOPLE).add("user:username", sort="user:username")
    await report.filter("user:username", operator=operator, value=value)
    assert [row[0] for row in await report.rows()] == (found or ["admin", "ann", "ben", "connector", "cyd", "dan"])


async def test_what_the_twin_cannot_filter_by_is_said(client: MoodleClient, twin: ServedTwin) -> None:
    """An operator that the twin lacks is an error and not a wrong page; ids that are none are the database's error."""
    report = await Report(client, twin, PARTICIPANTS).add("user:username")
    await report.filter("enrolment:timecreated", operator=5)
    with pytest.raises(ProtocolError):
        await report.rows()
    await report.filter("course:courseselector", values=["x"])
    with pytest.raises(Unavailable):
        await report.rows()


async def test_a_source_that_is_none(twin: ServedTwin) -> None:
    """A misspelt source is named, with those that there are."""
    with pytest.raises(ValueError, match="no such source"):
        twin.life.make_report("x", "core_user\\reportbuilder\\datasource\\nope")
