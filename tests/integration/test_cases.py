"""Cases: what a machine could only guess waits for a person, and a person's word is kept to."""

from __future__ import annotations

import pytest

from connector.domain.cases import CHOICES
from connector.domain.errors import SettingsError
from connector.domain.plan import Action
from tests.support import House, Seen, row

pytestmark = pytest.mark.anyio
A = Action


async def test_an_account_with_the_idnumber_is_adopted(house: House, moodle: Seen) -> None:
    """Bound and brought in line with HR; nobody is created."""
    number = moodle.add("somebody", idnumber="E1", email="old@example.test")
    plan = await house.plan([row("E1")])
    assert house.does(plan, A.ADOPT_ACCOUNT, A.CREATE_ACCOUNT) == [("adopt_account", "E1", "")]
    await house.apply(plan)
    assert moodle.people() == ["E1"]
    assert moodle.id("E1") == number
    assert moodle.fields("E1", "username", "email", "auth") == ("e1", "e1@example.test", "oauth2")
    assert (await house.plan()).size == 0


async def test_an_account_with_an_earlier_key_is_adopted(house: House, moodle: Seen) -> None:
    """The idnumber becomes the new key."""
    number = moodle.add("somebody", idnumber="OLD7")
    await house.settled_in([row("E1", earlier="X1;OLD7")])
    assert moodle.id("E1") == number
    assert moodle.people() == ["E1"]


async def test_an_account_with_email_and_surname_is_adopted(house: House, moodle: Seen) -> None:
    """In whatever case it was written; it has no idnumber, and gets one."""
    number = moodle.add("by.hand", email="E1@Example.test", lastname="LASTE1")
    await house.settled_in([row("E1")])
    assert moodle.id("E1") == number
    assert moodle.fields("E1", "lastname") == ("LastE1",)
    assert (await house.plan()).size == 0


async def test_an_email_with_another_surname_is_a_case(house: House, moodle: Seen) -> None:
    """Not the same person for sure: nobody is created, adopted or granted anything."""
    number = moodle.add("by.hand", email="e1@example.test", lastname="Other")
    plan = await house.plan([row("E1", unit="Field"), row("E2", unit="Field")])
    assert house.cases() == [("email_taken", "E1")]
    assert [who for _, who, _ in house.does(plan) if who == "E1"] == ["E1"]  # the requirement, which is ours
    [case] = house.connector.cases.waiting()
    assert case.candidates == (number,)


async def test_a_taken_username_is_a_case(house: House, moodle: Seen) -> None:
    """HR gives the username; somebody else has it."""
    moodle.add("e1", email="other@example.test")
    await house.sync([row("E1")])
    assert house.cases() == [("username_taken", "E1")]
    assert moodle.people() == []


@pytest.mark.parametrize("choice", ["first", "second", "create", "ignore"])
async def test_two_matches_are_settled_by_a_person(house: House, moodle: Seen, choice: str) -> None:
    """By one of the accounts, by a new one, or not at all; the word is kept in every later plan."""
    candidates = {name: moodle.add(name, idnumber="E1") for name in ("first", "second")}
    assert (await house.sync([row("E1")])).tally.done == 1  # the cohort
    assert house.cases() == [("two_matches", "E1")]
    if choice in candidates:
        house.settle("two_matches", "E1", account=candidates[choice])
    else:
        house.settle("two_matches", "E1", **{choice: True})
    await house.sync()
    assert house.cases() == []
    bound = [one["account_id"] for one in house.sql("SELECT account_id FROM connector.binding")]
    assert len(moodle.people()) == (3 if choice == "create" else 2)
    if choice in candidates:
        assert bound == [candidates[choice]]
    elif choice == "create":
        assert bound not in ([candidates["first"]], [candidates["second"]], [])
    else:
        assert bound == []
    assert (await house.plan()).size == 0
    assert house.cases() == []


async def test_a_case_ends_by_itself_once_its_cause_is_gone(house: House, moodle: Seen) -> None:
    """An open one keeps its number while it lasts."""
    moodle.add("one", idnumber="E1")
    two = moodle.add("two", idnumber="E1")
    await house.sync([row("E1")])
    [before] = house.connector.cases.waiting()
    await house.plan()
    assert house.connector.cases.waiting() == [before]
    state = house.twin.state
    state.unindex(state.users[two])
    state.users[two].fields["idnumber"] = ""
    state.index(state.users[two])
    await house.sync()
    assert house.cases() == []
    assert moodle.people() == ["E1"]


async def test_a_missing_course_is_settled_by_its_id(house: House, moodle: Seen) -> None:
    """The others of the path go on; the course that a person names is used from then on."""
    house.edit("paths.yaml", "[SAFE, FIRE]", "[SAFE, LOST]")
    await house.sync([row("E1", unit="Field")])
    assert house.cases() == [("missing_course", "LOST")]
    assert moodle.enrolled("SAFE") == {"E1": True}
    house.settle("missing_course", "LOST", course=house.twin.state.course_by_idnumber["LABS"])
    await house.sync()
    assert moodle.enrolled("LABS") == {"E1": True}
    assert house.cases() == []
    assert (await house.plan()).size == 0


async def test_a_missing_course_that_is_made_ends_the_case(house: House, moodle: Seen) -> None:
    """By idnumber or by short name."""
    house.edit("paths.yaml", "[SAFE, FIRE]", "[SAFE, LOST]")
    await house.sync([row("E1", unit="Field")])
    house.twin.life.make_course("", shortname="LOST")
    await house.sync()
    assert house.cases() == []
    assert ("E1", "enrolment", "LOST", True, False) in house.ledger()


async def test_ignored_is_ignored(house: House) -> None:
    """Nobody is asked again about what is to be left."""
    house.edit("paths.yaml", "[SAFE, FIRE]", "[SAFE, LOST]")
    await house.sync([row("E1", unit="Field")])
    house.settle("missing_course", "LOST", ignore=True)
    plan = await house.plan()
    assert (plan.size, house.cases()) == (0, [])


async def test_a_missing_category_and_an_unknown_role_are_cases(house: House, moodle: Seen) -> None:
    """Only the grants that need them wait."""
    house.edit("roles.yaml", "category:SAFETY", "category:NOPE")
    await house.sync([row("E1", job="author"), row("E2", job="director")])
    assert house.cases() == [("missing_category", "NOPE")]
    assert moodle.roles("E2") == {("manager", "system")}
    assert moodle.roles("E1") == set()


async def test_protected_accounts_are_never_touched(house: House, moodle: Seen) -> None:
    """Neither by idnumber, nor by e-mail; it is a case, and nothing is granted."""
    boss = moodle.add("boss", idnumber="E1", email="boss@example.test")
    before = dict(moodle.user("E1").fields)
    plan = await house.plan([row("E1", unit="Field", job="director"), row("E2", email="admin@twin.test")])
    assert sorted(house.cases()) == [("email_taken", "E2"), ("protected", "E1")]
    assert house.does(plan, A.ADOPT_ACCOUNT, A.CREATE_ACCOUNT, A.ASSIGN_ROLE, A.ENROL, A.ADD_TO_COHORT) == []
    await house.apply(plan)
    assert moodle.user("E1").fields == before
    assert house.twin.state.user_courses.get(boss) is None
    assert house.twin.state.roles.get(boss) is None


async def test_an_account_that_becomes_protected_is_left_alone(house: House, moodle: Seen) -> None:
    """Bound long ago: from the day on that the mapping protects it, nothing is written to it any more."""
    await house.settled_in([row("E1", unit="Field"), row("E2")])
    house.edit("mapping.yaml", "boss]", "boss, e1]")
    await house.sync([row("E1", unit="Lab", job="director", city="X"), row("E2")])
    assert house.cases() == [("protected", "E1")]
    assert moodle.fields("E1", "city") == ("",)
    assert moodle.cohorts() == {"unit-Field": {"E1"}, "unit-Office": {"E2"}}
    assert moodle.enrolled("SAFE") == {"E1": True}
    assert moodle.enrolled("LABS") == {}
    assert moodle.roles("E1") == set()
    await house.sync([row("E1", status="left"), row("E2")])
    assert not moodle.suspended("E1")
    assert moodle.enrolled("SAFE") == {"E1": True}


async def test_the_connectors_own_account_is_protected(house: House, moodle: Seen) -> None:
    """A row that names it by e-mail is a case."""
    await house.sync([row("E1", email="connector@twin.test", last="User")])
    assert house.cases() == [("email_taken", "E1")]


def delete(house: House, moodle: Seen, who: str) -> None:
    from adapters.moodle.twin.people import delete_users

    with house.twin.state.lock:
        delete_users(house.twin.state, {"userids": [moodle.id(who)]})


async def test_an_account_deleted_in_moodle_is_a_case(house: House, moodle: Seen) -> None:
    """It is never made again by itself."""
    await house.settled_in([row("E1", city="A"), row("E2")])
    delete(house, moodle, "E1")
    await house.sync([row("E1", city="B"), row("E2")])
    assert house.cases() == [("account_gone", "E1")]
    assert moodle.people() == ["E2"]


async def test_an_account_deleted_between_plan_and_apply_is_refused(house: House, moodle: Seen) -> None:
    """The state is read again before the write."""
    await house.settled_in([row("E1"), row("E2")])
    plan = await house.plan([row("E1", city="B"), row("E2", city="B")])
    delete(house, moodle, "E1")
    assert (await house.apply(plan)).tally.refused == 1
    assert [(who, code) for _, who, code, _ in house.refusals()] == [("E1", "gone")]
    assert moodle.fields("E2", "city") == ("B",)


async def test_managers_in_a_circle_are_a_case_each(house: House) -> None:
    """Nobody is above themselves; who is below the circle has a manager all the same."""
    people = [row("E1", manager="E2"), row("E2", manager="E3"), row("E3", manager="E1"), row("E4", manager="E1")]
    plan = await house.plan(people)
    assert house.cases() == [("manager_cycle", f"E{n}") for n in (1, 2, 3)]
    assert house.does(plan, A.CHANGE_MANAGER) == [("change_manager", "E4", "")]
    await house.apply(plan)
    await house.sync([row("E1"), *people[1:]])
    assert house.cases() == []
    found = house.sql("SELECT key FROM connector.person WHERE manager_id IS NULL")
    assert [one["key"] for one in found] == ["E1"]


async def test_a_shared_email_is_a_case_for_each(house: House, moodle: Seen) -> None:
    """Nobody can say whose it is; others go on, and a leaver does not count."""
    shared = "team@example.test"
    people = [row("E1", email=shared), row("E2", email=shared), row("E3"), row("E4", email=shared, status="left")]
    await house.sync(people)
    assert house.cases() == [("email_shared", "E1"), ("email_shared", "E2")]
    assert moodle.people() == ["E3"]
    await house.sync([people[0], row("E2"), *people[2:]])
    assert house.cases() == []
    assert moodle.people() == ["E1", "E2", "E3"]


async def test_who_has_an_account_keeps_it_when_another_claims_the_address(house: House, moodle: Seen) -> None:
    """A joiner with an address in use is a case; the other is not touched."""
    await house.settled_in([row("E1", email="e1@example.test")])
    plan = await house.plan([row("E1"), row("E2", email="e1@example.test")])
    assert ("E2") in [subject for _, subject in house.cases()]
    assert house.does(plan, A.CREATE_ACCOUNT, A.ADOPT_ACCOUNT, A.CHANGE_IDENTITY) == []


async def test_one_account_is_never_given_to_two_people(house: House, moodle: Seen) -> None:
    """Two people of one surname and one address both match the same free account: neither gets it unasked."""
    moodle.add("by.hand", email="family@example.test", lastname="Lin")
    people = [row(f"E{n}", email="family@example.test", last="Lin") for n in (1, 2)]
    applied = await house.sync(people)
    assert applied.tally.refused == 0
    assert house.cases() == [("already_bound", "E1"), ("already_bound", "E2")]
    assert house.sql("SELECT FROM connector.binding") == []


async def test_one_earlier_key_is_never_given_to_two_people(house: House, moodle: Seen) -> None:
    """HR names the same earlier key twice: one account, two claims, a person decides."""
    number = moodle.add("by.hand", idnumber="OLD")
    await house.sync([row("E1", earlier="OLD", unit="Field"), row("E2", earlier="OLD")])
    assert house.cases() == [("already_bound", "E1"), ("already_bound", "E2")]
    assert house.sql("SELECT FROM connector.binding") == []
    house.settle("already_bound", "E1", account=number)
    house.settle("already_bound", "E2", create=True)
    await house.sync()
    assert house.cases() == []
    assert moodle.id("E1") == number
    assert moodle.people() == ["E1", "E2"]


async def test_only_what_fits_settles_a_case(house: House, moodle: Seen) -> None:
    """A wrong choice, or a case that is not open, is said and changes nothing."""
    moodle.add("one", idnumber="E1")
    moodle.add("two", idnumber="E1")
    await house.sync([row("E1")])
    [case] = house.connector.cases.waiting()
    for wrong in ({"course": 3}, {}, {"create": True, "ignore": True}):
        with pytest.raises(SettingsError, match="can be settled by: account, create, ignore"):
            house.connector.cases.settle(case.case_id, wrong, "tester", house.clock())
    with pytest.raises(SettingsError, match="no open case 999"):
        house.connector.cases.settle(999, {"ignore": True}, "tester", house.clock())
    assert house.connector.cases.waiting() == [case]


def test_every_case_can_be_left() -> None:
    """Whatever it is, somebody may say that nothing is to be done."""
    assert all("ignore" in choices for choices in CHOICES.values())


async def test_a_decision_makes_older_plans_stale(house: House, moodle: Seen) -> None:
    """What was shown before somebody decided is not what would be done now."""
    moodle.add("one", idnumber="E1")
    moodle.add("two", idnumber="E1")
    plan = await house.plan([row("E1"), row("E2")])
    async with house.way() as way:
        assert way.current(plan) is not None
        house.settle("two_matches", "E1", create=True)
        assert way.current(plan) is None


async def test_one_username_is_never_given_to_two_people(house: House, moodle: Seen) -> None:
    """HR names the same one for two joiners, or for a renamed person and somebody who has it on paper only."""
    await house.sync([row("E1", username="lin"), row("E2", username="lin"), row("E3")])
    assert house.cases() == [("username_taken", "E2")]
    assert moodle.people() == ["E1", "E3"]
    await house.sync([row("E1", username="lin"), row("E2", username="lin"), row("E3", username="lin")])
    assert house.cases() == [("username_taken", "E2"), ("username_taken", "E3")]
    assert moodle.fields("E3", "username") == ("e3",)


async def test_an_address_cannot_be_changed_to_one_in_use(house: House, moodle: Seen) -> None:
    """Neither to one that Moodle has, nor to one that HR says of two people."""
    await house.settled_in([row("E1"), row("E2"), row("E3")])
    moodle.add("stranger", email="taken@example.test")
    people = [
        row("E1", email="taken@example.test"),
        row("E2", email="two@example.test"),
        row("E3", email="two@example.test"),
    ]
    plan = await house.plan(people)
    assert house.cases() == [("email_taken", "E1"), ("email_shared", "E2"), ("email_shared", "E3")]
    assert plan.size == 0
