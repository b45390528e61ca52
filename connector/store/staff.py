"""What the connector knows of people, as the facts take it; see ``connector.domain.facts.Staff``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from connector.domain.facts import Assigned, Away, BroughtOver, Certified, Member, Waiver
from connector.domain.matching import Wanted, is_strangers
from connector.domain.ports import Account
from connector.store.database import Database, Row

IDENTIFIERS = ("username", "email", "idnumber")
NAMES = ("firstname", "lastname")


class StaffTables:
    """Reads the tables of the way in. The facts may live in another database, so nothing is joined across."""

    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def basis(self, now: datetime) -> str:
        row = self._database.one("staff.basis", site=self._site)
        return " ".join(str(value) for value in (*row.values(), now.date()))

    def fed_at(self) -> datetime | None:
        moment: datetime | None = self._database.one("staff.basis", site=self._site)["fed_at"]
        return moment

    def people(self, now: datetime) -> Iterator[list[Member]]:
        for rows in self._database.stream("staff.people", site=self._site, now=now):
            yield [_member(row) for row in rows]

    def assignments(self) -> Iterator[list[Assigned]]:
        for rows in self._database.stream("staff.assignments", site=self._site):
            yield [Assigned(**row) for row in rows]

    def leaves(self) -> Iterator[list[Away]]:
        for rows in self._database.stream("leaves.all", site=self._site):
            yield [Away(**row) for row in rows]

    def waivers(self) -> Iterator[list[Waiver]]:
        for rows in self._database.stream("staff.waivers", site=self._site):
            yield [Waiver(**row) for row in rows]

    def certificates(self, since: datetime | None) -> Iterator[list[Certified]]:
        for rows in self._database.stream("certificates.for_facts", site=self._site, since=since):
            yield [Certified(**row) for row in rows]

    def imports(self) -> Iterator[list[BroughtOver]]:
        for rows in self._database.stream("imports.for_facts", site=self._site):
            yield [BroughtOver(**row) for row in rows]

    def courses(self) -> dict[str, int]:
        return {row["ref"]: row["moodle_id"] for row in self._database.rows("staff.courses", site=self._site)}

    def lost_accounts(self) -> Iterator[list[int]]:
        for rows in self._database.stream("staff.lost_accounts", site=self._site):
            yield [row["account_id"] for row in rows]


def _member(row: Row) -> Member:
    """Without the account where that is another human's by now: what is learned there is theirs."""
    doubtful = row.pop("doubtful")
    if doubtful is None:
        return Member(**row)
    wanted, account = _wanted(row["hr_key"], doubtful), _account(row["moodle_id"], doubtful["account"])
    if not is_strangers(wanted, account):
        return Member(**row)
    told = {name: getattr(wanted, name) for name in (*NAMES, "email")}
    return Member(**{**row, **told, "moodle_id": None})


def _wanted(key: str, doubtful: Row) -> Wanted:
    username, email, idnumber, firstname, lastname = (
        str(doubtful["wanted"].get(name) or "") for name in (*IDENTIFIERS, *NAMES)
    )
    return Wanted(
        key, idnumber, username, email, lastname, tuple(doubtful["earlier_keys"] or ()),
        firstname=firstname, birth_date=doubtful["birth_date"],
    )  # fmt: skip


def _account(account_id: int, fields: Row) -> Account:
    username, email, idnumber = (str(fields.get(name) or "") for name in IDENTIFIERS)
    profile = fields.get("profile") or {}
    return Account(account_id, username, email, idnumber, suspended=False, auth="", fields=fields, profile=profile)
