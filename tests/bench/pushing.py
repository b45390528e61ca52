"""Pushes by SCIM over real HTTP, at a steady rate, and when each came into Moodle."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import httpx
import psycopg
from psycopg import sql

from connector.domain.scim import Kind
from connector.scim.directory import Directory
from connector.store.scim_directory import ScimDirectory
from tests.bench import newcomers
from tests.bench.opened import Values, opened

CLIENT = "people"
PATIENCE = 120.0
"""Seconds after the last push in which all must have come into Moodle."""


def identity(given: Values) -> Values:
    """An identity system: its token, and the people whom it pushed long ago."""
    with opened({**given, "scim": CLIENT}) as connector:
        token = connector.scim_access.add(CLIENT, 365, "bench")
        with psycopg.connect(given["database"]) as connection:
            row = connection.execute(
                "SELECT client_id FROM connector.scim_client WHERE name = %s", [CLIENT]
            ).fetchone()
        client = row[0] if row else 0
        directory = Directory(ScimDirectory(connector.database, client, connector.clock), "")
        with _in_haste(given["database"]):
            for person in newcomers.rows(given["known"], given["prefix"]):
                directory.create(Kind.USER, newcomers.as_scim(person), {})
    return {"scim_token": token}


@contextmanager
def _in_haste(database: str) -> Iterator[None]:
    """PostgreSQL need not wait for the disk while what was long ago is written."""
    with psycopg.connect(database, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(name))
        try:
            yield
        finally:
            connection.execute(sql.SQL("ALTER DATABASE {} RESET synchronous_commit").format(name))


def push(given: Values) -> Values:
    """Push somebody new ``rate`` times a second for ``seconds``, each at its time whatever became of those before.

    ``waits``: seconds from the answer to each push until Moodle had answered that the account is made, as the
    connector noted it, and until the last change of the person was done. ``answers``: how long each push took.
    """
    sent: dict[str, tuple[float, float]] = {}

    async def one(client: httpx.AsyncClient, number: int, at: float) -> None:
        await anyio.sleep(max(0.0, at - time.time()))
        person = newcomers.row(number, given["prefix"])
        began = time.time()
        answer = await client.post("/Users", json=newcomers.as_scim(person))
        answer.raise_for_status()
        sent[person["key"]] = began, time.time()

    async def all_of_them() -> None:
        headers = {"Authorization": f"Bearer {given['scim_token']}"}
        begin, first = time.time() + 0.5, given["known"]
        async with (
            httpx.AsyncClient(base_url=f"{given['service']}/scim/v2", headers=headers, timeout=60) as client,
            anyio.create_task_group() as group,
        ):
            for number in range(int(given["rate"] * given["seconds"])):
                group.start_soon(one, client, first + number, begin + number / given["rate"])

    anyio.run(all_of_them)
    made, done = _arrivals(given["database"], sent.keys())
    _look(given, list(sent))
    return {
        "account": [made[key] - answered for key, (_, answered) in sent.items()],
        "everything": [done[key] - answered for key, (_, answered) in sent.items()],
        "answers": [answered - began for began, answered in sent.values()],
        "runs": _runs(given["database"]),
    }


_CLIENT = "SELECT client_id FROM connector.scim_client WHERE name = %s"
_MADE = """SELECT p.key, extract(epoch FROM b.bound_at)::float FROM connector.binding b
JOIN connector.person p USING (person_id) WHERE p.key = ANY(%s)"""
_DONE = """SELECT p.key, extract(epoch FROM max(o.finished_at))::float FROM connector.person p
JOIN connector.change c USING (person_id) JOIN connector.operation o ON (o.plan, o.ordinal) = (c.plan, c.ordinal)
WHERE p.key = ANY(%s) AND o.state = 'done' GROUP BY p.key"""
_WAITING = """SELECT count(*) FROM connector.scim_user u JOIN connector.scim_client c USING (client_id)
WHERE u.changed > c.taken"""


def _arrivals(database: str, keys: object) -> tuple[dict[str, float], dict[str, float]]:
    wanted, until = sorted(keys), time.monotonic() + PATIENCE  # type: ignore[call-overload]
    with psycopg.connect(database, autocommit=True) as connection:
        while True:
            made = dict(connection.execute(_MADE, [wanted]).fetchall())
            waiting = connection.execute(_WAITING).fetchone()
            if len(made) == len(wanted) and waiting == (0,):
                return made, dict(connection.execute(_DONE, [wanted]).fetchall())
            if time.monotonic() > until:
                raise RuntimeError(f"of {len(wanted)} people {len(made)} came into Moodle")
            time.sleep(0.2)


def _runs(database: str) -> int:
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT count(*) FROM connector.run WHERE kind = 'apply'").fetchone()
    return int(row[0]) if row else 0


def _look(given: Values, keys: list[str]) -> None:
    """What was noted is true: Moodle has them all."""

    async def work() -> None:
        with opened(given) as connector:
            async with connector.moodle() as moodle:
                found = await moodle.accounts_by("idnumber", keys)
        if len(found) != len(keys):
            raise RuntimeError(f"of {len(keys)} people Moodle has {len(found)}")

    anyio.run(work)
