"""What learners are told, in PostgreSQL; see ``connector.domain.learners.Waiting``."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from connector.domain.learners import DueNotice, Telling, Welcome
from connector.store.database import Database


class DueNotices:
    """Due dates, each told once to each person."""

    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def end_over(self, now: datetime) -> int:
        return self._database.run("learners.end_over", site=self._site, now=now)

    def waiting(self, now: datetime, limit: int) -> list[DueNotice]:
        rows = self._database.rows("learners.waiting", site=self._site, now=now, limit=limit)
        return [DueNotice(**row) for row in rows]

    def claim(self, notices: Collection[DueNotice], now: datetime) -> list[DueNotice]:
        rows = self._database.rows("learners.claim", site=self._site, now=now, **_keys(notices))
        ours = {(row["person_id"], row["requirement"], row["due_on"]) for row in rows}
        return [one for one in notices if (one.person_id, one.requirement, one.due_on) in ours]

    def give_back(self, notices: Collection[DueNotice]) -> None:
        self._database.run("learners.give_back", site=self._site, **_keys(notices))

    def settle(self, tellings: Collection[Telling[DueNotice]], now: datetime) -> None:
        self._database.run(
            "learners.settle",
            site=self._site,
            now=now,
            states=[one.told.value for one in tellings],
            messages=[one.message for one in tellings],
            **_keys([one.notice for one in tellings]),
        )


def _keys(notices: Collection[DueNotice]) -> dict[str, list[object]]:
    return {
        "people": [one.person_id for one in notices],
        "requirements": [one.requirement for one in notices],
        "days": [one.due_on for one in notices],
    }


class Welcomes:
    """That people have an account, each told once of each account."""

    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def end_over(self, now: datetime) -> int:
        return self._database.run("welcome.end_over", site=self._site, now=now)

    def waiting(self, now: datetime, limit: int) -> list[Welcome]:
        rows = self._database.rows("welcome.waiting", site=self._site, now=now, limit=limit)
        return [Welcome(**row) for row in rows]

    def claim(self, notices: Collection[Welcome], now: datetime) -> list[Welcome]:
        rows = self._database.rows("welcome.claim", site=self._site, now=now, accounts=_accounts(notices))
        ours = {row["account_id"] for row in rows}
        return [one for one in notices if one.account_id in ours]

    def give_back(self, notices: Collection[Welcome]) -> None:
        self._database.run("welcome.give_back", site=self._site, accounts=_accounts(notices))

    def settle(self, tellings: Collection[Telling[Welcome]], now: datetime) -> None:
        self._database.run(
            "welcome.settle",
            site=self._site,
            now=now,
            accounts=_accounts([one.notice for one in tellings]),
            states=[one.told.value for one in tellings],
            messages=[one.message for one in tellings],
        )


def _accounts(notices: Collection[Welcome]) -> list[int]:
    return [one.account_id for one in notices]
