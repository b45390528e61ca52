"""JSON lines and documents: streamed, read strictly, and refused wherever something is not as it has to be."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from adapters.sources.json import JsonSource
from connector.domain.errors import FeedRefused
from connector.domain.people import Record, Rejection

LINES = '{"id": 7, "name": "Ann"}\n\n{"id": "8", "name": null}\n'
DOCUMENT = """{
  "meta": {"people": [{"id": "no"}], "total": 2},
  "data": {"people": [
    {"id": 7, "name": "Ann", "boss": {"id": 1}},
    {"id": 8,
     "name": null}
  ]},
  "after": [[1, 2], {"x": 1}]
}
"""
FIELDS = {"id": "id", "name": "name"}


def source(tmp_path: Path, content: str | bytes, **options: Any) -> JsonSource:
    path = tmp_path / "staff.json"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return JsonSource(path, **{"name": "hr", "fields": FIELDS, **options})


def rows(one: JsonSource) -> list[Record | Rejection]:
    return list(one.records())


def refusal(one: JsonSource) -> str:
    with pytest.raises(FeedRefused) as caught:
        rows(one)
    return str(caught.value)


def test_lines(tmp_path: Path) -> None:
    """Each line is a person, with its number in the file; blank lines are none."""
    one = source(tmp_path, LINES)
    assert rows(one) == [Record(1, {"id": "7", "name": "Ann"}), Record(3, {"id": "8", "name": ""})]
    assert rows(one) == rows(one)


def test_a_document(tmp_path: Path) -> None:
    """Only the list that the path leads to counts, and a record's line is where its object begins."""
    one = source(tmp_path, DOCUMENT, record="data.people", fields={**FIELDS, "boss": "boss.id"})
    assert rows(one) == [
        Record(4, {"id": "7", "name": "Ann", "boss": "1"}),
        Record(5, {"id": "8", "name": "", "boss": ""}),
    ]


def test_a_document_that_is_the_list(tmp_path: Path) -> None:
    """The whole document is named as JMESPath names it."""
    assert rows(source(tmp_path, '[{"id": 1, "name": "A"}]', record="@")) == [Record(1, {"id": "1", "name": "A"})]


@pytest.mark.parametrize("record", [None, "@"])
def test_values_become_text_without_loss(tmp_path: Path, record: str | None) -> None:
    """What HR wrote is what the mapping sees: no rounding, no Python words."""
    values = {"a": "true", "b": "false", "c": "1.50", "d": "12345678901234567890123.4", "e": '["x", null, 2, true]'}
    person = (
        "{" + ", ".join(f'"{name}": {value}' for name, value in values.items()) + ', "f": "Ü\\u4e2d\\ud83d\\ude00"}'
    )
    one = source(
        tmp_path, f"[{person}]" if record else person, record=record, fields={each: each for each in "abcdef"}
    )
    (row,) = rows(one)
    assert isinstance(row, Record)
    assert list(row.fields.values()) == ["true", "false", "1.50", "12345678901234567890123.4", "x,2,true", "Ü中😀"]


def test_a_path_chooses_and_a_separator_is_declared(tmp_path: Path) -> None:
    """JMESPath reaches into lists; several values are put together as said."""
    fields = {"mail": "mails[?kind=='work'].to | [0]", "all": "mails[].to"}
    text = '{"mails": [{"kind": "home", "to": "h@x.org"}, {"kind": "work", "to": "w@x.org"}]}'
    assert rows(source(tmp_path, text, fields=fields, separator=";")) == [
        Record(1, {"mail": "w@x.org", "all": "h@x.org;w@x.org"})
    ]


@pytest.mark.parametrize(
    ("line", "rejection"),
    [
        ('"Ann"', Rejection(2, None, "", "this is no JSON object; give one object for each person")),
        ('[{"id": 1}]', Rejection(2, None, "", "this is no JSON object; give one object for each person")),
        (
            '{"id": 5, "name": {"first": "Ann"}}',
            Rejection(2, "5", "name", "is an object or a list of lists; let the path lead to a value within it"),
        ),
        ('{"id": 5, "name": "\\ud800"}', Rejection(2, "5", "name", "holds half a character (a lone surrogate)")),
    ],
)
def test_what_cannot_be_used_is_rejected_alone(tmp_path: Path, line: str, rejection: Rejection) -> None:
    """The others go on, and the person counts as present where the key can be read."""
    good = '{"id": 1, "name": "A"}'
    found = rows(source(tmp_path, f"{good}\n{line}\n{good}\n", key="id"))
    assert found == [Record(1, {"id": "1", "name": "A"}), rejection, Record(3, {"id": "1", "name": "A"})]


def test_a_function_that_does_not_fit_a_value_rejects(tmp_path: Path) -> None:
    """A value of another type is no reason to end, and is not repeated."""
    (one,) = rows(source(tmp_path, '{"id": 1, "name": "Zoé"}', key="id", fields={"id": "id", "n": "abs(name)"}))
    assert isinstance(one, Rejection)
    assert (one.key, one.field) == ("1", "n")
    assert "Zoé" not in one.reason


BAD = {
    "twice": ('{"id": 1, "id": 2}', "line 1: a name stands twice in one object"),
    "twice within": ('{"id": 1, "name": {"a": 1, "a": 1}}', "line 1: a name stands twice in one object"),
    "not a number": ('{"id": NaN}', "line 1: "),
    "infinite": ('{"id": -Infinity}', "line 1: "),
    "deep": ('{"id": ' + "[" * 70 + "]" * 70 + "}", "line 1: objects and lists are nested deeper than 64"),
    "very deep": ('{"id": ' + "[" * 100_000 + "]" * 100_000 + "}", "line 1: objects and lists are nested deeper than"),
    "a number of 5,000 digits": ('{"id": ' + "9" * 5000 + "}", "line 1: "),
    "cut off": ('{"id": 1, "name": "A', "it is probably cut off"),
    "a comment": ('{"id": 1 /* one */}', "line 1: "),
    "single quotes": ("{'id': 1}", "line 1: "),
}


@pytest.mark.parametrize("record", [None, "@"])
@pytest.mark.parametrize("case", BAD)
def test_what_is_no_sound_json_is_refused(tmp_path: Path, case: str, record: str | None) -> None:
    """Nothing is read somehow; the sentence says where, and nothing of what stands there."""
    text, words = BAD[case]
    said = refusal(
        source(tmp_path, text if record is None else f"[{text}" + ("" if case == "cut off" else "]"), record=record)
    )
    assert words in said
    assert said.startswith("staff.json: ")
    assert len(said) < 200


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ("", {}, "the file is empty"),
        ("\n\n", {}, "there is no object in it"),
        ("[]", {"record": "@"}, "there is no object in it"),
        ("{}", {"record": "@"}, "the record path @ leads to no list"),
        ('{"value": {}, "b": 1}', {"record": "value"}, "path value leads to no list. The document has: value, b"),
        ('{"value": [{"id": 1}], "value": [{"id": 2}]}', {"record": "value"}, "a name stands twice"),
        (LINES, {"record": "@"}, "no well-formed JSON"),
        (LINES.encode("utf-16"), {}, "utf-16"),
        (b'{"id": 1, "name": "\xff"}', {}, "byte 0xFF at offset 19 (line 1) is not utf-8"),
        (b'[{"id": 1, "name": "\xff"}]', {"record": "@"}, "byte 0xFF at offset 20 (line 1) is not utf-8"),
        ('{"id": 1}\n{"id": 2}', {"columns": ["name"]}, "no object has a value for: name"),
    ],
)  # fmt: skip
def test_a_feed_that_is_not_to_be_trusted(tmp_path: Path, content: str | bytes, options: Any, words: str) -> None:
    """Each sentence says what is wrong."""
    assert words in refusal(source(tmp_path, content, **options))


def test_a_delta_may_be_empty(tmp_path: Path) -> None:
    """That nothing has changed is good news; of everybody it would not be believed."""
    assert rows(source(tmp_path, "", complete=False)) == []
    assert rows(source(tmp_path, '{"people": []}', record="people", complete=False)) == []


def test_who_is_gone_needs_nothing_but_the_key(tmp_path: Path) -> None:
    """Rows that say only that do not lack what all others have; one that says more does."""
    options: dict[str, Any] = {"columns": ["name"], "removed": lambda values: values["mail"] == "gone"}
    options["fields"] = {**FIELDS, "mail": "mail"}
    gone = '{"id": "1", "mail": "gone"}\n'
    assert len(rows(source(tmp_path, gone * 2, **options))) == 2
    with pytest.raises(FeedRefused, match="no object has a value for: name"):
        rows(source(tmp_path, gone + '{"id": "2"}\n', **options))


def test_a_byte_order_mark_is_no_name(tmp_path: Path) -> None:
    """Windows writes one where nobody asked for it."""
    assert len(rows(source(tmp_path, "\ufeff" + LINES))) == 2


@pytest.mark.parametrize("tenth", range(10))
def test_a_document_cut_off_anywhere_is_refused(tmp_path: Path, tenth: int) -> None:
    """No half of a company is ever believed."""
    whole = json.dumps({"value": [{"id": n, "name": f"Née {n}"} for n in range(500)]}, ensure_ascii=False).encode()
    refusal(source(tmp_path, whole[: len(whole) * tenth // 10], record="value"))


@pytest.mark.parametrize("tenth", range(10))
def test_lines_cut_off_within_a_line_are_refused(tmp_path: Path, tenth: int) -> None:
    """A line that is not whole is told from one that is."""
    whole = b"".join(b'{"id": %d, "name": "Ann"}\n' % n for n in range(1000, 1500))
    cut = len(whole) * tenth // 10
    cut += 3 if whole[cut - 1 : cut] == b"\n" else 0
    refusal(source(tmp_path, whole[:cut]))


@pytest.mark.parametrize("record", [None, "value"])
def test_memory_stays_flat(tmp_path: Path, record: str | None) -> None:
    """Twenty megabytes on one line or many take one."""
    path = tmp_path / "big.json"
    person = json.dumps({"id": 1, "name": "x" * 1000})
    with path.open("w") as file:
        file.write('{"value": [' if record else "")
        file.writelines((f"{person}," if record else f"{person}\n") for _ in range(20_000))
        file.write(f"{person}]}}" if record else "")
    one = JsonSource(path, name="hr", fields=FIELDS, record=record)
    tracemalloc.start()
    count = sum(1 for _ in one.records())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_000 + (record is not None)
    assert peak < 3_000_000
