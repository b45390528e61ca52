"""Making a plan: what differs is found by the database, decided by pure functions, and kept as a plan.

Moodle is only read here. The order of the parts matters: grants are planned for people who have an account or
get one by the same plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set

from connector.domain.cases import CaseStore, merged_keys, two_keys
from connector.domain.decide import released_identity
from connector.domain.errors import Busy
from connector.domain.plan import Action, Change, Plan
from connector.domain.plan_store import PlanStore, Scope
from connector.domain.ports import Moodle
from connector.domain.returning import another, is_newcomer, is_the_same
from connector.sync.plan_accounts import plan_accounts
from connector.sync.plan_grants import plan_grants
from connector.sync.planning import Planning, Rules

MISSING_DAYS = 7
"""For so long a manager whom nobody knows is just waited for."""
Step = Callable[[str], None]
"""Called with what is being done, for people who wait."""


async def make_plan(
    scope: Scope,
    feed_id: int | None,
    rules: Rules,
    moodle: Moodle,
    plans: PlanStore,
    cases: CaseStore,
    step: Step | None = None,
) -> Plan:
    """Compare what HR says with Moodle and keep the plan. Moodle is read, and nothing in it is changed.

    Raises the error tree where Moodle or the database cannot be used; then there is no new plan.
    """
    with plans.lock() as free:
        if not free:
            raise Busy("Another process is planning for this Moodle; try again when it has ended.")
        return await _make_plan(scope, feed_id, rules, moodle, plans, cases, step or _silent)


async def _make_plan(
    scope: Scope, feed_id: int | None, rules: Rules, moodle: Moodle, plans: PlanStore, cases: CaseStore, say: Step
) -> Plan:
    number = plans.begin(scope, feed_id, plans.basis(feed_id, rules.digest))
    settled = {(case.kind, case.subject): case for case in cases.settled()}
    planning = Planning(number, scope, moodle, plans, settled, rules.protected, rules.roles, rules.by_cohort)
    _ask_about_returns(planning)
    plans.note_moves(rules.authoritative, merged_keys(settled), scope)
    plans.weigh_decisions(rules.assignable, scope)
    _ask_about_merges(planning)
    say("cohorts")
    await _plan_cohorts(planning)
    say("accounts")
    await plan_accounts(planning)
    for account_id, keys in plans.take_doubled_adoptions(number).items():
        for key in keys:
            planning.case("already_bound", key, f"one Moodle account matches: {', '.join(keys[:5])}", (account_id,))
    _take_blocked(planning)
    for change in plans.take_colliding_identities(number):
        plans.add(number, released_identity(change))
    say("managers")
    _plan_managers(planning)
    say("grants")
    await plan_grants(planning)
    _plan_deletions(planning)
    cases.open(planning.cases, scope.now, scope.people)
    return plans.seal(number, scope)


async def _plan_cohorts(planning: Planning) -> None:
    wanted = planning.plans.wanted_cohorts(planning.scope)
    if wanted.keys() <= _believed(planning):
        return
    there = {cohort.idnumber: cohort.id for cohort in await planning.moodle.cohorts() if cohort.idnumber in wanted}
    planning.plans.remember_references("cohort", there, planning.scope.now)
    planning.plans.add(
        planning.plan,
        [
            Change(Action.CREATE_COHORT, idnumber, "", {}, {"name": name}, reason="a rule names this cohort")
            for idnumber, name in wanted.items()
            if idnumber not in there
        ],
    )


def _take_blocked(planning: Planning) -> None:
    """Who waits for a name that its holder cannot leave is a case too, and so on along the chain."""
    while blocked := planning.plans.take_blocked_identities(planning.plan, planning.scope):
        for key, name in blocked:
            planning.case(f"{name}_taken", key, f"the {name} is used by another person, whose own change is a case")


def _ask_about_returns(planning: Planning) -> None:
    """A key that seems to be another human's now is a person's to settle; until then the one of before has left."""
    newcomers, others = [], []
    for one in planning.plans.returned(planning.scope):
        why = another(one.was, one.now)
        if not why or is_the_same(one):
            continue
        if is_newcomer(one):
            newcomers.append(one.person_id)
        else:
            others.append(one.person_id)
            reason = f"HR gives this key to somebody who works here, with {why} than the person who left"
            planning.case("another_human", one.key, reason, (one.account_id,))
    planning.plans.note_returned(others, newcomers, planning.scope)


def _ask_about_merges(planning: Planning) -> None:
    """Two keys that look like one human are a person's to settle, always; nobody gets a second account meanwhile."""
    for found in planning.plans.merges(planning.scope):
        if planning.are_two(found.one, found.other, found.accounts):
            continue
        why = (
            "one of the two keys declares the other as an earlier one, and both are at work"
            if found.declared
            else "both have one e-mail address, surname and date of birth"
        )
        planning.case("merge", two_keys(found.one, found.other), why, found.accounts)
        if found.waiting is not None:
            planning.undecided.add(found.waiting)


def _believed(planning: Planning) -> Set[str]:
    """Cohorts that were there when last looked at: for some people that is enough, a plan of everybody looks."""
    return frozenset() if planning.scope.people is None else planning.plans.references("cohort").keys()


def _plan_managers(planning: Planning) -> None:
    circling = set(planning.plans.manager_cycles(planning.scope))
    for key in sorted(circling):
        planning.case("manager_cycle", key, "the managers above this person lead back to the person")
    for key, people in planning.plans.missing_managers(planning.scope, MISSING_DAYS).items():
        reason = f"named as a manager {'once' if people == 1 else f'{people} times'}, and nobody has this key"
        planning.case("manager_missing", key, f"{reason}, for {MISSING_DAYS} days or more")
    for changes in _manager_changes(planning, circling):
        planning.plans.add(planning.plan, changes)


def _manager_changes(planning: Planning, circling: set[str]) -> Iterator[list[Change]]:
    for pairs in planning.plans.manager_pairs(planning.scope):
        yield [
            Change(
                Action.CHANGE_MANAGER,
                pair.key,
                "",
                {"manager": pair.was},
                {"manager": pair.becomes},
                pair.person_id,
                f"feed line {pair.line}",
            )
            for pair in pairs
            if pair.key not in circling
        ]


def _plan_deletions(planning: Planning) -> None:
    """Where a company wants it: accounts of those who left long ago. A person approves each of them, always."""
    planning.plans.add(
        planning.plan,
        [
            Change(
                Action.DELETE_ACCOUNT,
                one.key,
                "",
                {"account": one.account_id, "left_on": one.left_on},
                {},
                one.person_id,
                f"left on {one.left_on}",
            )
            for one in planning.plans.deletable(planning.scope, planning.protected)
        ],
    )


def _silent(_step: str) -> None:
    """Nobody is told."""
