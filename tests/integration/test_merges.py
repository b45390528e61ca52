"""Two keys that look like one human, and managers whom nobody knows: told, waited for, settled by people."""

from __future__ import annotations

import pytest

from connector.domain.errors import SettingsError
from connector.domain.plan import Action
from tests.support import House, Seen, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["5.1"], indirect=True)]
A = Action


def born(house: House) -> None:
    """The mapping knows dates of birth, and does not write them to Moodle."""
    house.edit("mapping.yaml", "scope:", "attributes:\n  birth_date: {column: grade, type: date}\n\nscope:")
    house.edit("mapping.yaml", "    jobgrade: {column: grade, when_empty: clear}\n", "")


def twice(**more: str) -> dict[str, str]:
    return row("TWO", email="one@example.test", last="LastONE", grade="1990-02-28", **more)


async def test_one_human_with_two_accounts_is_a_case(house: House, moodle: Seen) -> None:
    """Told with both accounts, settled by the key that stays: the other account is suspended, and nothing deleted."""
    born(house)
    one = row("ONE", grade="1990-02-28", unit="Field")
    await house.settled_in([one, {**twice(), "email": "two@example.test"}])
    await house.sync([one, twice()])
    assert ("merge", "ONE + TWO") in house.cases()
    [case] = [case for case in house.connector.cases.waiting() if case.kind == "merge"]
    assert set(case.candidates) == {moodle.id("ONE"), moodle.id("TWO")}
    with pytest.raises(SettingsError, match="one of the two keys"):
        house.connector.cases.settle(case.case_id, {"keep": "THREE"}, "tester", house.clock())
    house.settle("merge", "ONE + TWO", keep="ONE")
    await house.sync()
    assert (moodle.suspended("ONE"), moodle.suspended("TWO"), house.cases()) == (False, True, [])
    assert moodle.enrolled("SAFE") == {"ONE": True}
    assert (await house.plan()).size == 0


async def test_ignored_they_stay_two(house: House, moodle: Seen) -> None:
    """Two people of one name, day and address: said once, asked never again."""
    born(house)
    one = row("ONE", grade="1990-02-28")
    await house.settled_in([one, {**twice(), "email": "two@example.test"}])
    await house.sync([one, twice()])
    house.settle("merge", "ONE + TWO", ignore=True)
    await house.sync()
    assert "merge" not in [kind for kind, _ in house.cases()]
    assert (moodle.suspended("ONE"), moodle.suspended("TWO")) == (False, False)


async def test_another_day_of_birth_is_another_human(house: House, moodle: Seen) -> None:
    """Neither the address alone nor a missing date makes one of two."""
    born(house)
    one = row("ONE", grade="1990-02-28")
    await house.settled_in([one, {**twice(), "email": "two@example.test"}])
    for day in ("1990-02-27", ""):
        await house.plan([one, {**twice(), "grade": day}])
        assert "merge" not in [kind for kind, _ in house.cases()]


@pytest.mark.parametrize("earlier", ["OLD", "Old"])
async def test_the_old_key_that_comes_again_gets_no_second_account(house: House, moodle: Seen, earlier: str) -> None:
    """The account has gone over, and then HR names both: a person says which key stays, and has the account."""
    new = row("NEW", unit="Field", earlier=earlier, email="old@example.test", last="LastOLD")
    await house.settled_in([row("OLD", unit="Field"), row("E2")])
    number = moodle.id("OLD")
    await house.settled_in([new, row("E2")])
    both = [{**row("OLD", unit="Field"), "email": "other@example.test"}, new, row("E2")]
    plan = await house.plan(both)
    assert house.cases() == [("merge", "NEW + OLD")]
    assert house.does(plan, A.CREATE_ACCOUNT, A.ADOPT_ACCOUNT, A.SUSPEND_ACCOUNT) == []
    house.settle("merge", "NEW + OLD", keep="OLD")
    await house.sync()
    assert (moodle.id("OLD"), moodle.suspended("OLD"), moodle.people()) == (number, False, ["E2", "OLD"])
    assert (house.cases(), (await house.plan()).size) == ([], 0)


async def test_a_new_account_for_the_newcomer_says_that_they_are_two(house: House, moodle: Seen) -> None:
    """Said once, of an account that is bound: nobody asks afterwards whether the two keys are to be merged."""
    people = [row("OLD", unit="Field"), row("NEW", earlier="old"), row("E2")]
    await house.settled_in([people[0], people[2]])
    number = moodle.id("OLD")
    await house.sync(people)
    assert house.cases() == [("already_bound", "NEW")]
    house.settle("already_bound", "NEW", create=True)
    for _ in range(2):
        await house.settled_in(people)
    assert (moodle.id("OLD"), moodle.people(), (await house.plan()).size) == (number, ["E2", "NEW", "OLD"], 0)


async def test_keys_that_are_not_merged_are_two_wherever_one_declares_the_other(house: House, moodle: Seen) -> None:
    """Said once, before either had an account: the account that was there is whose key it has."""
    number = moodle.add("by.hand", idnumber="OLD")
    people = [row("OLD"), row("NEW", earlier="old")]
    await house.sync(people)
    assert set(house.cases()) == {("merge", "NEW + OLD"), ("already_bound", "OLD")}
    house.settle("merge", "NEW + OLD", ignore=True)
    await house.settled_in(people)
    assert (moodle.id("OLD"), moodle.people()) == (number, ["NEW", "OLD"])


async def test_a_newcomer_who_was_ignored_can_be_decided_on_again(house: House, moodle: Seen) -> None:
    """They have no account, and nobody is asked, until the decision is taken back."""
    people = [row("OLD"), row("NEW", earlier="OLD")]
    await house.settled_in(people[:1])
    await house.sync(people)
    house.settle("already_bound", "NEW", ignore=True)
    await house.settled_in(people)
    assert moodle.people() == ["OLD"]
    [decision] = house.connector.cases.settled()
    house.connector.cases.withdraw(decision.case_id, "tester", house.clock())
    await house.sync()
    house.settle("already_bound", "NEW", create=True)
    await house.settled_in(people)
    assert moodle.people() == ["NEW", "OLD"]


async def test_a_manager_whom_nobody_knows_is_waited_for_and_then_told(house: House) -> None:
    """Looked for by each plan; after a week a case, once for all who name the key; it ends when the manager comes."""
    people = [row("E1", manager="BOSS"), row("E2", manager="Boss"), row("E3", manager="GONE", status="left")]
    await house.settled_in(people)
    house.clock.forward(days=6)
    await house.settled_in(people)
    house.clock.forward(days=1.1)
    await house.sync()
    assert house.cases() == [("manager_missing", "BOSS")]
    [case] = house.connector.cases.waiting()
    assert "2 times" in case.reason
    plan = await house.plan([*people, row("BOSS")])
    assert house.does(plan, A.CHANGE_MANAGER) == [("change_manager", "E1", ""), ("change_manager", "E2", "")]
    await house.apply(plan)
    assert house.cases() == []


async def test_a_manager_is_known_in_whatever_case_the_key_is_written(house: House) -> None:
    """As people are: by case and Unicode form alone nobody is missing, another, or above themselves."""
    people = [row("E1", manager="\u00c9va"), row("E2", manager="e\u0301VA"), row("E3", manager="e3")]
    eva = row("\u00c9va", username="eva", email="eva@example.test")
    plan = await house.plan([*people, eva])
    assert house.does(plan, A.CHANGE_MANAGER) == [("change_manager", "E1", ""), ("change_manager", "E2", "")]
    await house.apply(plan)
    house.clock.forward(days=8)
    await house.sync([*people, {**eva, "manager": "e2"}])
    assert house.cases() == [("manager_cycle", "\u00c9va")]


async def test_the_week_begins_with_each_name(house: House) -> None:
    """Another unknown manager is waited for anew."""
    await house.settled_in([row("E1", manager="BOSS")])
    house.clock.forward(days=6)
    await house.settled_in([row("E1", manager="OTHER")])
    house.clock.forward(days=2)
    await house.settled_in([row("E1", manager="OTHER")])
