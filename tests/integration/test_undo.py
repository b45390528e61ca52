"""Undo: what a run did is taken back by a plan like any other, and does not come back unasked."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from connector.domain.errors import SettingsError
from connector.domain.plan import Action, GuardClass, HoldState, Plan
from connector.sync.make_undo import Undo
from jobs.undo import undo as take_back
from tests.support import House, Row, Seen, enrol_by_hand, row, rows

pytestmark = pytest.mark.parametrize("twin", ["4.5"], indirect=True)
A, G = Action, GuardClass


async def undo(house: House, run: int | None = None) -> Undo:
    """The plan that takes a run back; by default the last one that did something."""
    number = run if run is not None else next(one.number for one in house.connector.undos.runs() if one.done)
    async with house.way() as way:
        return await take_back(way, house.connector.undos, number, "tester", lambda _: None)


async def approved(house: House, plan: Plan) -> None:
    """Whatever is held is approved, and the plan applied to its end."""
    house.decide(plan, HoldState.APPROVED)
    applied = await house.apply(house.connector.plans.read(plan.number))
    assert applied.tally.refused == applied.tally.waiting == applied.tally.held == 0, (applied, house.refusals())


async def undone(house: House, run: int | None = None) -> Undo:
    made = await undo(house, run)
    await approved(house, made.plan)
    return made


def left(made: Undo) -> list[tuple[str, str, str]]:
    return [(one.change.action.value, one.change.subject, one.why) for one in made.left]


def moodle_has(house: House, moodle: Seen) -> dict[str, Any]:
    """All that undo has to bring back, by account: fields, memberships, roles and enrolments in force."""
    state = house.twin.state
    with state.lock:
        living = {user.id: user for user in state.users.values() if not user.deleted}
        return {
            "accounts": {
                number: (_filled(user.fields), _filled(user.profile), user.suspended)
                for number, user in living.items()
            },
            "members": {(one.idnumber, user) for one in state.cohorts.values() for user in one.members},
            "roles": {
                (user, *context, role)
                for user, contexts in state.roles.items()
                for context, ids in contexts.items()
                for role in ids
                if role != 5
            },
            "enrolments": {
                (course.idnumber, user): (one.timestart, one.timeend)
                for course in state.courses.values()
                for user, one in course.enrolments.items()
                if not one.suspended
            },
        }


def _filled(fields: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value}


def spare(number: int, *found: dict[str, Any]) -> None:
    """Name and address of this account are not compared."""
    for one in found:
        for name in ("username", "email"):
            one["accounts"][number][0].pop(name)


def brought_back(before: dict[str, Any], after: dict[str, Any]) -> None:
    """As it was, but for accounts that came to be since: those are suspended."""
    created = {
        number: after["accounts"].pop(number) for number in [*after["accounts"]] if number not in before["accounts"]
    }
    assert all(suspended for _, _, suspended in created.values()), created
    assert after == before


@pytest.mark.anyio
async def test_everything_goes_back(house: House, moodle: Seen) -> None:
    """Joiner, mover, leaver, rename and manager of one run; then Moodle, ledger and managers are as before it."""
    people = [row("E1", unit="Field"), row("E2", job="trainer"), row("E3", unit="Field"), row("E4", unit="Lab")]
    await house.settled_in(people)
    before, ledger = moodle_has(house, moodle), house.ledger()
    await house.settled_in(
        [
            row("E1", unit="Lab", city="Here", manager="E2"),
            row("E2", username="second", email="second@example.test", auth="saml2", grade="7"),
            row("E3", unit="Field", status="left"),
            row("E4", unit="Field"),
            row("E5", unit="Field", job="director"),
        ]
    )
    made = await undone(house)
    assert made.left == ()
    brought_back(before, moodle_has(house, moodle))
    assert moodle.suspended("E5")
    ended = {("E1", "enrolment", "LABS"), ("E4", "enrolment", "SAFE"), ("E4", "enrolment", "FIRE")}
    ended |= {("E5", "enrolment", "SAFE"), ("E5", "enrolment", "FIRE")}
    kept = {(*grant, True, True) for grant in ended if grant[2] != "LABS"}
    assert house.ledger() == ledger | kept
    assert house.sql("SELECT FROM connector.person WHERE manager_id IS NOT NULL") == []


@pytest.mark.anyio
async def test_what_somebody_else_had_done_already_stays(house: House, moodle: Seen) -> None:
    """An account that was suspended by hand before the run came to it is not ours to make active."""
    await house.settled_in([row("E1"), row("E2")])
    plan = await house.plan([row("E1", status="left"), row("E2", city="Here")])
    moodle.user("E1").suspended = True
    await house.apply(plan)
    await undone(house)
    assert moodle.suspended("E1")
    assert moodle.fields("E2", "city") == ("",)


@pytest.mark.anyio
async def test_it_does_not_come_back_unasked(house: House, moodle: Seen) -> None:
    """The next plan wants just the same again and holds all of it; approved, it is done, and that is the end of it."""
    await house.settled_in([row("E1"), row("E2", unit="Field")])
    await house.settled_in([row("E1", unit="Field", city="Here"), row("E2", unit="Field", status="left"), row("E3")])
    want = moodle_has(house, moodle)
    await undone(house)
    was = moodle_has(house, moodle)
    for _ in range(2):
        plan = await house.plan()
        assert house.holds(plan) == {G.UNDONE: (plan.size, 0, HoldState.WAITING)}
        await house.apply(plan)
        assert moodle_has(house, moodle) == was
    await approved(house, plan)
    assert moodle_has(house, moodle) == want
    assert (await house.plan()).size == 0
    assert house.sql("SELECT FROM connector.undone") == []


@pytest.mark.anyio
async def test_what_hr_says_otherwise_goes_at_once(house: House, moodle: Seen) -> None:
    """Only the same again is held: another city, another person and another unit are news."""
    await house.settled_in([row("E1", city="One"), row("E2")])
    await house.settled_in([row("E1", city="Two"), row("E2", unit="Field")])
    await undone(house)
    plan = await house.plan([row("E1", city="Three"), row("E2", unit="Lab"), row("E3", city="Two")])
    assert house.holds(plan) == {G.UNDONE: (1, 0, HoldState.WAITING)}, (
        "leaving the old unit was taken back, and is the same"
    )
    await house.apply(plan)
    assert moodle.cohort("unit-Lab") == {"E2"}
    assert moodle.cohort("unit-Office") == {"E1", "E2", "E3"}
    assert moodle.fields("E1", "city") == ("Three",)
    assert "E2" in moodle.enrolled("LABS")
    plan = await house.plan([row("E1", city="Two"), row("E2", unit="Lab"), row("E3", city="Two")])
    assert house.does(plan, A.UPDATE_ACCOUNT) == [("update_account", "E1", "")]
    assert house.holds(plan)[G.UNDONE][0] == 1, "the city has been something else since, the unit has not"


@pytest.mark.anyio
async def test_what_has_moved_on_is_left_and_named(house: House, moodle: Seen) -> None:
    """By hand in Moodle or by a later run, field by field; nobody's work is overwritten."""
    await house.settled_in([row(key) for key in ("E1", "E2", "E3", "E4", "E5")])
    moved = [row("E1", city="A", grade="1"), row("E2", city="A"), row("E3", unit="Field"), row("E4", status="left")]
    await house.settled_in([*moved, row("E5", unit="Lab")])
    run = house.connector.undos.runs()[0].number
    state = house.twin.state
    moodle.user("E1").fields["city"] = "By hand"
    moodle.user("E4").suspended = False
    state.courses[state.course_by_idnumber["SAFE"]].enrolments[moodle.id("E3")].suspended = True
    state.unenrol(moodle.id("E5"), state.courses[state.course_by_idnumber["LABS"]])
    state.cohorts[state.cohort_by_idnumber["unit-Field"]].members.pop(moodle.id("E3"))
    await house.settled_in(
        [*[{**one, "city": "B"} if one["id"] == "E2" else one for one in moved], row("E5", unit="Lab")]
    )
    made = await undo(house, run)
    assert {
        ("update_account", "E1", "it was changed again since: city"),
        ("update_account", "E2", "it was changed again since: city"),
        ("enrol", "E3", "somebody has changed it in Moodle"),
        ("add_to_cohort", "E3", "somebody has taken it away in Moodle"),
        ("enrol", "E5", "somebody has taken it away in Moodle"),
    } <= set(left(made))
    await approved(house, made.plan)
    assert moodle.fields("E1", "city") == ("By hand",)
    assert moodle.user("E1").profile.get("jobgrade", "") == ""
    assert moodle.fields("E2", "city") == ("B",)
    assert moodle.enrolled("SAFE")["E3"] is False
    assert moodle.enrolled("FIRE")["E3"] is False, "what nobody touched is taken back"
    assert moodle.cohort("unit-Field") == set()
    assert "E5" not in moodle.enrolled("LABS")


@pytest.mark.anyio
async def test_the_guard_watches_it(house: House, moodle: Seen) -> None:
    """Taking back a load of forty is forty suspensions, which wait for a word as long as nothing else is done."""
    await house.settled_in(rows(40))
    made = await undo(house)
    assert house.holds(made.plan)[G.SUSPEND] == (40, 10, HoldState.WAITING)
    await house.sync()
    assert house.connector.plans.find(made.plan.hash) is not None
    assert [hold.guard for hold in house.connector.plans.holds()] == [G.REMOVE_GRANT, G.SUSPEND]
    await approved(house, made.plan)
    assert all(moodle.suspended(one["id"]) for one in rows(40))


@pytest.mark.anyio
async def test_a_run_that_did_something_makes_it_void(house: House) -> None:
    """It is planned again, and its holds wait no longer."""
    await house.settled_in([row("E1")])
    made = await undo(house)
    await house.sync([row("E1"), row("E2")])
    async with house.way() as way:
        assert way.current(made.plan) is None
    await house.plan()
    assert house.connector.plans.read(made.plan.number).status == "superseded"


@pytest.mark.anyio
async def test_an_adoption_is_given_up(house: House, moodle: Seen) -> None:
    """The account is somebody's own again, untouched; what is theirs stays; bound again only with a word."""
    moodle.add("old.hand", idnumber="E1", city="Old")
    enrol_by_hand(house, moodle, "E1", "FIRE")
    before = moodle_has(house, moodle)
    await house.settled_in([row("E1", city="New", job="director")])
    made = await undone(house)
    assert [action for action, _, _ in left(made)] == ["create_cohort"]
    brought_back(before, moodle_has(house, moodle))
    assert (
        house.sql("SELECT FROM connector.binding")
        == house.sql("SELECT FROM connector.ledger WHERE ended_at IS NULL")
        == []
    )
    plan = await house.plan()
    assert house.holds(plan) == {G.UNDONE: (plan.size, 0, HoldState.WAITING)}
    await house.apply(plan)
    brought_back(before, moodle_has(house, moodle))
    await approved(house, await house.plan())
    assert moodle.fields("E1", "city") == ("New",)


@pytest.mark.anyio
async def test_an_account_is_kept_while_something_of_ours_is_there(house: House, moodle: Seen) -> None:
    """An enrolment that is suspended is still ours to take: the binding stays, and is named."""
    moodle.add("old.hand", idnumber="E1")
    await house.settled_in([row("E1", unit="Field")])
    made = await undone(house)
    [why] = [why for action, who, why in left(made) if (action, who) == ("adopt_account", "E1")]
    assert "stays there" in why
    assert moodle.enrolled("SAFE") == {"E1": False}
    assert len(house.sql("SELECT FROM connector.binding")) == 1


@pytest.mark.anyio
async def test_a_swap_of_names_is_swapped_back(house: House, moodle: Seen) -> None:
    """Through a temporary value, as it came; and again when that is approved."""
    await house.settled_in([row("E1", username="ann"), row("E2", username="bob")])
    await house.settled_in([row("E1", username="bob"), row("E2", username="ann")])
    await undone(house)
    assert (moodle.fields("E1", "username"), moodle.fields("E2", "username")) == (("ann",), ("bob",))
    plan = await house.plan()
    assert house.holds(plan) == {G.UNDONE: (plan.size, 0, HoldState.WAITING)}
    await approved(house, plan)
    assert (moodle.fields("E1", "username"), moodle.fields("E2", "username")) == (("bob",), ("ann",))
    assert (await house.plan()).size == 0


@pytest.mark.anyio
async def test_what_hr_takes_back_itself_is_not_held_later(house: House, moodle: Seen) -> None:
    """Undone, then HR says something else: when HR wants the first thing again months later, that is news."""
    people = rows(6)
    await house.settled_in(people)
    changed = [
        {**people[0], "unit": "Field"},
        {**people[1], "city": "Paris", "grade": "7"},
        {**people[2], "manager": "E0001"},
        {**people[3], "status": "left"},
        {**people[4], "job": "director"},
        people[5],
        row("N1"),
    ]
    await house.settled_in(changed)
    await undone(house)
    again = await house.plan(changed)
    assert {change.subject for change in house.changes(again)} == {"E0001", "E0002", "E0003", "E0004", "E0005", "N1"}
    assert set(house.holds(again)) == {G.UNDONE}
    otherwise = [
        people[0],
        {**people[1], "city": "Rome", "grade": "8"},
        {**people[2], "manager": "E0005"},
        *people[3:],
        row("N1", status="left"),
    ]
    await house.settled_in(otherwise)
    house.clock.forward(days=60)
    assert house.sql("SELECT FROM connector.undone") == []
    plan = await house.plan(changed)
    assert house.holds(plan) == {}
    await house.apply(plan)
    assert (moodle.suspended("N1"), moodle.fields("E0002", "city")) == (False, ("Paris",))


@pytest.mark.anyio
async def test_a_name_that_somebody_else_has_by_now_is_left(house: House, moodle: Seen) -> None:
    """The account that was made with it is suspended and keeps it; who was renamed keeps the new name."""
    await house.settled_in([row("E1", username="ann"), row("E2", username="bob")])
    await house.settled_in([row("E1", username="old.ann"), row("E2", username="bob"), row("E3", username="ann")])
    made = await undone(house)
    assert left(made)[-1] == (
        "change_identity", "E1", "another Moodle account has the former name or address by now",
    )  # fmt: skip
    assert moodle.fields("E1", "username") == ("old.ann",)
    assert moodle.suspended("E3")


@pytest.mark.anyio
async def test_an_undo_can_be_taken_back(house: House, moodle: Seen) -> None:
    """Then Moodle is as HR says again, and nothing is held for it any more."""
    await house.settled_in([row("E1"), row("E2", unit="Field"), row("E3", unit="Lab")])
    await house.settled_in([row("E1", unit="Field", city="X"), row("E2", status="left"), row("E3"), row("E4")])
    want = moodle_has(house, moodle)
    await undone(house)
    await undone(house)
    assert moodle_has(house, moodle) == want
    assert house.sql("SELECT FROM connector.undone") == []
    assert (await house.plan()).size == 0


@pytest.mark.anyio
async def test_what_is_done_twice_is_named(house: House) -> None:
    """Taking the same run back again finds nothing to do; a run that is not there is a mistake, and says so."""
    await house.settled_in([row("E1", unit="Field")])
    run = house.connector.undos.runs()[0].number
    await undone(house, run)
    again = await undo(house, run)
    assert again.plan.size == 0
    assert ("create_account", "E1", "the account is suspended already") in left(again)
    [last, first] = [one for one in house.connector.undos.runs() if one.done]
    assert (first.number, first.undone_by, last.undoes, last.asked_by) == (run, last.number, run, "tester")
    with pytest.raises(SettingsError, match="no run 4711"):
        await undo(house, 4711)


person = st.fixed_dictionaries(
    {
        "unit": st.sampled_from(["Field", "Lab", "Office"]),
        "job": st.sampled_from(["", "director", "author", "trainer"]),
        "status": st.sampled_from(["active", "active", "left"]),
        "city": st.sampled_from(["", "Here", "There"]),
        "grade": st.sampled_from(["", "7"]),
        "auth": st.sampled_from(["oauth2", "saml2"]),
        "username": st.sampled_from(["", "a", "b"]),
        "manager": st.sampled_from(["", "E1"]),
    }
)
companies = st.dictionaries(st.sampled_from(["E1", "E2", "E3", "E4"]), person, min_size=1)


def feed(company: dict[str, dict[str, str]], case: int) -> list[Row]:
    """A delivery: keys and names of this example only, a user name given to one person at a time."""
    taken: set[str] = set()
    found = []
    for key, fields in sorted(company.items()):
        name = fields["username"] if fields["username"] not in taken else ""
        taken.add(name)
        own = f"{name or key.lower()}.{case}"
        manager = f"{case}-{fields['manager']}" if fields["manager"] in company and key != "E1" else ""
        found.append(row(f"{case}-{key}", **{**fields, "username": own, "manager": manager}))
    return found


cases = iter(range(1, 1_000_000))


@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(companies, companies, st.booleans())
def test_whatever_was_done_is_undone(
    house: House, moodle: Seen, first: dict[str, Any], second: dict[str, Any], by_hand: bool
) -> None:
    """Apply and undo bring Moodle back, others' things stay; the next plan holds all that it wants, until approved."""

    async def story() -> None:
        case = next(cases)
        anchor = rows(10, "A")  # so that a feed of few people is not too small for the gates
        await approved(house, await house.plan([*anchor, *feed(first, case)]))
        if by_hand:
            for key in first:
                enrol_by_hand(house, moodle, f"{case}-{key}", "FIRE") if f"{case}-{key}" in moodle.people() else None
        before = moodle_has(house, moodle)
        plan = await house.plan([*anchor, *feed({**first, **second}, case)])
        if not plan.size:
            return
        house.decide(plan, HoldState.APPROVED)
        await house.apply(house.connector.plans.read(plan.number))
        want = moodle_has(house, moodle)
        made = await undone(house, house.connector.undos.runs()[0].number)
        after = moodle_has(house, moodle)
        for one in made.left:
            if one.change.action is A.CHANGE_IDENTITY:  # an account that the run created has the name, and keeps it
                assert "another Moodle account" in one.why
                spare(moodle.id(one.change.subject), before, after)
        brought_back(before, after)
        was = moodle_has(house, moodle)
        again = await house.plan()
        held = house.holds(again).get(G.UNDONE, (0,))[0]
        assert held == again.size, house.does(again)
        await house.apply(again)
        assert moodle_has(house, moodle) == was
        if again.size:
            await approved(house, again)
        assert moodle_has(house, moodle) == want

    anyio.run(story)
