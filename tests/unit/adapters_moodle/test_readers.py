"""Both readers on one twin: equal facts in what each can know, and what each says of the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapters.moodle.client import MoodleClient
from adapters.moodle.readers import builder, reports
from adapters.moodle.readers.choose import choose_reader, set_up_reports
from adapters.moodle.readers.kinds import KINDS
from adapters.moodle.site import MoodleSite
from adapters.moodle.twin import ServedTwin
from adapters.moodle.writers.plain import PlainWriter
from connector.domain.errors import AccessRefused, ProtocolError, SettingsError, Unavailable
from connector.domain.reading import GradeItem, Precision, ReadAccess, Reader
from connector.domain.writing import ManualEnrolment
from tests.reading import Book, equal_in_what_both_know, everything, facts, read_accounts
from tests.unit.adapters_moodle.people import create

pytestmark = pytest.mark.anyio
VERSIONS = pytest.mark.parametrize("twin", ["4.5", "5.1"], indirect=True)
STUDENT = 5
OCTOBER = int(datetime(2026, 10, 3, 5, 0, 30, tzinfo=UTC).timestamp())
DAY = 86_400


@pytest.fixture
async def by_reports(twin: ServedTwin, site: MoodleSite) -> Reader:
    for kind in KINDS:
        if kind.key != "certificates":
            twin.life.make_report(kind.name("connector"), kind.source)
    await set_up_reports(site)
    reader = await choose_reader(site, "reports")
    assert (reader.name, reader.incremental) == ("reports", True)
    return reader


@pytest.fixture
async def plainly(site: MoodleSite) -> Reader:
    reader = await choose_reader(site, "plain")
    assert (reader.name, reader.incremental) == ("plain", False)
    return reader


@pytest.fixture
async def book(twin: ServedTwin, site: MoodleSite) -> AsyncIterator[Book]:
    """Six people in three courses: completed and not, graded and not, suspended, enrolled twice, with odd names."""
    ids = await create(site, 6)
    for ref in ("SAFE101", "ETH101", "LATE & <b>"):
        twin.life.make_course(ref)
    twin.life.make_course("EMPTY")
    courses = {course.shortname: course.id for course in twin.state.courses.values()}
    for ref in ("SAFE101", "ETH101"):
        await PlainWriter(site.client).enrol([ManualEnrolment(one, courses[ref], STUDENT) for one in ids[:5]])
    twin.life.enrol("p5", "LATE & <b>", at=OCTOBER)
    twin.life.enrol("p0", "SAFE101", "self", at=OCTOBER)
    twin.life.suspend_enrolment("p0", "SAFE101")
    twin.life.suspend_enrolment("p1", "SAFE101")
    twin.life.complete("p0", "SAFE101", at=OCTOBER)
    twin.life.complete("p2", "ETH101", at=OCTOBER + DAY)
    twin.life.notice("ETH101")
    twin.life.grade("p0", "SAFE101", 83.456, at=OCTOBER)
    twin.life.grade("p1", "SAFE101", 20.0, at=OCTOBER)
    twin.life.access("p3", at=OCTOBER)
    twin.life.change_user("p4", firstname="<i>&", department='"Sales" & more')
    yield Book(ids)


@VERSIONS
async def test_both_read_the_same(by_reports: Reader, plainly: Reader, book: Book) -> None:
    """Enrolments, completions and grades are equal wherever both readers know them."""
    courses = await by_reports.courses()
    assert courses == await plainly.courses()
    one, other = await everything(by_reports, book), await everything(plainly, book)
    assert equal_in_what_both_know(one, other, book.ids) == []
    assert len(one.enrolments) == len(other.enrolments) == 11
    assert sum(row.completed for row in one.completions.values()) == 2


@VERSIONS
async def test_both_show_the_same_accounts(by_reports: Reader, plainly: Reader, book: Book) -> None:
    """The report says who changed, plain functions what: so an account looks the same in both."""
    one, other = Book(book.ids), Book(book.ids)
    by_report, by_function = await read_accounts(by_reports, one), await read_accounts(plainly, other)
    assert one.accounts == other.accounts
    assert len(one.accounts) == 6
    assert set(one.ids) <= one.seen
    accesses = [row for page in by_report for row in page.accesses]
    exact = [row for page in by_function for row in page.accesses]
    assert accesses == [ReadAccess(row.user_id, row.at.replace(second=0)) for row in exact]
    assert [row.user_id for row in exact] == [book.ids[3]]


@VERSIONS
async def test_what_reports_know_beyond(by_reports: Reader, plainly: Reader, book: Book) -> None:
    """When somebody enrolled and completed, to the minute; the oldest of two enrolments; grades of the suspended."""
    courses = {course.shortname: course.id for course in await by_reports.courses()}
    read, plain = await everything(by_reports, book), await everything(plainly, book)
    key = book.ids[0], courses["SAFE101"]
    at = datetime(2026, 10, 3, 5, 0, tzinfo=UTC)
    enrolment, completion = read.enrolments[key], read.completions[key]
    assert (enrolment.active, enrolment.enrolled_at, enrolment.precision) == (True, at, Precision.MINUTE)
    assert (completion.completed_at, completion.precision) == (at, Precision.MINUTE)
    assert (read.grades[key].value, read.grades[key].decimals) == (83.46, 2)
    assert (plain.grades[key].value, plain.grades[key].decimals) == (83.456, None)
    assert (plain.completions[key].completed, plain.completions[key].precision) == (True, Precision.SEEN)
    suspended = book.ids[1], courses["SAFE101"]
    assert read.grades[suspended].value == 20.0
    assert suspended not in plain.grades
    assert plain.completions[book.ids[2], courses["ETH101"]].progress == 100.0


@VERSIONS
async def test_pages_of_any_size_are_the_same(by_reports: Reader, book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is missed or comes twice where a page ends between two enrolments of a person."""
    whole = await everything(by_reports, book)
    assert isinstance(by_reports, reports.ReportsReader)
    counted = {key: replace(report, rows=99) for key, report in by_reports._reports.items()}
    monkeypatch.setattr(by_reports, "_reports", counted)  # as found out when there were more: two pages at once
    for size in (1, 2, 3, 5, 7):
        monkeypatch.setattr(builder, "PAGE", size)
        monkeypatch.setattr(builder.retrieved, "__defaults__", (0, size))
        assert await everything(by_reports, book) == whole


@VERSIONS
async def test_what_changed(twin: ServedTwin, by_reports: Reader, book: Book) -> None:
    """Nothing new is one request; a completion, an enrolment and a badge come, and nothing else does."""
    since = datetime.fromtimestamp(OCTOBER + 3600, UTC).replace(year=2100)
    before = twin.state.calls["tool_mobile_call_external_functions"]
    assert await facts(by_reports.changed(since)) == type(await facts(by_reports.changed(since)))()
    assert twin.state.calls["tool_mobile_call_external_functions"] - before == 2
    later = int(since.timestamp()) + DAY
    twin.life.complete("p3", "ETH101", at=later)
    twin.life.enrol("p5", "ETH101", at=later)
    twin.life.enrol("p1", "ETH101", "self", at=later)
    twin.life.suspend_enrolment("p1", "ETH101", "self")
    twin.life.award("p4", "Safe", at=later)
    courses = {course.shortname: course.id for course in await by_reports.courses()}
    read = await facts(by_reports.changed(since))
    ethics = courses["ETH101"]
    assert {key for key, row in read.completions.items() if row.completed} == {(book.ids[3], ethics)}
    assert set(read.enrolments) == {(book.ids[3], ethics), (book.ids[5], ethics)}, "a suspended one opens nothing"
    assert [row.user_id for row in read.certificates.values()] == [book.ids[4]]


@VERSIONS
async def test_accounts_that_changed(twin: ServedTwin, by_reports: Reader, book: Book) -> None:
    """What has its mark is not asked again; who changed since a moment is."""
    await read_accounts(by_reports, book)
    calls = twin.state.calls["core_user_get_users_by_field"]
    pages = await read_accounts(by_reports, book)
    assert [page.accounts for page in pages] == [[]]
    assert twin.state.calls["core_user_get_users_by_field"] == calls
    soon = datetime(2100, 1, 1, tzinfo=UTC)
    assert await read_accounts(by_reports, book, soon) == []
    twin.life.change_user("p2", at=int(soon.timestamp()) + 60, department="Gas")
    [page] = await read_accounts(by_reports, book, soon)
    assert [one.id for one in page.accounts] == [book.ids[2]] == list(page.seen)
    assert page.accounts[0].fields["department"] == "Gas"


@VERSIONS
async def test_who_was_deleted_is_not_seen(twin: ServedTwin, by_reports: Reader, plainly: Reader, book: Book) -> None:
    """The mirror asks for who was not seen; the remains of a deleted account are nobody."""
    twin.life.delete_user("p2")
    for reader in (by_reports, plainly):
        read = Book(book.ids)
        await read_accounts(reader, read)
        assert read.unseen(datetime.now(UTC)) == [book.ids[2]]
        assert book.ids[2] not in read.accounts


@VERSIONS
async def test_again(by_reports: Reader, plainly: Reader, book: Book) -> None:
    """Courses read again are as they were when everything was read, whoever reads them."""
    courses = await by_reports.courses()
    ids = [course.id for course in courses if course.shortname in ("SAFE101", "EMPTY")]
    for reader in (by_reports, plainly):
        whole, part = await everything(reader, book), await facts(reader.again(ids))
        assert part.enrolments == {key: row for key, row in whole.enrolments.items() if key[1] in ids}
        assert part.grades == {key: row for key, row in whole.grades.items() if key[1] in ids}
        assert part.completions == {key: row for key, row in whole.completions.items() if key[1] in ids}


@VERSIONS
async def test_large_courses_again(
    twin: ServedTwin, by_reports: Reader, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not fit into one answer is read in halves, and one course alone in several answers of one total."""
    whole = await facts(by_reports.again([course.id for course in await by_reports.courses()]))
    for size in (3, 4, 6):
        monkeypatch.setattr(reports, "WHOLE", size)
        assert await facts(by_reports.again([course.id for course in await by_reports.courses()])) == whole


async def test_a_course_that_never_stands_still(
    twin: ServedTwin, by_reports: Reader, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large course whose participants change with every answer is not taken as it seems."""
    monkeypatch.setattr(reports, "WHOLE", 3)
    safe = next(course.id for course in await by_reports.courses() if course.shortname == "SAFE101")
    retrieved = builder.retrieved
    number = 0

    async def restless(*args: object, **more: object) -> object:
        nonlocal number
        number += 1
        twin.life.enrol("p5", "SAFE101", f"plugin{number}")
        return await retrieved(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builder, "retrieved", restless)
    with pytest.raises(Unavailable, match="faster than they can be read"):
        await facts(by_reports.again([safe]))


@VERSIONS
async def test_badges_are_the_same_by_both(twin: ServedTwin, by_reports: Reader, plainly: Reader, book: Book) -> None:
    """The code of an award does not depend on who reads it; the precision does."""
    twin.life.award("p1", 'Safe & "sound"', at=OCTOBER, expires=OCTOBER + DAY)
    one, other = await everything(by_reports, book), await everything(plainly, book)
    [award], [exact] = one.certificates.values(), other.certificates.values()
    assert (award.code, award.template, award.template_name) == (exact.code, exact.template, exact.template_name)
    assert award.issued_at == exact.issued_at.replace(second=0)
    assert award.expires_at == exact.expires_at.replace(second=0)  # type: ignore[union-attr]
    assert (award.precision, exact.precision) == (Precision.MINUTE, Precision.SECOND)


@VERSIONS
async def test_course_totals(by_reports: Reader, plainly: Reader, book: Book) -> None:
    """Both tell item, minimum and maximum of each course of which they are given a participant."""
    courses = {course.shortname: course.id for course in await by_reports.courses()}
    samples = {courses["SAFE101"]: book.ids[2], courses["ETH101"]: 999_999}
    for reader in (by_reports, plainly):
        [item] = await reader.grade_items(samples)
        assert (item.course_id, item.minimum, item.maximum) == (courses["SAFE101"], 0.0, 100.0)
        assert isinstance(item, GradeItem)
        assert await reader.grade_items({}) == []


async def test_completions_that_are_hidden_are_not_nobody(
    twin: ServedTwin, plainly: Reader, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Moodle does not show the token who has completed, the reading ends and names the capability."""
    course = await plainly.courses()
    monkeypatch.setattr(MoodleClient, "call_many", _hiding(MoodleClient.call_many))
    with pytest.raises(AccessRefused, match="report/completion:view"):
        await everything(plainly, book, course)


def _hiding(real: object) -> object:
    async def call_many(self: MoodleClient, calls: list[object], *args: object, **more: object) -> list[object]:
        answers = await real(self, calls, *args, **more)  # type: ignore[operator]
        return [[row | {"completed": None} for row in answer] for answer in answers]

    return call_many


async def test_columns_that_changed_meanwhile_end_the_reading(
    twin: ServedTwin, by_reports: Reader, book: Book
) -> None:
    """A page with another number of columns is not read at all; one with other cells neither."""
    participants = next(r for r in twin.state.reports.values() if r.name == "connector participants")
    taken = participants.columns.pop()
    with pytest.raises(SettingsError, match="doctor --fix"):
        await everything(by_reports, book)
    participants.columns.insert(4, taken)
    with pytest.raises(ProtocolError, match="doctor --fix"):
        await everything(by_reports, book)


async def test_a_course_that_goes_while_it_is_read(twin: ServedTwin, plainly: Reader, book: Book) -> None:
    """The others are read all the same."""
    courses = await plainly.courses()
    twin.life.delete_course("SAFE101")
    read = await everything(plainly, book, courses)
    assert {key[1] for key in read.enrolments} == {
        course.id for course in courses if course.shortname in ("ETH101", "LATE & <b>")
    }
