"""The Report Builder reader: the whole site in large pages, and increments by filters."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime

from adapters.moodle.readers import builder, folding, shared
from adapters.moodle.readers.builder import Report, Rows
from adapters.moodle.readers.folding import PersonRow
from adapters.moodle.readers.kinds import BADGES, CERTIFICATES, PARTICIPANTS, PEOPLE, Kind, since
from adapters.moodle.site import MoodleSite
from connector.domain.details import NOTHING_KNOWN, Detail, KnownHistory
from connector.domain.errors import Unavailable
from connector.domain.ports import Course, SiteInfo
from connector.domain.reading import (
    AccountBook,
    AccountsPage,
    GradeItem,
    Page,
    ReadAccess,
    ReadCertificate,
    ReadEnrolment,
    Scope,
)

WHOLE = 10_000
"""Rows of an answer that shall hold whole courses: more would be too much for PHP's memory on a small server."""

TOGETHER = 100
USUAL = 100
"""Courses in one answer, and the participants that one is taken to have until it was read."""

ATTEMPTS = 3
CERTIFIED: tuple[tuple[str, Kind, str, Callable[[list[str]], ReadCertificate | None]], ...] = (
    (shared.BADGE, BADGES, "badge_issued:issued", folding.badge),
    ("tool_certificate", CERTIFICATES, "issue:timecreated", folding.certificate),
)
"""Source, report, filter of the time of issue, and how rows are read."""


class ReportsReader:
    """The port ``Reader`` by reports that ``setup`` found in order; ``reports`` has them by the key of their kind.

    Facts are exact to the minute, grades to two decimals. Who changed is told by a report, what they are now by plain
    functions, so that accounts look the same whoever reads them.
    """

    name = "reports"
    incremental = True
    exhaustive = False
    outbox = None
    details: Collection[Detail] = ()

    def __init__(self, site: MoodleSite, info: SiteInfo, reports: Mapping[str, Report]) -> None:
        self._site = site
        self._client = site.client
        self._info = info
        self._reports = reports
        self._untracked: frozenset[int] = frozenset()
        self._rows: Counter[int] = Counter()

    async def courses(self) -> list[Course]:
        """See the port."""
        courses = await shared.all_courses(self._client)
        self._know(courses)
        return courses

    async def accounts(self, book: AccountBook, since: datetime | None = None) -> AsyncIterator[AccountsPage]:
        """See the port. Of an account whose mark is as remembered nothing else is asked.

        A visit does not count as a change: who was there since a moment is asked for in the same request.
        """
        report = self._reports[PEOPLE.key]
        if since is None:
            async for rows in builder.pages(self._client, report, {}):
                yield await self._people(book, rows)
            return
        changed, visited = _since("user:timemodified", since), _since("user:lastaccess", since)
        first = await builder.retrieved(self._client, [(report, changed), (report, visited)])
        async for rows in builder.later_pages(self._client, report, changed, first[0]):
            yield await self._people(book, rows)
        async for rows in builder.later_pages(self._client, report, visited, first[1]):
            yield AccountsPage([], accesses=_accesses([folding.person(row) for row in rows]))

    async def _people(self, book: AccountBook, rows: Sequence[list[str]]) -> AccountsPage:
        people = [folding.person(row) for row in rows]
        marks = {person.user_id: person.mark for person in people}
        unlike = book.unlike(marks)
        found = await self._site.accounts_by("id", [str(one) for one in unlike]) if unlike else []
        alive = [one for one in found if not one.deleted]
        return AccountsPage(list(marks), alive, {one.id: marks[one.id] for one in alive}, _accesses(people))

    async def everything(
        self,
        book: AccountBook,
        courses: Sequence[Course],
        known: KnownHistory = NOTHING_KNOWN,  # noqa: ARG002
    ) -> AsyncIterator[Page]:
        """See the port."""
        self._know(courses)
        ids = frozenset(course.id for course in courses)
        self._rows.clear()
        participants = builder.pages(self._client, self._reports[PARTICIPANTS.key], {})
        async for page in folding.folded(participants, self._untracked):
            self._rows.update(row.course_id for row in page.enrolments)
            yield _within(page, ids)
        async for page in self._certificates(book):
            yield page

    async def members(self, cohort_ids: Sequence[int]) -> Mapping[int, Collection[int]]:
        """See the port."""
        return await self._site.cohort_members(cohort_ids)

    async def group_members(self, group_ids: Sequence[int]) -> Mapping[int, Collection[int] | None]:
        """See the port."""
        return await self._site.group_members(group_ids)

    async def missing_courses(self, course_ids: Sequence[int]) -> list[int]:
        """See the port."""
        return await shared.missing_courses(self._client, course_ids)

    async def again(self, course_ids: Sequence[int]) -> AsyncIterator[Page]:
        """See the port. Small courses come together; one too large for one answer is read until it is still."""
        for ids in self._bundles(course_ids):
            for page in await self._whole(ids):
                yield page

    async def changed(self, since: datetime, known: KnownHistory = NOTHING_KNOWN) -> AsyncIterator[Page]:  # noqa: ARG002
        """See the port; also what was issued where there are reports of it. One request where nothing is new."""
        participants = self._reports[PARTICIPANTS.key]
        there = [one for one in CERTIFIED if one[1].key in self._reports]
        issued = [(self._reports[kind.key], name, read) for _, kind, name, read in there]
        completed, made = _since("completion:timecompleted", since), _since("enrolment:timecreated", since)
        asked = [(participants, completed), (participants, made)]
        asked += [(report, _since(name, since)) for report, name, _ in issued]
        first = await builder.retrieved(self._client, asked)
        async for page in self._later(participants, completed, first[0]):
            yield page
        async for page in self._later(participants, made, first[1]):
            yield Page(_entered(page.enrolments), page.completions, page.grades)
        for (report, _, read), (_, filters), rows in zip(issued, asked[2:], first[2:], strict=True):
            async for later in builder.later_pages(self._client, report, filters, rows):
                yield _certified(later, read)

    async def grade_items(self, samples: Mapping[int, int]) -> list[GradeItem]:
        """See the port."""
        return await shared.grade_items(self._client, samples)

    # ------------------------------------------------------------ parts
    def _know(self, courses: Sequence[Course]) -> None:
        self._untracked = frozenset(course.id for course in courses if not course.completion_enabled)

    async def _certificates(self, book: AccountBook) -> AsyncIterator[Page]:
        for source, kind, _, read in CERTIFIED:
            if kind.key in self._reports:
                async for rows in builder.pages(self._client, self._reports[kind.key], {}):
                    yield _certified(rows, read)
                yield Page(scopes=[Scope("certificates", source=source)])
        if BADGES.key not in self._reports and shared.BADGES in self._info.functions:
            async for page in shared.badges(self._client, book):
                yield page

    def _later(self, report: Report, filters: Mapping[str, object], first: Rows) -> AsyncIterator[Page]:
        return folding.folded(builder.later_pages(self._client, report, filters, first), self._untracked)

    def _bundles(self, course_ids: Sequence[int]) -> Iterator[list[int]]:
        """Courses that fit into one answer together, as many participants as they had when last read."""
        bundle: list[int] = []
        rows = 0
        for course_id in course_ids:
            size = self._rows.get(course_id) or USUAL
            if bundle and (len(bundle) >= TOGETHER or rows + size > WHOLE * 3 // 4):
                yield bundle
                bundle, rows = [], 0
            bundle.append(course_id)
            rows += size
        if bundle:
            yield bundle

    async def _whole(self, ids: Sequence[int]) -> list[Page]:
        """All participants of these courses; where they do not fit into one answer, of each half, or until still."""
        report, filters = self._reports[PARTICIPANTS.key], {"course:courseselector_values": list(ids)}
        for _ in range(ATTEMPTS):
            (first,) = await builder.retrieved(self._client, [(report, filters)], size=WHOLE)
            if len(first.rows) < WHOLE:
                return [page async for page in folding.folded(_one(first.rows), self._untracked)]
            if len(ids) > 1:
                middle = len(ids) // 2
                return [*await self._whole(ids[:middle]), *await self._whole(ids[middle:])]
            if (pages := await self._still(report, filters, first)) is not None:
                return pages
        raise Unavailable(
            f"The participants of the course {ids[0]} change faster than they can be read; they are read again later."
        )

    async def _still(self, report: Report, filters: Mapping[str, object], first: Rows) -> list[Page] | None:
        """A large course in several answers, if the number of its participants stayed the same through them all."""
        totals: list[Rows] = []

        async def rest() -> AsyncIterator[list[list[str]]]:
            yield first.rows
            for page in range(1, -(-first.total // WHOLE)):
                (found,) = await builder.retrieved(self._client, [(report, filters)], page, WHOLE)
                totals.append(Rows([], found.total if found.rows else 0))
                yield found.rows

        pages = [page async for page in folding.folded(rest(), self._untracked)]
        return pages if all(found.total == first.total for found in totals) else None


def _accesses(people: Sequence[PersonRow]) -> list[ReadAccess]:
    return [person.access for person in people if person.access]


def _since(filter_name: str, moment: datetime) -> dict[str, object]:
    return since(filter_name, int(moment.timestamp()))


def _entered(enrolments: Sequence[ReadEnrolment]) -> list[ReadEnrolment]:
    """Of enrolments that are new those that let somebody in: another one of the same person may do so already."""
    return [row for row in enrolments if row.active]


def _within(page: Page, ids: frozenset[int]) -> Page:
    """Without courses that were made after the list of courses was read."""
    if all(row.course_id in ids for row in page.enrolments):
        return page
    return Page(
        [row for row in page.enrolments if row.course_id in ids],
        [row for row in page.completions if row.course_id in ids],
        [row for row in page.grades if row.course_id in ids],
        page.certificates,
    )


def _certified(rows: list[list[str]], read: Callable[[list[str]], ReadCertificate | None]) -> Page:
    return Page(certificates=[found for row in rows if (found := read(row))])


async def _one(rows: list[list[str]]) -> AsyncIterator[list[list[str]]]:
    yield rows
