"""The port on plain functions, one life of a person through it: with the twin, and with a real Moodle."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator

import pytest

from adapters.moodle.client import MoodleClient
from adapters.moodle.site import MoodleSite
from adapters.moodle.twin import serve_twin
from connector.domain.errors import AlreadyThere, BatchRefused, Missing
from connector.domain.ports import Group, ManualEnrolment, Participant, RoleContext
from tests.contract.conftest import REAL, moodles
from tests.reading import grades

pytestmark = pytest.mark.anyio
TEACHER, STUDENT = 3, 5


@pytest.fixture(params=moodles())
async def client(request: pytest.FixtureRequest) -> AsyncIterator[MoodleClient]:
    if request.param == REAL:
        url, token = os.environ["CONNECTOR_TEST_MOODLE_URL"], os.environ["CONNECTOR_TEST_MOODLE_TOKEN"]
        async with MoodleClient(url, token) as client:
            yield client
    else:
        with serve_twin(request.param) as twin:
            async with MoodleClient(twin.url, twin.token) as client:
                yield client


async def test_a_life(client: MoodleClient) -> None:
    """Hired, found in every way, granted, changed, suspended, deleted: each step is seen in what is read back."""
    site, run = MoodleSite(client), secrets.token_hex(4)
    joe, jane = f"joe{run}", f"jane{run}"
    wanted = [
        {"username": name, "firstname": "J", "lastname": "Ö 王", "email": f"{name.upper()}@Example.test"}
        | {"idnumber": f"E-{name}", "auth": "oauth2", "city": "Taipei"}
        for name in (joe, jane)
    ]
    ids = await site.create_accounts(wanted)
    made: list[int] = []
    try:
        for repeated in (wanted, wanted[:1]):
            with pytest.raises((BatchRefused, AlreadyThere)):
                await site.create_accounts(repeated)
        for field, value in (("username", joe.upper()), ("email", f"{joe}@example.TEST"), ("idnumber", f"E-{joe}")):
            [found] = await site.accounts_by(field, [value, "no-such@nowhere.test"])
            assert (found.id, found.fields["city"], found.fields["institution"]) == (ids[joe], "Taipei", "")

        function = "core_course_create_courses"
        course_row = {"shortname": f"C{run}", "idnumber": f"I{run}", "fullname": "C", "categoryid": 1}
        await client.call(function, {"courses": [course_row | {"enablecompletion": 1}]})
        [course] = (await site.courses([f"I{run}"]))[f"I{run}"]
        assert (await site.courses([f"C{run}"]))[f"C{run}"] == [course]

        [cohort] = await site.create_cohorts([(f"H{run}", "Cohort")])
        made.append(cohort.id)
        assert cohort in await site.cohorts()
        warned = await site.add_cohort_members([(cohort.id, ids[joe]), (cohort.id, 999_999)])
        assert [(w.item, w.code) for w in warned] == [(999_999, "2")]
        assert await site.cohort_members([cohort.id]) == {cohort.id: frozenset({ids[joe]})}

        enrolments = [ManualEnrolment(user, course.id, STUDENT) for user in ids.values()]
        await site.enrol(enrolments)
        await site.enrol([ManualEnrolment(ids[jane], course.id, STUDENT, suspended=True)])
        await site.assign_roles([RoleContext(TEACHER, ids[joe], "course", course.id)])
        seen = [person async for page in site.participants(course.id) for person in page]
        assert seen == [
            Participant(ids[joe], course.id, (TEACHER, STUDENT), active=True),
            Participant(ids[jane], course.id, (STUDENT,), active=False),
        ]
        progress = [row async for page in site.progress(list(ids.values())) for row in page]
        assert [(row.user_id, row.course_id, row.completed) for row in progress] == [(ids[joe], course.id, False)]
        assert [(row.user_id, row.value) for row in await grades(site, course.id)] == [(ids[joe], None)]
        group = await site.create_group(course.id, f"G{run}", f"R&D {run}")
        assert await site.course_groups([course.id, 999_999]) == {
            course.id: [Group(group, course.id, f"G{run}", f"R&D {run}")]
        }
        with pytest.raises(AlreadyThere):
            await site.create_group(course.id, f"G{run}", "Another")
        with pytest.raises(BatchRefused):
            await site.create_group(course.id, "", f"R&D {run}")
        for _ in range(2):
            await site.add_group_members([(group, user) for user in ids.values()])
        assert await site.group_members([group, 999_999]) == {group: frozenset(ids.values()), 999_999: None}
        for _ in range(2):
            await site.remove_group_members([(group, ids[joe])])
        assert await site.group_members([group]) == {group: frozenset({ids[jane]})}
        await site.unenrol([(ids[joe], course.id)])
        with pytest.raises(BatchRefused):
            await site.add_group_members([(group, ids[joe])])
        with pytest.raises(Missing):
            await site.add_group_members([(999_999, ids[jane])])
        await site.unenrol([(ids[jane], course.id)])
        assert await site.group_members([group]) == {group: frozenset()}
        with pytest.raises(Missing):
            await site.enrol([enrolments[0], ManualEnrolment(999_999, course.id, STUDENT)])

        rows = [{"id": ids[joe], "suspended": True, "city": ""}, {"id": ids[jane], "username": joe}]
        assert [(w.item, w.code) for w in await site.update_accounts(rows)] == [(ids[jane], "dmlwriteexception")]
        [found] = await site.accounts_by("id", [str(ids[joe])])
        assert (found.suspended, found.fields["city"], found.deleted) == (True, "", False)
    finally:
        await client.call("core_user_delete_users", {"userids": list(ids.values())})
        if made:
            await client.call("core_cohort_delete_cohorts", {"cohortids": made})
    gone = await site.accounts_by("id", [str(i) for i in ids.values()])
    assert [account.deleted for account in gone] == [True, True]
    assert await site.accounts_by("idnumber", [f"E-{joe}"]) == []
