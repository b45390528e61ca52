"""What our plugin answers when it writes: the twin as real Moodles were recorded, and a real one that has it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from adapters.moodle.errors import ERRORS
from adapters.moodle.recorder import Answer, Conversation, trim
from adapters.moodle.twin import TwinState, serve_twin
from tests.contract.compare import differences
from tests.contract.conftest import HERE, REAL, moodles, release_family

CASES: list[dict[str, Any]] = json.loads((HERE / "plugin.json").read_text("utf-8"))
RECORDED: dict[str, dict[str, dict[str, Any]]] = {
    family: {
        row["case"]: row for row in json.loads((HERE / "recordings" / "plugin" / f"{family}.json").read_text("utf-8"))
    }
    for family in ("4.5", "5.1")
}


@pytest.fixture(scope="module", params=moodles())
def answers(request: pytest.FixtureRequest) -> Iterator[tuple[str, dict[str, Answer]]]:
    """Release family and all answers of one conversation."""
    if request.param == REAL:
        yield _hold(os.environ["CONNECTOR_TEST_MOODLE_URL"], os.environ["CONNECTOR_TEST_MOODLE_TOKEN"])
    else:
        with serve_twin(state=TwinState(request.param, plugin=True)) as twin:
            held = _hold(twin.url, twin.token)
            assert held[1], "only a real Moodle may be without our plugin"
            yield held


def _hold(url: str, token: str) -> tuple[str, dict[str, Answer]]:
    [info] = Conversation(url, token).hold(
        [{"case": "site info", "function": "core_webservice_get_site_info", "params": {}}]
    )
    family = release_family(info.response["release"])
    if "local_connector_write" not in {one["name"] for one in info.response["functions"]}:
        return family, {}
    talk = Conversation(url, token)
    return family, {
        answer.case: replace(answer, response=trim(answer.response, url, talk.run)) for answer in talk.hold(CASES)
    }


@pytest.mark.parametrize("case", [case["case"] for case in CASES])
def test_rows_are_answered_as_recorded(case: str, answers: tuple[str, dict[str, Answer]]) -> None:
    """Each row by itself: whether it was carried out, else Moodle's code and the field that is wrong."""
    family, got = answers
    if not got:
        pytest.skip("needs our plugin in the Moodle that is named")
    assert differences(RECORDED[family][case]["response"], got[case].response, case) == []


@pytest.mark.parametrize("family", RECORDED)
def test_every_refusal_has_its_class(family: str) -> None:
    """No recorded code of a row is one that nobody foresaw."""
    told = [row["response"] for row in RECORDED[family].values() if isinstance(row["response"], dict)]
    outcomes = [one for answer in told if "json" in answer for one in json.loads(answer["json"])]
    codes = {one["errorcode"] for one in outcomes if not one["ok"]} | {
        a["errorcode"] for a in told if "errorcode" in a
    }
    assert codes - ERRORS.keys() == {"notenrolled"}, "nobody suspends by the plugin's own operation"
