"""A feed that is cut off at each tenth of its length, from every kind of source, through the whole way in."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from pydantic import SecretStr

from connector.domain.errors import ConnectorError, FeedRefused
from connector.domain.plan import GuardClass, HoldState
from connector.settings.sources import (
    AccessSettings,
    FolderSettings,
    LdapSettings,
    PagingSettings,
    RestSettings,
    ScimSettings,
    SourceSettings,
    SqlSettings,
)
from connector.sync.intake import Progress
from tests.directory import BASE, PASSWORD, directory
from tests.scim import ENTERPRISE, USER, Identity, Service, serving
from tests.support import House, Seen
from tests.unit.test_fetch_rest import Answer, Api
from tests.unit.test_fetch_rest import serving as serving_api

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
COUNT = 40
KEYS = [f"E{number}" for number in range(1, COUNT + 1)]
MAPPING = """
version: 1
source: {{name: hr, {source}}}
key: {{{origin}: {key}}}
person:
  username: {{{origin}: {username}, transforms: [lower]}}
  firstname: {{{origin}: {first}}}
  lastname: {{{origin}: {first}}}
  email: {{{origin}: {email}}}
  unit: {{value: Lab}}
cohorts:
  - {{idnumber: staff, name: Staff}}
"""
PLAIN = {"origin": "column", "key": "id", "username": "login", "first": "name", "email": "mail"}


@dataclass
class Cutter:
    """A source: how it is read, where it is, and how it is cut off; ``cut(10)`` makes it whole again."""

    mapping: str
    settings: SourceSettings
    cut: Callable[[int], object]


def person(key: str) -> dict[str, str]:
    return {"id": key, "login": key.lower(), "name": f"Née {key}", "mail": f"{key.lower()}@example.test"}


# ---------------------------------------------------------------- files
def in_folder(folder: Path, name: str, content: bytes, mapping: str) -> Cutter:
    """A file that is delivered again and again, each time newer."""
    deliveries = iter(range(1_800_000_000, 1_900_000_000))

    def deliver(tenth: int) -> None:
        at = next(deliveries)
        (folder / name).write_bytes(content[: len(content) * tenth // 10])
        os.utime(folder / name, (at, at))

    folder.mkdir()
    return Cutter(mapping, FolderSettings(folder=folder, file="*", settle_seconds=0), deliver)


@contextmanager
def csv(folder: Path, _url: str, trailer: str = "") -> Iterator[Cutter]:
    lines = ["id,login,name,mail", *(",".join(person(key).values()) for key in KEYS)]
    more = 'trailer: "total (?P<count>[0-9]+)"' if trailer else ""
    text = "\n".join([*lines, *([trailer] if trailer else []), ""])
    mapping = MAPPING.format(source=f"format: csv, {more}".rstrip(", "), **PLAIN)
    yield in_folder(folder / "drop", "people.csv", text.encode(), mapping)


@contextmanager
def xml(folder: Path, _url: str) -> Iterator[Cutter]:
    told = "".join(
        f"<p>{''.join(f'<{name}>{value}</{name}>' for name, value in person(key).items())}</p>\n" for key in KEYS
    )
    mapping = MAPPING.format(source="format: xml, record: //p", **{**PLAIN, "origin": "xpath"})
    yield in_folder(folder / "drop", "people.xml", f"<people>{told}</people>".encode(), mapping)


# ---------------------------------------------------------------- REST
@contextmanager
def rest(_folder: Path, _url: str) -> Iterator[Cutter]:
    """Ten pages, of which one is broken: by turns refused, and cut off in the middle of its body."""
    broken = [10]

    def handle(path: str, _headers: dict[str, str], _api: Api) -> Answer:
        page = int(parse_qs(urlsplit(path).query).get("page", ["0"])[0])
        body = json.dumps({"people": [person(key) for key in KEYS[page * 4 : page * 4 + 4]]}).encode()
        if page == broken[0] < 10:
            return (410, {}, b"") if page % 2 else (200, {}, body[: len(body) // 2])
        return 200, {}, body

    with serving_api(handle) as api:
        yield Cutter(
            MAPPING.format(source="format: json", **PLAIN),
            RestSettings(
                kind="rest",
                url=f"{api.url}/people",
                records="people",
                access=AccessSettings(kind="api_key", secret=SecretStr("k")),
                paging=PagingSettings(kind="page", param="page"),
                allowed=frozenset({"127.0.0.1"}),
            ),
            lambda tenth: broken.__setitem__(0, tenth),
        )


# ---------------------------------------------------------------- SQL and LDAP, over a line that is cut
@dataclass
class Line:
    """Passes bytes on to a server, and closes all connections once ``most`` of its bytes have passed."""

    connect: Callable[[], socket.socket]
    most: float = float("inf")
    passed: int = 0
    length: int = 0
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def port(self) -> int:
        number: int = self.listener.getsockname()[1]
        return number

    def cut(self, tenth: int) -> None:
        """``length`` is how much came when it was whole, the last time."""
        self.length = self.passed or self.length if self.most == float("inf") else self.length
        self.most = float("inf") if tenth == 10 else self.length * tenth // 10
        self.passed = 0

    def serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = self.connect()
            for one, other, answers in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._pass_on, args=(one, other, answers), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket, answers: bool) -> None:
        try:
            while piece := one.recv(256):
                if answers and self.passed + len(piece) > self.most:
                    break
                self.passed += len(piece) if answers else 0
                other.sendall(piece)
        except OSError:
            pass  # the other direction has closed it
        for end in (one, other):
            with closing(end), suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def line(connect: Callable[[], socket.socket]) -> Iterator[Line]:
    one = Line(connect)
    thread = threading.Thread(target=one.serve, daemon=True)
    thread.start()
    try:
        yield one
    finally:
        one.listener.shutdown(socket.SHUT_RDWR)
        one.listener.close()
        thread.join()


@contextmanager
def sql(_folder: Path, url: str) -> Iterator[Cutter]:
    asked = parse_qs(urlsplit(url).query)
    path = f"{asked['host'][0]}/.s.PGSQL.{asked['port'][0]}"
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE staff (id text, login text, name text, mail text)")
        rows = [tuple(person(key).values()) for key in KEYS]
        connection.cursor().executemany("INSERT INTO staff VALUES (%s, %s, %s, %s)", rows)

    def connect() -> socket.socket:
        found = socket.socket(socket.AF_UNIX)
        found.connect(path)
        return found

    with line(connect) as one:
        name = urlsplit(url).path.strip("/")
        settings = SqlSettings(
            kind="sql",
            url=f"postgresql://postgres@127.0.0.1:{one.port}/{name}",
            query="SELECT * FROM staff ORDER BY id",
            batch=4,
        )
        yield Cutter(MAPPING.format(source="format: json", **PLAIN), settings, one.cut)


@contextmanager
def ldap(folder: Path, _url: str) -> Iterator[Cutter]:
    (folder / "slapd").mkdir()
    with directory(folder / "slapd", COUNT - 1) as company:
        port = urlsplit(company.secure_url).port
        with line(lambda: socket.create_connection(("localhost", port))) as one:
            settings = LdapSettings(
                kind="ldap",
                url=f"ldaps://localhost:{one.port}",
                user=f"cn=reader,{BASE}",
                password=SecretStr(PASSWORD),
                base=BASE,
                attributes=("uid", "mail", "cn", "employeeNumber"),
                filter="(objectClass=inetOrgPerson)",
                ca_file=company.ca_file,
                page_size=4,
                timeout=5,
            )
            columns = {**PLAIN, "key": "employeeNumber", "username": "uid", "first": "cn", "email": "uid"}
            mapping = MAPPING.format(source="format: json", **columns)
            yield Cutter(
                mapping.replace("{column: uid}", '{template: "{column:uid}@example.test"}'), settings, one.cut
            )


Kind = Callable[[Path, str], AbstractContextManager[Cutter]]
KINDS: dict[str, Kind] = {
    "csv": csv,
    "csv with a trailer": lambda folder, url: csv(folder, url, f"total {COUNT}"),
    "xml": xml,
    "rest": rest,
    "sql": sql,
    "ldap": ldap,
}


def silently(_name: str) -> AbstractContextManager[Progress]:
    return nullcontext(lambda _rows: None)


async def take_arrived(house: House) -> None:
    async with house.way() as way:
        way.take_arrived(silently)


def lives_on(house: House, one: Cutter) -> None:
    """From now on the installation reads this source."""
    for file in house.mapping.iterdir():
        file.unlink()
    (house.mapping / "mapping.yaml").write_text(one.mapping, "utf-8")
    house.settings = house.settings.model_copy(update={"sources": {"hr": one.settings}, "data_dir": house.folder})
    house.reopen()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_feed_that_is_cut_off_suspends_nobody(
    house: House, moodle: Seen, database_url: str, tmp_path: Path, kind: str
) -> None:
    """Cut off at each tenth of its length it is no feed: nothing is planned, and the whole one goes on as ever."""
    with KINDS[kind](tmp_path, database_url) as one:
        lives_on(house, one)
        one.cut(10)
        await take_arrived(house)
        await house.sync()
        assert len(moodle.people()) == COUNT
        for tenth in range(10):
            house.clock.forward(hours=25)
            before = house.sql("SELECT * FROM connector.person ORDER BY key")
            one.cut(tenth)
            with pytest.raises(ConnectorError):
                await take_arrived(house)
            assert house.sql("SELECT * FROM connector.person ORDER BY key") == before
            assert house.does(await house.plan()) == []
            one.cut(10)
            await take_arrived(house)
            assert house.does(await house.plan()) == []
        assert not any(moodle.suspended(key) for key in moodle.people())


async def test_a_file_that_is_cut_off_between_two_rows_suspends_nobody(
    house: House, moodle: Seen, database_url: str, tmp_path: Path
) -> None:
    """Nothing in it tells: up to nine tenths it is too small, beyond that nobody is gone who is missing once."""
    with csv(tmp_path, database_url) as one:
        lives_on(house, one)
        one.cut(10)
        await take_arrived(house)
        await house.sync()
        file = tmp_path / "drop" / "people.csv"
        for rows in range(0, COUNT, 4):
            house.clock.forward(hours=25)
            one.cut(10)
            stamp = file.stat().st_mtime
            file.write_text("".join(file.read_text("utf-8").splitlines(keepends=True)[: rows + 1]), "utf-8")
            os.utime(file, (stamp, stamp))
            with pytest.raises(FeedRefused) if rows < 36 else nullcontext():
                await take_arrived(house)
            assert house.does(await house.plan()) == []
            one.cut(10)
            await take_arrived(house)
            assert house.does(await house.plan()) == []
        assert not any(moodle.suspended(key) for key in moodle.people())


# ---------------------------------------------------------------- SCIM
SCIM = """
version: 1
source: {name: hr, format: scim}
key: {column: employeeNumber}
person:
  username: {column: userName, transforms: [lower]}
  firstname: {column: name.givenName}
  lastname: {column: name.familyName}
  email: {column: emails}
  active: {column: active, transforms: [boolean]}
"""


def told(key: str) -> dict[str, Any]:
    """What an identity system says of somebody."""
    return {
        "name": {"givenName": "Née", "familyName": key},
        "emails": [{"value": f"{key.lower()}@example.test", "primary": True}],
        ENTERPRISE: {"employeeNumber": key},
    }


@pytest.fixture
def service(house: House, database_url: str) -> Iterator[Service]:
    """The service to which people are pushed."""
    lives_on(house, Cutter(SCIM, ScimSettings(kind="scim", client="entra"), lambda _: None))
    with serving(database_url) as running:
        yield running


@pytest.fixture
def entra(service: Service) -> Iterator[Identity]:
    with service.client("entra") as client:
        yield client


async def pushed(house: House, entra: Identity) -> dict[str, str]:
    """Everybody is pushed and has an account; gives the directory's ids by key."""
    ids = {key: str(entra.user(key.lower(), **told(key))["id"]) for key in KEYS}
    await take_arrived(house)
    applied = await house.sync()
    assert applied.tally.refused == applied.tally.waiting == 0
    return ids


async def test_a_push_that_is_cut_off_leaves_nothing(
    house: House, moodle: Seen, service: Service, entra: Identity
) -> None:
    """Neither a new person nor a deactivation, wherever the connection ends."""
    ids = await pushed(house, entra)
    before = entra.get("/Users", params={"count": "100"}).json()
    address = urlsplit(service.url)
    gone = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [OFF]}
    for method, path, body in (
        ("POST", "/scim/v2/Users", {"schemas": [USER], "userName": "new", **told("NEW")}),
        ("PATCH", f"/scim/v2/Users/{ids['E1']}", gone),
    ):
        content = json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/scim+json\r\n"
        head += f"Authorization: {entra.headers['Authorization']}\r\nContent-Length: {len(content)}\r\n\r\n"
        for tenth in range(10):
            with socket.create_connection((address.hostname, address.port)) as connection:
                connection.sendall(head.encode() + content[: len(content) * tenth // 10])
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):
                    pass
    assert entra.get("/Users", params={"count": "100"}).json() == before
    assert house.connector.scim_sources.pending("entra") == 0
    await take_arrived(house)
    assert house.does(await house.plan()) == []


OFF = {"op": "replace", "path": "active", "value": False}


@pytest.mark.parametrize("how", ["deactivated", "deleted"])
async def test_a_directory_that_is_emptied_suspends_nobody(
    house: House, moodle: Seen, entra: Identity, how: str
) -> None:
    """The guard holds so many, by whole readings and by single pushes."""
    ids = await pushed(house, entra)
    for key in KEYS[:30]:
        path = f"/Users/{ids[key]}"
        assert (entra.change(path, OFF) if how == "deactivated" else entra.delete(path)).is_success
    for _ in range(3):
        house.clock.forward(hours=25)
        await take_arrived(house)
        plan = await house.plan()
        assert house.holds(plan) == {GuardClass.SUSPEND: (30, 10, HoldState.WAITING)}, house.does(plan)
        await house.apply(plan)
        async with house.way() as way:
            await way.push()
    assert not any(moodle.suspended(key) for key in moodle.people())
