"""Fixtures of the contract suite: one conversation with each Moodle there is, held once and looked at by case."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from adapters.moodle.recorder import Answer, Conversation, trim
from adapters.moodle.twin import serve_twin

HERE = Path(__file__).parent
CASES: list[dict[str, Any]] = json.loads((HERE / "conversation.json").read_text("utf-8"))
REAL = "real"
REPORTS = {
    "contract people": "core_user\\reportbuilder\\datasource\\users",
    "contract participants": "core_course\\reportbuilder\\datasource\\participants",
    "contract badges": "core_badges\\reportbuilder\\datasource\\users",
    "contract cohorts": "core_cohort\\reportbuilder\\datasource\\cohorts",
}
"""What an administrator makes before the conversation: empty reports over these sources."""


@cache
def recorded(family: str) -> dict[str, dict[str, Any]]:
    """What a real Moodle of this release family answered, by case."""
    path = HERE / "recordings" / f"moodle-{family}.json"
    return {row["case"]: row for row in json.loads(path.read_text("utf-8"))}


def moodles() -> list[str]:
    """The twin in both versions, and a real Moodle where one is configured and may be written to."""
    wanted = ("CONNECTOR_TEST_MOODLE_URL", "CONNECTOR_TEST_MOODLE_TOKEN")
    real = all(os.environ.get(name) for name in wanted) and os.environ.get("CONNECTOR_TEST_MOODLE_WRITES") == "1"
    return ["4.5", "5.1", *([REAL] if real else [])]


@pytest.fixture(scope="module", params=moodles())
def answers(request: pytest.FixtureRequest) -> Iterator[tuple[str, dict[str, Answer]]]:
    """Release family and all answers of one conversation."""
    if request.param == REAL:
        yield _hold(os.environ["CONNECTOR_TEST_MOODLE_URL"], os.environ["CONNECTOR_TEST_MOODLE_TOKEN"])
    else:
        with serve_twin(request.param) as twin:
            for name, source in REPORTS.items():
                twin.life.make_report(name, source)
            yield _hold(twin.url, twin.token)


def _hold(url: str, token: str) -> tuple[str, dict[str, Answer]]:
    talk = Conversation(url, token)
    got = {answer.case: answer for answer in talk.hold(CASES)}
    got = {case: replace(one, response=trim(one.response, url, talk.run)) for case, one in got.items()}
    return release_family(got["site info"].response["release"]), got


def release_family(release: str) -> str:
    """The recording to compare with: that of the newest recorded release which is not newer, else the oldest."""
    numbers = release.replace("+", " ").split()[0].split(".")
    family = (int(numbers[0]), int(numbers[1]))
    known = sorted(
        tuple(map(int, path.stem.removeprefix("moodle-").split("."))) for path in (HERE / "recordings").glob("*.json")
    )
    best = max((candidate for candidate in known if candidate <= family), default=known[0])
    return ".".join(map(str, best))
