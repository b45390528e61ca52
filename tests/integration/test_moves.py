"""One human under two keys: the account goes on under the new one, and nobody is made twice."""

from __future__ import annotations

import pytest

from connector.domain.plan import Action
from tests.integration.test_several_sources import begin, make_several, of_agency, of_directory, of_hr, tell
from tests.support import House, Seen, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["5.1"], indirect=True)]
A = Action


def new(earlier: str = "OLD", **more: str) -> dict[str, str]:
    return row("NEW", unit="Field", earlier=earlier, email="old@example.test", last="LastOLD", **more)


@pytest.mark.parametrize("earlier", ["OLD", "Old"])
async def test_who_is_named_under_a_new_key_keeps_all(house: House, moodle: Seen, earlier: str) -> None:
    """HR renumbers somebody: the account, cohorts and enrolments go on at once, with nothing taken in between, in
    whatever case the earlier key is written."""
    await house.settled_in([row("OLD", unit="Field", job="trainer"), row("E2")])
    number, before = moodle.id("OLD"), house.ledger()
    plan = await house.plan([new(earlier, job="trainer"), row("E2")])
    forbidden = (
        A.CREATE_ACCOUNT,
        A.SUSPEND_ACCOUNT,
        A.REMOVE_FROM_COHORT,
        A.SUSPEND_ENROLMENT,
        A.UNASSIGN_ROLE,
        A.ENROL,
    )
    assert house.does(plan, *forbidden) == []
    assert house.does(plan, A.ADOPT_ACCOUNT) == [("adopt_account", "NEW", "")]
    applied = await house.apply(plan)
    assert (applied.tally.refused, applied.tally.waiting, house.cases()) == (0, 0, [])
    assert moodle.id("NEW") == number
    assert not moodle.suspended("NEW")
    assert moodle.enrolled("SAFE") == {"NEW": True}
    assert house.ledger() == {("NEW" if who == "OLD" else who, *rest) for who, *rest in before}
    assert (await house.plan()).size == 0


async def test_due_dates_go_with_the_person(house: House, moodle: Seen) -> None:
    """Days that began under the old key are not counted anew."""
    await house.settled_in([row("OLD", unit="Field"), row("E2")])
    began = house.clock.day()
    house.clock.forward(days=5)
    await house.settled_in([new(), row("E2")])
    [found] = house.sql(
        "SELECT l.terms ->> 'granted_on' AS day FROM connector.ledger l JOIN connector.person p USING (person_id) "
        "WHERE p.key = 'NEW' AND l.kind = 'assignment' AND l.ended_at IS NULL"
    )
    assert found["day"] == began


@pytest.mark.parametrize("earlier", ["OLD", "Old"])
async def test_both_keys_in_one_feed_are_a_case(house: House, moodle: Seen, earlier: str) -> None:
    """HR says of both that they work here: nobody guesses, and nothing is taken from anybody."""
    await house.settled_in([row("OLD", unit="Field"), row("E2")])
    plan = await house.plan([row("OLD", unit="Field"), new(earlier), row("E2")])
    assert ("already_bound", "NEW") in house.cases()
    assert house.does(plan, A.SUSPEND_ACCOUNT, A.ADOPT_ACCOUNT, A.CREATE_ACCOUNT, A.REMOVE_FROM_COHORT) == []


async def test_leaving_and_coming_back_in_one_feed(house: House, moodle: Seen) -> None:
    """The old key ends and the new one begins in the same delivery: one account, never suspended."""
    await house.settled_in([row("OLD", unit="Field"), row("E2")])
    number = moodle.id("OLD")
    people = [row("OLD", unit="Field", status="left"), new(), row("E2")]
    plan = await house.plan(people)
    assert house.does(plan, A.SUSPEND_ACCOUNT, A.SUSPEND_ENROLMENT, A.CREATE_ACCOUNT) == []
    await house.settled_in(people)
    assert (moodle.id("NEW"), moodle.suspended("NEW")) == (number, False)
    assert (await house.plan()).size == 0


async def test_until_the_first_day_the_old_key_holds(house: House, moodle: Seen) -> None:
    """HR prepares the change: nothing happens and nothing is asked before the day, then the account goes over."""
    await house.settled_in([row("OLD", unit="Field"), row("E2")])
    number = moodle.id("OLD")
    people = [row("OLD", unit="Field", ends=house.clock.day(9)), new(starts=house.clock.day(10)), row("E2")]
    people[1]["email"] = "new@example.test"
    await house.settled_in(people)
    assert (moodle.people(), moodle.suspended("OLD")) == (["E2", "OLD"], False)
    house.clock.forward(days=10)
    await house.settled_in(people)
    assert (moodle.id("NEW"), moodle.suspended("NEW"), moodle.people()) == (number, False, ["E2", "NEW"])


async def test_an_account_is_found_without_idnumbers(house: House, moodle: Seen) -> None:
    """The binding of the old key counts, whatever stands in Moodle."""
    house.edit("mapping.yaml", "  city: {", "  idnumber: {value: everybody, compare: false}\n  city: {")
    await house.settled_in([row("OLD", unit="Field")])
    number = moodle.user("everybody").id
    await house.settled_in([new()])
    assert moodle.user("everybody").id == number


async def test_two_who_declare_the_same_key_are_cases(house: House, moodle: Seen) -> None:
    """One account, two claims: the old key stays as it is until a person has decided."""
    await house.settled_in([row("OLD", unit="Field"), row("E2")])
    other = {**new(), "id": "OTHER", "username": "other", "email": "other@example.test"}
    plan = await house.plan([new(), other, row("E2")])
    assert {("already_bound", "NEW"), ("already_bound", "OTHER")} <= set(house.cases())
    assert house.does(plan, A.SUSPEND_ACCOUNT, A.ADOPT_ACCOUNT, A.CREATE_ACCOUNT) == []


async def test_keys_that_declare_each_other_move_nobody(house: House, moodle: Seen) -> None:
    """A circle of keys says nothing of who came first."""
    await house.settled_in([row("OLD"), row("NEW")])
    await house.sync([row("OLD", earlier="NEW"), row("NEW", earlier="OLD")])
    assert house.sql("SELECT key FROM connector.person WHERE moved_to IS NOT NULL") == []
    assert (moodle.suspended("OLD"), moodle.suspended("NEW")) == (False, False)


async def test_back_under_the_old_key(house: House, moodle: Seen) -> None:
    """What was declared holds in both directions: who has left under the new key has the account under the old."""
    await house.settled_in([row("OLD", unit="Field"), row("E2")])
    number = moodle.id("OLD")
    await house.settled_in([new(), row("E2")])
    gone = new(status="left")
    gone["email"] = "gone@example.test"
    await house.settled_in([row("OLD", unit="Field"), gone, row("E2")])
    assert (moodle.id("OLD"), moodle.suspended("OLD"), moodle.people()) == (number, False, ["E2", "OLD"])
    assert (await house.plan()).size == 0


async def test_one_person_on_demand_takes_the_account_over(house: House, moodle: Seen) -> None:
    """A plan of one person knows what the old key held."""
    await house.settled_in([row("OLD", unit="Field"), row("E2")])
    number, before = moodle.id("OLD"), house.ledger()
    await house.take([new(), row("E2")])
    async with house.way() as way:
        plan, applied = await way.sync_person("NEW")
    assert (applied.tally.refused, applied.tally.waiting) == (0, 0)
    assert ("enrol", "NEW", "SAFE") not in house.does(plan)
    assert (moodle.id("NEW"), moodle.suspended("NEW")) == (number, False)
    grants = {grant for grant in before if grant[1] != "assignment"}
    assert {("NEW" if who == "OLD" else who, *rest) for who, *rest in grants} <= house.ledger()
    assert house.does(await house.plan()) == [("withdraw_requirement", "OLD", "SAFETY-14")]


@pytest.fixture
def several(house: House) -> House:
    make_several(house)
    for name in ("hr", "agency"):
        path = house.mapping / "sources" / f"{name}.yaml"
        path.write_text(
            path.read_text("utf-8").replace("person:\n", "person:\n  earlier_keys: {column: was}\n"), "utf-8"
        )
    house.reopen()
    return house


async def test_a_move_between_two_sources_with_different_keys(
    several: House, moodle: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agency still names the old key: who is hired goes on under the new one, and the old one counts as left."""
    from tests.integration import test_several_sources as base

    monkeypatch.setitem(base.COLUMNS, "hr", (*base.COLUMNS["hr"], "was"))
    monkeypatch.setitem(base.COLUMNS, "agency", (*base.COLUMNS["agency"], "was"))
    await begin(several)
    number = moodle.id("A1")
    staff = [of_hr("E1", unit="Lab", email="e1@old.test"), of_hr("E2", unit="Lab", boss="E1")]
    await tell(several, "hr", [*staff, of_hr("E9", unit="Lab", email="a1@agency.test", was="A1")])
    logins = [of_directory(key, mail=f"{key.lower()}@example.test", city="Taipei") for key in ("E1", "E2")]
    await tell(several, "directory", [*logins, of_directory("A1"), of_directory("E9")])
    plan = await several.plan()
    assert several.does(plan, A.CREATE_ACCOUNT, A.SUSPEND_ACCOUNT) == []
    applied = await several.apply(plan)
    assert (applied.tally.refused, applied.tally.waiting, several.cases()) == (0, 0, [])
    assert (moodle.id("E9"), moodle.suspended("E9"), moodle.people()) == (number, False, ["E1", "E2", "E9"])
    assert moodle.cohorts() == {"unit-Lab": {"E1", "E2", "E9"}}
    await tell(several, "agency", [of_agency("A1", email="a1@agency.test", cost="9")])
    assert (await several.plan()).size == 0
