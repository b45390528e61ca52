"""Content in PostgreSQL; see ``connector.domain.contents``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from connector.domain.contents import Content, ContentKind, Maker
from connector.domain.errors import Unreadable
from connector.store.database import Connection, Database, Row, one, query


class StoredContents:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def newest(self, content_id: UUID) -> Content | None:
        row = self._database.row("contents.newest", site=self._site, content_id=content_id)
        return content_of(row) if row else None

    def version(self, content_id: UUID, version: int) -> Content:
        row = self._database.row("contents.version", site=self._site, content_id=content_id, version=version)
        if row is None:
            raise Unreadable(f"Version {version} of content {content_id} is not there: it was taken away by hand.")
        return content_of(row)

    def of_course(self, platform_id: int, course: str) -> Sequence[Content]:
        rows = self._database.rows("contents.of_course", site=self._site, platform_id=platform_id, course=course)
        return [content_of(row) for row in rows]

    def make(self, kind: ContentKind, body: Mapping[str, Any], maker: Maker, now: datetime) -> Content:
        content_id = uuid4()
        values = {"kind": kind.value, "platform_id": maker.platform_id, "course": maker.course, "by": maker.subject}
        self._database.run(
            "contents.make", site=self._site, content_id=content_id, body=Jsonb(body), now=now, **values
        )
        return Content(content_id, kind, maker.platform_id, maker.course, 1, 1, body, now)

    def change(self, before: Content, body: Mapping[str, Any], by: str, now: datetime) -> Content | None:
        seen = (before.version, before.changes)
        values = {
            "site": self._site,
            "content_id": before.content_id,
            "version": before.version,
            "body": Jsonb(body),
            "by": by,
            "now": now,
        }

        def work(connection: Connection) -> bool:
            found = connection.execute(query("contents.lock"), values).fetchone()
            if found is None or (found["version"], found["changes"]) != seen:
                return False
            done = connection.execute(query("contents.add_version" if found["used"] else "contents.change"), values)
            return done.rowcount > 0

        return self.newest(before.content_id) if self._database.transact(work) else None

    def place(self, content_id: UUID, platform_id: int, course: str, now: datetime) -> None:
        there = {"content_id": content_id, "platform_id": platform_id, "course": course}
        self._database.run("contents.place", now=now, **there)

    def end(self, content_id: UUID, now: datetime) -> None:
        self._database.run("contents.end", site=self._site, content_id=content_id, now=now)


def hold(connection: Connection, seen: Sequence[Content]) -> bool:
    """Nobody changes these until they are used, within a transaction; whether all are still as they were seen."""
    wanted = {
        "contents": [one.content_id for one in seen],
        "versions": [one.version for one in seen],
        "changes": [one.changes for one in seen],
    }
    connection.execute(query("contents.hold"), wanted)
    changed: int = one(connection, "contents.changed", **wanted)["changed"]
    return not changed


def content_of(row: Row) -> Content:
    return Content(**{**row, "kind": ContentKind(row["kind"])})
