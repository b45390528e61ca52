"""Identities linked with accounts, in PostgreSQL; see ``connector.domain.keeping.Kept``."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from connector.domain.errors import ConnectorError
from connector.domain.keeping import outcome
from connector.domain.linking import Identity, Link
from connector.store.database import Database


class LinkedLogins:
    """``issuer`` is Moodle's id of the service; 0: nothing is linked, and what was is ended."""

    def __init__(self, database: Database, site: str, issuer: int, identity: Identity) -> None:
        self._database = database
        self._site = site
        self._wish = {"issuer": issuer, "identity": identity}

    def steps(self, now: datetime) -> Iterator[Link]:
        """What is ended comes first: somebody else may have the name by now."""
        for query in ("linking.ended", "linking.wanted"):
            rows = self._database.rows(query, site=self._site, now=now, **self._wish)
            yield from (Link(**row) for row in rows)

    def sending(self, steps: Collection[Link], now: datetime) -> None:
        self._database.run("linking.sending", site=self._site, now=now, **_names(steps))

    def settle(self, came: Collection[tuple[Link, ConnectorError | None]], now: datetime) -> None:
        self._database.run(
            "linking.settle",
            site=self._site,
            now=now,
            states=[outcome(link, error) for link, error in came],
            messages=[str(error)[:200] if error else "" for _, error in came],
            **_names([link for link, _ in came]),
        )


def _names(steps: Collection[Link]) -> dict[str, list[object]]:
    return {
        "accounts": [link.account_id for link in steps],
        "issuers": [link.issuer_id for link in steps],
        "usernames": [link.username for link in steps],
    }
