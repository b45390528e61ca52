"""Accounts: what is known of them is brought up to what Moodle has. The way in uses it too, before it plans."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from connector.domain.reading import AccountBook, AccountsPage, Reader

OVERLAP = timedelta(minutes=15)
"""Changes are read again from so long before: clocks differ, and Moodle's cron writes times of the past."""

Note = Callable[[AccountsPage], None]


async def refresh_accounts(
    reader: Reader, book: AccountBook, clock: Callable[[], datetime], *, everybody: bool, note: Note | None = None
) -> None:
    """Read all accounts, or just those that changed where the reader can tell and has read them all before.

    Managed accounts that Moodle no longer has are marked as lost. Raises the error tree.
    """
    began = clock()
    since = None if everybody or not reader.incremental else from_before(book.read_until())
    async for page in reader.accounts(book, since):
        book.remember(page, clock())
        if page.gone:
            book.mark_lost(page.gone, clock())
        if note is not None:
            note(page)
    if since is None:
        book.mark_lost(book.unseen(began), clock())
    book.set_read_until(began)


def from_before(read_until: datetime | None) -> datetime | None:
    """From when on changes are read that came since; None where nothing was read before."""
    return read_until - OVERLAP if read_until else None
