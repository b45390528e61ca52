"""Words to pages, on their way through PostgreSQL; see ``connector.domain.live``."""

from __future__ import annotations

from collections.abc import AsyncIterator

from connector.domain.live import Word, read
from connector.store.database import Connection, Database, query

CHANNEL = "connector_live"
"""PostgreSQL notifies it with each word; the payload is the word."""


def tell(connection: Connection, *words: Word) -> None:
    """Say it with the transaction that makes it true."""
    if words:
        connection.execute(query("live.tell"), {"words": [word.written() for word in words]})


class LiveWords:
    def __init__(self, database: Database) -> None:
        self._database = database

    def tell(self, *words: Word) -> None:
        self._database.transact(lambda connection: tell(connection, *words))

    async def heard(self, turn: str = "") -> AsyncIterator[Word | None]:
        """None once it listens, and then each word. Raises StorageError.

        Of those who name the same ``turn`` only one hears at a time: for others this ends at once.
        """
        async with self._database.hearing(CHANNEL) as connection:
            if turn:
                row = await (await connection.execute(query("live.take_turn"), {"name": turn})).fetchone()
                if not (row and row["got"]):
                    return
            yield None
            async for notice in connection.notifies():
                if word := read(notice.payload):
                    yield word
