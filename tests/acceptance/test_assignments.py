"""What a manager assigns and waives, by the commands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.house import House

UNTIL = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()


def granted(house: House) -> list[str]:
    """The lines of the ledger about a requirement of E005."""
    return [line for line in house.database()["ledger"] if "'assignment'" in line and "ended_at': None" in line]


def test_a_manager_waives_and_takes_it_back(settled: House) -> None:
    """The list shows it, the next plan goes by it, and after the withdrawal everything is as before."""
    before = granted(settled)
    by = ("--by", "E001", "--reason", "certified elsewhere")
    done = settled.run("waive", "E005", "ONBOARDING-30", *by, "--until", UNTIL, "--json")
    assert (done.status, done.json["decided"]["number"], done.json["decided"]["by_hr"]) == (0, 1, False)
    plan = settled.call("plan", "--person", "E005", "--show", "5")
    assert f"waived by E001 until {UNTIL}: certified elsewhere" in plan.plain
    assert settled.call("sync").status == 0
    assert len(granted(settled)) == len(before) - 1
    shown = settled.call("assignment", "list", "--json").json
    assert [(one["kind"], one["code"], one["person"], one["in_force"]) for one in shown] == [
        ("waive", "ONBOARDING-30", "E005", True)
    ]
    assert "certified" in settled.call("assignment", "list").plain
    assert "Withdrawn" in settled.call("assignment", "withdraw", "1", "--by", "E001").plain
    assert settled.call("sync").status == 0
    assert len(granted(settled)) == len(before)
    assert settled.call("assignment", "list", "--json").json == []
    assert "withdrawn" in settled.call("assignment", "list", "--all").plain


def test_hr_assigns_without_a_last_day(settled: House) -> None:
    """By any name; what the rule gives already is not given twice."""
    done = settled.call("assign", "E005", "ONBOARDING-30", "--by", "Ada", "--as-hr", "--reason", "asked for it")
    assert (done.status, done.out) == (0, "Assigned: ONBOARDING-30, number 1. The next plan goes by it.\n")
    assert settled.call("plan", "--json").json["plan"]["counts"] == {}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("waive", "E005", "ONBOARDING-30", "--by", "E006", "--until", UNTIL), "only somebody above"),
        (("waive", "E005", "ONBOARDING-30", "--by", "Ada", "--until", UNTIL), "nobody with this key"),
        (("waive", "E005", "ONBOARDING-30", "--by", "E001"), "needs a last day"),
        (("waive", "E005", "ONBOARDING", "--by", "E001", "--until", UNTIL), "only a requirement"),
        (("assign", "E005", "NONE", "--by", "E001", "--until", UNTIL), "no such code"),
        (("assign", "E999", "ONBOARDING", "--by", "E001", "--until", UNTIL), "nobody with this key"),
        (("assign", "E005", "ONBOARDING", "--by", "E001", "--until", "2020-01-01"), "before today"),
        (("assignment", "withdraw", "7", "--by", "E001"), "no number 7"),
    ],
)
def test_what_is_no_decision_is_refused(settled: House, arguments: tuple[str, ...], says: str) -> None:
    """With exit status 2 and one sentence, which does not repeat whose key it was."""
    reason = () if arguments[0] == "assignment" else ("--reason", "because")
    done = settled.call(*arguments, *reason)
    assert done.status == 2
    assert says in done.plain
    assert settled.call("assignment", "list", "--all", "--json").json == []
