"""Groups in the courses of a path: made, filled, changed, left, and given back after a fault."""

from __future__ import annotations

import pytest

from adapters.moodle.twin.faults import Fault, FaultKind
from adapters.moodle.twin.groups import add_members, create_groups, delete_groups
from connector.domain.plan import Action, GuardClass
from tests.support import House, Seen, enrol_by_hand, row, rows

pytestmark = pytest.mark.anyio
A = Action
GROUPED = "courses: [SAFE, FIRE]\n    groups: [{idnumber: '{city}', name: 'Depot {city}'}]"


@pytest.fixture
async def house(house: House) -> House:
    """The path SAFETY puts people into a group by their town. One Moodle is read by reports, the other plainly."""
    house.edit("paths.yaml", "courses: [SAFE, FIRE]", GROUPED)
    if house.twin.state.version.family != "4.5":
        await house.make_reports()
    return house


def make_group(moodle: Seen, course: str, name: str, idnumber: str = "") -> int:
    """A teacher makes a group by hand."""
    with moodle.state.lock:
        wanted = {"courseid": moodle.state.course_by_idnumber[course], "name": name, "idnumber": idnumber}
        [made] = create_groups(moodle.state, {"groups": [{**wanted, "description": ""}]})
        return int(made["id"])


def put(moodle: Seen, group: int, who: str) -> None:
    """A teacher puts somebody into a group."""
    with moodle.state.lock:
        add_members(moodle.state, {"members": [{"groupid": group, "userid": moodle.id(who)}]})


def group_id(moodle: Seen, course: str, idnumber: str) -> int:
    course_id = moodle.state.course_by_idnumber[course]
    [found] = [g.id for g in moodle.state.groups.values() if (g.course_id, g.idnumber) == (course_id, idnumber)]
    return found


def field(key: str, city: str, **more: str) -> dict[str, str]:
    return row(key, unit="Field", city=city, **more)


async def test_a_path_puts_people_into_a_group_of_each_course(house: House, moodle: Seen) -> None:
    """Groups are made first, people enrolled, then added; who has no town is in none; and then nothing is left."""
    plan = await house.plan([field("E1", "Taipei"), field("E2", "Hanoi"), field("E3", "")])
    made = [change for change in house.changes(plan) if change.action is A.CREATE_GROUP]
    assert [(one.subject, one.after["name"]) for one in made] == [
        ("FIRE:Hanoi", "Depot Hanoi"),
        ("FIRE:Taipei", "Depot Taipei"),
        ("SAFE:Hanoi", "Depot Hanoi"),
        ("SAFE:Taipei", "Depot Taipei"),
    ]
    order = [action for action, _, _ in house.does(plan, A.CREATE_GROUP, A.ENROL, A.ADD_TO_GROUP)]
    assert order == sorted(order, key=["create_group", "enrol", "add_to_group"].index)
    applied = await house.apply(plan)
    assert (applied.tally.refused, applied.tally.waiting) == (0, 0)
    for course in ("SAFE", "FIRE"):
        assert moodle.groups(course) == {"Taipei": {"E1"}, "Hanoi": {"E2"}}
    assert {one for one in house.ledger() if one[1] == "group" and one[0] == "E1"} == {
        ("E1", "group", "SAFE:Taipei", True, False),
        ("E1", "group", "FIRE:Taipei", True, False),
    }
    assert (await house.plan()).size == 0
    await house.mirror()
    assert (await house.plan()).size == 0


async def test_who_moves_changes_groups_and_stays_enrolled(house: House, moodle: Seen) -> None:
    """Into the new one first, then out of the old; the removal counts in the class of removals."""
    await house.settled_in([field("E1", "Taipei"), field("E2", "Taipei")])
    plan = await house.plan([field("E1", "Hanoi"), field("E2", "Taipei")])
    assert house.does(plan, A.ADD_TO_GROUP, A.REMOVE_FROM_GROUP) == [
        ("add_to_group", "E1", "FIRE:Hanoi"),
        ("add_to_group", "E1", "SAFE:Hanoi"),
        ("remove_from_group", "E1", "FIRE:Taipei"),
        ("remove_from_group", "E1", "SAFE:Taipei"),
    ]
    assert {one.guard for one in house.changes(plan) if one.action is A.REMOVE_FROM_GROUP} == {GuardClass.REMOVE_GRANT}
    await house.apply(plan)
    assert moodle.groups("SAFE") == {"Taipei": {"E2"}, "Hanoi": {"E1"}}
    assert moodle.enrolled("SAFE") == {"E1": True, "E2": True}
    assert (await house.plan()).size == 0


@pytest.mark.parametrize("way", ["leaves", "loses the path"])
async def test_a_suspended_enrolment_keeps_its_groups(house: House, moodle: Seen, way: str) -> None:
    """Who leaves, or the path, and comes back is where they were; in another town they change then."""
    await house.settled_in([field("E1", "Taipei"), field("E2", "Taipei")])
    away = field("E1", "Taipei", status="left") if way == "leaves" else row("E1", city="Taipei")
    plan = await house.plan([away, field("E2", "Taipei")])
    assert ("suspend_enrolment", "E1", "SAFE") in house.does(plan)
    assert house.does(plan, A.REMOVE_FROM_GROUP) == []
    await house.apply(plan)
    assert moodle.enrolled("SAFE")["E1"] is False
    assert moodle.groups("SAFE") == {"Taipei": {"E1", "E2"}}
    assert (await house.plan()).size == 0
    await house.mirror()
    assert (await house.plan()).size == 0
    await house.settled_in([field("E1", "Hanoi"), field("E2", "Taipei")])
    assert moodle.groups("SAFE") == {"Taipei": {"E2"}, "Hanoi": {"E1"}}
    assert (await house.plan()).size == 0


async def test_an_unenrolment_takes_the_groups_with_it(house: House, moodle: Seen) -> None:
    """The ledger claims nothing that Moodle has taken, and nobody is asked twice; back again all is given anew."""
    house.edit("paths.yaml", "start: none, on_loss: suspend", "start: none, on_loss: unenrol")
    await house.settled_in([field("E1", "Taipei"), field("E2", "Taipei")])
    plan = await house.plan([row("E1", city="Taipei"), field("E2", "Taipei")])
    assert house.does(plan, A.REMOVE_FROM_GROUP) == []
    await house.apply(plan)
    assert moodle.groups("SAFE") == {"Taipei": {"E2"}}
    assert {one[0] for one in house.ledger() if one[1] == "group"} == {"E2"}
    assert (await house.plan()).size == 0
    await house.settled_in([field("E1", "Taipei"), field("E2", "Taipei")])
    assert moodle.groups("FIRE") == {"Taipei": {"E1", "E2"}}


async def test_a_path_that_names_no_group_any_more(house: House, moodle: Seen) -> None:
    """People stay enrolled and leave the groups that were ours; groups themselves are never deleted."""
    people = [field("E1", "Taipei"), field("E2", "Hanoi")]
    await house.settled_in(people)
    house.edit("paths.yaml", GROUPED, "courses: [SAFE, FIRE]")
    await house.settled_in(people)
    assert moodle.groups("SAFE") == {"Taipei": set(), "Hanoi": set()}
    assert moodle.enrolled("SAFE") == {"E1": True, "E2": True}
    assert (await house.plan()).size == 0


async def test_a_membership_that_somebody_else_made_is_noted_and_never_taken(house: House, moodle: Seen) -> None:
    """Found in the group before the rule names it: when the rule ends, only our note of it does."""
    await house.settled_in([row("E1"), row("E2")])
    enrol_by_hand(house, moodle, "E1", "SAFE")
    put(moodle, make_group(moodle, "SAFE", "Depot Taipei", "Taipei"), "E1")
    plan = await house.plan([field("E1", "Taipei"), field("E2", "Taipei")])
    assert house.does(plan, A.RECOGNISE_GROUP) == [("recognise_group", "E1", "SAFE:Taipei")]
    assert house.does(plan, A.CREATE_GROUP) == [("create_group", "FIRE:Taipei", "")]
    await house.apply(plan)
    assert ("E1", "group", "SAFE:Taipei", False, False) in house.ledger()
    assert ("E2", "group", "SAFE:Taipei", True, False) in house.ledger()
    assert (await house.plan()).size == 0
    await house.settled_in([field("E1", "Hanoi"), field("E2", "Hanoi")])
    assert moodle.groups("SAFE") == {"Taipei": {"E1"}, "Hanoi": {"E1", "E2"}}
    assert (await house.plan()).size == 0


async def test_a_group_that_has_the_name_and_no_idnumber_is_the_one(house: House, moodle: Seen) -> None:
    """Moodle would refuse a second one of that name; its idnumber is left empty, and it is found again."""
    make_group(moodle, "SAFE", "Depot Taipei")
    await house.settled_in([field("E1", "Taipei")])
    assert moodle.groups("SAFE") == {"Depot Taipei": {"E1"}}
    await house.settled_in([field("E1", "Taipei"), field("E2", "Taipei")])
    assert moodle.groups("SAFE") == {"Depot Taipei": {"E1", "E2"}}
    assert (await house.plan()).size == 0


async def test_two_groups_of_one_name_are_told_apart(house: House, moodle: Seen) -> None:
    """The second has its idnumber behind the name: within a course Moodle keeps names apart."""
    house.edit("paths.yaml", "name: 'Depot {city}'", "name: Depot")
    await house.settled_in([field("E1", "Taipei"), field("E2", "Hanoi")])
    assert moodle.groups("SAFE") == {"Taipei": {"E1"}, "Hanoi": {"E2"}}
    names = {group.name for group in moodle.state.groups.values()}
    assert names == {"Depot", "Depot (Taipei)"}
    assert (await house.plan()).size == 0


@pytest.mark.parametrize("anew", [False, True])
async def test_a_group_deleted_in_moodle_is_given_again(house: House, moodle: Seen, anew: bool) -> None:
    """The next reading of everything notices it; it is made anew, or the one is used that somebody made."""
    people = [field("E1", "Taipei"), field("E2", "Taipei"), field("E3", "Hanoi")]
    await house.settled_in(people)
    await house.mirror()
    with moodle.state.lock:
        delete_groups(moodle.state, {"groupids": [group_id(moodle, "SAFE", "Taipei")]})
    if anew:
        make_group(moodle, "SAFE", "Depot Taipei", "Taipei")
    assert (await house.plan()).size == 0, "nobody has read Moodle since"
    await house.mirror()
    plan = await house.plan()
    expected = [("create_group", "SAFE:Taipei", "")] * (not anew)
    expected += [("add_to_group", who, "SAFE:Taipei") for who in ("E1", "E2")]
    assert house.does(plan) == expected
    await house.apply(plan)
    assert moodle.groups("SAFE") == {"Taipei": {"E1", "E2"}, "Hanoi": {"E3"}}
    await house.mirror()
    assert (await house.plan()).size == 0


async def test_who_was_taken_out_by_hand_is_put_in_again(house: House, moodle: Seen) -> None:
    """As with cohorts: a rule gives it, so the next reading of everything has it given again."""
    await house.settled_in([field("E1", "Taipei"), field("E2", "Taipei")])
    await house.mirror()
    with moodle.state.lock:
        moodle.state.groups[group_id(moodle, "FIRE", "Taipei")].members.pop(moodle.id("E1"))
    await house.mirror()
    plan = await house.plan()
    assert house.does(plan) == [("add_to_group", "E1", "FIRE:Taipei")]
    await house.apply(plan)
    assert moodle.groups("FIRE") == {"Taipei": {"E1", "E2"}}


async def test_leaving_a_group_that_is_gone_is_done(house: House, moodle: Seen) -> None:
    """Nothing is refused for ever because what it would be taken from is not there."""
    await house.settled_in([field("E1", "Taipei"), field("E2", "Taipei")])
    with moodle.state.lock:
        delete_groups(moodle.state, {"groupids": [group_id(moodle, "SAFE", "Taipei")]})
    await house.settled_in([field("E1", "Hanoi"), field("E2", "Taipei")])
    assert {one[2] for one in house.ledger() if one[:2] == ("E1", "group")} == {"SAFE:Hanoi", "FIRE:Hanoi"}
    assert (await house.plan()).size == 0


async def test_a_group_of_a_course_that_is_closed_is_a_case(house: House, moodle: Seen) -> None:
    """The other course goes on, and nothing is taken to be gone that only cannot be seen."""
    await house.settled_in([field("E1", "Taipei"), field("E2", "Taipei")])
    await house.mirror()
    house.twin.life.close_course("SAFE")
    await house.mirror()
    assert ("E1", "group", "SAFE:Taipei", True, False) in house.ledger()
    plan = await house.plan([field("E1", "Hanoi"), field("E2", "Taipei")])
    assert house.does(plan, A.ADD_TO_GROUP) == [("add_to_group", "E1", "FIRE:Hanoi")]
    assert house.cases() == [("missing_course", "SAFE")]


@pytest.mark.parametrize("function", ["core_group_create_groups", "core_group_add_group_members"])
@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "write_late"])
async def test_a_lost_answer_does_no_harm(house: House, moodle: Seen, function: str, kind: FaultKind) -> None:
    """Whether Moodle had done it or not: each group is there once, with its people, and they are ours."""
    house.twin.faults.add(Fault(kind, function=function))
    await house.settled_in([field("E1", "Taipei"), field("E2", "Hanoi")])
    for course in ("SAFE", "FIRE"):
        assert moodle.groups(course) == {"Taipei": {"E1"}, "Hanoi": {"E2"}}
    assert len(moodle.state.groups) == 4
    assert all(ours for _, kind, _, ours, _ in house.ledger() if kind == "group")
    assert (await house.plan()).size == 0


async def test_a_group_that_moodle_refuses_stops_nobody_else(house: House, moodle: Seen) -> None:
    """An idnumber that is too long: its people are enrolled, their group waits, the cause is told."""
    applied = await house.sync([field("E1", "Taipei"), field("E2", "T" * 101)])
    assert (applied.tally.refused, applied.tally.waiting) == (2, 2)
    assert {(action, code) for action, _, code, _ in house.refusals()} == {("create_group", "dmlwriteexception")}
    assert moodle.groups("SAFE") == {"Taipei": {"E1"}}
    assert moodle.enrolled("SAFE") == {"E1": True, "E2": True}


async def test_many_in_a_group_that_go_at_once_wait_for_a_person(house: House, moodle: Seen) -> None:
    """More than the guard lets pass: the removals are held, the rest goes on."""
    await house.settled_in(rows(30, unit="Field", city="Taipei"))
    plan = await house.plan(rows(30, unit="Field", city="Hanoi"))
    assert house.holds(plan)[GuardClass.REMOVE_GRANT][0] == 60
    await house.apply(plan)
    assert {name: len(members) for name, members in moodle.groups("SAFE").items()} == {"Taipei": 30, "Hanoi": 30}
