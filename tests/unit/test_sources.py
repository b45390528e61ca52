"""The table of sources, and options as a mapping file gives them."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.sources import SOURCES, open_source
from connector.domain.errors import MappingError
from connector.domain.people import Record


def test_options_of_a_mapping_file_build_each_source(tmp_path: Path) -> None:
    """Plain lists and dicts, as YAML gives them, are enough."""
    table, tree = tmp_path / "a.csv", tmp_path / "a.xml"
    table.write_text("1|Ann\n")
    tree.write_text("<p><r><n>Ann</n></r></p>")
    one = open_source("delimited", table, {"name": "hr", "header": ["id", "n"], "delimiter": "|", "columns": ["id"]})
    other = open_source("xml", tree, {"name": "hr", "record": "/p/r", "fields": {"n": "n"}, "complete": False})
    assert list(one.records()) == [Record(1, {"id": "1", "n": "Ann"})]
    assert list(other.records()) == [Record(1, {"n": "Ann"})]
    assert (one.identity.complete, other.identity.complete) == (True, False)
    lines = tmp_path / "a.jsonl"
    lines.write_text('{"n": "Ann"}\n')
    third = open_source("json", lines, {"name": "hr", "fields": {"n": "n"}, "columns": ["n"]})
    assert list(third.records()) == [Record(1, {"n": "Ann"})]
    assert set(SOURCES) == {"delimited", "xml", "json"}


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("excel", {"name": "hr"}, "excel is not known. Known are: delimited, xml, json"),
        ("delimited", {"name": "hr", "delimeter": ";"}, "delimeter: not an option of delimited. Known are: name, enc"),
        ("delimited", {"name": "hr", "path": "/etc/passwd"}, "path: not an option"),
        ("delimited", {}, "name: "),
        ("delimited", {"name": "hr", "skip_lines": "many"}, "skip_lines: "),
        ("delimited", {"name": "hr", "columns": "id"}, "columns"),
        ("delimited", {"name": "hr", "encoding": "klingon"}, "encoding: "),
        ("xml", {"name": "hr", "record": "/a"}, "fields: "),
        ("xml", {"name": "hr", "record": "/a", "fields": {"id": 3}}, "fields.id: "),
        ("json", {"name": "hr"}, "fields: "),
        ("json", {"name": "hr", "fields": {"id": "a["}}, "fields: id: a[ is not a JMESPath"),
        ("json", {"name": "hr", "fields": {"id": "lenth(a)"}}, "fields: id: lenth(a) is not a JMESPath"),
        ("json", {"name": "hr", "fields": {"id": "a"}, "record": "a[?b]"}, "record: a[?b] is no plain path"),
        ("json", {"name": "hr", "fields": {"id": "a"}, "key": "b"}, "b: not among the fields"),
    ],
)
def test_a_wrong_option_is_named(tmp_path: Path, kind: str, options: dict[str, object], words: str) -> None:
    """A typing error in a mapping is found by its name, before anything is read."""
    with pytest.raises(MappingError) as caught:
        open_source(kind, tmp_path / "a.csv", options)
    assert words in str(caught.value)
