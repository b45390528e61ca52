"""Deltas: only what has changed comes, in order, now and then nothing at all, and who is gone by the key alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from connector.settings.sources import AccessSettings, PagingSettings, RestSettings
from tests.support import House, Seen
from tests.unit.test_fetch_rest import Answer, Api, ok, serving

pytestmark = pytest.mark.anyio
SOURCE = """
source: {name: %s, format: json, complete: false}
key: {column: id}
removed: {jmespath: '"@removed".reason'}
person:
  username: {column: mail}
  email: {column: mail}
  firstname: {column: givenName}
  lastname: {column: surname}
"""


class Graph:
    """Answers with the next delta of ``deltas``, and nothing from there on."""

    def __init__(self) -> None:
        self.deltas: list[list[dict[str, Any]]] = []
        self.asked: list[str] = []

    def answer(self, path: str, _headers: dict[str, str], api: Api) -> Answer:
        self.asked.append(path)
        if path.endswith("expired"):
            return 410, {}, json.dumps({"error": {"code": "syncStateNotFound"}}).encode()
        told = self.deltas.pop(0) if self.deltas else []
        return ok({"value": told, "@odata.deltaLink": f"{api.url}/users/delta?mark={len(self.asked)}"})


@pytest.fixture
def graph(house: House) -> Iterator[Graph]:
    """The directory that ``house`` reads."""
    graph = Graph()
    for file in house.mapping.iterdir():
        file.unlink()
    (house.mapping / "mapping.yaml").write_text("version: 1" + SOURCE % "entra", "utf-8")
    with serving(graph.answer) as api:
        place = RestSettings(
            kind="rest",
            url=f"{api.url}/users/delta",
            records="value",
            since_path='"@odata.deltaLink"',
            allowed=frozenset({"127.0.0.1"}),
            spool=house.folder / "spool",
            access=AccessSettings(kind="api_key", secret=SecretStr("k")),
            paging=PagingSettings(kind="next", path='"@odata.nextLink"', empty=True),
        )
        house.settings = house.settings.model_copy(update={"sources": {"entra": place}})
        house.reopen()
        yield graph


def user(number: int, **more: Any) -> dict[str, Any]:
    mail = f"u{number}@example.test"
    return {"id": str(number), "mail": mail, "givenName": "A", "surname": f"B{number}", **more}


def gone(number: int) -> dict[str, Any]:
    return {"id": str(number), "@removed": {"reason": "deleted"}}


async def told(house: House, graph: Graph, *people: dict[str, Any]) -> None:
    graph.deltas.append(list(people))
    house.clock.forward(hours=1)
    async with house.way() as way:
        await way.sync()


async def test_who_is_gone_is_suspended_at_once_and_may_come_back(house: House, moodle: Seen, graph: Graph) -> None:
    """The directory says it by the key alone; an empty delta and one of such rows only are deltas as well."""
    await told(house, graph, *(user(number) for number in range(1, 6)))
    await told(house, graph)
    assert not moodle.suspended("3")
    await told(house, graph, gone(3), gone(99))
    assert moodle.suspended("3")
    assert not moodle.suspended("2")
    since = house.sql("SELECT absent_since FROM connector.person WHERE key = '3'")
    await told(house, graph, gone(3))
    assert house.sql("SELECT absent_since FROM connector.person WHERE key = '3'") == since
    await told(house, graph, user(3))
    assert not moodle.suspended("3")
    assert len(moodle.people()) == 5


async def test_the_last_word_about_somebody_counts(house: House, moodle: Seen, graph: Graph) -> None:
    """In the order of the delta, whatever came before; a bad row among few keeps nobody else."""
    await told(house, graph, user(1), user(2), user(3))
    first = [user(1, surname="Early"), gone(1), user(1, surname="Late")]
    await told(house, graph, *first, user(2, mail="none"), user(3), gone(3))
    assert not moodle.suspended("1")
    assert moodle.user("1").fields["lastname"] == "Late"
    assert moodle.suspended("3")
    assert house.sql("SELECT DISTINCT key FROM connector.rejection") == [{"key": "2"}]


async def test_a_mark_that_has_expired_is_no_end(house: House, moodle: Seen, graph: Graph) -> None:
    """Everything is read once more, and changes from there on."""
    await told(house, graph, user(1))
    (house.folder / "spool" / ".entra.since").write_text(
        (house.folder / "spool" / ".entra.since").read_text("utf-8").split("?")[0] + "?expired", "utf-8"
    )
    await told(house, graph, user(1), user(2))
    assert len(moodle.people()) == 2
    await told(house, graph, user(3))
    assert graph.asked == ["/users/delta", "/users/delta?expired", "/users/delta", "/users/delta?mark=3"]


async def test_who_is_gone_from_one_of_several_sources(house: House, moodle: Seen, graph: Graph) -> None:
    """Whom another one names stays; a source that only says more of people ends nobody."""
    (house.mapping / "mapping.yaml").write_text("version: 1\nsources: [hr, entra]\n", "utf-8")
    (house.mapping / "sources").mkdir()
    (house.mapping / "sources/entra.yaml").write_text("version: 1" + SOURCE % "entra", "utf-8")
    hr = "version: 1" + (SOURCE % "hr").replace("complete: false", "authoritative: false")
    (house.mapping / "sources/hr.yaml").write_text(hr, "utf-8")
    house.reopen()

    async def of_hr(*people: dict[str, Any]) -> None:
        path = house.folder / "hr.jsonl"
        path.write_text("".join(json.dumps(one) + "\n" for one in people), "utf-8")
        async with house.way() as way:
            way.take(house.connector.source(path, "hr"))

    await of_hr(user(1), user(2), user(3))
    await told(house, graph, user(1), user(2))
    assert len(moodle.people()) == 2
    await of_hr(gone(1), user(2), user(3))
    await told(house, graph)
    assert not moodle.suspended("1")
    await told(house, graph, gone(2))
    assert moodle.suspended("2")
    await told(house, graph, user(2))
    assert not moodle.suspended("2")
