"""What a course has done with an assessment: who is told first, and what is counted."""

from __future__ import annotations

from datetime import UTC, datetime

from connector.content.assessment.results import overview
from connector.domain.assessments import Assessment
from connector.domain.attempting import Result

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def result(subject: str, percent: float | None) -> Result:
    return Result(1, "5", subject, None, 1, NOW, NOW, percent)


def test_figures_are_of_who_has_a_result() -> None:
    """Who waits to be marked is neither finished nor part of the average."""
    found = overview(Assessment({}, pass_mark=60), [result("1", 90), result("2", None), result("3", 10)])
    assert [one.subject for one in found.standings if one.waits] == ["2"]
    assert (found.passed, found.finished, found.mean) == (1, 2, 50)
