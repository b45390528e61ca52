"""Why does this person have this course? By the command."""

from __future__ import annotations

from tests.acceptance.house import House


def test_why_somebody_has_a_course(settled: House) -> None:
    """One sentence first, then how the person stands, what is granted, and the timeline with the newest last."""
    done = settled.run("explain", "E005", "--course", "WELCOME")
    assert done.status == 0, done.all
    first, *_ = done.out.splitlines()
    assert first.startswith("E005 has WELCOME because path ONBOARDING gives it to ")
    assert "feed people.csv of hr line 6" in first
    for part in ("What is granted", "What happened", "ONBOARDING-30 is due on", "enrol WELCOME", "done in run 1"):
        assert part in done.plain
    assert "Moodle has not been read yet" in done.plain


def test_what_was_learned_is_told_once_moodle_was_read(settled: House) -> None:
    """As one document, with all events, or the newest of them."""
    settled.twin.life.complete("person5@example.com", "WELCOME")
    assert settled.call("mirror").status == 0
    found = settled.call("explain", "E005", "--path", "ONBOARDING-30", "--show", "0", "--json").json
    assert any(one.startswith("WELCOME was completed") for one in found["why"])
    assert {"HR", "Moodle", "learning", "due"} <= {one["kind"] for one in found["events"]}
    assert [one["at"] for one in found["events"]] == sorted(one["at"] for one in found["events"])
    assert found["earlier_events"] == 0
    few = settled.call("explain", "E005", "--show", "2", "--json").json
    assert (len(few["events"]), few["why"]) == (2, [])
    assert few["earlier_events"] > 0


def test_who_is_nobody(settled: House) -> None:
    """Exit status 2 and one sentence, which does not repeat the key."""
    done = settled.call("explain", "Secret Name")
    assert (done.status, "nobody with this key" in done.plain, "Secret" in done.all) == (2, True, False)
