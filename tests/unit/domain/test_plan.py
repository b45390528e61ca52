"""The plan as a value: where a change stands, which guard watches it, and what its hash says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connector.domain.plan import RULES, Action, Change, GuardClass, Hold, HoldState, Phase, Plan, digest_of

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
fields = st.dictionaries(st.text(max_size=8), values, max_size=4)


def change(action: Action = Action.UPDATE_ACCOUNT, **more: Any) -> Change:
    plain: dict[str, Any] = {"subject": "E1", "target": "", "before": {"city": "A"}, "after": {"city": "B"}}
    return Change(action, **{**plain, **more})


def test_every_action_has_its_place() -> None:
    """An action without a phase could never be carried out."""
    assert set(RULES) == set(Action)


def test_the_order_is_that_of_the_specification() -> None:
    """Organisation and cohorts, people, managers, roles, enrolments, removals; identifiers are freed before taken."""
    order = [
        Action.CREATE_COHORT, Action.RELEASE_IDENTITY, Action.CHANGE_IDENTITY, Action.CREATE_ACCOUNT,
        Action.UPDATE_ACCOUNT, Action.CHANGE_MANAGER, Action.ADD_TO_COHORT, Action.ASSIGN_ROLE, Action.ENROL,
        Action.REMOVE_FROM_COHORT,
    ]  # fmt: skip
    phases = [change(action).phase for action in order]
    assert phases == sorted(set(phases))
    assert change(Action.ADOPT_ACCOUNT).phase < Phase.RELEASE, "a person is bound before the account is changed"
    taking = [Action.UNASSIGN_ROLE, Action.SUSPEND_ENROLMENT, Action.WITHDRAW_REQUIREMENT]
    assert change(Action.UNENROL).phase < Phase.GRANTS_ROLE, "with an enrolment Moodle takes the roles in the course"
    assert {change(action).phase for action in [*taking, Action.FORGET_GRANT]} == {Phase.REMOVALS}


def test_whatever_takes_away_is_watched() -> None:
    """What can harm many people at once has a guard; what gives has none, but for creating."""
    watched = {action: change(action, before={"manager": "E9"}).guard for action in Action}
    assert {action: guard for action, guard in watched.items() if guard} == {
        Action.CREATE_ACCOUNT: GuardClass.CREATE,
        Action.RELEASE_IDENTITY: GuardClass.IDENTITY,
        Action.CHANGE_IDENTITY: GuardClass.IDENTITY,
        Action.CHANGE_AUTH: GuardClass.AUTH,
        Action.SUSPEND_ACCOUNT: GuardClass.SUSPEND,
        Action.CHANGE_MANAGER: GuardClass.MANAGER,
        Action.REMOVE_FROM_COHORT: GuardClass.REMOVE_GRANT,
        Action.SUSPEND_ENROLMENT: GuardClass.REMOVE_GRANT,
        Action.REMOVE_FROM_GROUP: GuardClass.REMOVE_GRANT,
        Action.UNENROL: GuardClass.REMOVE_GRANT,
        Action.UNASSIGN_ROLE: GuardClass.REMOVE_ROLE,
        Action.DELETE_ACCOUNT: GuardClass.DELETE,
    }


def test_a_first_manager_is_no_change_of_manager() -> None:
    """The first load gives everybody a manager; that must not be held."""
    assert change(Action.CHANGE_MANAGER, before={"manager": ""}).guard is None
    assert change(Action.CHANGE_MANAGER, before={}).guard is None


@given(before=fields, after=fields, numbers=st.permutations(range(4)))
def test_the_digest_is_what_is_done_and_nothing_else(
    before: dict[str, Any], after: dict[str, Any], numbers: list[int]
) -> None:
    """Neither our own numbers, nor the reason, nor the order of the fields makes it another change."""
    one = Change(Action.ENROL, "E1", "SAFE", before, after, 1, "rule a")
    same = Change(Action.ENROL, "E1", "SAFE", dict(reversed(before.items())), dict(reversed(after.items())), 2, "b")
    assert one.digest == same.digest
    others = [
        Change(Action.UNENROL, "E1", "SAFE", before, after),
        Change(Action.ENROL, "E2", "SAFE", before, after),
        Change(Action.ENROL, "E1", "FIRE", before, after),
        Change(Action.ENROL, "E1", "SAFE", {**before, "a longer name": 1}, after),
        Change(Action.ENROL, "E1", "SAFE", before, {**after, "a longer name": 1}),
    ]
    assert len({one.digest, *(other.digest for other in others)}) == 6


def test_the_digest_minds_names_of_every_script() -> None:
    """Two names that differ in one Chinese character are two changes."""
    assert change(after={"lastname": "陳"}).digest != change(after={"lastname": "陣"}).digest


@given(st.lists(st.text("0123456789abcdef", min_size=64, max_size=64), unique=True, min_size=2, max_size=5))
def test_a_plans_hash_knows_order_and_every_change(digests: list[str]) -> None:
    """Another order, one change less or one more is another plan."""
    whole = digest_of(digests)
    assert whole == digest_of(iter(digests))
    assert whole != digest_of(digests[::-1])
    assert whole != digest_of(digests[:-1])
    assert whole != digest_of([*digests, "0" * 64])


def test_a_plans_size_is_all_of_its_changes() -> None:
    """Holds and counts are told in the head; the size is the sum."""
    hold = Hold(GuardClass.SUSPEND, 11, 10, "d")
    plan = Plan(1, "h", "hr", 1, "b", datetime.now(UTC), {"enrol": 3, "suspend_account": 11}, (hold,))
    assert plan.size == 14
    assert (plan.status, hold.state) == ("planned", HoldState.WAITING)
