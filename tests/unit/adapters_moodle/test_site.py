"""The port ``Moodle`` on plain functions, against both versions of the twin."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters.moodle import site as site_module
from adapters.moodle.client import MoodleClient
from adapters.moodle.site import MoodleSite
from adapters.moodle.twin import ServedTwin, TwinState, serve_twin
from adapters.moodle.writers.plain import PlainWriter
from connector.domain.errors import BatchRefused, Missing
from connector.domain.ports import CourseProgress, Moodle, Participant
from connector.domain.reading import ReadGrade
from connector.domain.writing import ManualEnrolment, RoleContext
from tests.reading import grades
from tests.unit.adapters_moodle.people import account, code, create, create_accounts

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5", "5.1"], indirect=True)]
STUDENT = 5


async def test_it_is_the_port(site: MoodleSite, twin: ServedTwin) -> None:
    """mypy checks the shape; the release tells the versions apart, functions are names."""
    port: Moodle = site
    info = await port.site_info()
    assert info.release == twin.state.version.release
    assert "core_user_create_users" in info.functions
    assert not info.is_admin


async def test_accounts_come_back_as_text_fields(site: MoodleSite, twin: ServedTwin) -> None:
    """What Moodle leaves out because it is empty is "", booleans are 0 and 1, custom fields go by shortname."""
    wanted = account("jane", city="Taipei", phone1="123", customfields=[{"type": "jobgrade", "value": "7"}])
    ids = await create_accounts(site, [wanted])
    await PlainWriter(site.client).update_accounts([{"id": ids["jane"], "suspended": True}])
    [jane] = await site.accounts_by("idnumber", ["E-jane"])
    assert (jane.id, jane.username, jane.suspended, jane.deleted) == (ids["jane"], "jane", True, False)
    assert jane.fields["city"] == "Taipei"
    assert jane.fields["department"] == ""
    assert jane.fields["suspended"] == "1"
    assert jane.profile == {"jobgrade": "7"}
    assert "phone1" not in jane.fields, "telephone numbers are for administrators: absent is not empty"


async def test_administrators_see_telephones(twin: ServedTwin) -> None:
    """For an administrator's token an absent telephone number is an empty one."""
    with serve_twin(state=TwinState("4.5", admin=True)) as served:
        async with MoodleClient(served.url, served.token) as client:
            site = MoodleSite(client)
            await PlainWriter(site.client).create_accounts([account("jane", phone1="123")])
            [jane] = await site.accounts_by("username", ["jane"])
    assert (jane.fields["phone1"], jane.fields["phone2"]) == ("123", "")


async def test_look_ups_split_and_find_each_once(site: MoodleSite, twin: ServedTwin) -> None:
    """1,200 values go in three calls; repeated and empty ones are not asked for."""
    ids = [i for part in range(4) for i in await create(site, 300, prefix=f"p{part}x")]
    twin.state.calls.clear()
    found = await site.accounts_by("id", [str(i) for i in ids * 2] + ["", "x"])
    assert sorted(a.id for a in found) == sorted(ids)
    assert twin.state.calls["core_user_get_users_by_field"] == 3


async def test_usernames_are_lower_cased_and_bad_ones_find_nobody(site: MoodleSite, twin: ServedTwin) -> None:
    """One value that Moodle finds invalid does not spoil the look-up of the others."""
    await create(site, 3)
    found = await site.accounts_by("username", ["P0", "no such name!", "p2", "王"])
    assert sorted(a.username for a in found) == ["p0", "p2"]


async def test_emails_are_compared_without_case(site: MoodleSite, twin: ServedTwin) -> None:
    """Both ways round, though Moodle's look-up minds the case."""
    await PlainWriter(site.client).create_accounts([account("jane", email="Jane.Doe@Example.test"), account("joe")])
    found = await site.accounts_by("email", ["JANE.DOE@example.test", "JOE@EXAMPLE.TEST", "jane_doe@example.test"])
    assert sorted(a.username for a in found) == ["jane", "joe"]


async def test_one_idnumber_may_find_two(site: MoodleSite, twin: ServedTwin) -> None:
    """idnumber is not unique in Moodle: every match comes back."""
    await PlainWriter(site.client).create_accounts([account("a"), account("b", idnumber="E-a")])
    assert len(await site.accounts_by("idnumber", ["E-a"])) == 2


async def test_deleted_people_are_told_from_living_ones(
    site: MoodleSite, client: MoodleClient, twin: ServedTwin
) -> None:
    """The mangled remains, which Moodle shows by id without a mark, are marked; odd living accounts are not."""
    ids = await create_accounts(site, [account("gone"), account("odd.1234567890", idnumber="")])
    await client.call("core_user_delete_users", {"userids": [ids["gone"]]})
    found = await site.accounts_by("id", [str(i) for i in ids.values()])
    assert {a.id: a.deleted for a in found} == {ids["gone"]: True, ids["odd.1234567890"]: False}
    assert await site.accounts_by("idnumber", ["E-gone"]) == []


async def test_a_bad_row_rolls_the_batch_back(site: MoodleSite, twin: ServedTwin) -> None:
    """Creating is all or nothing."""
    with pytest.raises(BatchRefused):
        await PlainWriter(site.client).create_accounts([account("good"), account("BAD")])
    assert await site.accounts_by("username", ["good"]) == []


async def test_updates_apply_the_good_rows(site: MoodleSite, twin: ServedTwin) -> None:
    """Bad rows come back with Moodle's code."""
    [a, b] = await create(site, 2)
    rows = [{"id": a, "city": "Hanoi"}, {"id": b, "email": "P0@example.test"}, {"id": 9999, "city": "x"}]
    good, *bad = await PlainWriter(site.client).update_accounts(rows)
    assert good is None
    assert [code(one) for one in bad] == ["useremailduplicate", "invaliduserid"]
    [account_a] = await site.accounts_by("id", [str(a)])
    assert account_a.fields["city"] == "Hanoi"


async def test_a_refused_password_spoils_the_answer_only(site: MoodleSite, twin: ServedTwin) -> None:
    """Moodle applies the other rows and then fails to answer: the batch is split, which changes nothing twice."""
    [a, b] = await create(site, 2)
    with pytest.raises(BatchRefused, match="invalidresponse"):
        await PlainWriter(site.client).update_accounts([{"id": a, "password": "x"}, {"id": b, "city": "Hanoi"}])
    [account_b] = await site.accounts_by("id", [str(b)])
    assert account_b.fields["city"] == "Hanoi"


async def test_courses_by_idnumber_then_short_name(site: MoodleSite, twin: ServedTwin) -> None:
    """Every ref is a key; an idnumber goes before a short name."""
    first = twin.life.make_course("A1", shortname="X", category="CAT")
    second = twin.life.make_course("X", shortname="B1")
    found = await site.courses(["A1", "B1", "X", "nope", "A1"])
    assert {ref: [course.id for course in courses] for ref, courses in found.items()} == {
        "A1": [first], "B1": [second], "X": [second], "nope": [],
    }  # fmt: skip
    assert found["A1"][0].completion_enabled
    assert [c.name for c in (await site.categories(["CAT", "none"]))["CAT"]] == ["CAT"]
    assert (await site.categories(["none"]))["none"] == []


async def test_cohorts(site: MoodleSite, twin: ServedTwin) -> None:
    """Create, list, fill, read and empty; who is not there is told from who is there already."""
    [a, b] = await create(site, 2)
    writer = PlainWriter(site.client)
    [made] = await writer.create_cohorts([("ROLE-DRIVER", "Drivers")])
    [cohort] = await site.cohorts()
    assert (cohort.id, cohort.idnumber, cohort.name) == (made, "ROLE-DRIVER", "Drivers")
    members = [(cohort.id, a), (cohort.id, 9999), (777, a), (777, b), (cohort.id, b)]
    answers = await writer.add_cohort_members(members)
    assert [one if isinstance(one, bool) else code(one) for one in answers] == [True, "2", "2", "2", True]
    assert await writer.add_cohort_members([(cohort.id, a)]) == [False]
    assert await site.cohort_members([cohort.id, 777]) == {cohort.id: frozenset({a, b})}
    await PlainWriter(site.client).remove_cohort_members([(cohort.id, a)])
    await PlainWriter(site.client).remove_cohort_members([(cohort.id, a)])
    assert await site.cohort_members([cohort.id]) == {cohort.id: frozenset({b})}
    with pytest.raises(BatchRefused):
        await PlainWriter(site.client).create_cohorts([("ROLE-DRIVER", "Drivers again")])


async def test_participants_with_roles_suspended_ones_too(site: MoodleSite, twin: ServedTwin) -> None:
    """Everybody comes once, with the roles held in the course and whether the enrolment is active."""
    [a, b, c] = await create(site, 3)
    course = twin.life.make_course("SAFE101")
    expired = ManualEnrolment(c, course, STUDENT, timestart=1, timeend=2)
    await PlainWriter(site.client).enrol(
        [ManualEnrolment(a, course, STUDENT), ManualEnrolment(b, course, STUDENT, suspended=True), expired]
    )
    await PlainWriter(site.client).assign_roles([RoleContext(3, a, "course", course), RoleContext(1, a, "system", 0)])
    pages = [page async for page in site.participants(course)]
    assert [p for page in pages for p in page] == [
        Participant(a, course, (3, 5), active=True),
        Participant(b, course, (5,), active=False),
        Participant(c, course, (5,), active=False),
    ]
    await PlainWriter(site.client).unassign_roles([RoleContext(3, a, "course", course)])
    await PlainWriter(site.client).unenrol([(b, course), (c, course), (c, course)])
    assert [p async for p in site.participants(course)] == [[Participant(a, course, (5,))]]
    with pytest.raises(Missing):
        _ = [page async for page in site.participants(9999)]


async def test_paging_survives_unenrolments(
    site: MoodleSite, twin: ServedTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People who leave between two pages push nobody out of sight, and nobody comes twice."""
    monkeypatch.setattr(site_module, "PAGE", 5)
    ids = sorted(await create(site, 23))
    course = twin.life.make_course("SAFE101")
    await PlainWriter(site.client).enrol([ManualEnrolment(i, course, STUDENT) for i in ids])
    seen: list[int] = []
    async for page in site.participants(course):
        if not seen:
            await PlainWriter(site.client).unenrol([(i, course) for i in ids[:4]])
        seen += [p.user_id for p in page]
    assert seen == ids


async def test_an_enrolment_is_all_or_nothing(site: MoodleSite, twin: ServedTwin) -> None:
    """An unknown person fails the batch; a role that may not be assigned is a row to isolate."""
    [a] = await create(site, 1)
    course = twin.life.make_course("SAFE101")
    with pytest.raises(Missing):
        await PlainWriter(site.client).enrol(
            [ManualEnrolment(a, course, STUDENT), ManualEnrolment(9999, course, STUDENT)]
        )
    with pytest.raises(BatchRefused, match="wsusercannotassign"):
        await PlainWriter(site.client).enrol([ManualEnrolment(a, course, 999)])
    assert [p async for p in site.participants(course)] == []


async def test_what_learners_do_is_read_back(site: MoodleSite, twin: ServedTwin) -> None:
    """Completion and grade, and what unenrolling does to the grade."""
    [a, b] = await create(site, 2)
    course = twin.life.make_course("SAFE101")
    plain = twin.life.make_course("NOCRIT", criteria=False)
    await PlainWriter(site.client).enrol(
        [ManualEnrolment(user, c, STUDENT) for user in (a, b) for c in (course, plain)]
    )
    twin.life.complete("p0", "SAFE101", at=1_700_000_000)
    twin.life.grade("p0", "SAFE101", 83.5, at=1_700_000_001)
    progress = [row async for page in site.progress([a, b, 9999]) for row in page]
    assert progress == [
        CourseProgress(a, course, 100.0, True, True),
        CourseProgress(a, plain, None, False, False),
        CourseProgress(b, course, 0.0, False, True),
        CourseProgress(b, plain, None, False, False),
    ]
    assert await grades(site, course) == [
        ReadGrade(a, course, 83.5, None, datetime.fromtimestamp(1_700_000_001, UTC), 0, 100),
        ReadGrade(b, course, None),
    ]
    await PlainWriter(site.client).unenrol([(a, course)])
    await PlainWriter(site.client).enrol([ManualEnrolment(a, course, STUDENT)])
    assert [row.value for row in await grades(site, course)] == [None, None]


async def test_many_people_are_read_in_pages(site: MoodleSite, twin: ServedTwin) -> None:
    """Progress of 950 people: ten batches of 100 in windows of four, each page by itself."""
    with twin.state.lock:
        twin.life.make_course("SAFE101")
    ids = [i for part in range(4) for i in await create(site, 240, prefix=f"p{part}x")][:950]
    await PlainWriter(site.client).enrol([ManualEnrolment(i, 2, STUDENT) for i in ids[:600]])
    pages = [len(page) async for page in site.progress(ids)]
    assert len(pages) == 10
    assert sum(pages) == 600
    assert twin.state.calls["tool_mobile_call_external_functions"] == 10


async def test_nothing_to_do_is_no_call(site: MoodleSite, twin: ServedTwin) -> None:
    """Empty batches do not reach Moodle."""
    assert await PlainWriter(site.client).create_accounts([]) == []
    assert await PlainWriter(site.client).update_accounts([]) == []
    assert await PlainWriter(site.client).create_cohorts([]) == []
    assert await PlainWriter(site.client).add_cohort_members([]) == []
    await PlainWriter(site.client).enrol([])
    await PlainWriter(site.client).unenrol([])
    assert await site.courses([]) == {}
    assert sum(twin.state.calls.values()) == 0
