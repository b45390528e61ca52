"""Who may do what in the console, and when a sign-in or a session is refused by the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.review import full_name
from connector.domain.sign_in import (
    LONGEST_LOCK,
    LONGEST_PASSWORD,
    MATRIX,
    SHORTEST_PASSWORD,
    ConsoleAccount,
    PasswordProblem,
    Permission,
    Role,
    SessionTimes,
    account_name,
    is_locked,
    is_over,
    lockout,
    password_problem,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SPANS = st.timedeltas(timedelta(0), timedelta(days=3))


def test_every_role_has_its_permissions() -> None:
    """The matrix in full: nobody but these may see names or decide."""
    may = {permission: {role for role in Role if permission in MATRIX[role]} for permission in Permission}
    assert may == {
        Permission.OWN_ACCOUNT: set(Role),
        Permission.SEE_HOLDS: {Role.ADMIN, Role.HR, Role.REPORTING},
        Permission.SEE_PEOPLE: {Role.ADMIN, Role.HR},
        Permission.DECIDE_HOLDS: {Role.ADMIN, Role.HR},
    }


@pytest.mark.parametrize("role", Role)
def test_a_disabled_account_may_nothing(role: Role) -> None:
    """Whatever its role."""
    account = ConsoleAccount(1, "a", "A", role, disabled=True)
    assert not any(account.may(permission) for permission in Permission)


def test_locks_grow_from_the_fifth_failure_to_an_hour() -> None:
    """Four mistakes cost nothing; then each costs at least as much as the one before."""
    locks = [lockout(failures) for failures in range(100)]
    assert locks[:7] == [timedelta(0)] * 5 + [timedelta(minutes=1), timedelta(minutes=2)]
    assert all(earlier <= later for earlier, later in pairwise(locks))
    assert locks[-1] == LONGEST_LOCK


@given(st.integers(0, 10_000), SPANS)
def test_a_lock_ends_by_the_clock(failures: int, later: timedelta) -> None:
    """It holds until its end and no longer, and never longer than an hour."""
    assert is_locked(failures, NOW, NOW + later) == (later < lockout(failures))
    assert not is_locked(failures, NOW, NOW + LONGEST_LOCK)


@given(SPANS, SPANS)
def test_a_session_is_over_when_it_is_idle_or_old(since_start: timedelta, since_seen: timedelta) -> None:
    """Half an hour without use, or twelve hours whatever is done."""
    over = is_over(NOW - since_start, NOW - since_seen, NOW, SessionTimes())
    assert over == (since_start >= timedelta(hours=12) or since_seen >= timedelta(minutes=30))


@given(st.text(max_size=LONGEST_PASSWORD + 5))
def test_passwords_are_judged_by_length_and_variety(password: str) -> None:
    """No rule on kinds of characters: every text of a good length with five different ones will do."""
    problem = password_problem(password, "ada okafor")
    good = SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD and len(set(password)) >= 5
    assert (problem is None) == good or problem is PasswordProblem.NAME


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("elevenchars", PasswordProblem.SHORT),
        ("x" * 201, PasswordProblem.LONG),
        ("my name is ADA!", PasswordProblem.NAME),
        ("abcabcabcabc", PasswordProblem.PLAIN),
        ("correct horse battery", None),
        ("正確的馬電池訂書針密碼真的", None),
    ],
)
def test_each_reason_against_a_password(password: str, problem: PasswordProblem | None) -> None:
    """And none against a good one, in any script."""
    assert password_problem(password, "ada") is problem


@given(st.text())
def test_a_name_has_one_form(name: str) -> None:
    """Looking it up again gives the same."""
    assert account_name(account_name(name)) == account_name(name) or account_name(name) == ""


@pytest.mark.parametrize(
    ("first", "last", "language", "shown"),
    [
        ("怡君", "歐陽", "zh_tw", "歐陽怡君"),
        ("Văn An", "Nguyễn", "vi", "Nguyễn Văn An"),
        ("Ada", "Okafor", "en", "Ada Okafor"),
        ("Ada", "", "", "Ada"),
        ("", "", "", ""),
    ],
)
def test_names_stand_in_the_order_of_their_bearer(first: str, last: str, language: str, shown: str) -> None:
    """Chinese ones are joined, Vietnamese ones begin with the family's."""
    assert full_name(first, last, language) == shown
