"""Bodies of assessments as they may be kept by whoever has changed them by hand: any JSON at all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import hypothesis
import pytest
from hypothesis import strategies as st

from connector.content.assessment import bodies
from connector.domain.assessments import ATTEMPTS, MINUTES, PASS_MARKS, Assessment
from connector.domain.contents import Content, ContentKind
from connector.domain.errors import Unreadable

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
JSON = st.recursive(
    SCALARS, lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=5), one, max_size=3)
)
BODIES = JSON | st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("title", "pass_mark", "minutes", "attempts", "sections", "policy", "other"), JSON)
)
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@hypothesis.given(BODIES)
@hypothesis.example({"pass_mark": 1e308, "minutes": 10**400, "title": {"en": 5, "fr": "Feu"}})
def test_whatever_is_kept_has_rules_and_a_title(body: Any) -> None:
    """They are within their bounds; and what is read as a whole is read as its rules are."""
    made = bodies.rules(body)
    assert PASS_MARKS[0] <= made.pass_mark <= PASS_MARKS[1]
    assert made.minutes is None or MINUTES[0] <= made.minutes <= MINUTES[1]
    assert made.attempts is None or ATTEMPTS[0] <= made.attempts <= ATTEMPTS[1]
    try:
        assert bodies.assessment(body) == made
    except Unreadable:
        assert not bodies.can_be_read(body)
    content = Content(UUID(int=1), ContentKind.ASSESSMENT, 1, "11", 1, 1, body, NOON)
    assert all(isinstance(text, str) for text in content.title.values())


def test_a_bank_that_is_no_content_cannot_be_drawn_from() -> None:
    with pytest.raises(Unreadable, match="a bank is no id of content"):
        bodies.assessment({"title": {}, "sections": [{"title": {}, "bank": "all", "drawn": 2}]})


@pytest.mark.parametrize(
    ("field", "value"), [("pass_mark", 1e308), ("pass_mark", -1), ("minutes", 0), ("minutes", 10_001), ("attempts", 0)]
)
def test_what_is_out_of_bounds_is_named(field: str, value: float) -> None:
    """And is as if nothing had been said of it."""
    body = {"title": {}, field: value}
    with pytest.raises(Unreadable, match=f"out of bounds are: {field}"):
        bodies.assessment(body)
    assert bodies.rules(body) == Assessment({})
