"""The proof that what is held of Moodle equals Moodle, on a twin that has our plugin."""

from __future__ import annotations

import pytest

from adapters.moodle.twin.people import delete_users
from connector.domain.facts import Extent
from tests.integration.mirrored import Learning, check, history, no_overlaps, now, unlike
from tests.support import House, Seen, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]


@pytest.fixture
async def learned(house: House, learning: Learning) -> House:
    """Three people in all courses, with completions, grades, a badge and a certificate; all of it is in the facts."""
    house.twin.state.plugin = True
    await house.settled_in(rows(3, unit="Field"))
    for number in (1, 2, 3):
        for course in ("SAFE", "FIRE"):
            learning.act("enrol", f"E000{number}", course)
            learning.act("complete", f"E000{number}", course)
            learning.act("grade", f"E000{number}", course, 50 + number)
    learning.life.award("e0001", "Badge")
    learning.life.certify("e0002", "Template", "C0DE")
    with learning.state.lock:  # so long ago that no increment reads them again
        for course in learning.state.courses.values():
            for one in course.enrolments.values():
                one.created -= 86_400
                one.modified = 0
    await house.mirror()
    return house


async def test_rows_are_held_as_moodle_counts_them(learned: House, learning: Learning, moodle: Seen) -> None:
    """After a full reading, and after an increment of what has times: byte for byte."""
    assert await unlike(learned) == []
    learning.life.grade("e0001", "SAFE", 99)
    learning.life.suspend_enrolment("e0001", "FIRE")
    assert await unlike(learned) == ["enrolments", "grades"]
    await learned.mirror(Extent.CHANGES)
    assert await unlike(learned) == []
    learned.settings.moodle.reader = "plain"
    await learned.mirror()
    assert learned.connector.facts.held.columns() == {}, "what another reader reads is not compared with"


def listed(house: House) -> set[tuple[object, ...]]:
    """What is written down and shown: whose, of which course, which rows, how they differed and why."""
    found = house.sql(
        "SELECT hr_key, shortname, dataset, what, changed, cause, healed_at FROM reporting.reconciliation_differences"
    )
    assert all(one["healed_at"] for one in found)
    return {tuple(one.values())[:-1] for one in found}


async def test_where_nothing_differs_no_row_is_read(learned: House) -> None:
    """Counts and checksums only, a few requests; it is written down that all is equal."""
    with learned.twin.state.lock:
        learned.twin.state.calls.clear()
    done = await learned.reconcile()
    assert (done.equal, done.differences) == (True, [])
    assert {(one.fact, one.begun + one.ended) for one in done.loaded} >= {("enrolments", 0), ("grades", 0)}
    shown = learned.sql("SELECT dataset, equal, rows, differing FROM reporting.reconciliation")
    assert {one["dataset"] for one in shown} >= {
        "enrolments",
        "completions",
        "grades",
        "badge_issues",
        "fact_enrolment",
    }
    assert all(one["equal"] and not one["differing"] for one in shown)
    assert learned.sql("SELECT FROM facts.summary_quality WHERE name IN ('not_equal', 'unlike_moodle')") == []


async def test_what_changed_without_a_trace_is_found_healed_named_and_listed(
    learned: House, learning: Learning, moodle: Seen
) -> None:
    """Rows that no time and no event shows: exactly these, and the facts are as after a full reading."""
    learning.act("grade", "E0001", "SAFE", 77)  # with a time of long ago
    learning.act("clear", "E0002", "SAFE")
    learning.act("reset", "E0002", "FIRE")
    learning.act("unenrol", "E0003", "FIRE")
    with learning.state.lock:
        learning.course("FIRE").enrolments[moodle.id("E0001")].suspended = True
        learning.state.badges.clear()
        learning.state.outbox.clear()
    done = await learned.reconcile()
    assert done.equal
    check(learned, moodle)
    no_overlaps(learned)
    assert now(learned, "fact_certificate", "source") == {("tool_certificate",)}
    assert listed(learned) == {
        ("E0001", "SAFE", "grades", "other", "overridden, timemodified, finalgrade", "override"),
        ("E0002", "SAFE", "grades", "gone", "", "reset"),
        ("E0002", "FIRE", "completions", "gone", "", "reset"),
        ("E0003", "FIRE", "enrolments", "gone", "", "unenrolment"),
        ("E0003", "FIRE", "grades", "gone", "", "unenrolment"),
        ("E0001", "FIRE", "enrolments", "other", "status", "suspension"),
        ("E0001", None, "badge_issues", "gone", "", "revocation"),
    }
    [quality] = learned.sql("SELECT found, advice FROM reporting.data_quality WHERE finding = 'unlike_moodle'")
    assert quality["found"] == 7
    before = history(learned)
    await learned.mirror()
    assert history(learned) == before, "a full reading finds nothing more"
    assert (await learned.reconcile()).differences == []


async def test_a_wrong_fact_is_noticed(learned: House, moodle: Seen) -> None:
    """What does not follow from Moodle's rows, whoever wrote it, is told and put right."""
    learned.sql("UPDATE facts.fact_grade SET value = 1 WHERE value = 51")
    learned.sql("DELETE FROM facts.fact_enrolment WHERE moodle_id = %s", moodle.id("E0002"))
    learned.sql("UPDATE facts.fact_certificate SET issued_at = issued_at - interval '1 day'")
    done = await learned.reconcile()
    assert done.equal
    check(learned, moodle)
    assert {(one.dataset, one.what, one.cause) for one in done.differences} >= {
        ("fact_grade", "other", "merge"),
        ("fact_enrolment", "missing", "merge"),
        ("fact_certificate", "gone", "merge"),
    }


async def test_a_moodle_that_was_put_back_is_read_again(learned: House, learning: Learning, moodle: Seen) -> None:
    """From an older backup: times went back. All is read again, and each row that differs is listed with the cause."""
    with learning.state.lock:
        for name in ("SAFE", "FIRE"):
            course = learning.course(name)
            course.enrolments[moodle.id("E0001")].modified -= 86_400 * 30
            course.enrolments[moodle.id("E0001")].created -= 86_400 * 30
            course.grades.pop(moodle.id("E0002"), None)
    done = await learned.reconcile()
    assert (done.equal, done.restored) == (True, True)
    check(learned, moodle)
    assert {one[-1] for one in listed(learned)} == {"restored"}
    assert ("E0002", "SAFE", "grades", "gone", "", "restored") in listed(learned)
    assert learned.sql("SELECT FROM reporting.data_quality WHERE finding = 'restored'")


async def test_without_the_plugin_everything_is_read(learned: House, learning: Learning, moodle: Seen) -> None:
    """Nothing can be proved then; the facts are put right all the same."""
    learned.settings.moodle.reader = "plain"
    learning.act("unenrol", "E0003", "FIRE")
    done = await learned.reconcile()
    assert done.equal is None
    check(learned, moodle)


async def test_what_was_lost_in_a_crash_is_read_again(learned: House, learning: Learning, moodle: Seen) -> None:
    """A crash of the database empties what is held: everything is read, and nothing of it is a difference."""
    learned.sql("TRUNCATE landing.held, landing.holding")
    learning.act("unenrol", "E0003", "FIRE")
    done = await learned.reconcile()
    assert (done.equal, done.differences) == (True, [])
    check(learned, moodle)


async def test_what_is_read_in_more_columns_is_read_again(learned: House) -> None:
    """As after an upgrade, before which ranges of totals were not read: grades get them, and none begins or ends."""
    learned.sql("UPDATE facts.fact_grade SET minimum = NULL, maximum = NULL RETURNING 1")
    learned.sql("UPDATE landing.holding SET columns = array_remove(columns, 'rawgrademax') RETURNING 1")
    done = await learned.reconcile()
    assert (done.equal, done.differences) == (True, [])
    assert {(one.begun, one.ended) for one in done.loaded if one.fact in ("grades", "grade_history")} == {(0, 0)}
    assert now(learned, "fact_grade", "moodle_id", "course_id", "minimum", "maximum") == {
        (*key, 0, 100) for key in now(learned, "fact_grade", "moodle_id", "course_id")
    }


async def test_who_is_deleted_holds_no_certificate(learned: House, moodle: Seen) -> None:
    """Moodle's tables keep what deleted people were issued: the facts that end with them are proved all the same."""
    assert len(now(learned, "fact_certificate", "code")) == 2
    delete_users(moodle.state, {"userids": [moodle.id("E0001")]})
    assert (await learned.reconcile()).equal
    assert now(learned, "fact_certificate", "code") == {("C0DE",)}
    assert (await learned.reconcile()).differences == []
