"""What the twin notes in the outbox, as our plugin does in a real Moodle."""

from __future__ import annotations

from adapters.moodle.twin import TwinState
from adapters.moodle.twin.life import Life


def test_activities_of_customcert_are_noted_by_themselves() -> None:
    """Made, reset with their course and deleted, as what was issued goes without a word; others are not."""
    state = TwinState(languages=frozenset({"en"}), auths=frozenset({"manual"}))
    state.plugin = True
    life = Life(state)
    course = life.make_course("SAFE")
    quiz, paper = life.make_activity("SAFE", "Quiz"), life.make_activity("SAFE", "Paper", "customcert")
    life.reset_course("SAFE")
    life.delete_activity(quiz)
    life.delete_activity(paper)
    life.reset_course("SAFE")
    noted = [
        (action, where, thing) for _, where, thing, _, kind, action in state.outbox.values() if kind == "customcerts"
    ]
    assert noted == [("created", course, paper), ("again", course, 0), ("deleted", course, paper)]
