"""Intake: what a feed does to what is known of people, and what it never does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.domain.errors import FeedRefused, SettingsError
from connector.domain.people import Rejection
from connector.sync.intake import take_in
from tests.mapped import only
from tests.support import COLUMNS, House, Row, row, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["5.1"], indirect=True)]


def known(house: House) -> dict[str, bool]:
    """Everybody who is known, and whether that person is gone."""
    return {one["key"]: one["gone"] for one in house.sql("SELECT key, gone FROM connector.person ORDER BY key")}


def state(house: House) -> list[object]:
    """All that a believed feed may alter."""
    tables = ("person", "wanted_grant", "binding", "plan", "change")
    return [house.sql(f"SELECT * FROM connector.{table} ORDER BY 1, 2, 3") for table in tables]


async def test_a_feed_becomes_people(house: House) -> None:
    """What is compared, what is set once, what rules give, and the employment, each by itself."""
    taken = await house.take([row("E1", unit="Field", manager="E2", cost="K1"), row("E2")])
    assert (taken.totals.rows, taken.totals.rejected, taken.rejections, taken.unchanged) == (2, 0, (), False)
    [one] = house.sql("SELECT * FROM connector.person WHERE key = 'E1'")
    assert one["wanted"]["email"] == "e1@example.test"
    assert one["wanted"]["profile"] == {"jobgrade": ""}
    assert one["initial"] == {"lang": "en", "profile": {"costcentre": "K1"}}
    assert (one["unit"], one["manager_key"], one["timezone"], one["line"]) == ("Field", "E2", "UTC", 2)
    grants = house.sql("SELECT kind, target FROM connector.wanted_grant WHERE person_id = %s", one["person_id"])
    assert {(grant["kind"], grant["target"]) for grant in grants} == {
        ("cohort", "unit-Field"),
        ("enrolment", "SAFE"),
        ("enrolment", "FIRE"),
        ("assignment", "SAFETY-14"),
    }
    assert house.sql("SELECT FROM connector.staged") == []


async def test_only_who_changed_is_written_anew(house: House) -> None:
    """The same content in another feed touches nobody, so that history is not blurred."""
    people = rows(5)
    await house.take(people)
    before = house.sql("SELECT * FROM connector.person ORDER BY key")
    await house.take([*people[::-1]])
    assert house.sql("SELECT * FROM connector.person ORDER BY key") == before
    await house.take([{**people[0], "city": "X"}, *people[1:]])
    after = house.sql("SELECT * FROM connector.person ORDER BY key")
    assert after[1:] == before[1:]
    assert after[0]["person_id"] == before[0]["person_id"]
    assert after[0]["feed_id"] > before[0]["feed_id"]


async def test_grants_follow_the_mapping_that_read_the_feed(house: House) -> None:
    """The rules' word for each person is replaced, not added to."""
    await house.take([row("E1", unit="Field")])
    await house.take([row("E1", unit="Lab")])
    found = house.sql("SELECT kind, target FROM connector.wanted_grant ORDER BY 1, 2")
    assert [(one["kind"], one["target"]) for one in found] == [
        ("assignment", "LAB-NOW"),
        ("cohort", "unit-Lab"),
        ("enrolment", "LABS"),
    ]


async def test_two_rows_of_one_key_are_both_set_aside(house: House) -> None:
    """Nobody can say which is right; the person stays as HR last said, and is not absent."""
    await house.take([row("E1", city="A"), row("E2"), row("E3")])
    house.clock.forward(days=2)
    taken = await house.take([row("E1", city="B"), row("E1", city="C"), row("E2"), row("E3")])
    assert (taken.totals.rows, taken.totals.rejected, taken.totals.duplicate_keys) == (4, 2, 1)
    assert [(one.line, one.key, one.field) for one in taken.rejections] == [(2, "E1", "key"), (3, "E1", "key")]
    house.clock.forward(days=2)
    await house.take([row("E1", city="B"), row("E1", city="C"), row("E2"), row("E3")])
    assert known(house) == {"E1": False, "E2": False, "E3": False}
    [one] = house.sql("SELECT wanted ->> 'city' AS city FROM connector.person WHERE key = 'E1'")
    assert one["city"] == "A"


async def test_keys_that_differ_in_case_alone_are_one(house: House) -> None:
    """Two of them in one feed are set aside as rows of one key; one that is written otherwise now is nobody new."""
    plain = {"username": "ea", "email": "ea@example.test"}
    others = [row(f"A{n}", city="B") for n in range(3)]
    await house.take([row("E1", city="A"), row("Éa", city="A", **plain), *others])
    house.clock.forward(days=2)
    taken = await house.take([row("E1", city="B"), row("e1", city="C"), row("e\u0301A", city="B", **plain), *others])
    assert (taken.totals.rejected, taken.totals.duplicate_keys) == (2, 1)
    for _ in range(2):
        house.clock.forward(days=2)
        await house.take([row("e1", city="B"), row("e\u0301A", city="B", **plain), *others])
    assert known(house) == {"E1": False, "Éa": False, "A0": False, "A1": False, "A2": False}
    found = house.sql("SELECT DISTINCT wanted ->> 'city' AS city FROM connector.person")
    assert [one["city"] for one in found] == ["B"]


async def test_a_bad_row_is_rejected_alone_and_counts_as_present(house: House) -> None:
    """With its line, field and reason; the others go on, and the person is not absent."""
    await house.take([row("E1"), row("E2"), row("E3")])
    for _ in range(3):
        house.clock.forward(days=2)
        taken = await house.take([row("E1", email="not an address"), row("E2", city="X"), row("E3")])
    [rejection] = taken.rejections
    assert isinstance(rejection, Rejection)
    assert (rejection.line, rejection.key, rejection.field) == (2, "E1", "email")
    assert rejection.reason
    assert "not an address" not in rejection.reason
    assert known(house) == {"E1": False, "E2": False, "E3": False}
    assert taken.totals.rejected == 1


async def test_a_row_that_cannot_be_split_counts_as_present_too(house: House) -> None:
    """The key can still be read where the rest cannot."""
    await house.take([row("E1"), row("E2"), row("E3")])
    for _ in range(2):
        house.clock.forward(days=2)
        path = house.file([row("E1"), row("E2"), row("E3")])
        lines = path.read_text("utf-8").splitlines(keepends=True)
        lines[1] = lines[1].rstrip() + ",one cell too many\n"
        path.write_text("".join(lines), "utf-8")
        os.utime(path, (house.clock.now.timestamp(), house.clock.now.timestamp()))
        taken = await house.take(path)
        assert [one.line for one in taken.rejections] == [2]
    assert known(house) == {"E1": False, "E2": False, "E3": False}


async def test_a_row_that_is_broken_each_day_hides_no_leaver(house: House) -> None:
    """Its key is read as every key is: who is missing from the rest is missing, also where it is of nobody known."""
    people = [row(f"E{number}") for number in range(1, 10)]
    await house.take([*people, row("Left")])
    for _ in range(2):
        house.clock.forward(days=2)
        path = house.file([*people, row("New")])
        lines = path.read_text("utf-8").splitlines(keepends=True)
        for bad in (1, -1):
            lines[bad] = lines[bad].rstrip() + ",too many\n"
        path.write_text("".join(lines), "utf-8")
        os.utime(path, (house.clock.now.timestamp(), house.clock.now.timestamp()))
        taken = await house.take(path)
        assert [one.key for one in taken.rejections] == ["E1", "New"]
    assert known(house) == {**{one["id"]: False for one in people}, "Left": True}


async def test_who_is_out_of_scope_is_neither_rejected_nor_wanted(house: House) -> None:
    """And who goes out of scope is absent, as if not named."""
    taken = await house.take([row("E1"), row("E2"), row("X1", unit="Outside")])
    assert (taken.totals.rows, taken.totals.rejected) == (3, 0)
    assert known(house) == {"E1": False, "E2": False}
    for _ in range(2):
        house.clock.forward(hours=25)
        await house.take([row("E1"), row("E2", unit="Outside")])
    assert known(house) == {"E1": False, "E2": True}


async def test_absent_is_gone_with_the_second_feed_a_day_later(house: House) -> None:
    """Not with the first, not with one that follows too soon; and back when named again."""
    people = rows(4)
    await house.settled_in(people)
    await house.take(people[1:])
    house.clock.forward(hours=23)
    await house.take(people[1:])
    assert not any(known(house).values())
    assert (await house.plan()).size == 0
    house.clock.forward(hours=1, minutes=1)
    plan = await house.plan(people[1:])
    assert known(house)["E0001"]
    assert ("suspend_account", "E0001", "") in house.does(plan)
    await house.apply(plan)
    plan = await house.plan(people)
    assert not any(known(house).values())
    assert ("reactivate_account", "E0001", "") in house.does(plan)


async def test_who_is_back_in_between_starts_anew(house: House) -> None:
    """Two absences with a presence between them are two first ones."""
    people = rows(4)
    await house.take(people)
    for present in (people[1:], people, people[1:]):
        house.clock.forward(hours=25)
        await house.take(present)
    assert not any(known(house).values())


async def test_one_feed_read_twice_is_one_feed(house: House) -> None:
    """Neither the same file again nor the same file for a changed mapping makes anybody gone."""
    people = rows(4)
    await house.take(people)
    path = house.file(people[1:])
    first = await house.take(path)
    house.clock.forward(days=3)
    again = await house.take(path)
    assert again.unchanged
    assert (again.feed_id, again.totals.rows) == (first.feed_id, 3)
    house.edit("mapping.yaml", '"Unit {unit}"', '"The unit {unit}"')
    assert not (await house.take(path)).unchanged
    assert not any(known(house).values())
    await house.take(people[1:])
    assert known(house)["E0001"]


async def test_absence_from_a_delta_means_nothing(house: House) -> None:
    """However often somebody is not named; nor does a small delta shrink the company."""
    people = rows(10)
    await house.take(people)
    house.edit("mapping.yaml", "complete: true", "complete: false")
    for n in range(3):
        house.clock.forward(days=2)
        await house.take([{**people[0], "city": f"City {n}"}])
    assert not any(known(house).values())
    assert len(known(house)) == 10


async def test_a_refused_feed_changes_nothing(house: House) -> None:
    """Half of the people are missing: every reason is said, and everything stays as it was."""
    await house.settled_in(rows(20))
    house.clock.forward(days=2)
    before = state(house)
    with pytest.raises(FeedRefused, match="nothing was changed") as caught:
        await house.take([*rows(5), row("N1")])
    assert "6 rows" in str(caught.value)
    assert state(house) == before
    [refused] = house.connector.feeds.refused()
    assert (refused.source, refused.digest[:12] in str(caught.value)) == ("hr", True)
    assert refused.reasons
    assert (await house.plan()).size == 0


async def test_a_refused_feed_is_released_by_its_hash(house: House) -> None:
    """A person lets this content pass; another one of its kind is refused again."""
    await house.take(rows(20))
    path = house.file(rows(5))
    with pytest.raises(FeedRefused):
        await house.take(path)
    [refused] = house.connector.feeds.refused()
    assert refused.releasable
    house.connector.feeds.release("hr", refused.digest, "tester", house.clock())
    assert (await house.take(path)).totals.rows == 5
    assert house.connector.feeds.refused() == []
    with pytest.raises(FeedRefused):
        await house.take(rows(1))


@pytest.mark.parametrize("broken", ["empty", "columns", "encoding", "cut off"])
async def test_what_cannot_be_read_is_refused_and_never_released(house: House, tmp_path: Path, broken: str) -> None:
    """An unreadable feed is no smaller company."""
    await house.settled_in(rows(3))
    before = state(house)
    path = house.file(rows(3))
    text = path.read_bytes()
    spoilt = {
        "empty": text.splitlines(keepends=True)[0],
        "columns": text.replace(b"email", b"mail", 1),
        "encoding": text.replace(b"FirstE0002", b"First\xff\xfe"),
        "cut off": text[:-40] + b'"',
    }
    path.write_bytes(spoilt[broken])
    for _ in range(2):
        with pytest.raises(FeedRefused):
            await house.take(path)
        [refused] = house.connector.feeds.refused()
        assert (refused.name, refused.releasable, len(refused.reasons)) == (path.name, False, 1), "somebody is told"
        house.connector.feeds.release("hr", refused.digest, "tester", house.clock())
    assert state(house) == before
    await house.take(rows(4))
    assert house.connector.feeds.refused() == []


async def test_without_any_feed_there_is_no_plan(house: House) -> None:
    """An empty database is not an empty company."""
    with pytest.raises(SettingsError, match="No feed of hr"):
        await house.plan()


async def test_progress_counts_the_rows(house: House) -> None:
    """In steps, and to the last one."""
    counted: list[int] = []
    async with house.way() as way:
        way.take(house.connector.source(house.file(rows(2345))), counted.append)
    assert sum(counted) == 2345
    assert len(counted) == 3


async def test_a_feed_whose_reading_fails_halfway_leaves_nothing(house: House) -> None:
    """The source breaks off: no staged rows, no feed that could be taken for the last good one."""

    class Breaking:
        def __init__(self, inner: object) -> None:
            self.identity = inner.identity  # type: ignore[attr-defined]
            self._inner = inner

        def records(self) -> object:
            for number, record in enumerate(self._inner.records()):  # type: ignore[attr-defined]
                if number == 3:
                    raise FeedRefused("people.csv: the line broke")
                yield record

    await house.take(rows(5))
    before = state(house)
    async with house.way() as way:
        source = Breaking(house.connector.source(house.file(rows(6))))
        with pytest.raises(FeedRefused, match="the line broke"):
            take_in(source, way.mapper, way.feeds, way.inlets[0].gates, house.clock())  # type: ignore[arg-type]
    assert state(house) == before
    assert house.sql("SELECT FROM connector.staged") == []
    assert (await house.take(rows(6))).totals.rows == 6


keys = st.sampled_from([f"E{n}" for n in range(6)])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    deliveries=st.lists(st.tuples(st.lists(keys, min_size=1, max_size=8), st.integers(1, 60)), min_size=1, max_size=6)
)
def test_who_is_gone_is_who_was_missing_twice_a_day_apart(
    house: House, deliveries: list[tuple[list[str], int]]
) -> None:
    """Whatever is delivered whenever: the same as a plain reckoning by hand, rows with one key among them."""
    import anyio

    house.sql("TRUNCATE connector.feed, connector.person CASCADE")
    since: dict[str, object] = {}
    gone: dict[str, bool] = {}

    async def deliver() -> None:
        for named, hours in deliveries:
            house.clock.forward(hours=hours)
            people: list[Row] = [row(key) for key in named]
            try:
                await house.take(people)
            except FeedRefused:
                continue
            now = house.clock.now
            for key in {key for key in named if named.count(key) == 1}:
                gone.setdefault(key, False)
            for key in gone:
                if key in named:
                    since.pop(key, None)
                    gone[key] = False
                elif key not in since:
                    since[key] = now
                elif (now - since[key]).total_seconds() >= 86_400:  # type: ignore[operator]
                    gone[key] = True

    anyio.run(deliver)
    assert known(house) == gone


def test_the_columns_of_the_tests_are_those_of_their_mapping(house: House) -> None:
    """A column that the mapping needs and no test gives would make every test a test of that."""
    assert only(house.connector.mapping).columns <= set(COLUMNS)


async def test_a_refused_feed_leaves_nothing_that_is_planned(house: House) -> None:
    """Its rules' cohorts are nobody's."""
    people = rows(10)
    await house.settled_in(people)
    with pytest.raises(FeedRefused):
        await house.take([{**one, "unit": "Shifted"} for one in people[:2]])
    assert (await house.plan()).size == 0
