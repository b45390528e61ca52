"""The reader by our plugin, beside both others on one twin with a history: equal facts, and exact ones."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.moodle.client import Call, MoodleClient
from adapters.moodle.readers import choose, datasets, learning, raw
from adapters.moodle.readers.choose import choose_reader, set_up_reports
from adapters.moodle.readers.kinds import KINDS
from adapters.moodle.readers.plugin import PluginReader
from adapters.moodle.site import MoodleSite
from adapters.moodle.twin import ServedTwin
from adapters.moodle.writers.plain import PlainWriter
from connector.domain.catalogue import CourseAbout
from connector.domain.errors import AccessRefused, ProtocolError, SettingsError
from connector.domain.outbox import Touched
from connector.domain.ports import Course
from connector.domain.reading import GradeItem, Precision, ReadAccess, Reader
from connector.domain.writing import ManualEnrolment
from tests.reading import Book, equal_in_what_both_know, everything, facts, read_accounts, unlike_to_the_minute
from tests.unit.adapters_moodle.people import account, create, create_accounts

pytestmark = pytest.mark.anyio
VERSIONS = pytest.mark.parametrize("twin", ["4.5", "5.1"], indirect=True)
STUDENT = 5
OCTOBER = int(datetime(2026, 10, 3, 5, 0, 30, tzinfo=UTC).timestamp())
DAY = 86_400
SOON = datetime(2100, 1, 1, tzinfo=UTC)
LATER = int(SOON.timestamp()) + DAY


@pytest.fixture
def with_plugin(twin: ServedTwin) -> None:
    twin.state.plugin = True


@pytest.fixture
async def book(twin: ServedTwin, site: MoodleSite, with_plugin: None) -> AsyncIterator[Book]:
    """People who enrolled, were suspended, completed, were graded anew and not at all, left, and were deleted."""
    ids = await create(site, 6)
    rows = [account("p6", customfields=[{"type": "jobgrade", "value": "<7> & more"}])]
    ids += (await create_accounts(site, rows)).values()
    life = twin.life
    for ref in ("SAFE101", "ETH101", "LATE & <b>"):
        life.make_course(ref)
    life.make_course("EMPTY")
    courses = {course.shortname: course.id for course in twin.state.courses.values()}
    for ref in ("SAFE101", "ETH101"):
        await PlainWriter(site.client).enrol([ManualEnrolment(one, courses[ref], STUDENT) for one in ids[:6]])
    life.enrol("p5", "LATE & <b>", at=OCTOBER)
    life.enrol("p6", "LATE & <b>", at=OCTOBER, starts=LATER)
    life.enrol("p4", "LATE & <b>", at=OCTOBER, ends=OCTOBER + DAY)
    life.enrol("p0", "SAFE101", "self", at=OCTOBER)
    life.suspend_enrolment("p0", "SAFE101")
    life.suspend_enrolment("p1", "SAFE101")
    life.complete("p0", "SAFE101", at=OCTOBER)
    life.complete("p2", "ETH101", at=OCTOBER + DAY)
    life.complete("p3", "ETH101", at=OCTOBER + DAY)
    life.notice("ETH101")
    for points in (20.0, 83.456):
        life.grade("p0", "SAFE101", points, at=OCTOBER, most=90.5)
    life.grade("p1", "SAFE101", 20.0, at=OCTOBER)
    life.grade("p2", "SAFE101", 30.0, at=OCTOBER)
    life.grade("p2", "SAFE101", None)
    life.unenrol("p3", "ETH101")
    life.award("p1", 'Safe & "sound"', at=OCTOBER, expires=OCTOBER + DAY)
    life.award("p2", 'Safe & "sound"', at=OCTOBER)
    life.revoke("p2", 'Safe & "sound"')
    life.certify("p3", "Template", "C0DE", at=OCTOBER, expires=OCTOBER + DAY)
    life.access("p3", at=OCTOBER)
    life.change_user("p4", firstname="<i>&", department='"Sales" & more')
    life.delete_user("p5")
    yield Book([one for one in ids if one != ids[5]])


@pytest.fixture
async def by_plugin(site: MoodleSite, book: Book) -> Reader:
    reader = await choose_reader(site)
    assert (reader.name, reader.incremental, reader.exhaustive) == ("plugin", True, True)
    return reader


@pytest.fixture
async def by_reports(twin: ServedTwin, site: MoodleSite, book: Book) -> Reader:
    for kind in KINDS:
        twin.life.make_report(kind.name("connector"), kind.source)
    await set_up_reports(site)
    return await choose_reader(site, "reports")


@pytest.fixture
async def plainly(site: MoodleSite, book: Book) -> Reader:
    return await choose_reader(site, "plain")


@VERSIONS
async def test_all_three_read_the_same(by_plugin: Reader, by_reports: Reader, plainly: Reader, book: Book) -> None:
    """Facts are equal wherever two readers know them; the plugin's are exact."""
    courses = await by_plugin.courses()
    assert courses == await by_reports.courses() == await plainly.courses()
    exact, rough, plain = [await everything(reader, book) for reader in (by_plugin, by_reports, plainly)]
    assert unlike_to_the_minute(exact, rough) == []
    assert equal_in_what_both_know(exact, plain, book.ids) == []
    assert len(exact.enrolments) == 11
    first = book.ids[0], next(course.id for course in courses if course.shortname == "SAFE101")
    october = datetime.fromtimestamp(OCTOBER, UTC)
    enrolment, completion, grade = exact.enrolments[first], exact.completions[first], exact.grades[first]
    assert (enrolment.active, enrolment.enrolled_at, enrolment.precision) == (True, october, Precision.SECOND)
    assert (completion.completed_at, completion.precision) == (october, Precision.SECOND)
    assert (grade.value, grade.decimals, grade.graded_at) == (83.456, None, october)
    assert [one.grades[first][-2:] for one in (exact, plain, rough)] == [(0, 90.5), (0, 90.5), (None, None)], (
        "reports tell no range of a person's own total"
    )
    assert exact.grades[book.ids[1], first[1]].maximum == 100
    assert {one.source for one in exact.certificates.values()} == {"badge", "tool_certificate"}


@VERSIONS
async def test_what_courses_are_about(
    twin: ServedTwin, by_plugin: Reader, by_reports: Reader, plainly: Reader, book: Book
) -> None:
    """The plugin tells texts as they are stored, in all languages; the others what Moodle shows. The rest is alike."""
    title = '<span lang="en" class="multilang">Safe</span><span lang="fr" class="multilang">Sûr</span>'
    state = twin.state
    below = state.add_category("Fire", "FIRE", state.add_category("Safety & more", "SAFETY").id)
    state.course_fields["difficulty"] = ("Easy", "Hard")
    twin.life.describe("SAFE101", fullname=title, summary="<p>All</p>", minutes="45", difficulty="2")
    state.courses[state.course_by_idnumber["SAFE101"]].category = below.id

    def safe(courses: Sequence[Course]) -> CourseAbout | None:
        return next(one.about for one in courses if one.idnumber == "SAFE101")

    stored, shown = safe(await by_plugin.courses()), safe(await plainly.courses())
    assert stored is not None
    assert shown is not None
    assert (stored.title, stored.summary, stored.fields) == (
        title,
        "<p>All</p>",
        (("difficulty", "Hard"), ("minutes", "45")),
    )
    assert stored.category == ((below.parent, "Safety & more"), (below.id, "Fire"))
    assert shown == safe(await by_reports.courses()) == replace(stored, title="SafeSûr")


@VERSIONS
async def test_accounts_are_the_same_by_all(
    by_plugin: Reader, by_reports: Reader, plainly: Reader, book: Book, twin: ServedTwin
) -> None:
    """What core functions show of somebody is what the plugin tells, and telephones and further names besides."""
    twin.life.change_user("p1", phone1="+886 2 1234", middlename="M.", country="TW")
    read = {}
    for reader in (by_plugin, by_reports, plainly):
        one = Book(book.ids)
        pages = await read_accounts(reader, one)
        assert one.unseen(SOON) == []
        read[reader.name] = one.accounts, [row for page in pages for row in page.accesses]
    exact, plain = read["plugin"][0], read["plain"][0]
    assert read["reports"][0] == plain
    for key, one in plain.items():
        other = exact[key]
        assert dict(one.fields).items() <= dict(other.fields).items()
        assert (one.username, one.email, one.suspended, one.auth, one.profile) == (
            other.username, other.email, other.suspended, other.auth, other.profile,
        )  # fmt: skip
    assert exact[book.ids[1]].fields["phone1"] == "+886 2 1234"
    assert exact[book.ids[1]].fields["middlename"] == "M."
    assert exact[book.ids[5]].profile == {"jobgrade": "<7> & more"}
    assert read["plugin"][1] == read["plain"][1] == [ReadAccess(book.ids[3], datetime.fromtimestamp(OCTOBER, UTC))]


@VERSIONS
async def test_pages_of_any_size_are_the_same(by_plugin: Reader, book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is missed where a page ends, whatever is asked for."""
    whole, courses = await everything(by_plugin, book), await by_plugin.courses()
    accounts = Book(book.ids)
    await read_accounts(by_plugin, accounts)
    for size in (1, 2, 3, 7):
        monkeypatch.setattr(datasets, "MOST", size)
        assert await everything(by_plugin, book) == whole
        again = Book(book.ids)
        await read_accounts(by_plugin, again)
        assert (again.accounts, again.marks, again.seen) == (accounts.accounts, accounts.marks, accounts.seen)
        part = await facts(by_plugin.again([course.id for course in courses]), several=True)
        assert part.enrolments == whole.enrolments


async def test_what_changed(twin: ServedTwin, by_plugin: Reader, book: Book) -> None:
    """Nothing new is two requests; then come who may enter, what was completed, graded and taken back, and issued."""
    before = sum(twin.state.calls.values())
    assert [page.rows async for page in by_plugin.changed(SOON)] == []
    assert await read_accounts(by_plugin, book, SOON) == []
    batches = twin.state.calls["tool_mobile_call_external_functions"]
    assert sum(twin.state.calls.values()) - before == 2 + 2 + 8, "two requests, of which each has several calls"
    assert batches == 2
    life = twin.life
    life.complete("p0", "ETH101", at=LATER)
    life.enrol("p6", "SAFE101", at=LATER)
    life.enrol("p3", "ETH101", at=LATER)
    life.enrol("p1", "ETH101", "self", at=LATER)
    life.suspend_enrolment("p1", "ETH101", "self")
    life.grade("p4", "SAFE101", 55.5, at=LATER)
    life.award("p4", "Safe", at=LATER)
    courses = {course.shortname: course.id for course in await by_plugin.courses()}
    safe, ethics = courses["SAFE101"], courses["ETH101"]
    pages = [page async for page in by_plugin.changed(SOON)]
    enrolled = {(row.user_id, row.course_id): row for page in pages for row in page.enrolments}
    assert set(enrolled) == {(book.ids[5], safe), (book.ids[3], ethics)}, "a suspended one opens nothing"
    completed = {(row.user_id, row.course_id): row.completed for page in pages for row in page.completions}
    assert completed == {(book.ids[5], safe): False, (book.ids[3], ethics): True, (book.ids[0], ethics): True}
    assert [(row.user_id, row.value) for page in pages for row in page.grades] == [(book.ids[4], 55.5)]
    assert [row.user_id for page in pages for row in page.certificates] == [book.ids[4]]
    life.change_user("p2", at=LATER, department="Gas")
    [page] = await read_accounts(by_plugin, book, SOON)
    assert [one.id for one in page.accounts] == [book.ids[2]] == list(page.seen)


async def test_a_few_questions_at_once(
    twin: ServedTwin, site: MoodleSite, by_plugin: Reader, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many people touched there are many questions: never more than a few in one request."""
    asked: list[list[int]] = []
    call_many = MoodleClient.call_many

    async def counted(self: MoodleClient, calls: Sequence[Call], *more: Any, **named: Any) -> Any:
        asked.append([int(str(params["limit"])) for _, params in calls if "limit" in params])
        return await call_many(self, calls, *more, **named)

    monkeypatch.setattr(MoodleClient, "call_many", counted)
    monkeypatch.setattr(datasets, "MOST", 1)
    touched = Touched(people=set(book.ids))
    outbox = PluginReader(site, outbox=True).outbox
    assert outbox is not None
    pages = [page async for page in outbox.read(touched)]
    assert max(map(len, asked)) == learning.AT_ONCE
    assert all(sum(limits) <= learning.MOST for limits in asked if len(limits) == learning.AT_ONCE)
    enrolled = {(row.user_id, row.course_id) for page in pages for row in page.enrolments}
    assert enrolled == set((await everything(by_plugin, book)).enrolments)


async def test_what_was_granted(
    twin: ServedTwin, site: MoodleSite, by_plugin: Reader, plainly: Reader, book: Book
) -> None:
    """Members of cohorts and groups, courses that are gone, and course totals, as plain functions tell them."""
    safe = twin.state.course_by_idnumber["SAFE101"]
    with twin.state.lock:
        cohort, empty = twin.state.add_cohort("C", "c"), twin.state.add_cohort("E", "e")
        twin.state.join(book.ids[0], cohort)
    cohorts = [cohort.id, empty.id, 99]
    assert await by_plugin.members(cohorts) == {cohort.id: {book.ids[0]}, empty.id: set()}
    assert await by_plugin.missing_courses([safe, 9999]) == [9999]
    assert await by_plugin.group_members([77]) == {77: None}
    total = [GradeItem(safe, safe, 0.0, 100.0)]
    assert await PluginReader(site).grade_items({safe: book.ids[2], 9999: 1}) == total
    assert await plainly.grade_items({safe: book.ids[2]}) == total
    assert await by_plugin.grade_items({}) == []


async def test_a_column_that_is_missing_is_told(
    by_plugin: Reader, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older plugin gives other columns: nothing of it is believed, and the sentence says what to install."""
    real = MoodleClient.call

    async def renamed(self: MoodleClient, function: str, *args: Any, **more: Any) -> Any:
        answer = await real(self, function, *args, **more)
        if function == datasets.READ:
            answer = {"json": answer["json"].replace('"timecompleted"', '"completedat"')}
        return answer

    monkeypatch.setattr(MoodleClient, "call", renamed)
    with pytest.raises(ProtocolError, match=r'"completions" has no column "timecompleted".*moodle plugin'):
        await everything(by_plugin, book)


@pytest.mark.parametrize("told", ['{"rows": []}', "no JSON", '{"time":1,"columns":["id"],"next":0,"rows":[[1]]}'])
async def test_an_answer_of_another_form_is_refused(
    site: MoodleSite, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    """Neither half an answer nor one that would be asked for ever is read."""

    async def answer(*_: object, **__: object) -> object:
        return {"json": told}

    monkeypatch.setattr(MoodleClient, "call", answer)
    with pytest.raises(ProtocolError):
        await datasets.each(site.client, datasets.Asked(datasets.Dataset("people", ("id", "id"))))


@pytest.mark.usefixtures("with_plugin")
class TestChoice:
    """Which way of reading is taken, and why not a better one."""

    async def test_the_next_best_where_something_is_lacking(self, twin: ServedTwin, site: MoodleSite) -> None:
        """A capability that the role lacks is named, and reports or plain functions read meanwhile."""
        twin.state.forbidden = {"moodle/grade:viewhidden"}
        chosen = await choose.choose(site)
        assert chosen.way == chosen.reader(site).name == "plain"
        assert "moodle/grade:viewhidden" in chosen.remarks[-1]
        with pytest.raises(AccessRefused, match="grade:viewhidden"):
            await choose.choose(site, "plugin")

    async def test_certificates_that_may_not_be_read_are_left_out(self, twin: ServedTwin, site: MoodleSite) -> None:
        """What is not needed does not keep the plugin from reading the rest."""
        twin.state.forbidden = {"moodle/badges:viewawarded"}
        chosen = await choose.choose(site)
        assert (chosen.way, chosen.issues) == ("plugin", ("tool_certificate",))
        assert "moodle/badges:viewawarded" in chosen.remarks[0]

    async def test_without_the_plugin(self, twin: ServedTwin, site: MoodleSite) -> None:
        """It is told how to get it; who wants nothing else is refused."""
        twin.state.plugin = False
        assert "moodle-connector moodle plugin" in (await choose.choose(site)).remarks[-1]
        with pytest.raises(AccessRefused, match="not installed"):
            await choose.choose(site, "plugin")

    async def test_a_plugin_of_another_version(self, site: MoodleSite, monkeypatch: pytest.MonkeyPatch) -> None:
        """A dataset that lacks a column is not read at all."""
        newer = datasets.Dataset("grades", ("userid", "feedback"))
        monkeypatch.setattr(raw, "NEEDED", (*raw.NEEDED, newer))
        with pytest.raises(SettingsError, match='"grades"'):
            await choose.choose(site, "plugin")

    async def test_it_is_told_and_retold(self, site: MoodleSite) -> None:
        """What was found is the same after it was kept as JSON."""
        chosen = await choose.choose(site)
        assert choose.retold(chosen.info, json.loads(json.dumps(chosen.told()))) == chosen

    async def test_custom_fields_are_told(self, site: MoodleSite) -> None:
        """The doctor compares them with the mapping, and needs no report for that."""
        assert await choose.profile_fields(site) == {"jobgrade", "costcentre"}
