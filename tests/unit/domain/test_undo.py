"""The table of opposites, and what is left out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.grants import GrantKind
from connector.domain.plan import Action, Change
from connector.domain.undo import INVERSES, LASTING, AccountNow, GrantNow, Left, account_verdicts, grant_verdict

A = Action
TODAY = date(2026, 3, 2)
TERMS = {"role": "student", "on_loss": "suspend", "timezone": "UTC", "granted_on": "2026-03-01"}
names = st.sampled_from(["city", "lastname", "email", "username", "department"])
texts = st.sampled_from(["", "a", "b", "c"])


def grant(action: Action, before: dict[str, Any], after: dict[str, Any]) -> Change:
    return Change(action, "E1", "SAFE", before, after, 1, "rule", GrantKind.ENROLMENT)


def test_every_action_has_its_opposite_or_needs_none() -> None:
    """A new action must say what takes it back."""
    assert INVERSES.keys() | LASTING.keys() == set(Action)
    assert not INVERSES.keys() & LASTING.keys()


@pytest.mark.parametrize("action", [A.UPDATE_ACCOUNT, A.CHANGE_AUTH, A.SUSPEND_ACCOUNT, A.CHANGE_IDENTITY])
def test_an_opposite_is_an_opposite(action: Action) -> None:
    """Twice taken back is what it was."""
    assert INVERSES[INVERSES[action]] is action


@given(st.dictionaries(names, st.tuples(texts, texts), min_size=1), st.dictionaries(names, texts))
def test_a_field_goes_back_only_where_it_is_as_we_left_it(
    changed: dict[str, tuple[str, str]], since: dict[str, str]
) -> None:
    """Each field by itself: its former value, or it is named; nothing else is touched."""
    done = Change(A.UPDATE_ACCOUNT, "E1", "", *({n: v[i] for n, v in changed.items()} for i in (0, 1)), 1)
    now = {name: after for name, (_, after) in changed.items()} | since
    verdicts = list(account_verdicts([done], AccountNow(7, fields=now)))
    back = {name: value for one in verdicts if isinstance(one, Change) for name, value in one.after.items()}
    left = {name for one in verdicts if isinstance(one, Left) for name in one.change.after}
    assert back == {name: before for name, (before, after) in changed.items() if now[name] == after}
    assert left == changed.keys() - back.keys()


def test_a_custom_field_is_a_field() -> None:
    """One of two was changed by hand: the other goes back."""
    profile = {"grade": "2", "cost": "9"}
    done = Change(A.UPDATE_ACCOUNT, "E1", "", {"profile": {"grade": "1", "cost": ""}}, {"profile": profile}, 1)
    back, left = account_verdicts([done], AccountNow(7, fields={"profile": {"grade": "2", "cost": "by hand"}}))
    assert isinstance(back, Change)
    assert (back.before, back.after) == ({"profile": {"grade": "2"}}, {"profile": {"grade": "1"}})
    assert isinstance(left, Left)
    assert left.why == "it was changed again since: cost"


def test_a_released_name_goes_back_in_one_step() -> None:
    """By the temporary value nobody is called afterwards."""
    released = Change(A.RELEASE_IDENTITY, "E1", "", {"username": "ann"}, {"username": "moved-1"}, 1)
    changed = Change(A.CHANGE_IDENTITY, "E1", "", {"username": "moved-1"}, {"username": "bob"}, 1)
    [back] = account_verdicts([released, changed], AccountNow(7, fields={"username": "Bob"}))
    assert isinstance(back, Change)
    assert (back.action, back.before, back.after) == (A.CHANGE_IDENTITY, {"username": "bob"}, {"username": "ann"})
    [alone] = account_verdicts([released], AccountNow(7, fields={"username": "moved-1"}))
    assert isinstance(alone, Change)
    assert alone.after == {"username": "ann"}


@pytest.mark.parametrize(
    ("done", "now", "why"),
    [
        (Change(A.CREATE_ACCOUNT, "E1", "", {}, {"username": "a"}, 1), AccountNow(None), "no Moodle account"),
        (Change(A.CREATE_ACCOUNT, "E1", "", {}, {"username": "a"}, 1), AccountNow(7, suspended=True), "already"),
        (Change(A.ADOPT_ACCOUNT, "E1", "", {}, {"account": 7}, 1), AccountNow(8), "changed again"),
        (Change(A.ADOPT_ACCOUNT, "E1", "", {"holder": "E0"}, {"account": 7}, 1), AccountNow(7), "earlier key"),
        (Change(A.ADOPT_ACCOUNT, "E1", "", {}, {"account": 7}, 1), AccountNow(7, kept=True), "stays there"),
        (
            Change(A.CHANGE_MANAGER, "E1", "", {"manager": ""}, {"manager": "B"}, 1),
            AccountNow(7, manager="C"),
            "again",
        ),
        (Change(A.GIVE_UP_ACCOUNT, "E1", "", {"account": 7}, {}, 1), AccountNow(None), "approved"),
    ],
)
def test_what_is_left_says_why(done: Change, now: AccountNow, why: str) -> None:
    """A sentence for each, that tells what became of it."""
    [left] = account_verdicts([done], now)
    assert isinstance(left, Left)
    assert why in left.why


@pytest.mark.parametrize(
    ("done", "now", "action", "after"),
    [
        (grant(A.ENROL, {}, TERMS), GrantNow(7, TERMS, True), A.SUSPEND_ENROLMENT, {**TERMS, "suspended": True}),
        (
            grant(A.ENROL, {}, {**TERMS, "on_loss": "unenrol"}),
            GrantNow(7, {**TERMS, "on_loss": "unenrol"}, True),
            A.UNENROL,
            {},
        ),
        (grant(A.UNENROL, TERMS, {}), GrantNow(7), A.ENROL, TERMS),
        (
            grant(A.SUSPEND_ENROLMENT, TERMS, {**TERMS, "suspended": True}),
            GrantNow(7, TERMS, True, True),
            A.CHANGE_ENROLMENT,
            TERMS,
        ),
        (
            grant(A.CHANGE_ENROLMENT, {**TERMS, "suspended": True}, {**TERMS, "granted_on": "2026-03-02"}),
            GrantNow(7, {**TERMS, "granted_on": "2026-03-02"}, True),
            A.SUSPEND_ENROLMENT,
            {**TERMS, "suspended": True},
        ),
        (grant(A.RECOGNISE_ENROLMENT, {"present": True}, TERMS), GrantNow(7, TERMS), A.FORGET_GRANT, {}),
    ],
)
def test_an_enrolment_goes_back_to_what_it_was(
    done: Change, now: GrantNow, action: Action, after: dict[str, Any]
) -> None:
    """By its path's word when it is ended, and suspended again where it was."""
    back = grant_verdict(done, now, TODAY)
    assert isinstance(back, Change)
    assert (back.action, dict(back.after), back.kind) == (action, after, GrantKind.ENROLMENT)


@pytest.mark.parametrize(
    "now",
    [
        GrantNow(None, TERMS, True),
        GrantNow(7),
        GrantNow(7, {**TERMS, "role": "teacher"}, True),
        GrantNow(7, TERMS, True, suspended=True),
        GrantNow(7, TERMS, True, present=False),
        GrantNow(7, TERMS, True, present=True, active=False),
    ],
)
def test_a_grant_that_moved_on_is_left(now: GrantNow) -> None:
    """No account, no grant, other terms, suspended by us or by somebody, taken away in Moodle."""
    assert isinstance(grant_verdict(grant(A.ENROL, {}, TERMS), now, TODAY), Left)


@pytest.mark.parametrize(("ends", "active"), [("2026-03-01", False), ("2026-03-02", True)])
def test_an_enrolment_that_is_over_by_its_own_date_is_as_we_left_it(ends: str, active: bool) -> None:
    """Access that has ended is not somebody's doing; a last day counts whole."""
    terms = {**TERMS, "ends_on": ends}
    now = GrantNow(7, terms, True, present=True, active=active)
    assert isinstance(grant_verdict(grant(A.ENROL, {}, terms), now, TODAY), Change)
    assert isinstance(
        grant_verdict(grant(A.ENROL, {}, terms), GrantNow(7, terms, True, False, True, not active), TODAY), Left
    )
