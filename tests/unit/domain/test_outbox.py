"""What has to be read again because of what Moodle tells."""

from __future__ import annotations

from collections.abc import Iterable

from connector.domain.outbox import FEW, MANY, Entry, Part, Touched


def touched(entries: Iterable[Entry], managed: Iterable[int]) -> Touched:
    found = Touched()
    found.note(entries, set(managed))
    return found


def test_one_thing_is_read_of_one_person_in_one_course() -> None:
    """However often it was told, and nothing of people who are nobody of ours."""
    entries = [Entry(1, "grades", "updated", 7, 5), Entry(2, "grades", "updated", 7, 5), Entry(3, "grades", "x", 8, 5)]
    found = touched(entries, [7])
    assert list(found.parts()) == [Part((7,), (5,))]
    assert list(touched(entries, []).parts()) == []
    assert (found.named, found.issued) == (set(), {})


def test_many_in_one_course_are_read_by_course_and_many_courses_by_person() -> None:
    """So that a request never grows with what happened, and what is read little more than that."""
    crowd = [Entry(n, "enrolments", "deleted", n, 5) for n in range(1, MANY + 2)]
    assert list(touched(crowd, range(1, MANY + 2)).parts()) == [Part(courses=(5,))]
    here_and_there = [Entry(n, "completions", "created", n % 3 + 1, n) for n in range(1, FEW + 2)]
    assert list(touched(here_and_there, {1, 2, 3}).parts()) == [Part(people=(1, 2, 3))]


def test_a_course_that_was_reset_or_deleted_is_read_as_a_whole() -> None:
    """With its name and its grade items; single people in it are read with it."""
    found = touched([Entry(1, "courses", "again", 0, 5), Entry(2, "grades", "updated", 7, 5)], [7])
    assert list(found.parts()) == [Part(courses=(5,))]
    assert (found.named, found.contents) == ({5}, {5})
    found = touched([Entry(3, "courses", "deleted", 0, 0, 6)], [])
    assert list(found.parts()) == [Part(courses=(6,))]
    assert found.issued == {"customcert": None}, "its certificates go without a word"
    found = touched([Entry(4, "courses", "updated", 0, 5)], [])
    assert (list(found.parts()), found.named) == ([], {5})


def test_who_was_deleted_is_read_everywhere() -> None:
    """A change of the account itself touches nothing that is learned."""
    assert list(touched([Entry(1, "people", "deleted", 7)], [7]).parts()) == [Part(people=(7,))]
    assert list(touched([Entry(1, "people", "updated", 7)], [7]).parts()) == []


def test_certificates_are_read_by_person_and_source() -> None:
    """Where a badge is deleted all badges are: what was awarded of it goes without a word."""
    entries = [Entry(1, "badge_issues", "deleted", 7), Entry(2, "customcert_issues", "created", 7, 5)]
    assert touched(entries, [7]).issued == {"badge": {7}, "customcert": {7}}
    assert touched([*entries, Entry(3, "badges", "deleted"), entries[0]], [7]).issued["badge"] is None
