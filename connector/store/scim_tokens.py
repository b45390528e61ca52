"""SCIM clients and their tokens in PostgreSQL; see ``connector.domain.scim_clients``."""

from __future__ import annotations

from datetime import datetime

from connector.domain.scim_clients import ClientToken, Presented
from connector.store.database import Connection, Database, one, query


class ScimTokens:
    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[ClientToken]:
        return [ClientToken(**row) for row in self._database.rows("scim_token.all")]

    def add(self, client: str, digest: bytes, by: str, now: datetime, expires_at: datetime) -> bool:
        def work(connection: Connection) -> bool:
            client_id = one(connection, "scim_token.make_client", client=client, now=now)["client_id"]
            if one(connection, "scim_token.good", client_id=client_id, now=now)["good"]:
                return False
            values = {"client_id": client_id, "digest": digest, "now": now, "by": by, "expires_at": expires_at}
            connection.execute(query("scim_token.add"), values)
            return True

        return self._database.transact(work)

    def rotate(
        self, client: str, digest: bytes, by: str, now: datetime, expires_at: datetime, old_until: datetime
    ) -> bool:
        def work(connection: Connection) -> bool:
            row = connection.execute(query("scim_token.client"), {"client": client}).fetchone()
            if row is None:
                return False
            values = {**row, "digest": digest, "now": now, "by": by, "expires_at": expires_at, "old_until": old_until}
            connection.execute(query("scim_token.shorten"), values)
            connection.execute(query("scim_token.add"), values)
            return True

        return self._database.transact(work)

    def revoke(self, client: str, token_id: int | None, now: datetime) -> int:
        return self._database.run("scim_token.revoke", client=client, token_id=token_id, now=now)

    def presented(self, digest: bytes) -> Presented | None:
        row = self._database.row("scim_token.presented", digest=digest)
        if row is None:
            return None
        client_id, kept = row.pop("client_id"), row.pop("digest")
        return Presented(ClientToken(**row), client_id, bytes(kept))

    def used(self, token_id: int, now: datetime) -> None:
        self._database.run("scim_token.used", token_id=token_id, now=now)
