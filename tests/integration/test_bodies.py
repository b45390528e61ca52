"""Pass marks and minutes as queries read them: by the rule by which pages do."""

from __future__ import annotations

import re
from typing import Any

import hypothesis
import psycopg
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from connector.content.assessment import bodies
from connector.store.database import query

NUMBERS = st.integers(-5, 20_000) | st.floats(-5, 20_000)
ODD = st.none() | st.booleans() | NUMBERS | st.sampled_from(["70", "x", [70], {}, 1e308])
SAID = st.fixed_dictionaries({"title": st.just({})}, optional={"pass_mark": ODD, "minutes": ODD})
READING = re.compile(
    r"jsonb_path_query_first\(\s*v\.body, '[^']*\.(pass_mark|minutes)\b[^']*', silent => true\s*\)"
    r"::[a-z ]+\b(?:, 80)?"
)
QUERIES = ("attempts.results", "certificates.by_content", "course_view.work", "allowances.limit")


def test_queries_read_rules_as_pages_do(module_database_url: str) -> None:
    """Of whatever is kept, in every query that reads it."""
    found: dict[str, set[str]] = {"pass_mark": set(), "minutes": set()}
    for name in QUERIES:
        readings = [*READING.finditer(query(name))]
        assert readings, name
        for reading in readings:
            text = " ".join(reading[0].split())
            found[reading[1]].add(f"COALESCE({text})")
    assert [len(one) for one in found.values()] == [1, 1], "one rule for all"
    [mark], [minutes] = found.values()

    with psycopg.connect(module_database_url) as connection:

        @hypothesis.given(st.lists(st.one_of(SAID, st.just([])), min_size=20, max_size=40))
        @hypothesis.settings(max_examples=20, deadline=None)
        def same(some: list[Any]) -> None:
            asked = f"SELECT {mark}, {minutes} FROM unnest(%s::jsonb[]) WITH ORDINALITY v (body, n) ORDER BY n"
            rows = connection.execute(asked.encode(), ([Jsonb(one) for one in some],)).fetchall()
            rules = [bodies.rules(one) for one in some]
            assert rows == [(one.pass_mark, one.minutes) for one in rules]

        same()
