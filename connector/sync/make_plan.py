"""Making a plan: what differs is found by the database, decided by pure functions, and kept as a plan.

Moodle is only read here. The order of the parts matters: grants are planned for people who have an account or
get one by the same plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set

from connector.domain.cases import CaseStore
from connector.domain.decide import released_identity
from connector.domain.errors import Busy
from connector.domain.plan import Action, Change, Plan
from connector.domain.plan_store import PlanStore, Scope
from connector.domain.ports import Moodle
from connector.sync.plan_accounts import plan_accounts
from connector.sync.plan_grants import plan_grants
from connector.sync.planning import Planning, Rules

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
    settled = {key: dict(settlement) for key, settlement in cases.settlements().items()}
    planning = Planning(number, scope, moodle, plans, settled, rules.protected, rules.roles, rules.courses)
    plans.weigh_decisions(rules.assignable, scope)
    say("cohorts")
    await _plan_cohorts(planning)
    say("accounts")
    await plan_accounts(planning)
    for account_id, keys in plans.take_doubled_adoptions(number).items():
        for key in keys:
            planning.case("already_bound", key, f"one Moodle account matches: {', '.join(keys[:5])}", (account_id,))
    for change in plans.take_colliding_identities(number):
        plans.add(number, released_identity(change))
    say("managers")
    _plan_managers(planning)
    say("grants")
    await plan_grants(planning)
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


def _believed(planning: Planning) -> Set[str]:
    """Cohorts that were there when last looked at: for some people that is enough, a plan of everybody looks."""
    return frozenset() if planning.scope.people is None else planning.plans.references("cohort").keys()


def _plan_managers(planning: Planning) -> None:
    circling = set(planning.plans.manager_cycles(planning.scope))
    for key in sorted(circling):
        planning.case("manager_cycle", key, "the managers above this person lead back to the person")
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


def _silent(_step: str) -> None:
    """Nobody is told."""
