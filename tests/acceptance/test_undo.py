"""Taking a run back and looking at jobs, as an operator does it."""

from __future__ import annotations

from tests.acceptance.house import House, Untouched, people


def test_a_run_is_taken_back_by_hand(settled: House) -> None:
    """Listed, planned, looked at, applied; the next plan holds the same, with status 3, until it is approved."""
    before = settled.account("E005")
    assert settled.call("sync", settled.feed(people(last_name="New"))).status == 0
    assert settled.account("E005")[0]["lastname"] == "New"
    assert settled.call("sync").status == 0
    runs = settled.call("undo", "--list", "--json").json["runs"]
    assert len(runs) == 2, "a sync that did nothing is not listed"
    assert settled.call("undo", "--list", "--limit", "1", "--json").json["runs"] == runs[:1]
    assert runs[0]["done"] == {"update_account": 1}
    number = str(runs[0]["number"])
    with Untouched(settled, may_grow=("plans", "changes")):
        made = settled.call("undo", number, "--by", "Ada", "--json")
    assert made.status == 0
    assert (made.json["undoes"], made.json["left"]) == (runs[0]["number"], [])
    assert made.json["plan"]["counts"] == {"update_account": 1}
    shown = settled.run("undo", number, "--by", "Ada")
    assert f"apply {made.json['plan']['hash'][:12]}" in shown.out
    assert "class undone" in shown.out
    done = settled.call("apply")
    assert (done.status, f"takes run {number} back, and is carried out by its hash only" in done.plain) == (2, True)
    assert settled.call("apply", made.json["plan"]["hash"][:12]).status == 0
    assert settled.account("E005") == before
    listed = settled.call("undo", "--list").out
    last = settled.call("undo", "--list", "--json").json["runs"][0]["number"]
    assert "nothing is held for that" in settled.call("undo", str(last), "--by", "Ada").out
    assert f"took back run {number}" in listed
    assert "taken back by run" in listed
    assert settled.call("sync").status == 3
    assert settled.account("E005") == before
    (hold,) = settled.call("hold", "list", "--json").json["holds"]
    assert (hold["guard"], hold["count"]) == ("undone", 1)
    assert settled.call("hold", "approve", hold["plan_hash"][:12], "--by", "Ada").status == 0
    assert settled.call("apply", hold["plan_hash"][:12]).status == 0
    assert settled.account("E005")[0]["lastname"] == "New"


def test_what_cannot_be_taken_back_is_said(settled: House) -> None:
    """No such run, no number at all, both at once: the sentence says where to look."""
    with Untouched(settled):
        assert "no run 4711" in settled.call("undo", "4711", "--by", "Ada").err
        assert "--list" in settled.call("undo").err
        assert settled.call("undo", "1", "--list").status == 2
        assert settled.call("undo", "1", "--by", " ").status == 2


def test_jobs_are_listed_and_released(settled: House) -> None:
    """Where no service has run nothing is failing, and the mistake says where to look."""
    assert "No job has run yet" in settled.call("job", "list").out
    assert settled.call("job", "list", "--json").json["jobs"] == []
    done = settled.call("job", "release", "sync")
    assert done.status == 2
    assert "job list" in done.err
