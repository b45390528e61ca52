"""Holds: too much of one class waits for a person, and the rest goes on."""

from __future__ import annotations

import pytest

from connector.domain.errors import SettingsError
from connector.domain.plan import Action, GuardClass, HoldState, Window
from connector.settings.parts import LeaverSettings
from tests.support import House, Row, Seen, row, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
G, A = GuardClass, Action
WAITING, APPROVED, REJECTED = HoldState.WAITING, HoldState.APPROVED, HoldState.REJECTED


def some(people: list[Row], count: int, **changed: str) -> list[Row]:
    """The first ``count`` people with something changed; all of them have another city, which nothing watches."""
    return [{**one, "city": "X", **(changed if n < count else {})} for n, one in enumerate(people)]


async def leaving(house: House, count: int = 11) -> list[Row]:
    people = rows(40)
    await house.settled_in(people)
    return some(people, count, status="left")


@pytest.mark.parametrize(
    ("changed", "guard", "limit"),
    [
        ({"status": "left"}, G.SUSPEND, 10),
        ({"email": "{id}.new@example.test"}, G.IDENTITY, 10),
        ({"username": "{id}.new"}, G.IDENTITY, 10),
        ({"auth": "saml2"}, G.AUTH, 5),
        ({"manager": "E0040"}, G.MANAGER, 8),
        ({"unit": "Lab"}, G.REMOVE_GRANT, 25),
        ({"job": ""}, G.REMOVE_ROLE, 5),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
async def test_a_class_above_its_limit_is_held_and_the_rest_goes(
    house: House, moodle: Seen, changed: dict[str, str], guard: GuardClass, limit: int
) -> None:
    """At the limit everything goes; one more, and the class waits while other changes are made."""
    people = [{**one, "job": "director", "manager": "E0039"} for one in rows(40)]
    await house.settled_in(people)

    def moved(count: int) -> list[Row]:
        each = [{**one, **{name: text.format(**one) for name, text in changed.items()}} for one in people]
        return [{**(each[n] if n < count else one), "city": f"City {count}"} for n, one in enumerate(people)]

    plan = await house.plan(moved(limit))
    assert guard not in house.holds(plan)
    plan = await house.plan(moved(limit + 1))
    assert house.holds(plan)[guard] == (limit + 1, limit, WAITING)
    applied = await house.apply(plan)
    assert guard in applied.held
    assert applied.tally.held >= limit + 1
    still = [one["id"] for one in moved(limit + 1) if one["status"] == "active"]
    assert {moodle.fields(key, "city") for key in still} == {(f"City {limit + 1}",)}
    watched = {change.subject for change in house.changes(plan) if change.guard is guard}
    assert len(watched) == limit + 1
    untouched = house.sql("SELECT FROM connector.operation o JOIN connector.change c USING (plan, ordinal) "
                          "WHERE c.guard_class = %s", guard.value)  # fmt: skip
    assert untouched == []


async def test_joiners_are_held_after_the_first_load_only(house: House, moodle: Seen) -> None:
    """A first load may be of any size; later over 25 or a tenth is asked about, with all that hangs on them."""
    plan = await house.plan(rows(60, unit="Field"))
    assert house.holds(plan) == {}
    await house.apply(plan)
    joiners = rows(26, "N", unit="Field")
    plan = await house.plan([*rows(60, unit="Field"), *joiners])
    assert house.holds(plan) == {G.CREATE: (26, 25, WAITING)}
    applied = await house.apply(plan)
    assert len(moodle.people()) == 60
    assert applied.tally.refused == 0
    house.decide(plan, APPROVED)
    approved = house.connector.plans.find(plan.hash)
    assert approved is not None
    applied = await house.apply(approved)
    assert (applied.tally.refused, applied.tally.waiting) == (0, 0)
    assert len(moodle.people()) == len(moodle.enrolled("SAFE")) == 86
    assert (await house.plan()).size == 0


async def test_an_approval_lets_it_go(house: House, moodle: Seen) -> None:
    """By the plan's hash; the same plan is then carried out to its end."""
    plan = await house.plan(await leaving(house))
    await house.apply(plan)
    assert not moodle.suspended("E0001")
    assert house.decide(plan, APPROVED) == [G.SUSPEND]
    approved = house.connector.plans.find(plan.hash[:12])
    assert approved is not None
    assert house.holds(approved) == {G.SUSPEND: (11, 10, APPROVED)}
    async with house.way() as way:
        assert way.current(approved) is not None, "its own run does not make a plan stale"
    applied = await house.apply(approved)
    assert (applied.held, applied.tally.held, applied.tally.done) == ((), 0, plan.size)
    assert sum(moodle.suspended(one["id"]) for one in rows(40)) == 11
    assert (await house.plan()).size == 0


async def test_an_approval_is_for_one_class(house: House, moodle: Seen) -> None:
    """What was not named still waits."""
    people = rows(40)
    await house.settled_in(people)
    both = [{**one, "auth": "saml2"} for one in some(people, 11, email="{id}@new.test")]
    both = [{**one, "email": one["email"].format(**one)} for one in both]
    plan = await house.plan(both)
    assert set(house.holds(plan)) == {G.AUTH, G.IDENTITY}
    assert house.decide(plan, APPROVED, G.AUTH) == [G.AUTH]
    approved = house.connector.plans.find(plan.hash)
    assert approved is not None
    applied = await house.apply(approved)
    assert applied.held == (G.IDENTITY,)
    assert moodle.fields("E0001", "auth", "email") == ("saml2", "e0001@example.test")


async def test_an_approval_ends_after_a_day(house: House, moodle: Seen) -> None:
    """What was right yesterday is asked again."""
    plan = await house.plan(await leaving(house))
    house.decide(plan, APPROVED)
    house.clock.forward(hours=24, minutes=1)
    late = house.connector.plans.find(plan.hash)
    assert late is not None
    assert (await house.apply(late)).held == (G.SUSPEND,)
    assert not moodle.suspended("E0001")
    again = await house.plan()
    assert house.holds(again) == {G.SUSPEND: (11, 10, WAITING)}


async def test_an_approval_lasts_nearly_a_day(house: House, moodle: Seen) -> None:
    """Until the very end of it."""
    plan = await house.plan(await leaving(house))
    house.decide(plan, APPROVED)
    house.clock.forward(hours=23, minutes=59)
    approved = house.connector.plans.find(plan.hash)
    assert approved is not None
    assert (await house.apply(approved)).held == ()
    assert moodle.suspended("E0001")


@pytest.mark.parametrize("state", [APPROVED, REJECTED])
async def test_a_decision_carries_over_to_the_same_changes(house: House, state: HoldState) -> None:
    """Planned again because something else changed: nobody is asked twice."""
    people = await leaving(house)
    plan = await house.plan(people)
    house.decide(plan, state)
    people[30] = {**people[30], "city": "Elsewhere"}
    later = await house.plan(people)
    assert later.hash != plan.hash
    assert house.holds(later) == {G.SUSPEND: (11, 10, state)}
    assert (await house.apply(later)).held == (() if state is APPROVED else (G.SUSPEND,))


async def test_a_decision_does_not_carry_over_to_other_changes(house: House) -> None:
    """One person more is another question."""
    people = await leaving(house)
    house.decide(await house.plan(people), APPROVED)
    people[11] = {**people[11], "status": "left"}
    assert house.holds(await house.plan(people)) == {G.SUSPEND: (12, 10, WAITING)}


async def test_a_rejection_keeps_it_from_going(house: House, moodle: Seen) -> None:
    """And the person may think again."""
    plan = await house.plan(await leaving(house))
    assert house.decide(plan, REJECTED) == [G.SUSPEND]
    rejected = house.connector.plans.find(plan.hash)
    assert rejected is not None
    assert (await house.apply(rejected)).held == (G.SUSPEND,)
    assert not moodle.suspended("E0001")
    assert house.decide(plan, APPROVED) == [G.SUSPEND]
    approved = house.connector.plans.find(plan.hash)
    assert approved is not None
    assert (await house.apply(approved)).held == ()


async def test_only_the_newest_plan_waits(house: House) -> None:
    """An older one cannot be decided, nor is it current."""
    people = await leaving(house)
    older = await house.plan(people)
    newer = await house.plan([*people[:-1], {**people[-1], "city": "Y"}])
    assert {hold.plan_hash for hold in house.connector.plans.holds()} == {newer.hash}
    assert house.decide(older, APPROVED) == []
    stale = house.connector.plans.find(older.hash)
    assert stale is not None
    async with house.way() as way:
        assert way.current(stale) is None
        assert way.current(newer) is not None


@pytest.mark.parametrize("why", ["feed", "mapping", "run"])
async def test_a_plan_whose_basis_changed_is_not_current(house: House, why: str) -> None:
    """A newer feed, another mapping, or somebody else's run: what was shown is not what would be done."""
    people = rows(3)
    plan = await house.plan(people)
    if why == "feed":
        await house.take([*people, row("E9")])
    elif why == "mapping":
        house.edit("mapping.yaml", '"Unit {unit}"', '"The unit {unit}"')
    else:
        house.connector.journal.start(another_plan(house), house.clock())
    async with house.way() as way:
        assert way.current(plan) is None


def another_plan(house: House) -> int:
    """Another plan for the same Moodle."""
    [one] = house.sql(
        "INSERT INTO connector.plan (site, basis, created_at, status, hash) "
        "VALUES (%s, '', now(), 'planned', 'f') RETURNING number",
        house.connector.site,
    )
    number: int = one["number"]
    return number


async def test_a_hash_must_be_told_apart(house: House) -> None:
    """No hash finds the newest; the beginning of two finds neither."""
    first = await house.plan(rows(1))
    second = await house.plan(rows(2))
    assert house.connector.plans.find() == second
    found = house.connector.plans.find(first.hash[:20])
    assert found is not None
    assert found.number == first.number
    assert house.connector.plans.find("nonsense") is None
    with pytest.raises(SettingsError, match="Several plans"):
        house.connector.plans.find("")


async def test_a_deletion_is_approved_by_its_own_name_only(house: House, moodle: Seen) -> None:
    """Who approves a plan has not said that somebody is deleted; who rejects it has said no to all."""
    given = {"leavers": LeaverSettings(delete_days=30)}
    house.settings = house.settings.model_copy(update=given)
    house.reopen()
    people = rows(40)
    await house.settled_in(people)
    await house.sync([row("E0001", status="left"), *people[1:]])
    house.clock.forward(days=30)
    plan = await house.plan([row("E0001", status="left"), *some(people, 12, status="left")[1:]])
    assert house.holds(plan) == {G.SUSPEND: (11, 10, WAITING), G.DELETE: (1, 0, WAITING)}
    assert house.decide(plan, APPROVED) == [G.SUSPEND]
    await house.apply(house.connector.plans.read(plan.number))
    assert (moodle.suspended("E0002"), "E0001" in moodle.people()) == (True, True)
    again = await house.plan()
    assert house.decide(again, APPROVED) == []
    assert house.decide(again, REJECTED) == [G.DELETE]
    assert house.decide(again, APPROVED, G.DELETE) == [G.DELETE]
    await house.apply(house.connector.plans.read(again.number))
    assert "E0001" not in moodle.people()


async def test_a_rejection_holds_by_whatever_way_the_change_comes(house: House, moodle: Seen) -> None:
    """For one person on demand, or as one of fewer: what was rejected does not go for a day, then it is HR's again."""
    people = await leaving(house)
    house.decide(await house.plan(people), REJECTED)
    async with house.way() as way:
        plan, _ = await way.sync_person("E0001")
    assert house.holds(plan) == {G.SUSPEND: (1, 0, REJECTED)}
    few = await house.plan([*some(rows(40), 3, status="left")])
    assert house.holds(few) == {G.SUSPEND: (3, 0, REJECTED)}
    with_another = await house.plan([*some(rows(40), 4, status="left")[1:], row("E0001")])
    await house.apply(with_another)
    assert house.holds(with_another) == {G.SUSPEND: (3, 0, REJECTED)}
    house.clock.forward(hours=24)
    later = await house.plan()
    assert house.holds(later) == {}
    await house.apply(later)
    assert moodle.suspended("E0002")


async def test_what_waits_does_not_go_on_demand(house: House, moodle: Seen) -> None:
    """Person by person it would be done before anybody has looked; approved on its own it goes."""
    await house.plan(await leaving(house))
    async with house.way() as way:
        plan, applied = await way.sync_person("E0001")
    assert (house.holds(plan), applied.held) == ({G.SUSPEND: (1, 0, WAITING)}, (G.SUSPEND,))
    assert moodle.fields("E0001", "city") == ("",)
    house.decide(plan, APPROVED)
    await house.apply(house.connector.plans.read(plan.number))
    assert moodle.suspended("E0001")
    assert not moodle.suspended("E0002")


async def test_nothing_is_taken_from_managers_who_are_only_in_the_chain(house: House, moodle: Seen) -> None:
    """Somebody asked for the person below; what HR says of the manager waits for the plan of everybody."""
    people = [row("E1", unit="Field"), row("E2", manager="E1"), row("E3", manager="E2", unit="Field")]
    await house.settled_in(people)
    await house.take([{**people[0], "status": "left"}, {**people[1], "city": "X"}, {**people[2], "status": "left"}])
    async with house.way() as way:
        plan, _ = await way.sync_person("E3")
    assert house.does(plan, A.SUSPEND_ACCOUNT, A.UPDATE_ACCOUNT) == [
        ("suspend_account", "E3", ""),
        ("update_account", "E2", ""),
    ]
    assert {subject for _, subject, _ in house.does(plan, A.SUSPEND_ENROLMENT, A.REMOVE_FROM_COHORT)} == {"E3"}
    assert (moodle.suspended("E1"), moodle.suspended("E3")) == (False, True)
    await house.sync()
    assert moodle.suspended("E1")


async def test_a_decision_ends_with_its_plan(house: House) -> None:
    """Expired, it is no answer any more; once a newer plan has taken the question over or HR has, it is not listed."""
    people = await leaving(house)
    plan = await house.plan(people)
    await house.apply(plan)
    house.decide(plan, APPROVED)
    [hold] = house.connector.plans.holds()
    assert (hold.at(house.clock()).state, hold.at(house.clock()).is_open) == (APPROVED, False)
    house.clock.forward(hours=24)
    assert (hold.at(house.clock()).state, hold.at(house.clock()).is_open) == (HoldState.EXPIRED, True)
    again = await house.plan()
    assert [one.plan_hash for one in house.connector.plans.holds()] == [again.hash]
    house.decide(again, REJECTED)
    await house.apply(again)
    house.clock.forward(hours=24)
    await house.settled_in(some(rows(40), 0))
    assert house.connector.plans.holds() == []


async def test_a_swap_counts_once(house: House) -> None:
    """Moving one address out of the way is half of a change, and no change of identity of its own."""
    people = rows(40)
    await house.settled_in(people)
    turned = [{**one, "email": people[(n + 1) % 10]["email"]} for n, one in enumerate(people[:10])]
    plan = await house.plan([*turned, *people[10:]])
    assert len(house.does(plan, A.RELEASE_IDENTITY)) == 10
    assert house.holds(plan) == {}
    assert (await house.apply(plan)).tally.refused == 0
    plan = await house.plan([*turned, {**people[10], "email": "another@example.test"}, *people[11:]])
    assert [(hold.guard, hold.count, hold.spent) for hold in plan.holds] == [(G.IDENTITY, 1, 10)]


async def test_a_word_on_two_plans_of_one_hash_is_said_once(house: House) -> None:
    """Of everybody and of some people: the same changes. The beginning of two hashes is no answer."""
    people = await leaving(house)
    plan = await house.plan(people)
    number = another_plan(house)
    house.sql("UPDATE connector.plan SET hash = %s, people = '{E0001}' WHERE number = %s", plan.hash, number)
    held = house.connector.plans.holds()
    house.sql(
        "INSERT INTO connector.change SELECT %s, ordinal, phase, action, subject, target, person_id, before, after, "
        "reason, kind, level, ref, guard_class, digest FROM connector.change WHERE plan = %s",
        number,
        plan.number,
    )
    house.sql(
        "INSERT INTO connector.hold (plan, guard_class, count, \"limit\", digest) VALUES (%s, 'suspend', 11, 10, %s)",
        number,
        held[0].digest,
    )
    assert len(house.connector.plans.holds()) == 2
    assert house.decide(plan, APPROVED) == [G.SUSPEND]
    house.sql("UPDATE connector.plan SET hash = left(hash, 20) || 'x' WHERE number = %s", number)
    with pytest.raises(SettingsError, match="Several plans that wait begin with"):
        house.connector.plans.decide_hold(plan.hash[:12], None, APPROVED, "tester", house.clock())


async def test_small_companies_are_not_held_for_little(house: House) -> None:
    """The floors: ten leavers of forty go."""
    plan = await house.plan(await leaving(house, 10))
    assert house.holds(plan) == {}


async def test_many_small_plans_are_held_as_one_large_one(house: House, moodle: Seen) -> None:
    """The limit holds over 24 hours and 7 days; then it goes by itself, without anybody's word."""
    people = rows(60)
    await house.settled_in(people)
    await house.sync(some(people, 6, status="left"))
    house.clock.forward(hours=1)
    plan = await house.plan(some(people, 12, status="left"))
    assert house.holds(plan) == {G.SUSPEND: (6, 10, WAITING)}
    assert [(hold.window, hold.spent) for hold in plan.holds] == [(Window.DAY, 6)]
    assert (await house.apply(plan)).held == (G.SUSPEND,)
    house.clock.forward(hours=24)
    plan = await house.plan()
    assert [(hold.window, hold.spent) for hold in plan.holds] == [(Window.WEEK, 6)]
    assert sum(moodle.suspended(one["id"]) for one in people) == 6
    house.clock.forward(days=6)
    plan = await house.plan()
    assert plan.holds == ()
    await house.apply(plan)
    assert sum(moodle.suspended(one["id"]) for one in people) == 12


async def test_what_a_person_approved_is_no_budget(house: House, moodle: Seen) -> None:
    """Somebody has looked at it: a few leavers more on the same day go without asking again."""
    people = rows(60)
    await house.settled_in(people)
    plan = await house.plan(some(people, 11, status="left"))
    house.decide(plan, APPROVED)
    approved = house.connector.plans.find(plan.hash)
    assert approved is not None
    await house.apply(approved)
    plan = await house.plan(some(people, 15, status="left"))
    assert plan.holds == ()
    await house.apply(plan)
    assert sum(moodle.suspended(one["id"]) for one in people) == 15


async def test_the_first_load_is_no_budget(house: House, moodle: Seen) -> None:
    """Who came with it was not limited, and limits nobody who comes after."""
    await house.sync(rows(60, unit="Field"))
    plan = await house.plan([*rows(60, unit="Field"), *rows(25, "N", unit="Field")])
    assert plan.holds == ()
    await house.apply(plan)
    plan = await house.plan([*rows(60, unit="Field"), *rows(26, "N", unit="Field")])
    assert [(hold.guard, hold.count, hold.window, hold.spent) for hold in plan.holds] == [
        (G.CREATE, 1, Window.DAY, 25)
    ]
