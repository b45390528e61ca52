"""Due dates in calendars, in PostgreSQL; see ``connector.domain.keeping.Kept``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime

from connector.domain.calendar import Change, Due, Entry, Known, changes
from connector.domain.errors import ConnectorError
from connector.domain.keeping import outcome
from connector.store.database import Database, Row


class CalendarEntries:
    """What is due is told by the facts, which may live in another database than what was sent.

    ``write`` says what stands in the calendar; None leaves a due date out.
    """

    def __init__(self, database: Database, facts: Database, site: str, write: Callable[[Due], Entry | None]) -> None:
        self._database = database
        self._facts = facts
        self._site = site
        self._write = write

    def steps(self, now: datetime) -> Iterator[Change]:
        rows = self._database.rows("calendar.known", site=self._site, now=now)
        known = {(row["account_id"], row["requirement"]): Known(**row) for row in rows}
        entries = (entry for some in self._due() for due in some if (entry := self._write(due)))
        return changes(entries, known, now.date())

    def _due(self) -> Iterator[Sequence[Due]]:
        for rows in self._facts.stream("calendar.due", 2000):
            accounts = self._accounts({row["person_id"] for row in rows})
            yield [Due(**row, **accounts[row["person_id"]]) for row in rows if row["person_id"] in accounts]

    def _accounts(self, people: Collection[int]) -> dict[int, Row]:
        rows = self._database.rows("calendar.accounts", site=self._site, people=list(people))
        return {row.pop("person_id"): row for row in rows}

    def sending(self, steps: Collection[Change], now: datetime) -> None:
        self._database.run(
            "calendar.sending",
            site=self._site,
            now=now,
            days=[change.entry.due_on if change.entry else None for change in steps],
            digests=[change.entry.digest if change.entry else "" for change in steps],
            **_places(steps),
        )

    def settle(self, came: Collection[tuple[Change, ConnectorError | None]], now: datetime) -> None:
        self._database.run(
            "calendar.settle",
            site=self._site,
            now=now,
            states=[outcome(change, error) for change, error in came],
            messages=[str(error)[:200] if error else "" for _, error in came],
            **_places([change for change, _ in came]),
        )


def _places(steps: Collection[Change]) -> dict[str, list[object]]:
    return {
        "accounts": [change.account_id for change in steps],
        "requirements": [change.requirement for change in steps],
    }
