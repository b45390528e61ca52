"""Applying while Moodle, the network or a row misbehaves: every trap of the real thing, on the twin."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from adapters.moodle.twin import Fault
from connector.domain.errors import AccessRefused, Busy, Stop, TryAgain
from connector.domain.plan import Action
from connector.sync.apply import Pace
from tests.support import HASTE, House, Seen, assert_whole, fail, row, rows

pytestmark = pytest.mark.anyio
A = Action
CREATE, UPDATE, ENROL = "core_user_create_users", "core_user_update_users", "enrol_manual_enrol_users"
COHORT = "core_cohort_add_cohort_members"
WRITES = [CREATE, ENROL, COHORT, "core_cohort_create_cohorts", "core_role_assign_roles"]
FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("cut_before", {}),
    ("cut_after", {}),
    ("error500", {}),
    ("error500", {"written": True}),
    ("error502", {"written": True}),
    ("maintenance", {}),
]


def operations(house: House) -> dict[str, int]:
    return {r["state"]: r["n"] for r in house.sql("SELECT state, count(*) AS n FROM connector.operation GROUP BY 1")}


@pytest.mark.parametrize("twin", ["5.1"], indirect=True)
@pytest.mark.parametrize("function", WRITES)
@pytest.mark.parametrize(("kind", "more"), FAULTS, ids=[f"{k}{'-written' if m else ''}" for k, m in FAULTS])
async def test_a_lost_answer_leaves_no_trace(
    house: House, moodle: Seen, function: str, kind: str, more: dict[str, Any]
) -> None:
    """Whether the write happened or not: it is looked up, done once, and counted as ours."""
    people = rows(60, unit="Field", job="trainer") + rows(20, "L", unit="Lab", job="director")
    plan = await house.plan(people)
    fail(house, kind, function, times=2, **more)
    await house.apply(plan)
    await assert_whole(house, moodle, people)
    assert all(moodle.roles(one["id"]) for one in people)


@pytest.mark.parametrize(("kind", "more"), FAULTS, ids=[f"{k}{'-written' if m else ''}" for k, m in FAULTS])
async def test_a_lost_update_is_made_once(house: House, moodle: Seen, kind: str, more: dict[str, Any]) -> None:
    """Accounts are read before and after each write."""
    people = rows(30)
    await house.settled_in(people)
    moved = [{**one, "city": "Tainan", "grade": "9"} for one in people]
    plan = await house.plan(moved)
    fail(house, kind, UPDATE, times=2, **more)
    await house.apply(plan)
    assert {moodle.fields(one["id"], "city") for one in people} == {("Tainan",)}
    await assert_whole(house, moodle, moved)


async def test_a_write_that_happens_late_is_found(house: House, moodle: Seen) -> None:
    """Cut at once, done two seconds later: looked for, refused as a duplicate meanwhile, and found in the end."""
    people = rows(40, unit="Field")
    plan = await house.plan(people)
    fail(house, "write_late", CREATE, seconds=2)
    applied = await house.apply(plan, Pace(workers=2, waits=(0.1, 0.4, 1.0, 2.0, 4.0)))
    assert applied.tally.refused == 0, house.refusals()[:3]
    await assert_whole(house, moodle, people)


async def test_a_joiner_whose_creation_was_lost_is_still_suspended(house: House, moodle: Seen) -> None:
    """Moodle takes no "suspended" when it creates: the second call is made up for, too."""
    people = rows(10, starts=house.clock.day(5))
    plan = await house.plan(people)
    fail(house, "cut_after", CREATE)
    fail(house, "cut_before", UPDATE)
    await house.apply(plan)
    assert all(moodle.suspended(one["id"]) for one in people)
    await assert_whole(house, moodle, people)


async def test_variables_that_php_drops_are_noticed(house: House, moodle: Seen) -> None:
    """Half of the batch is left untouched without a word: read back, refused with the cause, planned anew."""
    people = rows(30)
    await house.settled_in(people)
    moved = [{**one, "city": "Tainan", "grade": "9"} for one in people]
    plan = await house.plan(moved)
    fail(house, "drop_variables", UPDATE, variables=63)
    applied = await house.apply(plan, replace(HASTE, workers=1))  # all of them in one call
    assert 0 < applied.tally.refused < 30
    assert {code for *_, code, _ in house.refusals()} == {"dropped"}
    assert "max_input_vars" in house.refusals()[0][3]
    assert (await house.sync()).tally.refused == 0
    assert (await house.plan()).size == 0


async def test_creations_that_php_drops_are_made(house: House, moodle: Seen) -> None:
    """Moodle answers for some of the batch only: that is a lost answer, and looked up."""
    people = rows(40)
    plan = await house.plan(people)
    fail(house, "drop_variables", CREATE, variables=93)
    await house.apply(plan)
    await assert_whole(house, moodle, people)


async def test_one_bad_row_is_found_and_named(house: House, moodle: Seen) -> None:
    """All or nothing in Moodle: the batch is split down to it, the others are created."""
    people = rows(50, unit="Field")
    plan = await house.plan(people)
    moodle.add("meanwhile", email="E0033@example.test")
    applied = await house.apply(plan)
    assert house.refusals()[0] == (
        "create_account", "E0033", "invalidparameter", "email: another Moodle account has it, in whatever case.",
    )  # fmt: skip
    assert moodle.people() == sorted(one["id"] for one in people if one["id"] != "E0033")
    assert applied.tally.refused == 1
    assert applied.tally.waiting == 3  # the grants of somebody who has no account yet
    assert house.does(await house.plan(), A.CREATE_ACCOUNT) == []
    assert house.cases() == [("email_taken", "E0033")]


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        ({"username": "taken"}, "username: another Moodle account has it."),
        ({"auth": "cas"}, "most likely auth: the method cas is not installed"),
    ],
    ids=["username", "auth"],
)
async def test_the_cause_is_looked_up(house: House, moodle: Seen, bad: dict[str, str], word: str) -> None:
    """Moodle does not say which row, nor why: the connector says what it can find."""
    people = [*rows(9), row("X1", **bad)]
    plan = await house.plan(people)
    moodle.add("taken")
    await house.apply(plan)
    [(action, who, _, cause)] = [one for one in house.refusals() if one[0] == "create_account"]
    assert (action, who) == ("create_account", "X1")
    assert cause.startswith(word)
    assert len(moodle.people()) == 9


async def test_what_may_not_be_installed_is_named_unless_moodle_took_it_of_others(house: House) -> None:
    """A language that somebody else was created with is there; of what nobody had, all is suspected."""
    house.edit("mapping.yaml", "  lang: {value: en, compare: false}\n", "  lang: {column: city, compare: false}\n")
    bad = [row("E4", city="xx"), row("E5", city="xx", auth="cas"), row("E6", city="en", auth="cas")]
    await house.sync([*(row(f"E{number}", city="en") for number in range(3)), *bad])
    causes = {who: cause.split(":")[0] for action, who, _, cause in house.refusals() if action == "create_account"}
    assert causes == {"E4": "most likely lang", "E5": "most likely lang or auth", "E6": "most likely auth"}


async def test_half_of_a_batch_failing_leaves_the_other_half(house: House, moodle: Seen) -> None:
    """Of forty updates twenty are refused, each with its cause, and twenty are done."""
    people = rows(40)
    await house.settled_in(people)
    for one in people[:2]:
        moodle.add(f"taker.{one['id'].lower()}", email=f"new.{one['id'].lower()}@example.test".upper())
    moved = [{**one, "email": f"new.{one['id'].lower()}@example.test"} for one in people[:4]] + people[4:]
    plan = await house.plan(moved)
    assert len(house.does(plan, A.CHANGE_IDENTITY)) == 2
    assert {subject for _, subject in house.cases()} == {"E0001", "E0002"}
    moodle.add("late", email="new.e0003@example.test")
    applied = await house.apply(plan)
    assert (applied.tally.done, applied.tally.refused) == (1, 1)
    assert [(who, code) for _, who, code, _ in house.refusals()] == [("E0003", "useremailduplicate")]
    assert moodle.fields("E0004", "email") == ("new.e0004@example.test",)


async def test_moodle_that_stays_away_ends_the_run_and_the_next_goes_on(house: House, moodle: Seen) -> None:
    """Patience ends; what is done is done, and nothing of it is done again."""
    people = rows(120, unit="Field")
    plan = await house.plan(people)
    fail(house, "maintenance", ENROL, times=1000)
    with pytest.raises(TryAgain):
        await house.apply(plan)
    assert moodle.people() == sorted(one["id"] for one in people)
    assert moodle.enrolled("SAFE") == {}
    [run] = house.sql("SELECT status, detail FROM connector.run")
    assert run["status"] == "stopped"
    assert run["detail"]
    house.twin.faults.clear()
    created = house.twin.state.calls[CREATE]
    applied = await house.apply(plan)
    assert applied.tally.done == plan.size
    assert house.twin.state.calls[CREATE] == created
    await assert_whole(house, moodle, people)


async def test_a_revoked_token_stops_the_run(house: House, moodle: Seen) -> None:
    """A person must act: nothing is tried again, and the command ends with status 1."""
    plan = await house.plan(rows(120, unit="Field"))
    fail(house, "revoked", ENROL, times=1000)
    before = house.twin.state.calls.total()
    with pytest.raises(AccessRefused) as caught:
        await house.apply(plan)
    assert isinstance(caught.value, Stop)
    assert caught.value.exit_status == 1
    assert house.twin.state.calls.total() - before < 30
    assert [run["status"] for run in house.sql("SELECT status FROM connector.run")] == ["stopped"]


async def test_over_forty_percent_refused_opens_the_circuit(house: House, moodle: Seen) -> None:
    """Something is wrong with all of it: stop before more harm is done, and say so."""
    people = rows(300)
    await house.settled_in(people)
    plan = await house.plan([{**one, "grade": "9"} for one in people])
    house.twin.state.profile_fields = ()
    with pytest.raises(Stop, match="changes were refused"):
        await house.apply(plan, Pace(workers=1, waits=()))
    refused = operations(house)["refused"]
    assert 50 <= refused < 300


async def test_few_refusals_do_not_open_the_circuit(house: House) -> None:
    """Under fifty changes it is not asked; at forty percent it still holds."""
    people = rows(40)
    await house.settled_in(people)
    house.twin.state.profile_fields = ()
    applied = await house.sync([{**one, "grade": "9"} for one in people])
    assert applied.tally.refused == 40
    assert all("kept nothing of: profile.jobgrade." in cause for *_, cause in house.refusals())


async def test_forty_percent_exactly_go_on(house: House) -> None:
    """The limit itself is allowed; one more is not."""
    people = rows(100)
    await house.settled_in(people)
    moved = [{**one, "city": "X"} if n >= 40 else {**one, "grade": "9"} for n, one in enumerate(people)]
    plan = await house.plan(moved)
    house.twin.state.profile_fields = ()
    applied = await house.apply(plan, Pace(workers=1, waits=()))
    assert (applied.tally.done, applied.tally.refused) == (60, 40)
    moved = [{**one, "city": "Y"} if n >= 41 else {**one, "city": "X", "grade": "8"} for n, one in enumerate(people)]
    with pytest.raises(Stop, match="41 of 100"):
        await house.apply(await house.plan(moved), Pace(workers=1, waits=()))


async def test_only_one_process_applies(house: House) -> None:
    """The second one is told, and changes nothing."""
    plan = await house.plan(rows(3))
    with house.connector.journal.lock() as free:
        assert free
        with pytest.raises(Busy, match="Another process"):
            await house.apply(plan)
    assert house.sql("SELECT FROM connector.run") == []
    assert (await house.apply(plan)).tally.done == plan.size


async def test_progress_counts_every_change(house: House) -> None:
    """What is shown adds up to the plan."""
    plan = await house.plan(rows(70, unit="Field"))
    seen: Counter[str] = Counter()
    async with house.way() as way:
        await way.apply(plan, lambda number: seen.update(changes=number))
    assert seen["changes"] == plan.size


async def test_memberships_given_before_a_pause_stay_ours(house: House, moodle: Seen) -> None:
    """One request for each cohort: the second is turned away, the first had happened, and both are our own."""
    people = rows(3, unit="Field") + rows(3, "L", unit="Lab")
    plan = await house.plan(people)
    house.twin.faults.add(_second_call(COHORT))
    await house.apply(plan, HASTE)
    await assert_whole(house, moodle, people)


def _second_call(function: str) -> Any:
    """A fault that lets the first call of a function pass and turns the second away."""
    return Fault("maintenance", times=2, function=function, probability=0.5, seed=_seed((False, True)))


def _seed(wanted: tuple[bool, ...]) -> int:
    """Dice that fall as wanted, each below a half or not."""
    for seed in range(10_000):
        dice = random.Random(seed)
        if tuple(dice.random() < 0.5 for _ in wanted) == wanted:
            return seed
    raise AssertionError("no such dice")
