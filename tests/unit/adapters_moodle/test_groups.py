"""Groups of courses through the port, against both versions of the twin; what real ones do stands in the contract."""

from __future__ import annotations

import pytest

from adapters.moodle.groups import create_group
from adapters.moodle.site import MoodleSite
from adapters.moodle.twin import ServedTwin
from adapters.moodle.writers.plain import PlainWriter
from connector.domain.errors import AlreadyThere, BatchRefused, Missing
from connector.domain.journal import OutcomeState, Pending
from connector.domain.plan import Action, Change
from connector.domain.ports import Group
from connector.domain.writing import ManualEnrolment
from connector.sync.operations_on_groups import GroupCreation
from tests.unit.adapters_moodle.people import create

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5", "5.1"], indirect=True)]


async def test_names_are_read_as_they_were_written(site: MoodleSite, twin: ServedTwin) -> None:
    """Moodle's list has them as HTML, and is of one course."""
    safe, other = twin.life.make_course("SAFE"), twin.life.make_course("OTHER")
    group = await create_group(site.client, safe, "R&D", "R&D > 3")
    assert await site.course_groups([safe, other]) == {safe: [Group(group, safe, "R&D", "R&D > 3")], other: []}
    assert await site.course_groups([]) == {}


async def test_a_closed_course_concerns_its_own_groups_alone(site: MoodleSite, twin: ServedTwin) -> None:
    """They are left out of what is read, neither empty nor gone; writing there is refused, and stops nothing else."""
    safe, other = twin.life.make_course("SAFE"), twin.life.make_course("OTHER")
    [user] = await create(site, 1)
    await PlainWriter(site.client).enrol([ManualEnrolment(user, course, 5) for course in (safe, other)])
    groups = [await create_group(site.client, course, "g", "G") for course in (safe, other)]
    await PlainWriter(site.client).add_group_members([(group, user) for group in groups])
    twin.life.close_course("SAFE")
    assert list(await site.course_groups([safe, other])) == [other]
    assert await site.group_members([*groups, 999]) == {groups[1]: frozenset({user}), 999: None}
    for refused in (
        create_group(site.client, safe, "h", "H"),
        PlainWriter(site.client).add_group_members([(groups[0], user)]),
        PlainWriter(site.client).remove_group_members([(groups[0], user)]),
    ):
        with pytest.raises(Missing, match="closed to the service account"):
            await refused


async def test_what_is_taken_is_told_apart(site: MoodleSite, twin: ServedTwin) -> None:
    """An idnumber may be our own lost write; a name is another group's."""
    safe = twin.life.make_course("SAFE")
    await create_group(site.client, safe, "g", "G")
    with pytest.raises(AlreadyThere):
        await create_group(site.client, safe, "g", "H")
    with pytest.raises(BatchRefused):
        await create_group(site.client, safe, "h", "G")


async def test_a_group_that_was_rolled_back_is_not_taken_for_made(site: MoodleSite, twin: ServedTwin) -> None:
    """Another program's failed batch stays in Moodle's list: what has no members to be read is not there."""
    safe = twin.life.make_course("SAFE")
    await create_group(site.client, safe, "g", "G")
    rows = [{"courseid": safe, "name": name, "description": "", "idnumber": i} for name, i in (("N", "n"), ("X", "g"))]
    with pytest.raises(AlreadyThere):
        await site.client.call("core_group_create_groups", {"groups": rows})
    assert {group.idnumber for group in (await site.course_groups([safe]))[safe]} == {"g", "n"}
    pending = [
        Pending(
            n, Change(Action.CREATE_GROUP, f"SAFE:{i}", "", {}, {"course": safe, "idnumber": i, "name": i}), None, True
        )
        for n, i in enumerate(("g", "n", "never"))
    ]
    found = await GroupCreation(site, PlainWriter(site.client)).found(pending)
    assert [(one.ordinal, one.state) for one in found] == [(0, OutcomeState.DONE)]
