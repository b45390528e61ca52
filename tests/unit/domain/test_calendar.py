"""What has to be done in calendars: put, moved, removed, and nothing where it is so already."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from connector.domain.calendar import Change, Entry, Known, changes
from connector.domain.errors import AnswerLost, BatchRefused, Missing
from connector.domain.keeping import outcome

DAY, TODAY = date(2026, 12, 24), date(2026, 11, 30)
ENTRY = Entry(7, "SAFETY-14", DAY, "Asia/Taipei", "Due: Safety", "<p>Please</p>")


def known(*entries: Entry) -> dict[tuple[int, str], Known]:
    return {(one.account_id, one.requirement): Known(one.account_id, one.requirement, one.digest) for one in entries}


def test_what_is_new_is_put_and_what_is_there_is_left() -> None:
    """A second run has nothing to do."""
    assert list(changes([ENTRY], {}, TODAY)) == [Change(7, "SAFETY-14", ENTRY)]
    assert list(changes([ENTRY], known(ENTRY), TODAY)) == []


def test_another_day_or_text_is_put_in_its_place() -> None:
    """By the same key, so that Moodle moves the entry."""
    for other in (replace(ENTRY, due_on=TODAY), replace(ENTRY, title="Due: Fire"), replace(ENTRY, timezone="UTC")):
        [change] = changes([other], known(ENTRY), TODAY)
        assert (change.entry, change.key) == (other, "due:7:SAFETY-14")


def test_what_is_not_due_any_more_is_removed() -> None:
    """Met, withdrawn, or the person has left."""
    assert list(changes([], known(ENTRY), TODAY)) == [Change(7, "SAFETY-14")]


def test_a_day_that_has_gone_by_is_not_put() -> None:
    """Nobody can do anything about it; what stands there stays until it is done."""
    late = replace(ENTRY, due_on=date(2026, 11, 29))
    assert list(changes([late], {}, TODAY)) == []
    assert list(changes([late], known(late), TODAY)) == []


def test_it_stands_at_noon_of_the_person() -> None:
    """So whoever looks from another time zone sees the same day."""
    assert datetime.fromtimestamp(ENTRY.moment, UTC) == datetime(2026, 12, 24, 4, tzinfo=UTC)


def test_a_long_code_has_a_key_that_moodle_takes() -> None:
    """Moodle's column has room for 239 characters."""
    assert len(Change(10**18, "R" * 4000).key) < 240


def test_what_became_of_it() -> None:
    """What Moodle does not take is not asked for at once again; what was not answered is. A removal that it refuses is
    not done, unless there is nothing to remove it from."""
    put, removal = Change(7, "SAFETY-14", ENTRY), Change(7, "SAFETY-14")
    refused, lost = BatchRefused("no"), AnswerLost("cut")
    assert [outcome(put, error) for error in (None, refused, lost)] == ["put", "refused", "sent"]
    gone = Missing("no such account")
    assert [outcome(removal, error) for error in (None, refused, lost, gone)] == ["gone", "refused", "sent", "gone"]
