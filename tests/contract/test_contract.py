"""One conversation, many Moodles: the twin always, and a real one where CONNECTOR_TEST_MOODLE_… is set.

Every case is compared with the recording of a real Moodle of that release family: status, content type, error and
warning codes, keys and types.
"""

from __future__ import annotations

import pytest

from adapters.moodle.recorder import Answer
from tests.contract.compare import differences, pages
from tests.contract.conftest import CASES, REAL, recorded, release_family

NEEDS = {case["case"]: case.get("needs", []) for case in CASES}


@pytest.mark.parametrize("case", [case["case"] for case in CASES])
def test_answers_as_recorded(case: str, answers: tuple[str, dict[str, Answer]]) -> None:
    """This Moodle answers the case in the form in which a real one of its release family was recorded to."""
    family, got = answers
    if case not in got and NEEDS[case]:
        pytest.skip(f"this Moodle has none of the reports that the case needs: {', '.join(NEEDS[case])}")
    wanted, came = recorded(family)[case], got[case]
    assert came.http_status == wanted["http_status"]
    assert came.content_type == wanted["content_type"]
    assert differences(wanted["response"], came.response, case) == []


@pytest.mark.parametrize("case", [case["case"] for case in CASES if case["case"].startswith("report builder")])
def test_cells_are_moodles_own(case: str, answers: tuple[str, dict[str, Answer]]) -> None:
    """Headings, cells and counts of each page of a report are the recorded ones, but for ids and moments."""
    family, got = answers
    if case not in got:
        pytest.skip(f"this Moodle has none of the reports that the case needs: {', '.join(NEEDS[case])}")
    assert pages(got[case].response) == pages(recorded(family)[case]["response"])


def test_the_twin_leaves_no_case_out(answers: tuple[str, dict[str, Answer]], request: pytest.FixtureRequest) -> None:
    """What is skipped for want of a report on a real site is held with the twin always."""
    if request.node.callspec.params["answers"] != REAL:
        assert list(answers[1]) == [case["case"] for case in CASES]


@pytest.mark.parametrize("family", ["4.5", "5.1"])
def test_every_case_is_recorded(family: str) -> None:
    """The conversation and its recordings are of the same edition: no case is without an answer, none is stale."""
    assert list(recorded(family)) == [case["case"] for case in CASES]


def test_messages_are_moodles_own(answers: tuple[str, dict[str, Answer]]) -> None:
    """Where the message of an error holds no value of the run, it is the recorded one, word for word."""
    family, got = answers
    for case, row in recorded(family).items():
        if case not in got and NEEDS[case]:
            continue
        wanted = row["response"]
        if isinstance(wanted, dict) and "errorcode" in wanted and not any(c.isdigit() for c in wanted["message"]):
            assert got[case].response["message"] == wanted["message"], case


@pytest.mark.parametrize(
    ("release", "family"),
    [("4.5.5+ (Build: 20250613)", "4.5"), ("5.1+ (Build: 20251017)", "5.1"), ("5.0.2", "4.5"), ("4.1", "4.5")],
)
def test_release_family(release: str, family: str) -> None:
    """A site is compared with the newest recording that is not newer than itself."""
    assert release_family(release) == family
