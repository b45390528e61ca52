"""All readers against the twin, and against a real Moodle where one is configured: equal in what each can know.

A real Moodle is only read; its reports ``connector people`` and ``connector participants`` have to be set up. Where
our plugin is installed there and the token may read by it, what it tells is compared too.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.moodle.client import MoodleClient
from adapters.moodle.readers.choose import choose, choose_reader, set_up_reports
from adapters.moodle.readers.kinds import KINDS
from adapters.moodle.site import MoodleSite
from adapters.moodle.twin import TwinState, serve_twin
from adapters.moodle.twin.state import STUDENT
from adapters.moodle.writers.plain import PlainWriter
from connector.domain.reading import GradeItem, Reader
from connector.domain.writing import Created, ManualEnrolment
from tests.reading import Book, equal_in_what_both_know, everything, facts, read_accounts, unlike_to_the_minute

pytestmark = pytest.mark.anyio
REAL = all(os.environ.get(f"CONNECTOR_TEST_MOODLE_{name}") for name in ("URL", "TOKEN"))
SOME = 200
"""Managed people among those of a real Moodle: the plain reader asks for each of them."""


@pytest.fixture(params=["4.5", "5.1", *(["real"] if REAL else [])])
async def site(request: pytest.FixtureRequest) -> AsyncIterator[MoodleSite]:
    if request.param == "real":
        client = MoodleClient(os.environ["CONNECTOR_TEST_MOODLE_URL"], os.environ["CONNECTOR_TEST_MOODLE_TOKEN"])
        async with client:
            yield MoodleSite(client)
        return
    with serve_twin(state=TwinState(request.param, plugin=True)) as twin:
        for kind in KINDS[:3]:
            twin.life.make_report(kind.name("connector"), kind.source)
        courses = [twin.life.make_course(f"C{number}") for number in range(4)]
        async with MoodleClient(twin.url, twin.token) as client:
            site = MoodleSite(client)
            ids = await _people(site)
            await PlainWriter(site.client).enrol([ManualEnrolment(one, courses[one % 4], 5) for one in ids])
            for name in ("p1", "p5"):
                twin.life.suspend_enrolment(name, f"C{ids[int(name[1:])] % 4}")
            twin.life.award("p2", "Badge")
            for number in range(0, 60, 7):
                course = f"C{ids[number] % 4}"
                twin.life.complete(f"p{number}", course)
                twin.life.grade(f"p{number}", course, number + 0.125)
            await set_up_reports(site)
            yield site


async def _people(site: MoodleSite) -> list[int]:
    rows = [
        {"username": f"p{n}", "firstname": "P", "lastname": "T", "email": f"p{n}@example.test", "auth": "oauth2"}
        for n in range(60)
    ]
    made = await PlainWriter(site.client).create_accounts(rows)
    return sorted(one.id for one in made if isinstance(one, Created))


@pytest.fixture
async def readers(site: MoodleSite) -> tuple[Reader, Reader]:
    return await choose_reader(site, "reports"), await choose_reader(site, "plain")


@pytest.fixture
async def by_plugin(site: MoodleSite) -> Reader | None:
    """None for a real Moodle that cannot be read so."""
    chosen = await choose(site)
    return chosen.reader(site) if chosen.way == "plugin" else None


@pytest.fixture
def soon() -> Iterator[datetime]:
    yield datetime.now(UTC) + timedelta(days=1)


@pytest.mark.timeout(1200)
async def test_equal_facts(site: MoodleSite, readers: tuple[Reader, Reader]) -> None:
    """Accounts, enrolments, grades and completions are the same by both readers."""
    by_reports, plainly = readers
    everybody = Book([])
    await read_accounts(by_reports, everybody)
    one = Book(sorted(everybody.seen)[:SOME])
    other = Book(one.ids)
    await read_accounts(by_reports, one)
    await read_accounts(plainly, other)
    assert one.accounts == other.accounts
    assert len(one.accounts) == len(one.ids)
    courses = await by_reports.courses()
    read, plain = await everything(by_reports, one, courses), await everything(plainly, one, courses)
    assert read.enrolments
    ungraded = {
        (row.user_id, row.course_id)
        for course in courses
        async for page in site.participants(course.id)
        for row in page
        if STUDENT not in row.role_ids
    }
    assert ungraded < read.enrolments.keys()
    assert equal_in_what_both_know(read, plain, one.ids, ungraded) == []


@pytest.mark.timeout(1200)
async def test_equal_facts_by_the_plugin(readers: tuple[Reader, Reader], by_plugin: Reader | None) -> None:
    """Raw rows tell what reports tell, to the minute and two decimals; accounts are as plain functions show them."""
    by_reports, plainly = readers
    if by_plugin is None:
        return
    everybody = Book([])
    await read_accounts(by_plugin, everybody)
    one = Book(sorted(everybody.seen)[-SOME:])
    other = Book(one.ids)
    await read_accounts(by_plugin, one)
    await read_accounts(plainly, other)
    assert one.accounts.keys() == other.accounts.keys()
    for key, account in other.accounts.items():
        assert account.fields.items() <= one.accounts[key].fields.items()
        assert replace(account, fields={}) == replace(one.accounts[key], fields={})
    courses = await by_reports.courses()
    exact, read = await everything(by_plugin, one, courses), await everything(by_reports, one, courses)
    assert exact.enrolments
    assert unlike_to_the_minute(exact, read) == []
    items = [item async for page in by_plugin.everything(one, courses) for item in page.grade_items]
    totals = [
        GradeItem(item.item_id, item.course_id, item.minimum, item.maximum)
        for item in items
        if item.item_type == "course"
    ] or await by_plugin.grade_items({course.id: 0 for course in courses})
    samples = {key[1]: key[0] for key, row in read.enrolments.items() if row.active}
    assert {replace(row, pass_mark=None) for row in await plainly.grade_items(samples)} <= {
        replace(row, pass_mark=None) for row in totals
    }
    ids = sorted(samples)[:2]
    part = await facts(by_plugin.again(ids), several=True)
    assert part.enrolments == {key: row for key, row in exact.enrolments.items() if key[1] in ids}
    assert await by_plugin.missing_courses([*ids, 999_999]) == [999_999]


async def test_nothing_new(readers: tuple[Reader, Reader], by_plugin: Reader | None, soon: datetime) -> None:
    """From tomorrow on nothing has happened: the filters work."""
    by_reports, _ = readers
    assert (await facts(by_reports.changed(soon))).enrolments == {}
    assert await read_accounts(by_reports, Book([]), soon) == []
    if by_plugin is not None:
        assert [page async for page in by_plugin.changed(soon)] == []
        assert await read_accounts(by_plugin, Book([]), soon) == []


async def test_a_course_again(readers: tuple[Reader, Reader]) -> None:
    """Courses read again by their filter have the people that they had in the whole."""
    by_reports, _ = readers
    courses = await by_reports.courses()
    whole = await everything(by_reports, Book([]), courses)
    ids = sorted({key[1] for key in whole.enrolments})[:2]
    part = await facts(by_reports.again(ids))
    assert set(part.enrolments) == {key for key in whole.enrolments if key[1] in ids}
