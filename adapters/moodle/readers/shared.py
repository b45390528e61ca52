"""What both readers ask of plain functions: courses, course totals, and badges where no report has them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from html import unescape
from typing import Any

from adapters.moodle import rows as read
from adapters.moodle.client import Call, MoodleClient
from adapters.moodle.errors import foreseen
from adapters.moodle.readers.builder import values_of
from adapters.moodle.readers.catalogue import by_core
from adapters.moodle.site import ENROLLED
from adapters.moodle.together import together
from adapters.moodle.wire import chunks
from connector.domain.errors import AccessRefused, ConnectorError, Missing
from connector.domain.ports import Course
from connector.domain.reading import AccountBook, GradeItem, Page, ReadCertificate, Scope

COURSES = "core_course_get_courses_by_field"
CATEGORIES = "core_course_get_categories"
GRADES = "gradereport_user_get_grade_items"
BADGES = "core_badges_get_user_badges"
BADGE = "badge"
SITE_COURSE = 1
CALLS_A_REQUEST = 100
SCOPES = 3_000
AT_ONCE = 4


def scoped(scopes: Iterable[Scope]) -> Iterator[Page]:
    """What is read completely, in pages: of many people there are many scopes."""
    return (Page(scopes=some) for some in chunks(scopes, SCOPES))


async def all_courses(client: MoodleClient, only: Collection[int] | None = None) -> list[Course]:
    """Every course that the token sees, or of these; without the site's front page, which is a course to Moodle."""
    named = {} if only is None else {"field": "ids", "value": ",".join(map(str, sorted(only)))}
    answer, categories = values_of(await client.call_many([(COURSES, named), (CATEGORIES, {})]))
    with foreseen(COURSES):
        return [
            replace(read.course(row), about=by_core(row, categories))
            for row in answer["courses"]
            if int(row["id"]) != SITE_COURSE and row.get("format") != "site"
        ]


async def missing_courses(client: MoodleClient, course_ids: Sequence[int]) -> list[int]:
    """Of these courses those that are gone. The list of all courses lacks those that are closed to the token as well.

    Asked for its participants Moodle refuses a closed course otherwise than one that it does not have.
    """
    one = [{"name": "limitnumber", "value": 1}]
    calls: list[Call] = [(ENROLLED, {"courseid": course, "options": one}) for course in course_ids]
    answers = await client.call_many(calls) if calls else []
    for answer in answers:
        if isinstance(answer, ConnectorError) and not isinstance(answer, Missing | AccessRefused):
            raise answer
    return [course for course, answer in zip(course_ids, answers, strict=True) if isinstance(answer, Missing)]


async def grade_items(client: MoodleClient, samples: Mapping[int, int]) -> list[GradeItem]:
    """The course total of each course, from the grades of one of its people; who has left it gives none."""
    calls: list[Call] = [(GRADES, {"courseid": course, "userid": user}) for course, user in samples.items()]
    answers = await client.call_many(calls) if calls else []
    with foreseen(GRADES):
        return [
            _grade_item(course, item)
            for course, answer in zip(samples, answers, strict=True)
            for item in _totals(read.unless_missing(answer))
        ]


def _totals(answer: Any) -> list[Mapping[str, Any]]:
    people = answer["usergrades"] if answer else []
    return [item for person in people[:1] for item in person["gradeitems"] if item["itemtype"] == "course"]


def _grade_item(course: int, item: Mapping[str, Any]) -> GradeItem:
    """Core tells no pass mark here; None is "not told"."""
    least, most = float(item.get("grademin") or 0), float(item.get("grademax") or 0)
    return GradeItem(int(item["id"]), course, least, most, read.number(item.get("gradepass")))


async def badges(client: MoodleClient, book: AccountBook) -> AsyncIterator[Page]:
    """Badges of managed people. Moodle hides those that their owner has made private."""
    for ids in book.bound():
        for start in range(0, len(ids), CALLS_A_REQUEST * AT_ONCE):
            window = ids[start : start + CALLS_A_REQUEST * AT_ONCE]
            jobs = [partial(_badges, client, people) for people in chunks(window, CALLS_A_REQUEST)]
            for found in await together(jobs):
                yield Page(certificates=found)
    yield Page(scopes=[Scope("certificates", source=BADGE)])


async def _badges(client: MoodleClient, people: Sequence[int]) -> list[ReadCertificate]:
    calls: list[Call] = [(BADGES, {"userid": user}) for user in people]
    answers = await client.call_many(calls, at_once=CALLS_A_REQUEST)
    with foreseen(BADGES):
        return [
            _badge(user, row)
            for user, answer in zip(people, answers, strict=True)
            for row in (read.unless_missing(answer) or {"badges": ()})["badges"]
        ]


def _badge(user: int, row: Mapping[str, Any]) -> ReadCertificate:
    """A badge is awarded to a person once; so its id and the person's tell awards apart, in reports too."""
    badge_id, expires = int(row["id"]), int(row.get("dateexpire") or 0)
    return ReadCertificate(
        user,
        BADGE,
        f"{badge_id}-{user}",
        str(badge_id),
        unescape(str(row["name"])).strip(),
        datetime.fromtimestamp(int(row["dateissued"]), UTC),
        datetime.fromtimestamp(expires, UTC) if expires else None,
    )
