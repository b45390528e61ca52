"""The way back by our plugin: what raw rows tell beyond reports, and that who reads makes no history."""

from __future__ import annotations

import pytest

from adapters.moodle.twin import Fault
from adapters.moodle.twin.people import delete_users
from connector.domain.errors import TryAgain
from connector.domain.facts import Extent
from tests.integration.mirrored import Learning, check, history, no_overlaps, now
from tests.support import House, Seen, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]


@pytest.fixture
async def learned(house: House, learning: Learning) -> House:
    """Three people who have learned a little, in a Moodle with the plugin."""
    house.twin.state.plugin = True
    await house.settled_in(rows(3, unit="Field"))
    learning.act("complete", "E0001", "SAFE")
    learning.act("grade", "E0001", "SAFE", 83.456)
    learning.act("suspend", "E0002", "FIRE")
    learning.life.award("e0003", "Badge")
    return house


async def test_another_reader_makes_no_history(learned: House, moodle: Seen) -> None:
    """What reports had told is told more exactly by the plugin, and nothing of it begins or ends; nor does it back."""
    await learned.make_reports()
    learned.settings.moodle.reader = "reports"
    await learned.mirror()
    [first] = now(learned, "fact_grade", "value", "decimals")
    assert first == (83.46, 2)
    for reader in ("plugin", "reports", "plugin"):
        learned.settings.moodle.reader = reader
        loaded = [one for one in await learned.mirror() if one.fact not in ("grade_items", "grade_history")]
        assert {(one.begun, one.ended) for one in loaded} == {(0, 0)}, reader
        [change] = learned.sql("SELECT round(new_grade) AS grade, cause, origin FROM reporting.grade_changes")
        assert change == {"grade": 83, "cause": "first", "origin": "moodle"}
    check(learned, moodle)
    assert now(learned, "fact_grade", "value", "decimals", "minimum", "maximum") == {(83.456, None, 0, 100)}
    assert {one[0] for one in now(learned, "fact_enrolment", "precision", "moodle_id", "course_id")} == {"second"}


async def test_the_catalogue(learned: House) -> None:
    """Texts by language, category and custom fields reach the view; other texts make no history."""
    learned.twin.life.describe(
        "SAFE", fullname="{mlang en}Safe{mlang}{mlang zh_tw}安全{mlang}", minutes="45", goals="G"
    )
    learned.settings.moodle.course_fields.objectives = "goals"
    await learned.mirror()
    columns = "title, description, category_names, minutes, difficulty, objectives, starts_at > '2020-01-01' AS began"
    text = f"SELECT {columns}, enrolled, completed FROM reporting.courses WHERE idnumber = 'SAFE'"
    [found] = learned.sql(text)
    assert list(found.values()) == [
        {"en": "Safe", "zh-TW": "安全"}, {}, [{"und": "SAFETY"}], 45, {}, {"und": "G"}, True, 3, 1,
    ]  # fmt: skip
    learned.twin.life.describe("SAFE", summary="<b>All</b> of it")
    assert {(one.begun, one.ended) for one in await learned.mirror()} == {(0, 0)}
    assert learned.sql(text)[0]["description"] == {"und": "All of it"}


async def test_several_enrolments_are_one(learned: House, learning: Learning, moodle: Seen) -> None:
    """They come one by one: one that is active is enough, and the oldest says since when."""
    learning.life.enrol("e0002", "FIRE", "self", at=1_600_000_000)
    await learned.mirror()
    found = {
        one[:2]: one[2:] for one in now(learned, "fact_enrolment", "moodle_id", "course_id", "active", "enrolled_at")
    }
    active, enrolled_at = found[moodle.id("E0002"), learning.course("FIRE").id]
    assert (active, enrolled_at.timestamp()) == (True, 1_600_000_000)


async def test_a_grade_goes_with_the_enrolment(learned: House, learning: Learning) -> None:
    """Moodle's table has grades of people who are not enrolled, too: they do not come and go in the facts."""
    learning.life.grade("e0001", "LABS", 50)
    await learned.mirror()
    assert now(learned, "fact_grade", "value") == {(83.456,)}
    assert {(one.begun, one.ended) for one in await learned.mirror()} == {(0, 0)}


async def test_changes_tell_grades_and_who_may_enter_again(learned: House, learning: Learning, moodle: Seen) -> None:
    """A better grade and an enrolment that is active again need no reading of everything."""
    await learned.mirror()
    learning.life.grade("e0001", "SAFE", 90, most=600)
    learning.life.suspend_enrolment("e0002", "FIRE", suspended=False)
    await learned.mirror(Extent.CHANGES)
    check(learned, moodle)
    assert now(learned, "fact_grade", "value", "maximum") == {(90.0, 600.0)}
    no_overlaps(learned)


async def test_what_is_reset_is_not_told(learned: House, learning: Learning, moodle: Seen) -> None:
    """A completion and a grade whose rows are gone were taken back."""
    await learned.mirror()
    learning.act("reset", "E0001", "SAFE")
    learning.act("clear", "E0001", "SAFE")
    await learned.mirror()
    check(learned, moodle)
    ended = learned.sql("SELECT ended_by FROM facts.fact_grade")
    assert ended == [{"ended_by": "reset"}]


async def test_a_reading_that_breaks_off_leaves_the_facts_as_they_were(learned: House, learning: Learning) -> None:
    """Moodle goes away in the middle: nothing of it shows, and the next reading puts it right."""
    await learned.mirror()
    before = history(learned)
    learning.act("grade", "E0001", "SAFE", 90)
    learned.twin.faults.add(Fault("slow", function="local_connector_read", times=5))
    learned.twin.faults.add(Fault("error500", function="local_connector_read", times=50))
    with pytest.raises(TryAgain):
        await learned.mirror()
    assert history(learned) == before
    learned.twin.faults.clear()
    await learned.mirror()
    assert now(learned, "fact_grade", "value") == {(90.0,)}


async def test_the_last_certificate_of_a_source_can_be_revoked(learned: House, learning: Learning) -> None:
    """Where nobody has any badge left, whoever reads ends the one that there was: a source can be empty."""
    await learned.make_reports()
    for reader in ("plugin", "reports", "plain"):
        learned.settings.moodle.reader = reader
        learning.life.award("e0003", "Badge")
        await learned.mirror()
        assert len(now(learned, "fact_certificate", "code")) == 1, reader
        learning.life.revoke("e0003", "Badge")
        await learned.mirror()
        assert now(learned, "fact_certificate", "code") == set(), reader


async def test_within_a_minute_somebody_can_begin_again(learned: House, learning: Learning, moodle: Seen) -> None:
    """Who is exact to the second sees an enrolment, completion and badge of the same minute as another one."""
    at = 1_700_000_040
    for second in (1, 59):
        learning.act("unenrol", "E0003", "LABS")
        learning.act("reset", "E0001", "SAFE")
        learning.life.revoke("e0003", "Badge")
        learning.life.enrol("e0003", "LABS", at=at + second)
        learning.life.complete("e0001", "SAFE", at + second)
        learning.life.award("e0003", "Badge", at + second)
        await learned.mirror()
    course, labs, who = learning.course("SAFE").id, learning.course("LABS").id, moodle.id("E0001")
    for table, time, of in (
        ("fact_enrolment", "enrolled_at", f"course_id = {labs}"),
        ("fact_completion", "completed_at", f"course_id = {course} AND moodle_id = {who} AND completed"),
        ("fact_certificate", "issued_at", "source = 'badge'"),
    ):
        found = learned.sql(f"SELECT {time} AS at FROM facts.{table} WHERE {of} ORDER BY valid_from")
        assert [one["at"].timestamp() - at for one in found] == [1, 59], table


async def test_certificates_of_deleted_people_end(learned: House, moodle: Seen) -> None:
    """Moodle's tables keep what they were issued, and show it to nobody."""
    await learned.mirror()
    assert len(now(learned, "fact_certificate", "code")) == 1
    delete_users(moodle.state, {"userids": [moodle.id("E0003")]})
    await learned.mirror(Extent.CHANGES)
    assert now(learned, "fact_certificate", "code") == set()
