"""What a push costs: twenty in a second have to be answered while the job that carries them out is at work beside."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, TypeVar, cast

from connector.cli.service import _listen
from connector.domain.scim import Kind
from connector.scim.answers import Answer, Conditions
from connector.scim.directory import Directory
from connector.settings.parts import ServiceSettings
from connector.store.database import Connection, Database, query
from connector.store.scim_directory import ScimDirectory
from tests.scim import serving

T = TypeVar("T")


class Counting(Database):
    """A database that knows what it was asked."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.asked: list[str] = []

    def transact(self, work: Callable[[Connection], T]) -> T:
        asked = self.asked

        class Counted:
            def __init__(self, connection: Connection) -> None:
                self.connection = connection

            def execute(self, query: Any, values: Any = None) -> Any:
                asked.append(query)
                return self.connection.execute(query, values)

        return super().transact(lambda connection: work(cast(Connection, Counted(connection))))


def test_an_answer_is_sent_at_once() -> None:
    """Over a connection of the service its body does not wait until the client has acknowledged its head."""

    async def answering() -> bool:
        taken: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
        with _listen(ServiceSettings(port=0)) as listener:
            server = await asyncio.start_server(lambda _, writer: taken.put_nowait(writer), sock=listener)
            async with server:
                _, writer = await asyncio.open_connection(*listener.getsockname()[:2])
                served = await taken.get()
                at_once = served.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                writer.close()
                served.close()
        return bool(at_once)

    assert asyncio.run(answering())


def test_a_push_asks_the_database_little(database_url: str) -> None:
    """In one transaction: for a new user twice, for a new title five times; for a group's name not for its members."""
    with serving(database_url) as service, Counting(database_url) as database:
        client = service.connector.scim_access.client_of(service.token("entra-id"))
        assert client is not None
        directory = Directory(ScimDirectory(database, client.client_id, service.clock), "http://x")

        def cost(ask: Callable[[], Answer]) -> tuple[int, str]:
            database.asked.clear()
            body = ask().body or {}
            return len(database.asked), str(body.get("id"))

        count, user = cost(lambda: directory.create(Kind.USER, {"userName": "ada"}, {}))
        assert count == 2
        title = {"Operations": [{"op": "replace", "path": "title", "value": "T"}]}
        assert cost(lambda: directory.patch(Kind.USER, user, title, {}, Conditions()))[0] == 5
        team = {"displayName": "Team", "members": [{"value": user}]}
        _, group = cost(lambda: directory.create(Kind.GROUP, team, {}))
        naming = {"Operations": [{"op": "replace", "value": {"displayName": "Crew", "id": group}}]}
        cost(lambda: directory.patch(Kind.GROUP, group, naming, {}, Conditions()))
        assert query("scim_group.alter") in database.asked
        assert query("scim_group.related") not in database.asked
        assert service.connector.scim_sources.directory("entra-id").change == 4
