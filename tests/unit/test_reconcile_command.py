"""How `reconcile` tells what it has proved."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from connector.cli import mirror
from connector.cli.output import as_json
from connector.domain.facts import Loaded
from connector.domain.proving import Difference, Proved, What
from connector.mirror.reconciling import Reconciled

AT = datetime(2026, 11, 30, 2, 31, 7, tzinfo=UTC)


def reconciled(*, equal: bool) -> Reconciled:
    """One dataset with two differences."""
    proved = Proved("grades", 120, 2, 1, 0, 1, 1, 0.5, equal, AT)
    found = [
        Difference("grades", 5, 1, 2, What.OTHER, cause="regrade"),
        Difference("grades", 6, 1, 2, What.GONE, cause="reset"),
    ]
    return Reconciled([Loaded("grades", 100, 1, 2)], {"grades": proved}, found)


def test_equal_is_said_with_the_moment(capsys: pytest.CaptureFixture[str]) -> None:
    """With how much was compared, how much differed, and why."""
    mirror._show_proof(reconciled(equal=True))
    shown = capsys.readouterr().out
    assert "Equal to Moodle as of 2026-11-30 02:31:07 UTC." in shown
    [line] = [line.split() for line in shown.splitlines() if line.startswith("grades") and "yes" in line]
    assert line == ["grades", "120", "2", "2", "yes"]
    assert "regrade" in shown
    assert "reset" in shown


def test_what_is_not_equal_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody reads it as a proof; nor where nothing could be counted."""
    mirror._show_proof(reconciled(equal=False))
    told = capsys.readouterr()
    assert "Equal to Moodle" not in told.out
    assert "run reconcile again" in told.err
    mirror._show_proof(Reconciled([Loaded("grades", 100, 1, 2)]))
    assert "can be proved with the plugin" in capsys.readouterr().out


def test_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    """One object, with the same."""
    as_json(mirror._told(reconciled(equal=True)))
    told = json.loads(capsys.readouterr().out)
    assert (told["equal"], told["restored"]) == (True, False)
    assert told["differences"] == [
        {"dataset": "grades", "cause": "regrade", "found": 1},
        {"dataset": "grades", "cause": "reset", "found": 1},
    ]
    assert told["compared"][0]["rows"] == 120
