"""Cells and rows of reports: read exactly, folded by person and course, and refused when they look otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from html import escape

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.moodle.readers import cells, folding
from connector.domain.errors import ProtocolError
from connector.domain.reading import Page, Precision, ReadCompletion, ReadEnrolment, ReadGrade

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def written(moment: datetime) -> str:
    """As Moodle writes a time in English."""
    hour = moment.hour % 12 or 12
    half = "PM" if moment.hour >= 12 else "AM"
    day = f"{DAYS[moment.weekday()]}, {moment.day} {MONTHS[moment.month - 1]} {moment.year}"
    return f"{day}, {hour}:{moment.minute:02} {half}"


@given(st.integers(0, 4_102_444_800))
def test_a_time_is_read_to_the_minute(seconds: int) -> None:
    """Every minute of a century, noon and midnight too."""
    moment = datetime.fromtimestamp(seconds, UTC)
    assert cells.moment(written(moment)) == moment.replace(second=0, microsecond=0)


@pytest.mark.parametrize(
    "cell",
    [
        "samedi 3 octobre 2026, 05:00",
        "Saturday, 3 October 2026, 13:00 PM",
        "Saturday, 31 February 2026, 5:00 AM",
        "Saturday, 3 Oktober 2026, 5:00 AM",
        "Saturday, 3 October 2026",
        "3/10/26, 05:00",
        "1791500000",
    ],
)
def test_another_time_is_refused(cell: str) -> None:
    """A time in another language or form is never guessed."""
    with pytest.raises(ProtocolError, match="a date in English"):
        cells.moment(cell)


@given(st.integers(1, 10**9), st.text(max_size=30))
def test_a_link_tells_the_id_whatever_the_name(number: int, name: str) -> None:
    """A name that looks like markup or another link does not mislead."""
    text = escape(name) + '<a href="https://x/user/profile.php?id=7">'
    assert cells.person(f'<a href="https://x/sub/user/profile.php?id={number}">{text}</a>') == number
    assert cells.course(f'<a class="dimmed" href="https://x/course/view.php?id={number}">{text}</a>') == number


@pytest.mark.parametrize(
    ("read", "cell"),
    [
        (cells.person, "Ada Okafor"),
        (cells.person, '<a href="https://x/course/view.php?id=2">Ada</a>'),
        (cells.course, "SAFE101"),
        (cells.badge, "Safe"),
        (cells.text_of_link, "Safe"),
        (cells.active, "Aktiv"),
        (cells.active, ""),
        (cells.yes_or_no, "Oui"),
        (cells.grade, "83,50"),
        (cells.grade, "83.5"),
        (cells.grade, "B+"),
    ],
)
def test_a_cell_of_another_column_is_refused(read: Callable[[str], object], cell: str) -> None:
    """Columns that were moved, and texts of other languages, end the reading with what to do."""
    with pytest.raises(ProtocolError, match="doctor --fix"):
        read(cell)


def test_empty_cells() -> None:
    """Nobody, no time, not completed, no grade."""
    assert (cells.person(""), cells.moment(""), cells.yes_or_no(""), cells.grade("")) == (0, None, False, None)


# ---------------------------------------------------------------- folding
def row(
    user: int, course: int, created: int, status: str = "Active", plugin: str = "Manual", name: str = ""
) -> list[str]:
    """A row of the report on participants; ``created`` is a minute of 3 October 2026."""
    who = f'<a href="https://x/user/profile.php?id={user}">A</a>' if user else ""
    return [
        name or (f"u{user:04}" if user else ""),
        who,
        f'<a href="https://x/course/view.php?id={course}">C</a>',
        plugin,
        written(datetime(2026, 10, 3, 5, created, tzinfo=UTC)),
        status,
        "Yes",
        written(datetime(2026, 10, 4, 5, 0, tzinfo=UTC)),
        "83.50",
    ]


def fold(pages: list[list[list[str]]], untracked: frozenset[int] = frozenset()) -> list[Page]:
    async def given_pages() -> AsyncIterator[list[list[str]]]:
        for page in pages:
            yield page

    async def all_of_it() -> list[Page]:
        return [page async for page in folding.folded(given_pages(), untracked)]

    return anyio.run(all_of_it)


enrolments = st.lists(
    st.tuples(st.integers(0, 4), st.integers(2, 4), st.integers(0, 59), st.sampled_from(["Active", "Suspended"])),
    max_size=40,
)


@given(enrolments, st.integers(1, 9))
def test_folding_does_not_depend_on_pages(given_rows: list[tuple[int, int, int, str]], size: int) -> None:
    """Each person once in each course, active if any enrolment is, entered when the oldest was made."""
    rows = [row(*one) for one in sorted(given_rows)]
    pages = fold([rows[start : start + size] for start in range(0, len(rows), size)])
    found = [one for page in pages for one in page.enrolments]
    wanted: dict[tuple[int, int], tuple[bool, int]] = {}
    for user, course, created, status in given_rows:
        if user:
            active, oldest = wanted.get((user, course), (False, 99))
            wanted[user, course] = active or status == "Active", min(oldest, created)
    assert {(one.user_id, one.course_id): (one.active, one.enrolled_at) for one in found} == {
        key: (active, datetime(2026, 10, 3, 5, minute, tzinfo=UTC)) for key, (active, minute) in wanted.items()
    }
    assert len(found) == len(wanted)
    assert sum(len(page.grades) for page in pages) == len(wanted)


def test_two_accounts_of_one_username() -> None:
    """Accounts of two Moodles in a network can share a name; their rows lie between each other."""
    rows = [row(1, 2, 0, name="ada"), row(9, 2, 1, name="ada"), row(1, 2, 2, "Suspended", name="ada")]
    [page] = fold([rows[:2], rows[2:]])
    assert [(one.user_id, one.active) for one in page.enrolments] == [(1, True), (9, True)]


def test_what_a_row_becomes() -> None:
    """Three facts, each with its precision."""
    [page] = fold([[row(5, 2, 7)]])
    at = datetime(2026, 10, 3, 5, 7, tzinfo=UTC)
    assert page.enrolments == [ReadEnrolment(5, 2, True, at, Precision.MINUTE)]
    assert page.completions == [
        ReadCompletion(5, 2, True, datetime(2026, 10, 4, 5, 0, tzinfo=UTC), Precision.MINUTE, None)
    ]
    assert page.grades == [ReadGrade(5, 2, 83.5, 2)]


def test_without_a_record_of_completion() -> None:
    """Nobody has completed it yet, but for courses where completion is off: there nothing is known."""
    first, second = row(5, 2, 7), row(5, 3, 7)
    for cells_of in (first, second):
        cells_of[6:8] = ["", ""]
    assert [one.completed for page in fold([[first, second]]) for one in page.completions] == [False, False]
    pages = fold([[first, second]], frozenset({3}))
    assert [one.course_id for page in pages for one in page.completions] == [2]


def test_issues_of_tool_certificate() -> None:
    """As the plugin writes them: a code of its own, a template that is told by name, and Never for no end."""
    link = '<a href="https://x/user/profile.php?id=5">A</a>'
    issued = written(datetime(2026, 10, 3, 5, 7, tzinfo=UTC))
    read = folding.certificate(["8504387730AU", link, "Gas & fire", issued, "Never"])
    assert read is not None
    assert (read.user_id, read.source, read.code) == (5, "tool_certificate", "8504387730AU")
    assert (read.template, read.template_name, read.expires_at) == ("Gas & fire", "Gas & fire", None)
    assert (read.issued_at, read.precision) == (datetime(2026, 10, 3, 5, 7, tzinfo=UTC), Precision.MINUTE)
    ends = folding.certificate(["8504387730AU", link, "Gas & fire", issued, issued])
    assert ends is not None
    assert ends.expires_at == read.issued_at
    assert folding.certificate(["8504387730AU", "", "Gas & fire", issued, "Never"]) is None


def test_a_mark_tells_changes_apart() -> None:
    """Anything that can be written changes the mark; the last access does not, and is told by itself."""
    cells_of = ['<a href="https://x/user/profile.php?id=5">A</a>', "", "ada", "", "No"]
    before = folding.person(cells_of)
    visited = folding.person([cells_of[0], written(datetime(2026, 10, 3, tzinfo=UTC)), *cells_of[2:]])
    assert visited.mark == before.mark
    assert visited.access is not None
    assert before.access is None
    assert folding.person([*cells_of[:4], "Yes"]).mark != before.mark
    assert folding.person([*cells_of[:3], "No", ""]).mark != before.mark
