"""What people were told, in PostgreSQL; see ``connector.domain.notices.NoticeStore``."""

from __future__ import annotations

from datetime import datetime

from connector.domain.notices import Notice, NoticeKind, Telling, Told
from connector.store.database import Connection, Database, dumps, query


class Notices:
    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def told(self, channel: str) -> list[Told]:
        return [
            Told(
                Notice(NoticeKind(row["kind"]), row["key"], row["facts"], mark=row["mark"]),
                row["since"],
                row["told_at"],
            )
            for row in self._database.rows("notices.told", site=self._site, channel=channel)
        ]

    def delivered(self, channel: str, telling: Telling, now: datetime) -> None:
        at = {"site": self._site, "channel": channel, "now": now}

        def work(connection: Connection) -> None:
            for notice in (*telling.new, *telling.again):
                facts = dumps(dict(notice.facts)).decode()
                values = {"key": notice.key, "mark": notice.mark, "kind": notice.kind.value, "facts": facts}
                connection.execute(query("notices.keep"), {**at, **values})
            connection.execute(query("notices.forget"), {**at, "keys": [notice.key for notice in telling.over]})

        self._database.transact(work)
