"""The guard: how many changes of a class go without a person's word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.guard import LIMITS, Base, Breach, breaches
from connector.domain.plan import GuardClass, Window

G = GuardClass
numbers = st.integers(0, 100_000)
counts = st.dictionaries(st.sampled_from(GuardClass), numbers)
bases = st.builds(Base, numbers, st.fixed_dictionaries({G.REMOVE_GRANT: numbers, G.REMOVE_ROLE: numbers}))

SPECIFIED = [
    # class, base, the largest number that goes
    (G.SUSPEND, 0, 10), (G.SUSPEND, 500, 10), (G.SUSPEND, 550, 11), (G.SUSPEND, 549, 10), (G.SUSPEND, 10_000, 200),
    (G.REMOVE_GRANT, 500, 25), (G.REMOVE_GRANT, 520, 26), (G.REMOVE_GRANT, 519, 25), (G.REMOVE_GRANT, 10_000, 500),
    (G.REMOVE_ROLE, 100, 5), (G.REMOVE_ROLE, 120, 6), (G.REMOVE_ROLE, 119, 5),
    (G.IDENTITY, 1000, 10), (G.IDENTITY, 1100, 11), (G.IDENTITY, 1099, 10),
    (G.MANAGER, 0, 0), (G.MANAGER, 100, 20), (G.MANAGER, 104, 20), (G.MANAGER, 105, 21),
    (G.AUTH, 0, 5), (G.AUTH, 500, 5), (G.AUTH, 600, 6), (G.AUTH, 599, 5),
    (G.CREATE, 0, 25), (G.CREATE, 250, 25), (G.CREATE, 260, 26), (G.CREATE, 259, 25),
    (G.DELETE, 1_000_000, 0),
]  # fmt: skip


def base(guard: GuardClass, size: int) -> Base:
    """A base that is ``size`` for this class, and another number for all others."""
    if LIMITS[guard].of_grants:
        return Base(7, {guard: size})
    return Base(size, dict.fromkeys(GuardClass, 7))


@pytest.mark.parametrize(("guard", "size", "most"), SPECIFIED)
def test_the_limits_are_those_of_the_specification(guard: GuardClass, size: int, most: int) -> None:
    """So many go, one more is held, and the breach says both figures."""
    assert breaches({guard: most}, base(guard, size)) == []
    assert breaches({guard: most + 1}, base(guard, size)) == [Breach(guard, most + 1, most)]


def test_every_class_has_a_limit() -> None:
    """A class without one would never be held."""
    assert set(LIMITS) == set(GuardClass)


def test_what_was_asked_about_does_not_go_in_small_numbers() -> None:
    """A class below its limit is held all the same where a person was asked about some of it."""
    told = breaches({G.SUSPEND: 1, G.AUTH: 1}, Base(1000, {}), asked=[G.SUSPEND, G.CREATE])
    assert told == [Breach(G.SUSPEND, 1, 0)]


@pytest.mark.parametrize(("guard", "percent"), [(G.SUSPEND, 2), (G.CREATE, 10), (G.IDENTITY, 1), (G.MANAGER, 20)])
@given(size=st.integers(1, 50_000))
def test_a_percentage_is_exact(guard: GuardClass, percent: int, size: int) -> None:
    """No rounding error of binary fractions holds what the table lets go."""
    most = max(LIMITS[guard].floor, size * percent // 100)
    assert breaches({guard: most}, base(guard, size)) == []
    assert breaches({guard: most + 1}, base(guard, size)) != []


@given(counts, bases, st.sampled_from(GuardClass), numbers)
def test_more_changes_never_free_a_class(
    given_counts: dict[GuardClass, int], about: Base, guard: GuardClass, more: int
) -> None:
    """The guard is monotone: what is held stays held when changes are added, and others do not mind."""
    held = {breach.guard for breach in breaches(given_counts, about)}
    raised = {**given_counts, guard: given_counts.get(guard, 0) + more}
    still = {breach.guard for breach in breaches(raised, about)}
    assert held <= still <= held | {guard}


@given(counts, bases, numbers)
def test_a_larger_company_never_holds_more(given_counts: dict[GuardClass, int], about: Base, more: int) -> None:
    """Nor does it hold something that a smaller one lets go."""
    larger = Base(about.people + more, {guard: size + more for guard, size in about.grants.items()})
    held = {breach.guard for breach in breaches(given_counts, about)}
    assert {breach.guard for breach in breaches(given_counts, larger)} <= held


@given(bases)
def test_nothing_is_no_breach(about: Base) -> None:
    """An empty plan is never held."""
    assert breaches({}, about) == []


spends = st.dictionaries(st.sampled_from([Window.DAY, Window.WEEK]), counts)


def test_many_small_plans_are_as_bad_as_a_large_one() -> None:
    """What went within a day, or a week, has the limit of one plan; the shortest window that is full is told."""
    about, plan = Base(100, {}), {G.SUSPEND: 4}
    assert breaches(plan, about, {Window.DAY: {G.SUSPEND: 6}, Window.WEEK: {G.SUSPEND: 6}}) == []
    day = {Window.DAY: {G.SUSPEND: 7}, Window.WEEK: {G.SUSPEND: 9}}
    assert breaches(plan, about, day) == [Breach(G.SUSPEND, 4, 10, Window.DAY, 7)]
    week = {Window.DAY: {G.SUSPEND: 1}, Window.WEEK: {G.SUSPEND: 7}}
    assert breaches(plan, about, week) == [Breach(G.SUSPEND, 4, 10, Window.WEEK, 7)]
    assert breaches({G.SUSPEND: 11}, about, week) == [Breach(G.SUSPEND, 11, 10)]


@given(bases, spends)
def test_what_went_before_holds_nothing_by_itself(about: Base, spent: dict[Window, dict[GuardClass, int]]) -> None:
    """A plan without changes of a class is not held for what others did."""
    assert breaches({}, about, spent) == []


@given(counts, bases, spends)
def test_what_went_before_frees_nothing(
    given_counts: dict[GuardClass, int], about: Base, spent: dict[Window, dict[GuardClass, int]]
) -> None:
    """A class that is held by the plan alone is held whatever went before."""
    alone = {breach.guard for breach in breaches(given_counts, about)}
    assert alone <= {breach.guard for breach in breaches(given_counts, about, spent)}
