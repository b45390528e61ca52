"""Identities of OAuth 2 providers, linked with accounts by our plugin in Moodle."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.moodle.client import MoodleClient
from adapters.moodle.writers.plugin import carry_out
from connector.domain.errors import ConnectorError
from connector.domain.linking import Link

LINK = "local_connector_link_logins"


async def link_logins(client: MoodleClient, links: Sequence[Link]) -> list[ConnectorError | None]:
    """Link, or end links, in one request; for each why it was refused."""
    return await carry_out(client, LINK, [_row(link) for link in links], lambda _: None)


def _row(link: Link) -> dict[str, object]:
    named = {"userid": link.account_id, "issuerid": link.issuer_id, "username": link.username}
    return {**named, "email": link.email} if link.puts else {**named, "remove": True}
