"""What was sent and never answered: looked up by the next plan, so that no doubt lasts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import groupby

from connector.domain.journal import Doubt, Journal, Outcome, OutcomeState
from connector.domain.plan import Action
from connector.domain.ports import Moodle
from connector.sync.presence import Presence

LOST = "lost"
"""The code of what was looked up and had not happened."""


async def end_doubts(
    moodle: Moodle, journal: Journal, roles: Mapping[str, int], clock: Callable[[], datetime]
) -> None:
    """Write down of grants in doubt what became of them: it was not there before, so what is there now is ours.

    What is not there has not happened, and the plan that is made next gives it where it is still wanted. ``roles`` are
    Moodle's ids of roles by name.
    """
    with journal.lock() as free:
        doubts = journal.doubts() if free else []  # where somebody is at work, nobody can plan either
        if not doubts:
            return
        there = await Presence(moodle, roles).there([doubt.pending for doubt in doubts])
        for (plan, run, action), same in groupby(doubts, key=_written_with):
            outcomes = [_outcome(doubt, happened=doubt.pending in there and not doubt.held) for doubt in same]
            journal.record(run, plan, action, outcomes, clock())


def _written_with(doubt: Doubt) -> tuple[int, int, Action]:
    return doubt.plan, doubt.run, doubt.pending.change.action


def _outcome(doubt: Doubt, *, happened: bool) -> Outcome:
    if happened:
        return Outcome(doubt.pending.ordinal, OutcomeState.DONE)
    text = "No answer came, and when Moodle was asked it had not happened."
    return Outcome(doubt.pending.ordinal, OutcomeState.WAITING, None, LOST, text)
