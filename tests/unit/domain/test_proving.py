"""Comparing rows with Moodle's by buckets, and naming why they differ."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.causes import Setting, Signs, is_news, named
from connector.domain.held import HeldRow, HeldRows, Range, bucketed
from connector.domain.proving import Difference, What, differences, ranges, unlike

COLUMNS = ("id", "userid", "courseid", "value")
WIDTH, MOST = 5, 10
TABLES = st.dictionaries(st.integers(1, 60), st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(0, 2)))


def rows(table: dict[int, tuple[int, int, int]], within: Range | None = None) -> HeldRows:
    found = [
        HeldRow(key, user, course, json.dumps([key, user, course, value]).encode())
        for key, (user, course, value) in sorted(table.items())
        if within is None or within.first <= key <= within.last
    ]
    return HeldRows("grades", COLUMNS, found)


@given(TABLES, TABLES)
def test_exactly_what_differs_is_found_by_buckets(
    ours: dict[int, tuple[int, int, int]], theirs: dict[int, tuple[int, int, int]]
) -> None:
    """Whatever the two sets of rows are: only what differs is read, once, and nothing is missed or doubled."""
    differing = unlike(bucketed(rows(ours), WIDTH), bucketed(rows(theirs), WIDTH))
    read = list(ranges(differing, WIDTH, MOST))
    assert all(one.last - one.first < MOST for one in read)
    assert {key // WIDTH for one in read for key in range(one.first, one.last + 1)} == set(differing)
    found = [one for some in read for one in differences(rows(ours, some), rows(theirs, some))]
    assert {(one.key, one.what) for one in found} == (
        {(key, What.MISSING) for key in theirs.keys() - ours.keys()}
        | {(key, What.GONE) for key in ours.keys() - theirs.keys()}
        | {(key, What.OTHER) for key in ours.keys() & theirs.keys() if ours[key] != theirs[key]}
    )
    assert len(found) == len({one.key for one in found})
    assert (found == []) == (ours == theirs)


def test_columns_that_changed_are_named() -> None:
    """With what was and what is, and whose it is now."""
    [one] = differences(rows({7: (1, 2, 0)}), rows({7: (1, 2, 1)}))
    assert (one.changed, one.was["value"], one.now["value"]) == (("value",), 0, 1)
    assert (one.moodle_id, one.course_id) == (1, 2)


def one(dataset: str, what: What, was: dict[str, Any] | None = None, now: dict[str, Any] | None = None) -> Difference:
    changed = tuple(sorted(name for name in (was or {}) if now and was and was[name] != now[name]))
    return Difference(dataset, 5, 1, 2, what, changed, was=was or {}, now=now or {})


SETTING = Setting(courses={2}, deleted=(), began=1000)


@pytest.mark.parametrize(
    ("found", "cause"),
    [
        (one("enrolments", What.GONE), "unenrolment"),
        (one("grades", What.GONE), "reset"),
        (one("badge_issues", What.GONE), "revocation"),
        (one("enrolments", What.OTHER, {"status": 0}, {"status": 1}), "suspension"),
        (one("enrolments", What.OTHER, {"status": 1}, {"status": 0}), "reactivation"),
        (one("grades", What.OTHER, {"finalgrade": "1"}, {"finalgrade": "2"}), "regrade"),
        (one("grades", What.OTHER, {"finalgrade": "1"}, {"finalgrade": None}), "reset"),
        (one("grades", What.OTHER, {"overridden": 0}, {"overridden": 9}), "override"),
        (one("completions", What.OTHER, {"timecompleted": 5}, {"timecompleted": 6}), "recompletion"),
        (one("completions", What.MISSING, None, {"timecompleted": 5}), "late"),
        (one("completions", What.MISSING, None, {"timecompleted": 2000}), "clock"),
        (one("grade_items", What.OTHER, {"grademax": "1"}, {"grademax": "2"}), "settings"),
        (one("people", What.MISSING, None, {"deleted": 1}), "deletion"),
    ],
)
def test_causes(found: Difference, cause: str) -> None:
    """What happened to a row is told by what it is and what changed of it."""
    assert [each.cause for each in named([found], SETTING)] == [cause]


def test_causes_beside_a_row() -> None:
    """With an enrolment go grades; with a person or a course all that is theirs; a backup explains everything."""
    gone = [one("enrolments", What.GONE), one("grades", What.GONE)]
    assert {each.cause for each in named(gone, SETTING)} == {"unenrolment"}
    assert {each.cause for each in named(gone, Setting((), (), 1000))} == {"deletion"}
    assert {each.cause for each in named(gone, Setting({2}, {1}, 1000))} == {"deletion"}
    assert {each.cause for each in named(gone, Setting({2}, (), 1000, restored=True))} == {"restored"}


def restored(*found: Difference, behind: Collection[str] = ()) -> bool:
    signs = Signs(set(behind))
    signs.note(found)
    return signs.restored


def test_an_older_backup_is_noticed() -> None:
    """A key that is another row's, a time that went back, somebody who is deleted no more; not what merely ended."""
    assert restored(one("enrolments", What.OTHER, {"userid": 1}, {"userid": 2}))
    assert restored(one("enrolments", What.OTHER, {"timemodified": 9}, {"timemodified": 8}))
    assert not restored(one("grades", What.OTHER, {"timemodified": 9}, {"timemodified": 8})), "an earlier attempt"
    assert restored(one("people", What.GONE))
    assert not restored(one("enrolments", What.OTHER, {"timemodified": 8}, {"timemodified": 9}))
    ended = [
        Difference(dataset, 9, 1, course, What.GONE) for dataset in ("enrolments", "completions") for course in (2, 3)
    ]
    assert restored(*ended, behind={"enrolments", "completions"})
    assert not restored(*ended, behind={"enrolments"})


def test_signs_of_a_backup_keep_no_difference() -> None:
    """However many rows of people who are not managed differ: what is kept grows with courses alone."""
    signs = Signs()
    signs.note(Difference("grades", key, key, key % 3, What.GONE) for key in range(10_000))
    assert sum(len(kept) for kept in signs.ended_in.values()) == 3
    assert not signs.restored


def test_what_came_since_is_news() -> None:
    """By the row's own time; what ended has none."""
    assert is_news(one("grades", What.MISSING, None, {"timemodified": 1000}), 1000)
    assert not is_news(one("grades", What.MISSING, None, {"timemodified": 999}), 1000)
    assert not is_news(one("enrolments", What.GONE), 1000)
