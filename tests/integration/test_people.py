"""The life of people: from joiner to leaver and back, as Moodle sees it."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from adapters.moodle.errors import is_reading
from connector.domain.plan import Action
from tests.support import House, Row, Seen, row, rows

pytestmark = pytest.mark.anyio
A = Action


async def test_a_joiner_is_made_with_all_that_the_rules_give(house: House, moodle: Seen) -> None:
    """One row becomes an account, a cohort, enrolments, a requirement; then nothing is left to do."""
    people = [row("E1", unit="Field", city="Taipei", grade="7", cost="K9", manager="E2"), row("E2", job="director")]
    await house.settled_in(people)
    assert moodle.fields("E1", "username", "email", "auth", "city") == ("e1", "e1@example.test", "oauth2", "Taipei")
    assert moodle.user("E1").profile == {"jobgrade": "7", "costcentre": "K9"}
    assert moodle.cohorts() == {"unit-Field": {"E1"}, "unit-Office": {"E2"}}
    assert moodle.enrolled("SAFE") == moodle.enrolled("FIRE") == {"E1": True}
    assert moodle.roles("E2") == {("manager", "system")}
    assert ("E1", "assignment", "SAFETY-14", True, False) in house.ledger()
    assert (await house.plan()).size == 0


async def test_a_plan_is_only_a_plan(house: House, moodle: Seen) -> None:
    """Planning writes nothing to Moodle, and tells each change with before and after."""
    before = dict(house.twin.state.calls)
    plan = await house.plan([row("E1", unit="Field")])
    assert moodle.people() == []
    assert moodle.cohorts() == {}
    asked = set(house.twin.state.calls) - set(before) - {"tool_mobile_call_external_functions"}
    assert {name for name in asked if not is_reading(name)} == set()
    assert house.does(plan) == [
        ("create_cohort", "unit-Field", ""),
        ("create_account", "E1", ""),
        ("add_to_cohort", "E1", "unit-Field"),
        ("assign_requirement", "E1", "SAFETY-14"),
        ("enrol", "E1", "FIRE"),
        ("enrol", "E1", "SAFE"),
    ]
    assert plan.size == 6
    assert plan.counts == {
        "create_cohort": 1, "create_account": 1, "add_to_cohort": 1, "assign_requirement": 1, "enrol": 2,
    }  # fmt: skip


async def test_somebody_is_suspended_until_the_first_day(house: House, moodle: Seen) -> None:
    """Far away: nothing; within the days ahead: an account that cannot be used; on the day: open."""
    person = row("E1", unit="Field", starts=house.clock.day(40))
    assert (await house.sync([person])).tally.done == 1  # the cohort that a rule names
    assert moodle.people() == []
    house.clock.forward(days=15)
    await house.sync()
    assert moodle.suspended("E1")
    assert moodle.cohort("unit-Field") == {"E1"}
    assert (await house.plan()).size == 0
    house.clock.forward(days=25)
    plan = await house.plan()
    assert house.does(plan) == [("reactivate_account", "E1", "")]
    await house.apply(plan)
    assert not moodle.suspended("E1")


async def test_the_first_day_begins_in_the_persons_own_time_zone(house: House, moodle: Seen) -> None:
    """At noon UTC it is tomorrow on Kiritimati, and still today on Honolulu."""
    house.clock.now = house.clock.now.replace(hour=12)
    tomorrow = house.clock.day(1)
    people = [
        row("E1", starts=tomorrow, zone="Pacific/Kiritimati"),
        row("E2", starts=tomorrow, zone="Pacific/Honolulu"),
    ]
    await house.sync(people)
    assert (moodle.suspended("E1"), moodle.suspended("E2")) == (False, True)


async def test_the_last_day_is_still_a_day_of_work(house: House, moodle: Seen) -> None:
    """Suspended on the day after it, without any further word of HR."""
    house.clock.now = house.clock.now.replace(hour=12)
    await house.settled_in([row("E1", ends=house.clock.day(1))])
    house.clock.forward(days=1)
    assert (await house.plan()).size == 0
    house.clock.forward(days=1)
    await house.sync()
    assert moodle.suspended("E1")


async def test_a_mover_changes_cohort_and_courses(house: House, moodle: Seen) -> None:
    """The new unit's grants come, the old one's go; enrolments of the old path are suspended, never deleted."""
    await house.settled_in([row("E1", unit="Field", job="trainer")])
    house.twin.life.grade("e1", "SAFE", 77)
    assert moodle.roles("E1") == {("editingteacher", "FIRE")}
    await house.settled_in([row("E1", unit="Lab", job="author")])
    assert moodle.cohort("unit-Field") == set()
    assert moodle.cohort("unit-Lab") == {"E1"}
    assert moodle.enrolled("SAFE") == {"E1": False}
    assert moodle.enrolled("LABS") == {"E1": True}
    assert moodle.roles("E1") == {("coursecreator", "SAFETY")}
    course = house.twin.state.courses[house.twin.state.course_by_idnumber["SAFE"]]
    assert [grade.value for grade in course.grades.values()] == [77]
    assert (await house.plan()).size == 0


async def test_a_mover_back_is_enrolled_again(house: House, moodle: Seen) -> None:
    """The suspended enrolment is made active; the path that says so is unenrolled."""
    for unit in ("Field", "Lab", "Field"):
        await house.settled_in([row("E1", unit=unit)])
    assert moodle.enrolled("SAFE") == {"E1": True}
    assert moodle.enrolled("LABS") == {}
    assert (await house.plan()).size == 0


async def test_a_leaver_loses_what_was_granted_and_keeps_the_record(house: House, moodle: Seen) -> None:
    """Suspended, out of cohorts and roles, enrolments suspended and not deleted, even where the path says unenrol."""
    people = [row("E1", unit="Field", job="trainer"), row("E2", unit="Lab", job="director"), row("E3")]
    await house.settled_in(people)
    await house.settled_in([{**people[0], "status": "left"}, {**people[1], "status": "left"}, people[2]])
    for idnumber in ("E1", "E2"):
        assert moodle.suspended(idnumber)
        assert moodle.roles(idnumber) == set()
    assert moodle.cohorts() == {"unit-Office": {"E3"}}
    assert moodle.enrolled("SAFE") == {"E1": False}
    assert moodle.enrolled("LABS") == {"E2": False}
    assert (await house.plan()).size == 0


async def test_who_comes_back_has_the_same_account(house: House, moodle: Seen) -> None:
    """Reactivated, granted again, with the old enrolments in force."""
    person = row("E1", unit="Field", job="trainer")
    await house.settled_in([person, row("E2")])
    number = moodle.id("E1")
    await house.settled_in([{**person, "status": "left"}, row("E2")])
    await house.settled_in([person, row("E2")])
    assert moodle.people() == ["E1", "E2"]
    assert (moodle.id("E1"), moodle.suspended("E1")) == (number, False)
    assert moodle.enrolled("SAFE")["E1"]
    assert moodle.roles("E1") == {("editingteacher", "FIRE")}
    assert moodle.cohort("unit-Field") == {"E1"}
    assert (await house.plan()).size == 0


async def test_a_rename_keeps_the_account(house: House, moodle: Seen) -> None:
    """Name, username and e-mail change in the account that is there."""
    await house.settled_in([row("E1")])
    number = moodle.id("E1")
    renamed = row("E1", last="Married", username="e1.married", email="e1.married@example.test")
    plan = await house.plan([renamed])
    assert house.does(plan) == [("change_identity", "E1", ""), ("update_account", "E1", "")]
    change = house.changes(plan)[0]
    assert change.before == {"username": "e1", "email": "e1@example.test"}
    assert change.after == {"username": "e1.married", "email": "e1.married@example.test"}
    await house.apply(plan)
    assert moodle.id("E1") == number
    assert moodle.fields("E1", "username", "email", "lastname") == ("e1.married", "e1.married@example.test", "Married")
    assert (await house.plan()).size == 0


async def test_a_difference_in_case_alone_is_no_rename(house: House) -> None:
    """HR writes the address in capitals: nothing to do."""
    await house.settled_in([row("E1")])
    assert (await house.plan([row("E1", email="E1@EXAMPLE.TEST", username="E1")])).size == 0


def ring(people: list[Row], field: str) -> list[Row]:
    """Everybody takes over what the next one had."""
    following = people[1:] + people[:1]
    return [{**one, field: other[field]} for one, other in zip(people, following, strict=True)]


@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize("field", ["email", "username"])
async def test_identifiers_go_round_in_a_circle(house: House, moodle: Seen, size: int, field: str) -> None:
    """A swap, and cycles: through temporary values, in an order that never collides, with nobody refused."""
    people = rows(size)
    await house.settled_in(people)
    turned = ring(people, field)
    plan = await house.plan(turned)
    assert len(house.does(plan, A.RELEASE_IDENTITY)) == size
    applied = await house.apply(plan)
    assert applied.tally.done == plan.size == 2 * size
    assert {one["id"]: moodle.fields(one["id"], field) for one in turned} == {
        one["id"]: (one[field],) for one in turned
    }
    assert (await house.plan()).size == 0


async def test_a_chain_of_addresses_moves_up(house: House, moodle: Seen) -> None:
    """Each takes the next one's old address and the last one a new: no circle, and nobody is refused either."""
    people = rows(4)
    await house.settled_in(people)
    moved = [{**one, "email": other["email"]} for one, other in pairwise(people)]
    moved.append({**people[-1], "email": "fresh@example.test"})
    applied = await house.sync(moved)
    assert applied.tally.refused == 0
    assert [moodle.fields(one["id"], "email") for one in moved] == [(one["email"],) for one in moved]
    assert (await house.plan()).size == 0


async def test_a_joiner_gets_the_old_address_of_a_renamed_person(house: House, moodle: Seen) -> None:
    """The rename goes first, in the same plan."""
    await house.settled_in([row("E1", email="info@example.test")])
    await house.settled_in([row("E1", email="first@example.test"), row("E2", email="info@example.test")])
    assert moodle.fields("E1", "email") == ("first@example.test",)
    assert moodle.fields("E2", "email") == ("info@example.test",)


async def test_a_change_of_sign_in_method(house: House, moodle: Seen) -> None:
    """A change of its own, because it is guarded by itself."""
    await house.settled_in([row("E1")])
    plan = await house.plan([row("E1", auth="saml2", city="Tainan")])
    assert house.does(plan) == [("change_auth", "E1", ""), ("update_account", "E1", "")]
    await house.apply(plan)
    assert moodle.fields("E1", "auth", "city") == ("saml2", "Tainan")
    assert (await house.plan()).size == 0


async def test_custom_profile_fields_follow(house: House, moodle: Seen) -> None:
    """Changed, and cleared where the mapping says so."""
    await house.settled_in([row("E1", grade="7", cost="K1")])
    await house.settled_in([row("E1", grade="8", cost="K1")])
    assert moodle.user("E1").profile == {"jobgrade": "8", "costcentre": "K1"}
    await house.settled_in([row("E1", grade="", cost="K1")])
    assert moodle.user("E1").profile == {"costcentre": "K1"}
    assert (await house.plan()).size == 0


async def test_what_is_not_compared_is_left_to_the_person(house: House, moodle: Seen) -> None:
    """A field, own or custom, that is set at creation only: Moodle's later value stays."""
    await house.settled_in([row("E1", cost="K1")])
    moodle.user("E1").profile["costcentre"] = "MINE"
    moodle.user("E1").fields["lang"] = "fr"
    assert (await house.plan([row("E1", cost="K2")])).size == 0
    assert moodle.user("E1").profile["costcentre"] == "MINE"


async def test_a_custom_field_that_moodle_lacks_is_refused_with_its_cause(house: House, moodle: Seen) -> None:
    """Moodle drops it without a word; what can be kept is kept, and the rest is named."""
    house.twin.state.profile_fields = ("costcentre",)
    await house.settled_in([row("E1", cost="K1")])
    applied = await house.sync([row("E1", grade="9", cost="K1", city="Tainan")])
    assert applied.tally.refused == 1
    [(action, who, code, cause)] = house.refusals()
    assert (action, who, code) == ("update_account", "E1", "dropped")
    assert "profile" in cause
    assert "make the custom profile field in Moodle" in cause
    assert moodle.fields("E1", "city") == ("Tainan",)


def usernames_by_rule(house: House, template: str) -> None:
    """From now on the mapping makes usernames, with a number where one is taken."""
    new = f'username: {{template: "{template}", transforms: [lower], unique: suffix}}'
    house.edit("mapping.yaml", "username: {column: username, transforms: [lower]}", new)


async def test_people_of_one_name_get_numbers_and_keep_them(house: House, moodle: Seen) -> None:
    """A username by rule is unique, given once and never to somebody else, whoever else comes or goes."""
    usernames_by_rule(house, "{firstname}.{lastname}")
    moodle.add("wei.chen")
    people = [row(f"E{n:02}", first="Wei", last="Chen") for n in range(12)]
    await house.settled_in(people)
    names = {one["id"]: moodle.fields(one["id"], "username")[0] for one in people}
    assert sorted(names.values(), key=lambda name: (len(name), name)) == [f"wei.chen{n}" for n in range(2, 14)]
    assert (await house.plan()).size == 0
    moodle.user("E00").fields["username"] = "by-hand"
    everybody = [{**one, "status": "left"} for one in people[:1]] + people[1:] + [row("E99", first="Wei", last="Chen")]
    await house.settled_in(everybody)
    assert moodle.fields("E99", "username") == ("wei.chen14",)
    assert {one["id"]: moodle.fields(one["id"], "username")[0] for one in people[1:]} == {
        key: name for key, name in names.items() if key != "E00"
    }


async def test_a_username_that_was_adopted_is_given_to_nobody_else(house: House, moodle: Seen) -> None:
    """Made by hand and deleted since, or changed by hand: it was somebody's, like one that a rule gave."""
    usernames_by_rule(house, "{firstname}.{lastname}")
    chen = row("E1", first="Wei", last="Chen", email="w@example.test")
    moodle.add("wei.chen", firstname="Wei", lastname="Chen", email="w@example.test")
    await house.settled_in([chen, row("E3", city="Taipei")])
    state, third = house.twin.state, moodle.user("E3")
    state.unindex(third)
    third.fields["username"] = "wei.chen2"
    state.index(third)
    await house.settled_in([chen, row("E3", city="Tainan")])
    for name in ("wei.chen", "wei.chen2"):
        house.twin.life.delete_user(name)
    await house.sync([{**chen, "status": "left"}, row("E3"), row("E2", first="Wei", last="Chen")])
    assert moodle.fields("E2", "username") == ("wei.chen3",)


async def test_what_somebody_changed_in_moodle_is_put_right(house: House, moodle: Seen) -> None:
    """HR has the word on what it says: the next plan sees it once the account has been looked at again."""
    await house.settled_in([row("E1", city="Taipei")])
    moodle.user("E1").fields["city"] = "Elsewhere"
    await house.mirror()
    plan = await house.plan()
    assert [(change.before, change.after) for change in house.changes(plan)] == [
        ({"city": "Elsewhere"}, {"city": "Taipei"})
    ]
    await house.apply(plan)
    assert moodle.fields("E1", "city") == ("Taipei",)


async def test_what_changes_between_plan_and_apply_is_not_overwritten(house: House, moodle: Seen) -> None:
    """The current state is read again before a write: it is refused, said, and planned anew."""
    await house.settled_in([row("E1", city="Taipei")])
    plan = await house.plan([row("E1", city="Tainan")])
    moodle.user("E1").fields["city"] = "By hand"
    assert (await house.apply(plan)).tally.refused == 1
    assert [(who, code) for _, who, code, _ in house.refusals()] == [("E1", "changed_meanwhile")]
    assert moodle.fields("E1", "city") == ("By hand",)
    await house.sync()
    assert moodle.fields("E1", "city") == ("Tainan",)


async def test_managers_are_kept_in_our_own_model(house: House) -> None:
    """A first manager, another one, none, one who comes later; themselves is none."""

    def managers() -> dict[str, str | None]:
        found = house.sql(
            "SELECT p.key, m.key AS manager FROM connector.person p "
            "LEFT JOIN connector.person m ON m.person_id = p.manager_id ORDER BY 1"
        )
        return {one["key"]: one["manager"] for one in found}

    await house.settled_in([row("E1", manager="E2"), row("E2", manager="E2"), row("E3", manager="E9")])
    assert managers() == {"E1": "E2", "E2": None, "E3": None}
    await house.sync([row("E1", manager=""), row("E2", manager="E3"), row("E3", manager="E9"), row("E9")])
    plan = await house.plan()
    assert len(house.does(plan, A.CHANGE_MANAGER)) in (0, 1)  # a change of manager is guarded: see the holds
    assert managers()["E3"] == "E9"


async def test_the_second_apply_does_nothing(house: House) -> None:
    """A plan that was carried out is done: Moodle gets no further write."""
    plan = await house.plan(rows(5, unit="Field"))
    first = await house.apply(plan)
    before = dict(house.twin.state.calls)
    again = await house.apply(plan)
    assert again.tally == first.tally
    calls = {name: n - before.get(name, 0) for name, n in house.twin.state.calls.items() if n != before.get(name, 0)}
    assert set(calls) <= {"core_webservice_get_site_info"}


async def test_the_plans_hash_does_not_depend_on_the_order_of_the_feed(house: House) -> None:
    """The same rows in another order are the same plan, swaps and namesakes among them."""
    usernames_by_rule(house, "{lastname}")
    people = [row(f"E{n:02}", unit="Field", last="Lin", manager=f"E{(n + 1) % 30:02}") for n in range(12)]
    await house.settled_in(people)
    second = [*ring(people[:6], "email"), *people[6:-2], *(row(f"N{n:02}", unit="Lab", last="Lin") for n in range(9))]
    second[7] = {**second[7], "status": "left"}
    hashes = set()
    for seed in range(4):
        random.Random(seed).shuffle(second)
        plan = await house.plan(second)
        hashes.add(plan.hash)
    assert len(hashes) == 1
    assert plan.size > 30


async def test_an_account_by_hand_of_the_same_name_is_asked_about(house: House, moodle: Seen) -> None:
    """Under the username that the rule makes: nobody is doubled before a person has said whose it is."""
    usernames_by_rule(house, "{firstname}.{lastname}")
    number = moodle.add("wei.chen", email="private@example.test", firstname="Wei", lastname="Chen")
    await house.sync([row("E1", first="Wei", last="Chen")])
    assert (house.cases(), moodle.people()) == ([("same_name", "E1")], [])
    house.settle("same_name", "E1", account=number)
    await house.sync()
    assert (moodle.id("E1"), house.cases()) == (number, [])


async def test_an_account_is_found_by_address_and_day_of_birth(house: House, moodle: Seen) -> None:
    """Who has married is the same human; the day comes from the feed and is not written to Moodle."""
    house.twin.state.profile_fields = ("birth_date", "costcentre")
    house.edit("mapping.yaml", "scope:", "attributes:\n  birth_date: {column: grade, type: date}\n\nscope:")
    house.edit("mapping.yaml", "    jobgrade: {column: grade, when_empty: clear}\n", "")
    for name, day in (("one", "1990-02-28"), ("two", "1990-02-27")):
        number = moodle.add(name, email=f"{name}@example.test", lastname="Maiden")
        house.twin.state.users[number].profile["birth_date"] = day
    await house.sync([row(key, email=f"{key.lower()}@example.test", grade="1990-02-28") for key in ("ONE", "TWO")])
    assert house.cases() == [("email_taken", "TWO")]
    assert moodle.fields("ONE", "username", "lastname") == ("one", "LastONE")
