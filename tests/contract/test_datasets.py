"""The twin tells by our plugin what real Moodles told (``datasets.json``: columns and kinds of values, no values)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from adapters.moodle.errors import ERRORS
from adapters.moodle.readers import raw, raw_details
from adapters.moodle.twin import ServedTwin, TwinState, serve_twin
from adapters.moodle.twin.datasets import DATASETS

pytestmark = pytest.mark.anyio
RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "datasets.json").read_text("utf-8"))


@pytest.fixture(params=sorted(RECORDED))
async def plugin(request: pytest.FixtureRequest) -> AsyncIterator[tuple[dict[str, Any], ServedTwin]]:
    """What was recorded, and a twin of this version in which a little of everything has happened."""
    state = TwinState(request.param, plugin=True)
    with serve_twin(state=state) as twin:
        life = twin.life
        with state.lock:
            texts = {"username": "p", "email": "p@example.test", "firstname": "P", "lastname": "T", "auth": "oauth2"}
            user = state.add_user(texts, {"jobgrade": "7"})
            cohort = state.add_cohort("C", "c")
            state.join(user.id, cohort)
        life.make_course("C1")
        life.make_course("C2")
        life.describe("C1", summary="Safety", topic="Fire")
        life.enrol("p", "C1", "manual")
        life.complete("p", "C1")
        life.enrol("p", "C2", "self")
        life.notice("C2")
        life.grade("p", "C1", 2 / 3)
        life.award("p", "Badge", expires=1_900_000_000)
        life.certify("p", "Template", "C0DE")
        life.access("p")
        quiz = life.make_activity("C1", "Quiz")
        life.finish("p", quiz)
        life.grade_item("p", life.item_of(quiz), 2 / 3)
        life.complete("p", "C2")
        life.recomplete("p", "C2")
        life.notice("C2")
        yield RECORDED[request.param], twin


async def asked(twin: ServedTwin, function: str, **params: Any) -> Any:
    values = {"wstoken": twin.token, "wsfunction": function, "moodlewsrestformat": "json", **params}
    async with httpx.AsyncClient() as http:
        return (await http.post(f"{twin.url}/webservice/rest/server.php", data=values)).json()


def _kind(value: Any) -> str:
    return "null" if value is None else "number" if isinstance(value, int) else "text"


async def test_datasets_are_told_alike(plugin: tuple[dict[str, Any], ServedTwin]) -> None:
    """Names, columns and their order, what they can be narrowed by, and values of the same kinds."""
    recorded, twin = plugin
    told = json.loads((await asked(twin, "local_connector_datasets"))["json"])
    assert told.keys() == recorded["datasets"].keys()
    for name, one in recorded["datasets"].items():
        assert sorted(told[name]) == recorded["keys"]["datasets"]
        assert told[name] == {"columns": list(one["columns"]), "since": one["since"], "lacking": []}
        rows = json.loads((await asked(twin, "local_connector_read", dataset=name))["json"])
        assert sorted(rows) == ["columns", "next", "rows", "time"]
        assert rows["rows"] or name in ("groups", "group_members"), name
        other = {
            f"{name}.{column}: {value!r}"
            for row in rows["rows"]
            for (column, kinds), value in zip(one["columns"].items(), row, strict=True)
            if _kind(value) not in kinds
        }
        assert other == set()


async def test_what_is_refused_alike(plugin: tuple[dict[str, Any], ServedTwin]) -> None:
    """Each wrong question has the error of the real plugin, which the errors know."""
    recorded, twin = plugin
    for case in recorded["refusals"]:
        answer = await asked(twin, case["function"], **case["params"])
        assert (answer["exception"], answer["errorcode"]) == (case["exception"], case["errorcode"]), case
        assert case["errorcode"] in ERRORS


async def test_counts_are_those_of_the_rows(plugin: tuple[dict[str, Any], ServedTwin]) -> None:
    """The checksum of a bucket is that of the rows that are read, as the plugin's page says."""
    _, twin = plugin
    rows = json.loads((await asked(twin, "local_connector_read", dataset="people"))["json"])["rows"]
    told = json.loads((await asked(twin, "local_connector_count", dataset="people", width=2, limit=100))["json"])
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row[0] // 2, []).append(row)
    assert told["next"] is None
    assert told["buckets"] == [
        [number, len(some), sha256(b"".join(orjson.dumps(row) + b"\n" for row in some)).hexdigest()]
        for number, some in found.items()
    ]
    first = json.loads((await asked(twin, "local_connector_count", dataset="people", width=2, limit=1))["json"])
    assert (first["next"], first["buckets"]) == (1, told["buckets"][:1])


async def test_what_is_read_can_be_counted(plugin: tuple[dict[str, Any], ServedTwin]) -> None:
    """Both take the same narrower questions: some columns, what has a time, what has one of some values."""
    _, twin = plugin
    with twin.state.lock:
        [course] = (one for one in twin.state.courses.values() if one.idnumber == "C1")
    narrow = {"columns": "userid,timecompleted", "since": 1, "column": "courseid", "values": str(course.id)}
    read = json.loads((await asked(twin, "local_connector_read", dataset="completions", **narrow))["json"])
    told = json.loads((await asked(twin, "local_connector_count", dataset="completions", **narrow))["json"])
    [row] = read["rows"]
    assert read["columns"] == ["id", "userid", "timecompleted"]
    assert told["buckets"] == [[row[0] // 1000, 1, sha256(orjson.dumps(row) + b"\n").hexdigest()]]
    narrow["values"] = "0"
    none = json.loads((await asked(twin, "local_connector_count", dataset="completions", **narrow))["json"])
    assert none == {"next": None, "buckets": []}


def test_what_is_read_was_recorded() -> None:
    """Every dataset and column that the reader wants is in every real Moodle, but for the plugin customcert's."""
    within = [dataset for needed in raw_details.DETAILS.values() for dataset in needed]
    wanted = [
        *raw.NEEDED,
        raw.DELETED,
        *within,
        *(one for kind in raw.ISSUES[:2] for one in (kind.issues, kind.templates)),
    ]
    assert {dataset.name for dataset in wanted} == DATASETS.keys()
    for recorded in RECORDED.values():
        for dataset in wanted:
            assert recorded["datasets"][dataset.name]["columns"].keys() >= set(dataset.columns), dataset.name
