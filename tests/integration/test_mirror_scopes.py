"""What a reading has read completely: whatever of it did not come is no more, and nothing else is touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from adapters.moodle.site import MoodleSite
from connector.domain.facts import Extent, Read
from connector.domain.reading import (
    GradeItem,
    Page,
    Precision,
    ReadCertificate,
    ReadCompletion,
    ReadEnrolment,
    ReadGrade,
    Scope,
)
from tests.integration.mirrored import Learning, no_overlaps, now
from tests.support import House, Seen, moodle_client, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
LEARNED = ("enrolments", "completions", "grades")
HOLDS = "SELECT moodle_id FROM facts.{} WHERE valid_to = 'infinity'"


@pytest.fixture
async def learned(house: House, learning: Learning) -> House:
    """Three people in all courses, each with a completion, a grade and a badge; all of it is in the facts."""
    house.twin.state.plugin = True
    await house.settled_in(rows(3, unit="Field"))
    for number in (1, 2, 3):
        for course in ("SAFE", "FIRE"):
            learning.act("enrol", f"E000{number}", course)
            learning.act("complete", f"E000{number}", course)
            learning.act("grade", f"E000{number}", course, 50 + number)
        learning.life.award(f"e000{number}", "Badge")
    await house.mirror()
    return house


async def tell(house: House, *pages: Page, items: Sequence[GradeItem] = ()) -> None:
    """An increment that reads just this."""
    async with moodle_client(house.twin.url, house.settings.moodle_token()) as client:
        way = house.connector.way_back(await house.connector.reader(MoodleSite(client)))
    load = way.facts.start(Extent.CHANGES, "plugin", house.clock())
    landed: Counter[str] = Counter()
    for page in pages:
        way.facts.land(load, page)
        landed.update({fact: len(getattr(page, fact)) for fact in (*LEARNED, "certificates", "scopes")})
    read = Read(Extent.CHANGES, house.clock(), grade_items=items, landed=landed)
    way.facts.merge(load, read, way.staff, way.terms, house.clock())


def scopes(user_id: int | None = None, course_id: int | None = None) -> list[Scope]:
    return [Scope(fact, user_id, course_id) for fact in LEARNED]


async def test_what_did_not_come_is_no_more(learned: House, learning: Learning, moodle: Seen) -> None:
    """Within a scope enrolments and grades end, and why is told; what was completed stays, and all beside it."""
    one, safe = moodle.id("E0001"), learning.course("SAFE").id
    completed = now(learned, "fact_completion", "moodle_id", "course_id", "completed")
    for user_id, course_id in ((one, safe), (one, None), (None, safe), (None, None)):
        before = now(learned, "fact_enrolment", "moodle_id", "course_id")
        within = {key for key in before if user_id in (None, key[0]) and course_id in (None, key[1])}
        assert within
        await tell(learned, Page(scopes=scopes(user_id, course_id)))
        assert now(learned, "fact_enrolment", "moodle_id", "course_id") == before - within
        assert now(learned, "fact_grade", "moodle_id", "course_id") <= before - within
        [course] = learned.sql("SELECT COALESCE(sum(enrolled), 0) AS n FROM facts.summary_course WHERE unit = ''")
        assert course["n"] == len(before - within), "sums follow"
    assert {one["ended_by"] for one in learned.sql("SELECT ended_by FROM facts.fact_grade")} == {"unenrolment"}
    assert now(learned, "fact_completion", "moodle_id", "course_id", "completed") == completed
    no_overlaps(learned)


async def test_of_who_is_still_there_what_did_not_come_was_taken_back(
    learned: House, learning: Learning, moodle: Seen
) -> None:
    """Pages of one reading add up, and rows beside its scopes end nothing. Certificates end by person and source."""
    one, two, safe = moodle.id("E0001"), moodle.id("E0002"), learning.course("SAFE").id
    before = now(learned, "fact_enrolment", "moodle_id", "course_id", "active")
    graded = now(learned, "fact_grade", "moodle_id", "course_id", "value")
    suspended = Page([ReadEnrolment(one, safe, False), ReadEnrolment(two, safe, True)])
    regraded = Page(completions=[ReadCompletion(one, safe, True)], grades=[ReadGrade(one, safe, 99.0)])
    await tell(learned, Page(scopes=scopes(one, safe)), suspended, regraded)
    expected = before - {(one, safe, True)} | {(one, safe, False)}
    assert now(learned, "fact_enrolment", "moodle_id", "course_id", "active") == expected
    assert now(learned, "fact_grade", "moodle_id", "course_id", "value") == graded - {(one, safe, 51.0)} | {
        (one, safe, 99.0)
    }
    await tell(learned, Page([ReadEnrolment(one, safe, True)], scopes=scopes(one, safe)))
    assert (one, safe, False) in now(learned, "fact_completion", "moodle_id", "course_id", "completed")
    ended = learned.sql("SELECT ended_by FROM facts.fact_grade WHERE valid_to < 'infinity' ORDER BY valid_to")
    assert [end["ended_by"] for end in ended] == ["regrade", "reset"]

    other = ReadCertificate(one, "customcert", "X1", "1", "Course", learned.clock(), precision=Precision.SECOND)
    await tell(learned, Page(certificates=[other]))
    assert len(now(learned, "fact_certificate", "source", "code")) == 4
    await tell(learned, Page(scopes=[Scope("certificates", one, source="badge")]))
    held = now(learned, "fact_certificate", "moodle_id", "source")
    assert held == {(one, "customcert"), (two, "badge"), (moodle.id("E0003"), "badge")}
    await tell(learned, Page(scopes=[Scope("certificates", source="badge")]))
    assert now(learned, "fact_certificate", "moodle_id", "source") == {(one, "customcert")}
    [day] = learned.sql("SELECT sum(certificates) AS n FROM facts.summary_activity WHERE unit = ''")
    assert day["n"] == 1
    no_overlaps(learned)


@pytest.mark.parametrize("plugin", [True, False])
async def test_a_total_goes_with_its_course_and_its_number_to_another(
    learned: House, learning: Learning, plugin: bool
) -> None:
    """A Moodle that was put back gives the numbers of items anew; of a course that is no more there is no total."""
    learned.twin.state.plugin = plugin
    learned.connector.choices.forget()
    safe, fire = learning.course("SAFE").id, learning.course("FIRE").id
    [number] = [item for item, course in now(learned, "dim_grade_item", "item_id", "course_id") if course == safe]
    await tell(learned, items=[GradeItem(number, fire, 0, 100, None)])
    totals = dict(now(learned, "dim_grade_item", "course_id", "item_id"))
    assert totals[fire] == number and safe not in totals
    learning.life.delete_course("FIRE")
    await learned.mirror()
    totals = dict(now(learned, "dim_grade_item", "course_id", "item_id"))
    assert totals[safe] == number and fire not in totals


async def test_where_completion_is_switched_on_nobody_has_completed(learned: House, learning: Learning) -> None:
    """Moodle tells of the course alone; who is in it has not completed it from then on."""
    learning.life.make_course("LATE")
    late = learning.course("LATE")
    late.enablecompletion = False
    for who in ("e0001", "e0002"):
        learning.life.enrol(who, "LATE")
    await learned.mirror()
    known = "moodle_id", "course_id", "completed"
    assert {one for one in now(learned, "fact_completion", *known) if one[1] == late.id} == set()
    late.enablecompletion = True
    learned.twin.state.note("courses", "updated", course=late.id)
    await learned.mirror(Extent.CHANGES)
    begun = {one for one in now(learned, "fact_completion", *known) if one[1] == late.id}
    assert {one[2] for one in begun} == {False} and len(begun) == 2
    assert [one.fact for one in await learned.mirror() if one.begun or one.ended] == []


async def test_of_an_account_that_is_nobodys_any_more_nothing_holds(
    learned: House, learning: Learning, moodle: Seen
) -> None:
    """With the next increment, though nothing came of it: so nobody counts twice who has another account now. What was
    completed was learned all the same."""
    one = moodle.id("E0001")
    completed = now(learned, "fact_completion", "moodle_id", "course_id", "completed")
    tables = ("fact_enrolment", "fact_grade", "fact_certificate", "fact_activity_completion", "fact_item_grade")
    quiz = learning.life.make_activity("SAFE", "Quiz")
    for who in ("e0001", "e0002"):
        learning.life.finish(who, quiz)
        learning.life.grade_item(who, learning.life.item_of(quiz), 50)
    await learned.mirror(Extent.CHANGES)
    before = {table: {row["moodle_id"] for row in learned.sql(HOLDS.format(table))} for table in tables}
    assert all(one in there and len(there) > 1 for there in before.values())
    learned.sql("DELETE FROM connector.binding WHERE account_id = %s", one)
    loaded = {fact.fact: fact for fact in await learned.mirror(Extent.CHANGES)}
    after = {table: {row["moodle_id"] for row in learned.sql(HOLDS.format(table))} for table in tables}
    assert after == {table: there - {one} for table, there in before.items()}
    assert {end["ended_by"] for end in learned.sql("SELECT ended_by FROM facts.fact_grade WHERE ended_by <> ''")} == {
        "unbinding"
    }
    assert now(learned, "fact_completion", "moodle_id", "course_id", "completed") == completed
    assert [fact for fact in await learned.mirror() if fact.begun or fact.ended] == []
    for fact, table in (("enrolments", "fact_enrolment"), ("grades", "fact_grade")):
        [held] = learned.sql(f"SELECT count(*) AS n FROM facts.{table} WHERE valid_to = 'infinity'")
        assert loaded[fact].rows == held["n"], "as many as are told"
    no_overlaps(learned)


async def test_a_certificate_ends_with_the_binding_though_nothing_else_was_learned(
    house: House, learning: Learning, moodle: Seen
) -> None:
    """Somebody who is in no course has a badge; it is nobody's from the next increment on."""
    house.twin.state.plugin = True
    await house.settled_in(rows(1))
    learning.life.award("e0001", "Badge")
    await house.mirror()
    assert len(house.sql(HOLDS.format("fact_certificate"))) == 1
    assert house.sql(HOLDS.format("fact_enrolment")) == []
    house.sql("DELETE FROM connector.binding WHERE account_id = %s", moodle.id("E0001"))
    await house.mirror(Extent.CHANGES)
    assert house.sql(HOLDS.format("fact_certificate")) == []
