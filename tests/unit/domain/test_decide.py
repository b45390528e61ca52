"""Decisions on one pair: what must change in an account, and what must be given, altered or taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.decide import (
    RESERVED_DOMAIN,
    UNSEEN,
    AccountPair,
    GrantPair,
    Status,
    account_changes,
    adopted_account,
    grant_change,
    new_account,
    released_identity,
    resolved,
)
from connector.domain.grants import Grant, GrantKind, RoleTarget
from connector.domain.plan import Action, Change

TODAY = date(2026, 3, 2)
A = Action


def account_pair(**more: Any) -> AccountPair:
    plain: dict[str, Any] = {"person_id": 7, "key": "E1", "status": Status.ACTIVE, "wanted": {}, "account_id": 70}
    return AccountPair(**{**plain, **more})


def grant_pair(kind: GrantKind = GrantKind.ENROLMENT, **more: Any) -> GrantPair:
    plain: dict[str, Any] = {
        "person_id": 7,
        "key": "E1",
        "status": Status.ACTIVE,
        "kind": kind,
        "target": "SAFE",
        "wanted": None,
        "granted": None,
    }
    return GrantPair(**{**plain, **more})


# ---------------------------------------------------------------- accounts
def test_a_new_account_has_all_fields_that_are_not_empty() -> None:
    """Initial and compared fields go together; an empty one need not be sent."""
    wanted = {"username": "rule", "email": "e@x.test", "city": "", "profile": {"grade": "7", "floor": ""}}
    initial = {"lang": "en", "profile": {"cost": "K9"}}
    change = new_account(account_pair(account_id=None, wanted=wanted, initial=initial, line=4), "rule2")
    assert change.action is A.CREATE_ACCOUNT
    assert change.after == {
        "username": "rule2", "email": "e@x.test", "lang": "en", "profile": {"grade": "7", "cost": "K9"},
    }  # fmt: skip
    assert (change.before, change.reason, change.person_id, change.subject) == ({}, "feed line 4", 7, "E1")


def test_an_account_without_custom_fields_sends_none() -> None:
    """An empty profile is no field."""
    assert new_account(account_pair(wanted={"email": "e"}), "u").after == {"email": "e", "username": "u"}


def test_who_has_not_started_yet_is_made_suspended() -> None:
    """The account is there before the first day, and opens on it."""
    assert new_account(account_pair(status=Status.JOINING), "u").after == {"username": "u", "suspended": "1"}


def test_adopting_says_which_account_and_why() -> None:
    """The binding can be explained later."""
    change = adopted_account(account_pair(account_id=None), 70, "idnumber")
    assert (change.action, change.after) == (A.ADOPT_ACCOUNT, {"account": 70, "matched_by": "idnumber"})


def test_each_guard_has_its_own_change() -> None:
    """Names go freely, identity and sign-in are watched each by itself."""
    wanted = {"email": "new@x.test", "auth": "saml2", "city": "Taipei", "profile": {"grade": "8", "floor": "2"}}
    current = {"email": "old@x.test", "auth": "manual", "city": "", "profile": {"grade": "7", "floor": "2"}}
    changes = {change.action: change for change in account_changes(account_pair(wanted=wanted, current=current))}
    assert set(changes) == {A.CHANGE_IDENTITY, A.CHANGE_AUTH, A.UPDATE_ACCOUNT}
    assert (changes[A.CHANGE_IDENTITY].before, changes[A.CHANGE_IDENTITY].after) == (
        {"email": "old@x.test"},
        {"email": "new@x.test"},
    )
    assert changes[A.CHANGE_AUTH].after == {"auth": "saml2"}
    assert changes[A.UPDATE_ACCOUNT].before == {"city": "", "profile": {"grade": "7"}}
    assert changes[A.UPDATE_ACCOUNT].after == {"city": "Taipei", "profile": {"grade": "8"}}


@pytest.mark.parametrize("name", ["username", "email", "idnumber"])
def test_a_difference_in_case_alone_is_no_rename(name: str) -> None:
    """Moodle and HR write identifiers as they like."""
    assert account_changes(account_pair(wanted={name: "ÀB@x"}, current={name: "àb@X"})) == []
    assert len(account_changes(account_pair(wanted={name: "ac"}, current={name: "ab"}))) == 1


def test_a_name_is_compared_exactly() -> None:
    """A first name in another case is another spelling, and HR's counts."""
    [change] = account_changes(account_pair(wanted={"firstname": "Ada"}, current={"firstname": "ada"}))
    assert change.action is A.UPDATE_ACCOUNT


def test_a_field_that_moodle_lacks_counts_as_empty() -> None:
    """What was never set is set, and clearing what is empty is nothing."""
    [change] = account_changes(account_pair(wanted={"city": "X", "department": "", "profile": {"grade": "7"}}))
    assert change.before == {"city": "", "profile": {"grade": ""}}
    assert change.after == {"city": "X", "profile": {"grade": "7"}}


@pytest.mark.parametrize(
    ("status", "suspended", "action"),
    [
        (Status.ACTIVE, True, A.REACTIVATE_ACCOUNT),
        (Status.ACTIVE, False, None),
        (Status.JOINING, False, A.SUSPEND_ACCOUNT),
        (Status.JOINING, True, None),
        (Status.UPCOMING, False, A.SUSPEND_ACCOUNT),
        (Status.LEFT, False, A.SUSPEND_ACCOUNT),
        (Status.LEFT, True, None),
    ],
)
def test_only_who_works_here_today_may_sign_in(status: Status, suspended: bool, action: Action | None) -> None:
    """Suspended but for active people."""
    changes = account_changes(account_pair(status=status, suspended=suspended))
    assert [change.action for change in changes] == ([action] if action else [])
    for change in changes:
        assert change.before == {"suspended": str(int(suspended))}
        assert change.after == {"suspended": str(int(not suspended))}


def test_who_has_left_is_otherwise_left_as_is() -> None:
    """A leaver's name and address are not touched any more."""
    pair = account_pair(status=Status.LEFT, wanted={"email": "new@x.test", "city": "X"}, suspended=True)
    assert account_changes(pair) == []


texts = st.sampled_from(["", "a", "A", "b", "ß", "é"])
account_fields = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("username", "email", "idnumber", "auth", "city", "firstname"), texts)
)
profiles = st.dictionaries(st.sampled_from(["grade", "floor"]), texts)


@given(account_fields, profiles, account_fields, profiles, st.sampled_from(Status), st.booleans())
def test_once_applied_nothing_is_left(
    wanted: dict[str, Any],
    profile: dict[str, str],
    current: dict[str, Any],
    shown: dict[str, str],
    status: Status,
    suspended: bool,
) -> None:
    """Each ``before`` is what was there; with every ``after`` in place there is no further change."""
    pair = account_pair(
        status=status,
        wanted={**wanted, "profile": profile},
        current={**current, "profile": shown},
        suspended=suspended,
    )
    fields, custom, closed = dict(current), dict(shown), suspended
    for change in account_changes(pair):
        assert change.before != change.after
        assert change.before.keys() == change.after.keys()
        for name, value in change.after.items():
            if name == "profile":
                assert change.before["profile"] == {key: custom.get(key, "") for key in value}
                custom |= value
            elif name == "suspended":
                assert change.before == {"suspended": str(int(closed))}
                closed = value == "1"
            else:
                assert change.before[name] == fields.get(name, "")
                fields[name] = value
    after = replace(pair, current={**fields, "profile": custom}, suspended=closed)
    assert account_changes(after) == []


def test_an_identifier_that_another_takes_over_is_freed_first() -> None:
    """To a value that nobody has, at a domain that gets no mail; then to the one that is wanted."""
    change = Change(
        A.CHANGE_IDENTITY, "E1", "", {"email": "a@x", "idnumber": "O"}, {"email": "b@x", "idnumber": "E1"}, 7
    )
    first, second = released_identity(change)
    assert (first.action, second.action) == (A.RELEASE_IDENTITY, A.CHANGE_IDENTITY)
    assert first.phase < second.phase
    assert first.before == {"email": "a@x"}
    assert first.after == {"email": f"moved-7@{RESERVED_DOMAIN}"}
    assert second.before == {"email": "a@x", "idnumber": "O"}  # what is given back where it is refused
    assert second.after == change.after
    assert (first.person_id, second.person_id) == (7, 7)


def test_two_people_are_freed_to_different_values() -> None:
    """A swap would collide otherwise."""
    changes = [Change(A.CHANGE_IDENTITY, f"E{n}", "", {"username": "x"}, {"username": "y"}, n) for n in (1, 2)]
    firsts = [released_identity(change)[0].after["username"] for change in changes]
    assert len(set(firsts)) == 2


# ---------------------------------------------------------------- grants
GIVEN = {
    GrantKind.GROUP: (A.ADD_TO_GROUP, A.REMOVE_FROM_GROUP),
    GrantKind.COHORT: (A.ADD_TO_COHORT, A.REMOVE_FROM_COHORT),
    GrantKind.ROLE: (A.ASSIGN_ROLE, A.UNASSIGN_ROLE),
    GrantKind.ENROLMENT: (A.ENROL, A.SUSPEND_ENROLMENT),
    GrantKind.ASSIGNMENT: (A.ASSIGN_REQUIREMENT, A.WITHDRAW_REQUIREMENT),
}


@pytest.mark.parametrize("kind", GrantKind)
@pytest.mark.parametrize("status", Status)
def test_what_rules_give_is_given_to_who_works_here_or_is_about_to(kind: GrantKind, status: Status) -> None:
    """Neither a leaver nor somebody whose start is far away gets anything."""
    change = grant_change(grant_pair(kind, status=status, wanted={"name": "N"}, reason="rule"), TODAY)
    if status in (Status.ACTIVE, Status.JOINING):
        assert change is not None
        assert (change.action, change.before, change.reason) == (GIVEN[kind][0], {}, "rule")
        assert change.after == {"name": "N", "granted_on": "2026-03-02", "timezone": "UTC"}
    else:
        assert change is None


@pytest.mark.parametrize(
    ("target", "seen"),
    [("manager@system", False), ("coursecreator@category:SAFETY", False), ("teacher@course:FIRE", True)],
)
def test_a_role_that_moodle_does_not_show_is_said_to_count_as_ours(target: str, seen: bool) -> None:
    """Whoever looks at the plan knows that one given by hand before goes with the rule."""
    change = grant_change(grant_pair(GrantKind.ROLE, target=target, wanted={}, reason="rule"), TODAY)
    assert change is not None
    assert change.reason == ("rule" if seen else f"rule; {UNSEEN}")


@pytest.mark.parametrize(("closed", "by_cohort"), [(False, False), (True, False), (False, True), (True, True)])
def test_what_is_present_is_recognised_unless_a_cohort_of_ours_gave_it(closed: bool, by_cohort: bool) -> None:
    """One that is closed is told as such and left; beside a cohort's the person is enrolled, in force or not."""
    pair = grant_pair(wanted={"role": "student"}, present=True, closed=closed, by_cohort=by_cohort)
    change = grant_change(pair, TODAY)
    assert change is not None
    assert change.action is (A.ENROL if by_cohort else A.RECOGNISE_ENROLMENT)
    assert change.before == ({"by_cohort": True} if by_cohort else {"present": True})
    assert ("suspended or over" in change.reason) is (closed and not by_cohort)


@pytest.mark.parametrize("kind", GrantKind)
@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("wanted", [None, {}])
def test_what_the_ledger_holds_and_nobody_gives_is_taken(
    kind: GrantKind, status: Status, wanted: dict[str, Any] | None
) -> None:
    """By a rule that ended, or by leaving whatever the rules say."""
    change = grant_change(grant_pair(kind, status=status, wanted=wanted, granted={"granted_on": "2026-01-01"}), TODAY)
    if wanted is None or status in (Status.LEFT, Status.UPCOMING):
        assert change is not None
        assert change.action is GIVEN[kind][1]
        assert change.before == {"granted_on": "2026-01-01"}
    elif change is not None:
        assert change.action in (A.CHANGE_ENROLMENT, A.CHANGE_REQUIREMENT)


@pytest.mark.parametrize("kind", GrantKind)
def test_what_somebody_else_gave_is_never_taken(kind: GrantKind) -> None:
    """Only our note of it ends; nor are its terms altered."""
    foreign = grant_pair(kind, granted={"granted_on": "2026-01-01"}, ours=False)
    change = grant_change(foreign, TODAY)
    assert change is not None
    assert change.action is A.FORGET_GRANT
    assert grant_change(replace(foreign, wanted={"role": "teacher"}), TODAY) is None
    left = grant_change(replace(foreign, wanted={"role": "teacher"}, status=Status.LEFT), TODAY)
    assert left is not None
    assert left.action is A.FORGET_GRANT


def test_nothing_wanted_and_nothing_granted_is_nothing() -> None:
    """A pair that says nothing gives no change."""
    assert grant_change(grant_pair(), TODAY) is None


def test_an_enrolment_is_suspended_unless_its_path_says_unenrol() -> None:
    """Unenrolling deletes grades: only on the path's word, and never for a leaver."""
    granted = {"on_loss": "unenrol", "timezone": "UTC"}
    change = grant_change(grant_pair(granted=granted), TODAY)
    assert change is not None
    assert (change.action, change.after) == (A.UNENROL, {})
    for pair in (grant_pair(granted={"on_loss": "suspend"}), grant_pair(granted=granted, status=Status.LEFT)):
        kept = grant_change(pair, TODAY)
        assert kept is not None
        assert (kept.action, kept.after["suspended"]) == (A.SUSPEND_ENROLMENT, True)
        assert grant_change(replace(pair, suspended=True), TODAY) is None


def test_an_enrolment_that_was_suspended_comes_back() -> None:
    """With the terms of today's rules, counted from its return: an access that ended long ago is of no use."""
    granted = {"role": "student", "granted_on": "2026-01-01", "timezone": "UTC"}
    change = grant_change(grant_pair(wanted={"role": "student"}, granted=granted, suspended=True), TODAY)
    assert change is not None
    assert change.action is A.CHANGE_ENROLMENT
    assert change.before == {**granted, "suspended": True}
    assert change.after == {**granted, "granted_on": TODAY.isoformat()}


@pytest.mark.parametrize("kind", [GrantKind.COHORT, GrantKind.ROLE, GrantKind.ENROLMENT])
def test_a_grant_overlaps_with_what_comes_next(kind: GrantKind) -> None:
    """That nothing gives it any more is noted once; the last day is still a day of it, on the next one it is taken."""
    granted = resolved({"overlap_days": 5}, {}, TODAY, "UTC")
    note = grant_change(grant_pair(kind, granted=granted), TODAY)
    assert note is not None
    assert (note.action, note.before) == (A.NOTE_TERMS, granted)
    assert note.after == {**granted, "kept_until": "2026-03-07"}
    kept = grant_pair(kind, granted=note.after)
    assert [grant_change(kept, TODAY + timedelta(days)) for days in range(6)] == [None] * 6
    taken = grant_change(kept, TODAY + timedelta(6))
    assert taken is not None
    assert taken.action is GIVEN[kind][1]


@pytest.mark.parametrize("kind", [GrantKind.COHORT, GrantKind.ROLE, GrantKind.ENROLMENT])
def test_an_overlap_ends_for_who_leaves_and_for_who_comes_back(kind: GrantKind) -> None:
    """A leaver keeps nothing; what is given again is as it was, and a later overlap is whole."""
    granted = resolved({"overlap_days": 5}, {}, TODAY, "UTC")
    kept = grant_pair(kind, granted={**granted, "kept_until": "2026-03-07"})
    left = grant_change(replace(kept, status=Status.LEFT), TODAY)
    assert left is not None
    assert left.action is GIVEN[kind][1]
    again = grant_change(replace(kept, wanted={"overlap_days": 5}), TODAY)
    assert again is not None
    assert again.after == granted
    assert again.action is (A.CHANGE_ENROLMENT if kind is GrantKind.ENROLMENT else A.NOTE_TERMS)


def test_what_is_not_ours_or_is_held_elsewhere_does_not_overlap() -> None:
    """There is nothing that would be taken later."""
    for more in ({"ours": False}, {"elsewhere": True}):
        change = grant_change(grant_pair(granted={"overlap_days": 5}, **more), TODAY)
        assert change is not None
        assert change.action is A.FORGET_GRANT


@pytest.mark.parametrize("days", [0, 9])
def test_an_overlap_of_other_length_is_noted(days: int) -> None:
    """Moodle has no terms of a membership; the ledger has."""
    wanted = {"overlap_days": days} if days else {}
    change = grant_change(grant_pair(GrantKind.COHORT, wanted=wanted, granted={"overlap_days": 5}), TODAY)
    assert change is not None
    assert (change.action, change.after) == (A.NOTE_TERMS, wanted)


@pytest.mark.parametrize("kind", [GrantKind.COHORT, GrantKind.ROLE])
def test_cohorts_and_roles_have_no_terms_to_alter(kind: GrantKind) -> None:
    """A cohort that is called something else is the same membership."""
    assert grant_change(grant_pair(kind, wanted={"name": "new"}, granted={"name": "old"}), TODAY) is None


def test_a_due_date_is_kept_through_a_move() -> None:
    """Another rule is no new start, unless the requirement says so; the day of the assignment stays."""
    granted = resolved({"due_days": 14}, {}, TODAY, "Asia/Taipei")
    assert granted["due_on"] == "2026-03-16"
    later = grant_change(
        grant_pair(GrantKind.ASSIGNMENT, wanted={"due_days": 30}, granted=granted, timezone="Asia/Taipei"),
        TODAY + timedelta(days=100),
    )
    assert later is not None
    assert (later.action, later.after["due_on"]) == (A.CHANGE_REQUIREMENT, "2026-03-16")
    assert later.after["granted_on"] == "2026-03-02"
    same = grant_pair(GrantKind.ASSIGNMENT, wanted={"due_days": 14}, granted=granted, timezone="Asia/Taipei")
    assert grant_change(same, TODAY + timedelta(days=100)) is None


def test_dates_win_over_days_and_none_is_open() -> None:
    """A date in the rule is taken as it is; a term that is absent or empty leaves the end open; day 0 is a day."""
    terms = resolved({"start": "2026-05-01", "start_days": 3, "end": None, "end_days": 0}, {}, TODAY, "UTC")
    assert (terms["starts_on"], terms["ends_on"]) == ("2026-05-01", "2026-03-02")
    assert "due_on" not in terms


terms = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["student", "teacher"]),
        "start": st.sampled_from(["2026-01-01", "2026-06-01", None]),
        "end_days": st.integers(0, 400),
        "due_days": st.integers(0, 400),
        "on_loss": st.sampled_from(["suspend", "unenrol"]),
    },
)


@given(
    st.sampled_from(GrantKind),
    st.sampled_from(Status),
    st.none() | terms,
    st.none() | terms,
    st.booleans(),
    st.booleans(),
    st.integers(0, 500),
)
def test_a_grant_that_was_carried_out_needs_nothing_more(
    kind: GrantKind,
    status: Status,
    wanted: dict[str, Any] | None,
    before: dict[str, Any] | None,
    ours: bool,
    suspended: bool,
    days: int,
) -> None:
    """Write a change down as the ledger does, and the same pair gives none, on that day and on any later one."""
    granted = None if before is None else resolved(before, {}, TODAY, "UTC")
    pair = grant_pair(kind, status=status, wanted=wanted, granted=granted, ours=ours, suspended=suspended)
    change = grant_change(pair, TODAY)
    if change is None:
        return
    ends = {
        A.REMOVE_FROM_COHORT,
        A.REMOVE_FROM_GROUP,
        A.UNASSIGN_ROLE,
        A.UNENROL,
        A.WITHDRAW_REQUIREMENT,
        A.FORGET_GRANT,
    }
    if change.action in ends:
        assert change.before == granted
        after = replace(pair, granted=None, ours=True, suspended=False)
    else:
        kept = {name: value for name, value in change.after.items() if name != "suspended"}
        after = replace(pair, granted=kept, suspended=change.after.get("suspended", False))
    assert grant_change(after, TODAY + timedelta(days=days)) is None


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("manager@system", RoleTarget("manager", "system", "")),
        ("teacher@course:SAFE:1", RoleTarget("teacher", "course", "SAFE:1")),
        ("coursecreator@category:A@B", RoleTarget("coursecreator", "category", "A@B")),
    ],
)
def test_a_roles_target_is_taken_apart(text: str, target: RoleTarget) -> None:
    """References may hold the signs that separate."""
    assert RoleTarget.parse(text) == target


def test_a_grant_needs_no_terms() -> None:
    """A role has none."""
    assert Grant(GrantKind.ROLE, "manager@system").terms == {}
