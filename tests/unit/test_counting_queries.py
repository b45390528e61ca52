"""What who teaches has discarded counts nowhere: each query about attempts says how it takes them."""

from __future__ import annotations

import re
from importlib.resources import files

TAKES_ALL = {
    "attempts.one": "by its number, to say that it was discarded",
    "attempts.handed_in": "files take their room as long as they are there",
    "regrades.of_course": "whose a score is",
    "subject.scores": "whose a score is",
    "subject.attempts": "what is kept of a person",
    "subject.handed_in": "what is kept of a person",
    "subject.allowed": "whom a platform means",
    "subject.uploads": "whom a platform means",
    "retention.comments": "by its age",
    "erasing.subjects": "whom a platform means",
    "erasing.evidence": "what is kept of a person",
    "erasing.attempts": "what is kept of a person",
    "erasing.answers": "what is kept of a person",
    "erasing.comments": "what is kept of a person",
    "erasing.marks_of_others": "what is kept of a person",
    "erasing.handed_in": "what is kept of a person",
}
"""These ask no matter whether an attempt was discarded, and why."""


def test_each_query_leaves_out_what_was_discarded_or_says_why_not() -> None:
    found = set()
    for file in (files("connector.store") / "queries").iterdir():
        for one in re.split(r"^-- name: ", file.read_text("utf-8"), flags=re.MULTILINE)[1:]:
            name, said = one.split("\n", 1)
            if re.search(r"\bconnector\.attempt\b", said) and "discarded_at" not in said:
                found.add(f"{file.name.removesuffix('.sql')}.{name}")
    assert found == set(TAKES_ALL)
