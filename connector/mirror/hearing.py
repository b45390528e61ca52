"""What Moodle tells of its own accord: heard before anything is read, so that what is read is never older."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from datetime import datetime, timedelta

from connector.domain.outbox import Touched
from connector.domain.reading import AccountBook, Outbox, Reader
from connector.mirror.accounts import OVERLAP

KEPT = timedelta(days=1)
"""For so long, at least, Moodle keeps what it has to tell."""


def forgotten(reader: Reader, read_until: datetime | None, now: datetime) -> bool:
    """May Moodle have forgotten something that it had to tell? Then everything has to be read."""
    return reader.outbox is not None and read_until is not None and abs(now - read_until) > KEPT


def is_stale(book: AccountBook, now: datetime) -> bool:
    """Is it time to look at all accounts that changed, and at visits, which Moodle does not tell?"""
    read_until = book.read_until()
    return read_until is None or not timedelta() <= now - read_until < OVERLAP


async def hear(
    outbox: Outbox | None, touched: Touched | None = None, book: AccountBook | None = None
) -> Sequence[int]:
    """The ids of all that Moodle has to tell; what it touches is noted in ``touched``, where it matters."""
    heard = array("q")
    if outbox is not None:
        async for entries in outbox.entries():
            heard.extend(entry.id for entry in entries)
            if touched is not None and book is not None:
                touched.note(entries, book.managed({entry.user_id for entry in entries}))
    return heard
