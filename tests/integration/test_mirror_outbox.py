"""Increments by what Moodle tells: they end with what a full reading would find, and cost what has changed."""

from __future__ import annotations

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.moodle.twin import Fault
from connector.domain.errors import ConnectorError
from connector.domain.facts import Extent
from tests.integration.mirrored import Learning, check, history, no_overlaps, now, unlike
from tests.support import House, Seen, rows

pytestmark = [pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
WHO = ("E0001", "E0002", "E0003")
COURSES = ("SAFE", "FIRE")
PERSONAL = ("enrol", "unenrol", "suspend", "complete", "reset", "grade", "clear", "self", "award", "revoke", "certify")
WITHIN = ("finish", "mark", "clear mark", "make quiz", "delete quiz", "recomplete")
OTHERS = ("reset course", "rename", "stranger", "stranger's mark", "cancel")
steps = st.lists(
    st.tuples(
        st.sampled_from((*PERSONAL, *WITHIN, *OTHERS, "glance", "glance", "reconcile")),
        st.sampled_from(WHO),
        st.sampled_from(COURSES),
        st.integers(0, 100),
    ),
    max_size=20,
)


async def settled(house: House, moodle: Seen) -> None:
    """Three people in a Moodle whose plugin may be read, and everything of it in the facts."""
    if not moodle.people():
        house.twin.state.plugin = True
        house.twin.life.make_course("EXTRA")
        for course in COURSES:
            house.twin.life.make_activity(course, "Quiz")
        await house.settled_in(rows(3, unit="Field"))
    await house.mirror()


def act(learning: Learning, what: str, who: str, course: str, points: int) -> None:
    life, name = learning.life, who.lower()
    if what == "reset course":
        life.reset_course(course, enrolments=points > 80)
    elif what == "rename":
        life.rename_course("EXTRA", "EXTRA", f"Extra {points}")
    elif what == "stranger":
        life.grade("admin", course, points)
    elif what == "self":
        life.enrol(name, course, "self")
    elif what == "make quiz":
        life.make_activity(course, f"Quiz {points}")
    elif what in WITHIN or what == "stranger's mark":
        within(learning, what, who, course, points)
    elif what == "award":
        life.award(name, f"Badge {points % 3}")
    elif what == "revoke":
        life.revoke(name, f"Badge {points % 3}")
    elif what == "certify":
        life.certify(name, "Template", f"{who}-{course}-{points}")
    elif what == "cancel":
        life.revoke_certificate(name, f"{who}-{course}-{points}")
    else:
        learning.act(what, who, course, points)


def within(learning: Learning, what: str, who: str, course: str, points: int) -> None:
    """What is done in the first activity of a course; of grades Moodle has none of who is not enrolled."""
    life, name = learning.life, who.lower()
    where, there = learning.course(course).id, learning.state.gradebook.activities.values()
    quizzes = [one for one in there if one.course_id == where]
    if what == "recomplete":
        life.recomplete(name, course)
    elif not quizzes:
        return
    elif what == "delete quiz":
        life.delete_activity(quizzes[0].id)
    elif what == "finish":
        life.finish(name, quizzes[0].id, points % 4)
    elif what == "stranger's mark":
        life.grade_item("admin", life.item_of(quizzes[0].id), points)
    elif learning.moodle.id(who) in learning.course(course).enrolled():
        life.grade_item(name, life.item_of(quizzes[0].id), None if what == "clear mark" else points)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_an_increment_ends_where_a_full_reading_would(
    house: House, moodle: Seen, learning: Learning, events: list[tuple[str, str, str, int]]
) -> None:
    """Whatever is done in Moodle, in any order, what an increment saw differs from nothing. Moodle's rows are held
    as they are, facts follow from them, and a full reading finds nothing else."""

    async def story() -> None:
        await settled(house, moodle)
        for what, *about in [*events, ("glance", "", "", 0)]:
            if what == "glance":
                await house.mirror(Extent.CHANGES)
                assert house.twin.state.outbox == {}
            elif what == "reconcile":
                assert (await house.reconcile()).differences == []
            else:
                act(learning, what, *about)
        done = await house.reconcile()
        assert (done.equal, done.differences, await unlike(house)) == (True, [], [])
        assert {one.fact: (one.begun, one.ended) for one in await house.mirror() if one.begun or one.ended} == {}

    anyio.run(story)
    no_overlaps(house)


@pytest.mark.anyio
async def test_what_ends_is_seen_and_its_cause_named(house: House, moodle: Seen, learning: Learning) -> None:
    """Unenrolled, cleared, reset, deleted: each is seen by an increment as a full reading would see it."""
    await settled(house, moodle)
    for who in WHO:
        learning.act("complete", who, "SAFE")
        for course in ("SAFE", "FIRE"):
            learning.act("grade", who, course, 70)
    learning.life.award("e0001", "Badge")
    await house.mirror(Extent.CHANGES)
    ids = {moodle.id(who): who for who in WHO}

    def causes() -> set[tuple[str, str, str]]:
        found = house.sql(
            "SELECT moodle_id, c.idnumber, ended_by FROM facts.fact_grade g JOIN facts.dim_course c USING (course_id) "
            "WHERE g.valid_to < 'infinity'"
        )
        return {(ids[one["moodle_id"]], one["idnumber"], one["ended_by"]) for one in found}

    learning.life.revoke("e0001", "Badge")
    learning.act("unenrol", "E0001", "FIRE")
    learning.act("clear", "E0002", "FIRE")
    learning.life.delete_user("e0003")
    await house.mirror(Extent.CHANGES)
    assert causes() == {
        ("E0001", "FIRE", "unenrolment"), ("E0002", "FIRE", "reset"),
        ("E0003", "FIRE", "deletion"), ("E0003", "SAFE", "deletion"),
    }  # fmt: skip
    assert now(house, "fact_certificate", "code") == set()
    with learning.state.lock:
        learning.course("SAFE").enrolments[moodle.id("E0002")].created -= 86_400
    await house.mirror()
    for what in ("unenrol", "enrol"):
        learning.act(what, "E0002", "SAFE")
    loaded = {one.fact: one for one in await house.mirror(Extent.CHANGES)}
    assert ("E0002", "SAFE", "unenrolment") in causes(), "though there is another enrolment now"
    [held] = house.sql("SELECT count(*) AS n FROM facts.fact_grade WHERE valid_to = 'infinity'")
    assert loaded["grades"].rows == held["n"], "as many as hold are told"
    learning.act("grade", "E0002", "SAFE", 60)
    await house.mirror(Extent.CHANGES)
    learning.life.reset_course("SAFE")
    await house.mirror(Extent.CHANGES)
    assert {("E0001", "SAFE", "reset"), ("E0002", "SAFE", "reset")} <= causes()
    again = house.sql("SELECT completed FROM facts.fact_completion WHERE attempt = 2 AND valid_to = 'infinity'")
    assert again == [{"completed": False}, {"completed": False}]
    learning.act("grade", "E0001", "SAFE", 80)
    await house.mirror(Extent.CHANGES)
    learning.life.delete_course("SAFE")
    await house.mirror(Extent.CHANGES)
    assert ("E0001", "SAFE", "deletion") in causes()
    assert "SAFE" not in {name for (name,) in now(house, "dim_course", "idnumber")}
    assert "FIRE" in {name for (name,) in now(house, "dim_course", "idnumber")}, "others stay"
    assert [one for one in await house.mirror() if one.begun or one.ended] == []
    no_overlaps(house)


@pytest.mark.anyio
async def test_it_costs_what_has_changed(house: House, moodle: Seen, learning: Learning) -> None:
    """With nothing new, and with what is nobody's, nothing is read; what an increment dealt with is forgotten. Sums are
    reckoned anew of courses in which something differs."""
    await settled(house, moodle)
    calls = house.twin.state.calls
    calls.clear()
    await house.mirror(Extent.CHANGES)
    nothing = dict(calls)
    assert sum(nothing.values()) <= 5, nothing
    assert nothing.get("local_connector_read", 0) <= 1, "changes of grades, at most"
    learning.life.grade("admin", "SAFE", 50)
    calls.clear()
    await house.mirror(Extent.CHANGES)
    assert dict(calls) == nothing | {"local_connector_outbox_forget": 1}
    assert house.twin.state.outbox == {}
    summed = "SELECT course_id, as_of FROM facts.summary_course WHERE unit = ''"
    before = {one["course_id"]: one["as_of"] for one in house.sql(summed)}
    assert len(before) > 1
    learning.act("grade", "E0001", "SAFE", 70)
    await house.mirror(Extent.CHANGES)
    after = {one["course_id"]: one["as_of"] for one in house.sql(summed)}
    assert {course for course in before if after[course] != before[course]} == {learning.course("SAFE").id}


@pytest.mark.anyio
async def test_killed_between_merge_and_forgetting(house: House, moodle: Seen, learning: Learning) -> None:
    """What is in the facts and was not forgotten is read again: nothing is lost and nothing doubled. After more than a
    day Moodle may have dropped what it had to tell: then everything is read."""
    await settled(house, moodle)
    learning.act("grade", "E0001", "SAFE", 70)
    learning.act("unenrol", "E0002", "SAFE")
    house.twin.faults.add(Fault("error500", function="local_connector_outbox_forget", times=20))
    with pytest.raises(ConnectorError):
        await house.mirror(Extent.CHANGES)
    check(house, moodle)
    known = history(house)
    assert len(house.twin.state.outbox) == 2
    house.twin.faults.clear()
    await house.mirror(Extent.CHANGES)
    assert history(house) == known
    assert house.twin.state.outbox == {}
    house.clock.forward(hours=25)
    await house.mirror(Extent.CHANGES)
    assert house.sql("SELECT kind FROM facts.load ORDER BY load_id DESC LIMIT 1") == [{"kind": "everything"}]


@pytest.mark.anyio
async def test_without_the_outbox_increments_go_by_times(house: House, moodle: Seen, learning: Learning) -> None:
    """The token may not read it: what is new is found by its time, and doctor's remark says what that leaves out."""
    house.twin.state.forbidden = {"local/connector:outbox"}
    await settled(house, moodle)
    learning.life.grade("e0001", "SAFE", 70)
    learning.act("unenrol", "E0002", "SAFE")
    await house.mirror(Extent.CHANGES)
    assert now(house, "fact_grade", "value") == {(70.0,)}
    there = now(house, "fact_enrolment", "moodle_id", "course_id")
    assert (moodle.id("E0002"), learning.course("SAFE").id) in there
    assert len(house.twin.state.outbox) > 0
