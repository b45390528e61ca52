"""What is known of one person; see ``connector.domain.explaining``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from connector.domain.decide import Status
from connector.domain.explaining import (
    CaseTold,
    Certificate,
    ChangeTold,
    Completed,
    DecisionTold,
    Dossier,
    Due,
    Enrolled,
    EntryTold,
    FeedTold,
    Learned,
    LedgerTold,
    NoticeTold,
    Presence,
    Rejected,
    Said,
    Standing,
    Statement,
    Undone,
    Wanted,
    WelcomeTold,
)
from connector.domain.grants import GrantKind
from connector.domain.leave import Leave
from connector.store.changes import change_of
from connector.store.database import Connection, Database, Row, query

_OF_CHANGE = frozenset({"action", "subject", "target", "person_id", "before", "after", "reason", "kind"})


class Dossiers:
    """Implements ``connector.domain.explaining.Dossiers``; one transaction for each dossier."""

    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def of(self, key: str, now: datetime, ahead: int) -> Dossier:
        with self._database.transaction() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return _Reading(connection, {"site": self._site, "key": key, "now": now, "ahead": ahead}).dossier()


class _Reading:
    """One dossier under way."""

    def __init__(self, connection: Connection, values: dict[str, Any]) -> None:
        self._connection = connection
        self._values = values

    def dossier(self) -> Dossier:
        head = next(iter(self._rows("person")), None)
        self._values["person_id"] = head["person_id"] if head else None
        person = _standing(head, self._rows("events")) if head else None
        statements = tuple(Statement(**row) for row in self._rows("statements"))
        rejections = tuple(Rejected(**row) for row in self._rows("rejections"))
        wanted = tuple(_wanted(row) for row in self._rows("wanted"))
        courses = sorted({one.target.partition(":")[0] for one in wanted})
        feeds = self._feeds(person, statements, rejections)
        return Dossier(
            self._values["key"],
            self._values["now"],
            person,
            statements,
            rejections,
            {feed.feed_id: feed for feed in feeds},
            {feed.source: feed for feed in feeds if feed.status == "accepted"},
            wanted,
            tuple(_change(row) for row in self._rows("changes")),
            tuple(LedgerTold(**{**row, "kind": GrantKind(row["kind"])}) for row in self._rows("ledger")),
            tuple(DecisionTold(**row) for row in self._rows("decisions")),
            tuple(CaseTold(**row) for row in self._rows("cases", courses=courses)),
            tuple(NoticeTold(**row) for row in self._rows("notices")),
            tuple(WelcomeTold(**row) for row in self._rows("welcomes")),
            tuple(Undone(**row) for row in self._rows("undone")),
            {row["ref"]: row["moodle_id"] for row in self._rows("courses")},
            tuple(EntryTold(**row) for row in self._rows("entries")),
        )

    def _feeds(
        self, person: Standing | None, statements: Sequence[Statement], rejections: Sequence[Rejected]
    ) -> list[FeedTold]:
        """In the order in which they came."""
        named = [one.feed_id for one in statements] + [one.feed_id for one in rejections]
        if person is not None:
            named += [one.feed_id for one in person.versions]
            named += [one.feed_id for one in person.presence if one.feed_id is not None]
        return [FeedTold(**row) for row in self._rows("feeds", feed_ids=named)]

    def _rows(self, name: str, **more: object) -> list[Row]:
        return self._connection.execute(query(f"explain.{name}"), {**self._values, **more}).fetchall()


class LearnedViews:
    """Reads the schema ``reporting`` only; implements ``connector.domain.explaining.LearnedStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, key: str) -> Learned:
        with self._database.transaction() as connection:
            connection.execute(query("reports.look_at"), {"unit": ""})

            def rows(name: str) -> list[Row]:
                return connection.execute(query(f"explain.{name}"), {"key": key}).fetchall()

            [read] = rows("read_at")
            return Learned(
                read["read_at"],
                tuple(Enrolled(**row) for row in rows("enrolled")),
                tuple(Completed(**row) for row in rows("completed")),
                tuple(Certificate(**row) for row in rows("certificates")),
                tuple(Due(**row) for row in rows("dues")),
                read["everything_at"],
            )


def _standing(head: Row, events: Sequence[Row]) -> Standing:
    earlier = [_said(event["was"]) for event in events if event["kind"] == "said"]
    presence = [Presence(one["at"], one["kind"], one["feed_id"]) for one in events if one["kind"] != "said"]
    said, leaves = head.pop("said"), head.pop("leaves") or ()
    return Standing(
        **{**head, "status": Status(head["status"])},
        versions=(*earlier, _said(said)),
        presence=tuple(presence),
        leaves=tuple(Leave(date.fromisoformat(first), _day(last)) for first, last in leaves),
    )


def _said(fields: dict[str, Any]) -> Said:
    return Said(datetime.fromisoformat(fields["changed_at"]), fields["feed_id"], fields["line"], fields)


def _wanted(row: Row) -> Wanted:
    return Wanted(**{**row, "kind": GrantKind(row["kind"]), "missing": tuple(row["missing"])})


def _change(row: Row) -> ChangeTold:
    return ChangeTold(change=change_of(row), **{name: row[name] for name in row if name not in _OF_CHANGE})


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
