"""The port, one life of a person through it: by each writer, with the twin, and with a real Moodle."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Sequence

import pytest

from adapters.moodle.client import MoodleClient
from adapters.moodle.site import MoodleSite
from adapters.moodle.twin import TwinState, serve_twin
from adapters.moodle.writers.choose import Wanted
from connector.domain.errors import AccessRefused, AlreadyThere, BatchRefused, Missing, SetAside
from connector.domain.ports import Cohort, Group, Participant
from connector.domain.writing import Created, ManualEnrolment, NewGroup, RoleContext
from tests.contract.conftest import REAL, moodles
from tests.reading import grades

pytestmark = pytest.mark.anyio
TEACHER, STUDENT = 3, 5
NOBODY = 999_999


@pytest.fixture(params=moodles())
async def client(request: pytest.FixtureRequest) -> AsyncIterator[MoodleClient]:
    if request.param == REAL:
        url, token = os.environ["CONNECTOR_TEST_MOODLE_URL"], os.environ["CONNECTOR_TEST_MOODLE_TOKEN"]
        async with MoodleClient(url, token) as client:
            yield client
    else:
        with serve_twin(state=TwinState(request.param, plugin=True)) as twin:
            async with MoodleClient(twin.url, twin.token) as client:
                yield client


@pytest.fixture(params=["plain", "plugin"])
async def site(request: pytest.FixtureRequest, client: MoodleClient) -> MoodleSite:
    """A site that is written to in this way. Only a real Moodle may be without our plugin."""
    writing: Wanted = request.param
    site = MoodleSite(client, writing=writing)
    try:
        assert (await site.writer()).name == writing
    except AccessRefused:
        if request.node.callspec.params["client"] != REAL:
            raise
        pytest.skip("needs our plugin in the Moodle that is named")
    return site


async def refused(call: Awaitable[Sequence[object]]) -> SetAside:
    """Why the last row is refused: alone, or with all the others."""
    try:
        *_, last = await call
    except SetAside as error:
        return error
    assert isinstance(last, SetAside)
    return last


async def test_a_life(client: MoodleClient, site: MoodleSite) -> None:
    """Hired, found in every way, granted, changed, suspended, deleted: each step is seen in what is read back."""
    run, write = secrets.token_hex(4), await site.writer()
    joe, jane = f"joe{run}", f"jane{run}"
    wanted = [
        {"username": name, "firstname": "J", "lastname": "Ö 王", "email": f"{name.upper()}@Example.test"}
        | {"idnumber": f"E-{name}", "auth": "oauth2", "city": "Taipei"}
        for name in (joe, jane)
    ]
    wanted[1] |= {"suspended": "1", "customfields": [{"type": f"no{run}", "value": "x"}]}  # type: ignore[dict-item]
    created = await write.create_accounts([wanted[0]]) + await write.create_accounts([wanted[1]])
    ids = {name: one.id for name, one in zip((joe, jane), created, strict=True) if isinstance(one, Created)}
    made: list[int] = []
    try:
        assert created == [Created(ids[joe]), Created(ids[jane], (f"no{run}",))]
        [found] = await site.accounts_by("id", [str(ids[jane])])
        assert found.suspended
        assert await write.update_accounts([{"id": ids[jane], "suspended": 0}]) == [None]
        for repeated in (wanted, wanted[:1]):
            assert isinstance(await refused(write.create_accounts(repeated)), (BatchRefused, AlreadyThere))
        for field, value in (("username", joe.upper()), ("email", f"{joe}@example.TEST"), ("idnumber", f"E-{joe}")):
            [found] = await site.accounts_by(field, [value, "no-such@nowhere.test"])
            assert (found.id, found.fields["city"], found.fields["institution"]) == (ids[joe], "Taipei", "")

        function = "core_course_create_courses"
        course_row = {"shortname": f"C{run}", "idnumber": f"I{run}", "fullname": "C", "categoryid": 1}
        await client.call(function, {"courses": [course_row | {"enablecompletion": 1}]})
        [course] = (await site.courses([f"I{run}"]))[f"I{run}"]
        assert (await site.courses([f"C{run}"]))[f"C{run}"] == [course]

        [cohort] = await write.create_cohorts([(f"H{run}", "Cohort")])
        assert isinstance(cohort, int)
        made.append(cohort)
        assert isinstance(await refused(write.create_cohorts([(f"H{run}", "Another")])), BatchRefused)
        assert Cohort(cohort, f"H{run}", "Cohort") in await site.cohorts()
        new, nobody = await write.add_cohort_members([(cohort, ids[joe]), (cohort, NOBODY)])
        assert (new, *await write.add_cohort_members([(cohort, ids[joe])])) == (True, False)
        assert isinstance(nobody, Missing)
        assert await site.cohort_members([cohort]) == {cohort: frozenset({ids[joe]})}
        for _ in range(2):
            assert await write.remove_cohort_members([(cohort, ids[joe])]) == [None]
        assert isinstance(await refused(write.remove_cohort_members([(NOBODY, ids[joe])])), Missing)
        assert await site.cohort_members([cohort]) == {cohort: frozenset()}

        enrolments = [ManualEnrolment(user, course.id, STUDENT) for user in ids.values()]
        assert await write.enrol(enrolments) == [None, None]
        await write.enrol([ManualEnrolment(ids[jane], course.id, STUDENT, suspended=True)])
        for _ in range(2):
            assert await write.assign_roles([RoleContext(TEACHER, ids[joe], "course", course.id)]) == [None]
        for wrong in (RoleContext(TEACHER, ids[joe], "system", 0), RoleContext(NOBODY, ids[joe], "course", course.id)):
            assert isinstance(await refused(write.assign_roles([wrong])), BatchRefused)
        seen = [person async for page in site.participants(course.id) for person in page]
        assert seen == [
            Participant(ids[joe], course.id, (TEACHER, STUDENT), active=True),
            Participant(ids[jane], course.id, (STUDENT,), active=False),
        ]
        progress = [row async for page in site.progress(list(ids.values())) for row in page]
        assert [(row.user_id, row.course_id, row.completed) for row in progress] == [(ids[joe], course.id, False)]
        assert [(row.user_id, row.value) for row in await grades(site, course.id)] == [(ids[joe], None)]
        [group] = await write.create_groups([NewGroup(course.id, f"G{run}", f"R&D {run}")])
        assert isinstance(group, int)
        assert await site.course_groups([course.id, NOBODY]) == {
            course.id: [Group(group, course.id, f"G{run}", f"R&D {run}")]
        }
        taken = [NewGroup(course.id, f"G{run}", "Another"), NewGroup(course.id, "", f"R&D {run}")]
        assert list(map(type, await write.create_groups(taken))) == [AlreadyThere, BatchRefused]
        for _ in range(2):
            assert await write.add_group_members([(group, user) for user in ids.values()]) == [None, None]
        assert await site.group_members([group, NOBODY]) == {group: frozenset(ids.values()), NOBODY: None}
        for _ in range(2):
            assert await write.remove_group_members([(group, ids[joe])]) == [None]
        assert await site.group_members([group]) == {group: frozenset({ids[jane]})}
        assert await write.unassign_roles([RoleContext(TEACHER, ids[joe], "course", course.id)]) == [None]
        for _ in range(2):
            assert await write.unenrol([(ids[joe], course.id)]) == [None]
        assert isinstance(await refused(write.add_group_members([(group, ids[joe])])), BatchRefused)
        assert isinstance(await refused(write.add_group_members([(NOBODY, ids[jane])])), Missing)
        await write.unenrol([(ids[jane], course.id)])
        assert await site.group_members([group]) == {group: frozenset()}
        assert isinstance(await refused(write.enrol([enrolments[0], ManualEnrolment(NOBODY, course.id, 5)])), Missing)
        inside = [person.user_id async for page in site.participants(course.id) for person in page]
        assert inside == ([ids[joe]] if write.name == "plugin" else [])

        rows = [{"id": ids[joe], "suspended": True, "city": ""}, {"id": ids[jane], "username": joe}]
        good, bad = await write.update_accounts(rows)
        assert good is None
        assert isinstance(bad, SetAside)
        [found] = await site.accounts_by("id", [str(ids[joe])])
        assert (found.suspended, found.fields["city"], found.deleted) == (True, "", False)
    finally:
        assert await write.delete_accounts(list(ids.values())) == [None, None]
        if made:
            await client.call("core_cohort_delete_cohorts", {"cohortids": made})
    gone = await site.accounts_by("id", [str(i) for i in ids.values()])
    assert [account.deleted for account in gone] == [True, True]
    assert await site.accounts_by("idnumber", [f"E-{joe}"]) == []
