"""The managed accounts as they are known, in PostgreSQL; see ``connector.domain.reading.AccountBook``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from connector.domain.ports import Account
from connector.domain.reading import AccountsPage
from connector.store.database import Connection, Database, dumps, query

PAGE = 2000
"""Accounts that are read at once; each list is a query of its own, because reading Moodle takes its time."""


class Accounts:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def bound(self) -> Iterator[list[int]]:
        after = 0
        while rows := self._database.rows("accounts.bound", site=self._site, after=after, limit=PAGE):
            after = rows[-1]["account_id"]
            yield [row["account_id"] for row in rows]

    def managed(self, account_ids: Collection[int]) -> set[int]:
        rows = self._database.rows("accounts.managed", site=self._site, account_ids=list(account_ids))
        return {row["account_id"] for row in rows}

    def unlike(self, marks: Mapping[int, bytes]) -> list[int]:
        values = {"account_ids": list(marks), "marks": list(marks.values())}
        return [row["account_id"] for row in self._database.rows("accounts.unlike", site=self._site, **values)]

    def remember(self, page: AccountsPage, now: datetime) -> None:
        """In two transactions: within each, accounts are locked in the order of their ids, as everywhere."""
        self._database.transact(lambda connection: remember(connection, self._site, page.accounts, now, page.marks))
        known = {account.id for account in page.accounts}
        if rest := [account_id for account_id in page.seen if account_id not in known]:
            self._database.run("accounts.seen", site=self._site, account_ids=rest, now=now)

    def unseen(self, since: datetime) -> list[int]:
        return [row["account_id"] for row in self._database.rows("accounts.unseen", site=self._site, since=since)]

    def mark_lost(self, account_ids: Sequence[int], now: datetime) -> None:
        self._database.run("accounts.mark_lost", site=self._site, account_ids=list(account_ids), now=now)

    def read_until(self) -> datetime | None:
        row = self._database.row("accounts.read_until", site=self._site)
        moment: datetime | None = row["read_until"] if row else None
        return moment

    def set_read_until(self, moment: datetime) -> None:
        self._database.run("accounts.set_read_until", site=self._site, moment=moment)


def remember(
    connection: Connection,
    site: str,
    accounts: Sequence[Account],
    now: datetime,
    marks: Mapping[int, bytes] | None = None,
) -> None:
    """Keep accounts as Moodle shows them, in the order of their ids: two processes never wait for each other.

    Usernames of managed people are theirs for good. Without a mark an account is read again when a report is.
    """
    there = sorted((account for account in accounts if not account.deleted), key=lambda account: account.id)
    rows = [_row(site, account, now, marks or {}) for account in there]
    with connection.cursor() as cursor:
        cursor.executemany(query("accounts.remember"), rows)
    ids = [account.id for account in there]
    connection.execute(query("accounts.reserve_usernames"), {"site": site, "account_ids": ids})


def _row(site: str, account: Account, now: datetime, marks: Mapping[int, bytes]) -> dict[str, Any]:
    fields = {**account.fields, "profile": dict(account.profile)}
    return {
        "site": site,
        "account_id": account.id,
        "fields": dumps(fields).decode(),
        "suspended": account.suspended,
        "now": now,
        "mark": marks.get(account.id),
    }
