"""The catalogue of courses."""

from __future__ import annotations

from connector.api.answering import Ask, itself, meta, page_links, page_meta
from connector.api.answers import Category, Course, CourseAnswer, CoursesAnswer
from connector.api.asking import CoursesAsked, OfUnit
from connector.api.problems import NothingThere
from connector.domain.analytics import CourseSearch, Look, Row
from connector.domain.multilang import ANY, language_tag

LARGEST_ID = 2**63 - 1


def courses(look: Look, asked: CoursesAsked, ask: Ask) -> CoursesAnswer:
    search = CourseSearch(
        category=asked.category,
        difficulty=asked.difficulty,
        language=language_tag(asked.language) if asked.language else None,
        search=asked.search,
        visible=asked.visible,
        shown=language_tag(next(iter(ask.languages), ANY)),
        sort=asked.sort,
        limit=asked.limit,
        offset=(asked.page - 1) * asked.limit,
    )
    total, rows = look.courses(search)
    data = [_course(row, ask) for row in rows]
    return CoursesAnswer(data=data, meta=page_meta(look, asked, total), links=page_links(ask, asked, total))


def course(look: Look, _asked: OfUnit, ask: Ask) -> CourseAnswer:
    return CourseAnswer(data=_course(found(look, ask), ask), meta=meta(look), links=itself(ask))


def found(look: Look, ask: Ask) -> Row:
    """The course of the address. Raises NothingThere."""
    given = ask.places["id"]
    course_id = int(given) if given.isascii() and given.isdecimal() and len(given) < 20 else 0
    row = look.course(course_id) if 0 < course_id <= LARGEST_ID else None
    if row is None:
        raise NothingThere("There is no such course.")
    return row


def title(row: Row, ask: Ask) -> str:
    return ask.text(row["title"]) or str(row["fullname"])


def _course(row: Row, ask: Ask) -> Course:
    return Course(
        id=row["course_id"],
        idnumber=row["idnumber"],
        shortname=row["shortname"],
        title=title(row, ask),
        description=ask.text(row["description"]),
        languages=sorted(row["title"]),
        category=[
            Category(id=category, name=ask.text(names))
            for category, names in zip(row["category_ids"], row["category_names"], strict=True)
        ],
        minutes=row["minutes"],
        difficulty=ask.text(row["difficulty"]) or None,
        objectives=ask.text(row["objectives"]) or None,
        starts_at=row["starts_at"],
        visible=row["visible"],
        learners=row["enrolled"],
        completions=row["completed"],
        completion_rate=row["completion_rate"],
    )
