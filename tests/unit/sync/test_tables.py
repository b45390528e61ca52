"""The tables that say how each action is carried out and what is written down of it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest

from adapters.moodle.client import MoodleClient
from adapters.moodle.site import MoodleSite
from adapters.moodle.writers.plain import PlainWriter
from connector.domain.errors import BatchRefused
from connector.domain.grants import GrantKind
from connector.domain.journal import Pending
from connector.domain.plan import Action, Change
from connector.store.journal import DUE_DATES, EFFECTS, NOTED, WELCOMES
from connector.sync.operations import operations

pytestmark = pytest.mark.anyio
now = partial(datetime.now, UTC)


def test_every_action_says_what_is_written_down() -> None:
    """An action without an effect would be done and forgotten."""
    assert set(EFFECTS) == set(Action)
    assert all(EFFECTS.values())
    assert set(NOTED) == DUE_DATES | WELCOMES


async def test_every_action_can_be_carried_out() -> None:
    """Each has an operation, whose batches fit into one request, and which can name a cause without asking Moodle."""
    async with MoodleClient("http://127.0.0.1:1", "none") as client:
        table = operations(MoodleSite(client), PlainWriter(client), {}, now)
        assert set(table) == set(Action)
        assert all(0 < operation.batch <= 1000 for operation in table.values())
        one = Pending(1, Change(Action.ENROL, "E1", "SAFE", {}, {}), 7, False)
        for action in set(Action) - {Action.CREATE_ACCOUNT}:
            assert "wsnoinstance" in await table[action].cause(
                one, BatchRefused("wsnoinstance: add it", "wsnoinstance")
            )


async def test_nobody_without_an_account_is_sent() -> None:
    """Their grants wait, and Moodle is not asked: nobody is at that address."""
    async with MoodleClient("http://127.0.0.1:1", "none") as client:
        table = operations(MoodleSite(client), PlainWriter(client), {"student": 5}, now)
        for action in (Action.ENROL, Action.ADD_TO_COHORT, Action.ASSIGN_ROLE, Action.UNENROL, Action.UPDATE_ACCOUNT):
            pending = Pending(3, Change(action, "E1", "SAFE", {}, {}), None, False, 1)
            [outcome] = await table[action].send([pending])
            assert (outcome.ordinal, outcome.state, outcome.code) == (3, "waiting", "no_account")


async def test_a_cohort_that_is_not_there_yet_is_waited_for() -> None:
    """Its creation may have been refused."""
    async with MoodleClient("http://127.0.0.1:1", "none") as client:
        addition = operations(MoodleSite(client), PlainWriter(client), {}, now)[Action.ADD_TO_COHORT]
        change = Change(Action.ADD_TO_COHORT, "E1", "unit-A", {}, {}, kind=GrantKind.COHORT)
        [outcome] = await addition.send([Pending(3, change, 7, False)])
        assert (outcome.state, outcome.code) == ("waiting", "no_cohort")
