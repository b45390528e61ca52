"""What has to be read again because of what Moodle tells."""

from __future__ import annotations

from collections.abc import Iterable

from connector.domain.outbox import MANY, Entry, Part, Touched


def touched(entries: Iterable[Entry], managed: Iterable[int]) -> Touched:
    found = Touched()
    found.note(entries, set(managed))
    return found


def test_what_a_person_learns_is_read_once_and_of_nobody_else() -> None:
    """However often it was told, and nothing of people who are nobody of ours."""
    entries = [Entry(1, "grades", "updated", 7, 5), Entry(2, "grades", "updated", 7, 6), Entry(3, "grades", "x", 8, 5)]
    found = touched(entries, [7])
    assert list(found.parts()) == [Part(people=(7,))]
    assert list(touched(entries, []).parts()) == []
    assert (found.named, found.issued) == (set(), {})


def test_many_in_one_course_are_read_by_course() -> None:
    """So that what is asked for never grows with how many they are; who is elsewhere too is read there."""
    crowd = [Entry(n, "enrolments", "deleted", n, 5) for n in range(1, MANY + 2)]
    assert list(touched(crowd, range(1, MANY + 2)).parts()) == [Part(courses=(5,))]
    elsewhere = [*crowd, Entry(MANY + 2, "completions", "created", 3, 6)]
    assert list(touched(elsewhere, range(1, MANY + 2)).parts()) == [Part(courses=(5,)), Part(people=(3,))]


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
    found = touched([Entry(1, "people", "deleted", 7)], [7])
    assert list(found.parts()) == [Part(people=(7,))]
    assert found.issued == {"badge": {7}, "tool_certificate": {7}, "customcert": {7}}
    assert list(touched([Entry(1, "people", "updated", 7)], [7]).parts()) == []


def test_certificates_are_read_by_person_and_source() -> None:
    """Where a badge, or an activity that issues, is deleted all are: what was issued of it goes without a word."""
    entries = [Entry(1, "badge_issues", "deleted", 7), Entry(2, "customcert_issues", "created", 7, 5)]
    assert touched(entries, [7]).issued == {"badge": {7}, "customcert": {7}}
    assert touched([*entries, Entry(3, "badges", "deleted"), entries[0]], [7]).issued["badge"] is None
    found = touched([Entry(4, "customcerts", "created", 0, 5, 9)], [])
    assert (found.issued, found.templates) == ({}, {"customcert"})
    found = touched([Entry(5, "customcerts", "deleted", 0, 5, 9), entries[1]], [7])
    assert (found.issued, found.templates) == ({"customcert": None}, {"customcert"})
