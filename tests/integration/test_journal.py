"""The journal: what was attempted and what came of it survives the process, and decides what is done next."""

from __future__ import annotations

import pytest

from connector.domain.journal import Outcome, OutcomeState, Tally
from connector.domain.plan import Action, GuardClass, HoldState, Phase, Plan
from connector.store.journal import Journal
from tests.support import House, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["5.1"], indirect=True)]
DONE, REFUSED, LATER = OutcomeState.DONE, OutcomeState.REFUSED, OutcomeState.WAITING
CREATE = Action.CREATE_ACCOUNT


@pytest.fixture
async def plan(house: House) -> Plan:
    """A cohort, four accounts, four memberships."""
    return await house.plan(rows(4))


def todo(house: House, plan: Plan, run: int, phase: Phase = Phase.ACCOUNTS, **more: object) -> list[tuple[str, bool]]:
    options = {"held": (), "after": 0, "limit": 100, **more}
    found = house.connector.journal.pending(plan.number, phase, run=run, **options)  # type: ignore[arg-type]
    return [(one.change.subject, one.uncertain) for one in found]


def ordinals(house: House, plan: Plan, run: int, phase: Phase = Phase.ACCOUNTS) -> list[int]:
    return [one.ordinal for one in house.connector.journal.pending(plan.number, phase, (), run, 0, 100)]


async def test_what_was_not_attempted_is_to_be_done_in_order(house: House, plan: Plan) -> None:
    """Phase by phase, page by page."""
    journal = house.connector.journal
    run = journal.start(plan.number, house.clock())
    assert todo(house, plan, run) == [(f"E000{n}", False) for n in (1, 2, 3, 4)]
    assert todo(house, plan, run, limit=2) == [("E0001", False), ("E0002", False)]
    assert todo(house, plan, run, after=ordinals(house, plan, run)[1]) == [("E0003", False), ("E0004", False)]
    assert todo(house, plan, run, Phase.COHORTS) == [("unit-Office", False)]
    assert todo(house, plan, run, Phase.REMOVALS) == []
    assert todo(house, plan, run, held=(GuardClass.CREATE,)) == []
    assert todo(house, plan, run, held=(GuardClass.SUSPEND,)) != []


async def test_what_was_sent_may_have_happened(house: House, plan: Plan) -> None:
    """Until an outcome says otherwise, in this run and in every later one."""
    journal = house.connector.journal
    run = journal.start(plan.number, house.clock())
    first, second, *_ = ordinals(house, plan, run)
    journal.sent(run, plan.number, [first, second], house.clock(), "")
    assert dict(todo(house, plan, run)) == {"E0001": True, "E0002": True, "E0003": False, "E0004": False}
    journal.record(run, plan.number, CREATE, [Outcome(second, DONE, 77)], house.clock())
    later = journal.start(plan.number, house.clock())
    assert dict(todo(house, plan, later)) == {"E0001": True, "E0003": False, "E0004": False}
    journal.sent(later, plan.number, [first], house.clock(), "the connection broke")
    [one] = house.sql("SELECT attempts, run_id, before FROM connector.operation WHERE ordinal = %s", first)
    assert (one["attempts"], one["run_id"], one["before"]) == (2, later, "the connection broke")


async def test_what_is_done_or_refused_is_over(house: House, plan: Plan) -> None:
    """What waits is asked again in the next run, not in this one."""
    journal = house.connector.journal
    run = journal.start(plan.number, house.clock())
    one, two, three, _ = ordinals(house, plan, run)
    outcomes = [
        Outcome(one, DONE, 71),
        Outcome(two, REFUSED, None, "x", "why"),
        Outcome(three, LATER, None, "y", "not yet"),
    ]
    journal.record(run, plan.number, CREATE, outcomes, house.clock())
    assert todo(house, plan, run) == [("E0004", False)]
    following = journal.start(plan.number, house.clock())
    assert todo(house, plan, following) == [("E0003", False), ("E0004", False)]
    assert [(change.subject, code, text) for change, code, text in journal.refusals(plan.number)] == [
        ("E0002", "x", "why"),
    ]
    assert len(journal.refusals(plan.number, limit=1)) == 1


async def test_the_tally_counts_every_change_once(house: House, plan: Plan) -> None:
    """By state; what was not attempted is either held or still to be sent."""
    journal = house.connector.journal
    assert journal.tally(plan.number, ()) == Tally(unsent=9)
    assert journal.tally(plan.number, (GuardClass.CREATE,)) == Tally(unsent=5, held=4)
    run = journal.start(plan.number, house.clock())
    one, two, three, four = ordinals(house, plan, run)
    journal.sent(run, plan.number, [one, two, three, four], house.clock(), "")
    outcomes = [Outcome(one, DONE, 71), Outcome(two, REFUSED), Outcome(three, LATER)]
    journal.record(run, plan.number, CREATE, outcomes, house.clock())
    assert journal.tally(plan.number, ()) == Tally(done=1, refused=1, waiting=1, uncertain=1, unsent=5)


async def test_an_outcome_and_what_follows_from_it_are_one(house: House, plan: Plan) -> None:
    """An account is bound and known in the same instant; recording it again changes nothing."""
    journal = house.connector.journal
    run = journal.start(plan.number, house.clock())
    ordinal = ordinals(house, plan, run)[0]
    for _ in range(2):
        journal.record(run, plan.number, CREATE, [Outcome(ordinal, DONE, 71)], house.clock())
    [bound] = house.sql("SELECT account_id, bound_by, site FROM connector.binding")
    assert (bound["account_id"], bound["bound_by"], bound["site"]) == (71, "created", house.connector.site)
    [account] = house.sql("SELECT account_id, fields, suspended FROM connector.account")
    assert (account["account_id"], account["fields"]["username"], account["suspended"]) == (71, "e0001", False)
    [waiting] = [
        one.account_id
        for one in journal.pending(plan.number, Phase.GRANTS_COHORT, (), run, 0, 10)
        if one.change.subject == "E0001"
    ]
    assert waiting == 71, "from now on the person's grants know the account"


async def test_only_what_is_done_has_effects(house: House, plan: Plan) -> None:
    """A refusal writes nothing but itself; nothing at all is no transaction."""
    journal = house.connector.journal
    run = journal.start(plan.number, house.clock())
    ordinal = ordinals(house, plan, run)[0]
    journal.record(run, plan.number, CREATE, [], house.clock())
    journal.record(run, plan.number, CREATE, [Outcome(ordinal, REFUSED, 71)], house.clock())
    assert house.sql("SELECT FROM connector.binding") == house.sql("SELECT FROM connector.account") == []


async def test_memberships_know_who_gave_them(house: House, plan: Plan) -> None:
    """The number 0 says that somebody else had: the ledger notes it, and never as ours."""
    journal = house.connector.journal
    run = journal.start(plan.number, house.clock())
    mine, theirs, *_ = ordinals(house, plan, run, Phase.GRANTS_COHORT)
    outcomes = [Outcome(mine, DONE), Outcome(theirs, DONE, 0)]
    journal.record(run, plan.number, Action.ADD_TO_COHORT, outcomes, house.clock())
    assert house.ledger() == {
        ("E0001", "cohort", "unit-Office", True, False),
        ("E0002", "cohort", "unit-Office", False, False),
    }


async def test_a_cohort_that_was_made_can_be_referred_to(house: House, plan: Plan) -> None:
    """Its id is known at once, to this site alone."""
    journal = house.connector.journal
    run = journal.start(plan.number, house.clock())
    [ordinal] = ordinals(house, plan, run, Phase.COHORTS)
    journal.record(run, plan.number, Action.CREATE_COHORT, [Outcome(ordinal, DONE, 12)], house.clock())
    added = journal.pending(plan.number, Phase.GRANTS_COHORT, (), run, 0, 10)
    assert {one.place_id for one in added} == {12}
    other = Journal(house.connector.database, "another.example")
    assert {one.place_id for one in other.pending(plan.number, Phase.GRANTS_COHORT, (), run, 0, 10)} == {None}


async def test_a_killed_run_is_known_as_such(house: House, plan: Plan) -> None:
    """The next one says so; a run that ended keeps its end."""
    journal = house.connector.journal
    for _ in range(2):
        journal.start(plan.number, house.clock())
    last = journal.start(plan.number, house.clock())
    journal.finish(last, "stopped", "Unavailable", house.clock())
    found = house.sql("SELECT status, detail FROM connector.run ORDER BY run_id")
    lost = "the process ended without a word"
    assert [(run["status"], run["detail"]) for run in found] == [
        ("stopped", lost), ("stopped", lost), ("stopped", "Unavailable"),
    ]  # fmt: skip
    [head] = house.sql("SELECT status FROM connector.plan")
    assert head["status"] == "applying"
    journal.finish(journal.start(plan.number, house.clock()), "done", "", house.clock())
    [head] = house.sql("SELECT status FROM connector.plan")
    assert head["status"] == "applied"


async def test_one_apply_at_a_time_for_each_site(house: House) -> None:
    """The lock is free again when its holder ends; another Moodle is another matter."""
    mine, other = house.connector.journal, Journal(house.connector.database, "another.example")
    with mine.lock() as first, mine.lock() as second, other.lock() as third:
        assert (first, second, third) == (True, False, True)
    with mine.lock() as again:
        assert again


async def test_every_operation_of_a_life_is_in_the_journal(house: House) -> None:
    """As many operations as changes, all done, each with its run and its times."""
    people = rows(5, unit="Field", job="trainer")
    await house.settled_in(people)
    await house.settled_in([{**one, "unit": "Lab", "job": "", "city": "X"} for one in people])
    await house.settled_in([{**one, "status": "left"} for one in people])
    plans = house.sql("SELECT number FROM connector.plan")
    changes = house.sql("SELECT count(*) AS n FROM connector.change")[0]["n"]
    found = house.sql("SELECT * FROM connector.operation")
    assert len(found) == changes > 50
    assert {one["state"] for one in found} == {"done"}
    assert {one["attempts"] for one in found} == {1}
    assert all(one["finished_at"] >= one["sent_at"] for one in found)
    assert {one["plan"] for one in found} == {one["number"] for one in plans}
    ended = house.sql("SELECT count(*) AS n FROM connector.ledger WHERE ended_at IS NULL AND NOT suspended")
    assert ended[0]["n"] == 0
    assert HoldState.WAITING not in {hold.state for hold in house.connector.plans.holds()}
