"""XML files: streamed records, and no way for a hostile or broken file to get through."""

from __future__ import annotations

import os
import threading
import time
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sources.xml import XmlSource
from connector.domain.errors import FeedRefused, MappingError
from connector.domain.people import Record, Rejection

PEOPLE = """<?xml version="1.0"?>
<people>
  <person id="1"><name>Ann</name><mail>a@x.org</mail><mail>b@x.org</mail></person>
  <!-- a note -->
  <person id="2">
    <name>Bo <b>Lee</b></name>
  </person>
</people>
"""
FIELDS = {"id": "@id", "name": "name", "mail": "mail"}


def source(tmp_path: Path, content: str | bytes, **options: Any) -> XmlSource:
    path = tmp_path / "staff.xml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return XmlSource(path, **{"name": "hr", "record": "/people/person", "fields": FIELDS, **options})


def rows(one: XmlSource) -> list[Record | Rejection]:
    return list(one.records())


def refusal(one: XmlSource) -> str:
    with pytest.raises(FeedRefused) as caught:
        rows(one)
    return str(caught.value)


@pytest.mark.parametrize("record", ["/people/person", "//person", "person", "people/person", "//people/person"])
def test_each_repeated_element_is_a_record(tmp_path: Path, record: str) -> None:
    """The first of several values counts, none is the empty text, and the line is where the element begins."""
    assert rows(source(tmp_path, PEOPLE, record=record)) == [
        Record(3, {"id": "1", "name": "Ann", "mail": "a@x.org"}),
        Record(5, {"id": "2", "name": "Bo Lee", "mail": ""}),
    ]


def test_xpath_with_conditions_functions_and_namespaces(tmp_path: Path) -> None:
    """The shape of a Workday report: a default namespace and typed ids."""
    content = """<Report_Data xmlns="urn:wd" xmlns:t="urn:type">
      <Report_Entry><ID t:type="WID">w</ID><ID t:type="Employee_ID">7</ID><Job><Code>N</Code></Job></Report_Entry>
    </Report_Data>"""
    one = source(
        tmp_path,
        content,
        record="/wd:Report_Data/wd:Report_Entry",
        namespaces={"wd": "urn:wd", "t": "urn:type"},
        fields={
            "id": "wd:ID[@t:type='Employee_ID']",
            "code": ".//wd:Code",
            "nurse": "wd:Job/wd:Code = 'N'",
            "slash": "concat('/', '..')",
            "ids": "count(wd:ID)",
        },
    )
    assert rows(one) == [Record(2, {"id": "7", "code": "N", "nurse": "true", "slash": "/..", "ids": "2"})]


def test_a_record_within_a_record_belongs_to_the_outer_one(tmp_path: Path) -> None:
    """A person's manager, written in the same words, is no second row and is still there to be read."""
    content = "<people><person id='1'><manager><person id='9'/></manager></person><person id='2'/></people>"
    one = source(tmp_path, content, record="//person", fields={"id": "@id", "manager": "manager/person/@id"})
    assert [each.fields for each in one.records() if isinstance(each, Record)] == [
        {"id": "1", "manager": "9"},
        {"id": "2", "manager": ""},
    ]


def test_an_absolute_path_takes_nothing_of_the_same_name_elsewhere(tmp_path: Path) -> None:
    """A <person> in the header of the file is not on the list."""
    content = "<people><sent><person id='x'/></sent><person id='1'/><left><person id='y'/></left></people>"
    assert [each.line for each in rows(source(tmp_path, content))] == [1]


ENCODINGS = [
    ("utf-8", "陳大文"),
    ("utf-16", "陳大文"),
    ("big5", "陳大文"),
    ("gb18030", "王小明𠮷"),
    ("shift_jis", "高橋ソ"),
    ("windows-1252", "Müller€"),
]


@pytest.mark.parametrize(("encoding", "name"), ENCODINGS)
def test_the_encoding_is_what_the_document_says(tmp_path: Path, encoding: str, name: str) -> None:
    """An XML file names its own encoding."""
    content = f'<?xml version="1.0" encoding="{encoding}"?><people><person><name>{name}</name></person></people>'
    (record,) = rows(source(tmp_path, content.encode(encoding)))
    assert isinstance(record, Record)
    assert record.fields["name"] == name


def test_a_declared_encoding_overrules_the_document(tmp_path: Path) -> None:
    """Some systems write one encoding and say another; declared ones are strict."""
    content = '<?xml version="1.0" encoding="utf-8"?><people><person><name>髙橋</name></person></people>'
    (record,) = rows(source(tmp_path, content.encode("cp932"), encoding="cp932"))
    assert isinstance(record, Record)
    assert record.fields["name"] == "髙橋"
    assert "Declare the encoding" in refusal(source(tmp_path, content.encode("cp932"), encoding="euc_kr"))
    assert "staff.xml: line 1" in refusal(source(tmp_path, content.encode("cp932")))


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
HOSTILE = {
    "billion laughs": f'<!DOCTYPE p [<!ENTITY l0 "lol">{LAUGHS}]><people><person id="&l11;">&l11;</person></people>',
    "quadratic": f'<!DOCTYPE p [<!ENTITY a "{"a" * 50_000}">]><people><person>{"&a;" * 50_000}</person></people>',
    "laughs in the root": f'<!DOCTYPE p [<!ENTITY l0 "lol">{LAUGHS}]><people a="&l11;"><person/></people>',
    "parameter entities": "<!DOCTYPE p [<!ENTITY % a \"<!ENTITY b 'c'>\">%a;]><people><person/></people>",
    "external entity": '<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><people><person>&x;</person></people>',
    "external dtd": '<!DOCTYPE people SYSTEM "http://127.0.0.1:9/x.dtd"><people><person/></people>',
    "endless declarations": "<!DOCTYPE p [" + "".join(f"<!ENTITY e{n} '{n}'>" for n in range(100_000)),
    "plain doctype": "<!DOCTYPE people><people><person/></people>",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("encoding", ["auto", "utf-16"])
def test_document_types_and_entities_are_refused_at_once(tmp_path: Path, content: str, encoding: str) -> None:
    """No file makes the service expand, fetch or disclose anything."""
    started = time.monotonic()
    one = source(tmp_path, content.encode("utf-16" if encoding == "utf-16" else "utf-8"), encoding=encoding)
    message = refusal(one)
    assert "DOCTYPE" in message or "line 1" in message
    assert "root:" not in message
    assert time.monotonic() - started < 2


def test_a_document_type_elsewhere_is_not_even_opened(tmp_path: Path) -> None:
    """A pipe as the external document type would block for ever whoever opens it."""
    os.mkfifo(tmp_path / "pipe")
    content = f'<!DOCTYPE people SYSTEM "{(tmp_path / "pipe").as_uri()}"><people><person id="1"/></people>'
    one = source(tmp_path, content)
    reading = threading.Thread(target=lambda: refused.append(refusal(one)), daemon=True)
    refused: list[str] = []
    reading.start()
    reading.join(10)
    assert refused, "the pipe was opened"
    assert "has a DOCTYPE" in refused[0]
    with pytest.raises(FeedRefused, match="refers to another one"):
        list(one._elements("end", None, [content.encode()]))


@pytest.mark.parametrize(
    "content",
    [
        "<people><person>&nbsp;</person></people>",
        "<people>" + "<a>" * 5_000 + "</a>" * 5_000 + "</people>",
        "<people><person></people>",
        "<people/><people/>",
        "not xml at all",
        "   \n",
        "<!-- only a comment -->",
    ],
)
def test_malformed_xml_is_refused_with_its_line(tmp_path: Path, content: str) -> None:
    """Nothing is repaired: what a parser guesses is not what HR said."""
    assert refusal(source(tmp_path, content)).startswith("staff.xml: line ")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    """That nobody is left is not believed."""
    assert "empty" in refusal(source(tmp_path, ""))


@given(st.integers(1, len(PEOPLE.rstrip()) - 1))
def test_a_file_cut_off_anywhere_is_refused(cut: int) -> None:
    """A transfer that stopped never looks like a smaller company."""
    with TemporaryDirectory() as folder:
        assert refusal(source(Path(folder), PEOPLE.rstrip()[:cut]))


def test_a_delta_may_be_empty(tmp_path: Path) -> None:
    """That nothing has changed is good news; of everybody it is not believed, and a wrong path is no empty delta."""
    assert rows(source(tmp_path, "<people>\n</people>", complete=False)) == []
    assert "matches nothing" in refusal(source(tmp_path, "<people></people>"))
    assert "matches nothing" in refusal(source(tmp_path, "<people><worker/></people>", complete=False))


def test_a_path_that_matches_nothing_is_refused_and_the_root_is_named(tmp_path: Path) -> None:
    """A namespace that was forgotten shows itself."""
    message = refusal(source(tmp_path, '<people xmlns="urn:x"><person/></people>'))
    assert "matches nothing; the root element is {urn:x}people" in message


def test_a_needed_field_that_no_record_has_is_refused(tmp_path: Path) -> None:
    """A renamed element would else clear that field for everybody."""
    assert "no record has a value for: mail" in refusal(
        source(tmp_path, PEOPLE.replace("mail", "e-mail"), columns=["mail", "name"])
    )
    assert len(rows(source(tmp_path, PEOPLE, columns=["mail", "name"]))) == 2


@pytest.mark.parametrize(
    "options",
    [
        {"record": "/people/person[1]"},
        {"record": "/people//person"},
        {"record": "///person"},
        {"record": ""},
        {"record": "x:person"},
        {"fields": {}},
        {"fields": {"id": "@id["}},
        {"fields": {"id": ""}},
        {"fields": {"id": "x:id"}},
        {"fields": {"id": "$id"}},
        {"fields": {"id": "nope()"}},
        {"fields": {"id": "a, b"}},
        {"fields": {"id": "\0"}},
        {"fields": {"id": "../company"}},
        {"fields": {"id": "/people/company"}},
        {"fields": {"id": "name | //company"}},
        {"fields": {"id": "ancestor::people/@id"}},
        {"fields": {"id": "following-sibling::person/@id"}},
        {"columns": ["phone"]},
        {"encoding": "nope"},
    ],
)
def test_a_wrong_path_is_told_when_the_source_is_built(tmp_path: Path, options: dict[str, Any]) -> None:
    """A wrong mapping fails when it is loaded; a path out of the record would be right for the first record only."""
    with pytest.raises(MappingError):
        source(tmp_path, PEOPLE, **options)


xml_text = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"))


@given(st.lists(xml_text, min_size=1, max_size=20))
def test_any_text_is_read_back(names: list[str]) -> None:
    """What a serialiser wrote is what arrives, record by record."""
    body = "\n".join(f"<person><name>{escape(name)}</name></person>" for name in names)
    with TemporaryDirectory() as folder:
        found = rows(source(Path(folder), f"<people>{body}</people>"))
    assert [(each.line, each.fields["name"]) for each in found if isinstance(each, Record)] == list(
        enumerate(names, 1)
    )


@pytest.mark.parametrize("wrapped", [False, True])
def test_memory_stays_flat(tmp_path: Path, wrapped: bool) -> None:
    """What was read is let go, also where each record has a wrapper or a neighbour of its own."""
    person = f"<person id='1'><name>{'x' * 200}</name></person>\n"
    if wrapped:
        person = f"<entry>{person}</entry><note>{'y' * 200}</note>"
    record = "/people/entry/person" if wrapped else "/people/person"
    one = source(tmp_path, f"<people>{person * 100_000}</people>", record=record)
    before = _resident()
    tracemalloc.start()
    try:
        assert sum(1 for _ in one.records()) == 100_000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    assert _resident() - before < 20_000_000  # the tree of libxml2 is not Python's memory; whole it takes 60 MB


def _resident() -> int:
    import psutil

    return int(psutil.Process().memory_info().rss)


def test_lines_beyond_the_limit_of_the_parser_still_lead_to_the_record(tmp_path: Path) -> None:
    """The parser knows 65,535 lines exactly; from there on a line within the record is told."""
    body = "<person id='1'>\n<name>x</name>\n</person>\n" * 30_000
    found = list(source(tmp_path, f"<people>{body}</people>").records())
    assert all(0 <= each.line - (3 * number + 1) <= 2 for number, each in enumerate(found))
    assert all(each.line == 3 * number + 1 for number, each in enumerate(found[:21_000]))
