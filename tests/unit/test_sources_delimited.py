"""Delimited files: what is read, which row is rejected alone, and when the whole feed is refused."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adapters.sources.delimited import DelimitedSource
from adapters.sources.rows import LONGEST_LINE
from connector.domain.errors import FeedRefused, MappingError
from connector.domain.people import Record, Rejection


def source(tmp_path: Path, content: str | bytes, **options: Any) -> DelimitedSource:
    path = tmp_path / "staff.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return DelimitedSource(path, **{"name": "hr", **options})


def rows(one: DelimitedSource) -> list[Record | Rejection]:
    return list(one.records())


def refusal(one: DelimitedSource) -> str:
    with pytest.raises(FeedRefused) as caught:
        rows(one)
    return str(caught.value)


REAL_TEXT = [
    ("utf-8", "Müller,東京,Иван,😀"),
    ("utf-8-sig", "Müller,東京,Иван,😀"),
    ("utf-16", "Müller,東京,Иван,😀"),
    ("utf-16-le", "Müller,東京,Иван,😀"),
    ("utf-16-be", "Müller,東京,Иван,😀"),
    ("utf-32", "Müller,東京,Иван,😀"),
    ("cp950", "陳大文,臺北市,許功蓋,碁峰"),
    ("big5", "陳大文,臺北市,許功蓋,林志玲"),
    ("big5hkscs", "陳大文,香港,許功蓋,啫喱"),
    ("gb18030", "王小明,北京,𠮷,€"),
    ("gbk", "王小明,北京,镕,上海"),
    ("cp932", "髙橋,表示,①,㈱ソニー"),
    ("shift_jis", "高橋,東京,ソ十,表示"),
    ("euc_jp", "高橋,東京,ソ十,表示"),
    ("iso2022_jp", "高橋,東京,ソ十,表示"),
    ("euc_kr", "김철수,서울,부산,대구"),
    ("cp1252", "Müller,Œuvre,€,Ñandú"),
    ("cp1250", "Łukasz,Dvořák,Őry,Žižek"),
    ("cp1251", "Иван,Москва,Ёлкин,Щука"),
    ("koi8-r", "Иван,Москва,Ёлкин,Щука"),
    ("cp1253", "Γιώργος,Αθήνα,Ωμέγα,Χίος"),
    ("cp1255", "משה,ירושלים,שרה,חיפה"),
    ("cp1256", "محمد,القاهرة,علي,دبي"),
    ("cp874", "สมชาย,กรุงเทพ,ไทย,ใจดี"),
    ("mac_roman", "Müller,Œuvre,Ñandú,Ünal"),
]


@pytest.mark.parametrize(("encoding", "text"), REAL_TEXT, ids=[each[0] for each in REAL_TEXT])
def test_names_of_every_script_are_read_in_the_encoding_declared(tmp_path: Path, encoding: str, text: str) -> None:
    """What a company's own encoding says is what arrives, letter for letter."""
    one = source(tmp_path, f"id,a,b,c\r\n{text}\r\n".encode(encoding), encoding=encoding)
    values = text.split(",")
    assert rows(one) == [Record(2, dict(zip(["id", "a", "b", "c"], values, strict=True)))]


@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (b"\x84\x31\x95\x33", "gb18030"),
    ],
)
def test_auto_follows_the_byte_order_mark_and_else_takes_utf_8(tmp_path: Path, mark: bytes, codec: str) -> None:
    """The mark is no part of the first column's name."""
    one = source(tmp_path, mark + "id;name\n1;東京\n".encode(codec))
    assert rows(one) == [Record(2, {"id": "1", "name": "東京"})]


@pytest.mark.parametrize("ahead", [0, 70_000])
def test_a_wrong_byte_refuses_the_feed_and_is_pointed_at(tmp_path: Path, ahead: int) -> None:
    """Nobody's name is replaced by question marks; the message says where and what to declare."""
    start = b"id,name\r\n" + b"1,Anna\r\n" * ahead
    message = refusal(source(tmp_path, start + b"2,M\xfcller\r\n"))
    assert f"byte 0xFC at offset {len(start) + 3:,} (line {ahead + 2:,})" in message
    assert "Declare the encoding" in message


def test_a_wrong_byte_in_a_declared_encoding_names_the_likely_one(tmp_path: Path) -> None:
    """A system that says Shift-JIS and writes its Windows sibling is the common case."""
    message = refusal(source(tmp_path, "id,name\n1,髙橋\n".encode("cp932"), encoding="shift_jis"))
    assert "offset 10 (line 2) is not shift_jis" in message
    assert "cp932" in message


@given(
    st.sampled_from(["utf-8", "cp950", "gb18030", "shift_jis", "euc_kr"]),
    st.text("ab,\n中", max_size=50),
    st.integers(65_500, 65_560),
)
def test_the_offset_of_a_wrong_byte_is_right_at_the_seams_of_blocks(encoding: str, text: str, fill: int) -> None:
    """The place named is the place, also where a character lies across two blocks."""
    head = b"i\n" + b"x" * fill + text.encode(encoding)
    with TemporaryDirectory() as folder:
        message = refusal(source(Path(folder), head + b"\xff\n", encoding=encoding))
    lines = head.count(b"\n") + 1
    assert f"byte 0xFF at offset {len(head):,} (line {lines:,})" in message


def test_a_declared_encoding_against_the_mark_is_refused(tmp_path: Path) -> None:
    """Two statements that differ are settled by a person."""
    assert "utf-8 or auto" in refusal(source(tmp_path, codecs.BOM_UTF8 + b"id\n1\n", encoding="cp1252"))
    assert "utf-16-le or utf-16-be" in refusal(source(tmp_path, "id\n1\n".encode("utf-16-le"), encoding="utf-16"))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-8", "cp950"])
def test_a_file_that_ends_within_a_character_is_cut_off(tmp_path: Path, encoding: str) -> None:
    """The last half of a character never arrived."""
    content = "id,name\n1,東京".encode(encoding)[:-1]
    assert "ends within a character" in refusal(source(tmp_path, content, encoding=encoding))


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@given(
    st.lists(st.lists(texts, min_size=3, max_size=3), max_size=8),
    st.sampled_from([each[0] for each in REAL_TEXT]),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_whatever_csv_writes_is_read_back(
    table: list[list[str]], encoding: str, delimiter: str, end: str, quoting: Literal[0, 1]
) -> None:
    """Any text in any encoding that can carry it survives, and each record knows the line where it begins."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerow(["id", "b", "c"])
    begins = []
    if quoting == csv.QUOTE_MINIMAL and end != "\r\n":  # the writer leaves the other kind of line end unquoted
        table = [[value.replace("\r", "").replace("\n", "") for value in row] for row in table]
    for row in table:
        begins.append(len(io.StringIO(out.getvalue(), newline=None).read().split("\n")))
        writer.writerow(row)
    try:
        content = out.getvalue().encode(encoding)
        assume(content.decode(encoding) == out.getvalue())
    except UnicodeError:
        assume(False)
    with TemporaryDirectory() as folder:
        one = source(Path(folder), content, encoding=encoding, columns=["id", "b", "c"])
        found = rows(one)
    expected = [
        Record(line, dict(zip(["id", "b", "c"], row, strict=True))) for line, row in zip(begins, table, strict=True)
    ]
    assert found == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp950", "gb18030"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_a_file_with_a_trailer_is_whole_or_refused_wherever_it_is_cut(
    tmp_path: Path, encoding: str, quoting: Literal[0, 1]
) -> None:
    """A transfer that stopped anywhere never looks like a smaller company."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter="|", quoting=quoting)
    writer.writerow(["id", "name", "address"])
    for number in range(40):
        writer.writerow([f"E{number}", "陳大文", "臺北市\n信義區"])
    writer.writerow(["TRAILER", "40"])
    whole = out.getvalue().rstrip("\r\n").encode(encoding)
    options: dict[str, Any] = {"encoding": encoding, "trailer": r"^TRAILER\|(?P<count>\d+)"}
    assert len(rows(source(tmp_path, whole, **options))) == 40
    cuts = {len(whole) * tenth // 10 for tenth in range(10)} | set(range(len(whole) - 30, len(whole)))
    for cut in sorted(cuts):
        try:
            found = rows(source(tmp_path, whole[:cut], **options))
        except FeedRefused:
            continue
        assert len(found) == 40, cut  # only what stands behind the count may be missing


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("id|n\n1|a\nTRAILER|2\n", "says 2 rows and there are 1"),
        ("id|n\n1|a\n2|b\n", "trailer is missing"),
        ("id|n\nTRAILER|0\n1|a\n", "trailer is missing"),
        ("id|n\n", "trailer is missing"),
    ],
)
def test_a_trailer_that_does_not_add_up_or_is_missing_refuses(tmp_path: Path, content: str, words: str) -> None:
    """The sender's own count is the only proof that all rows came."""
    assert words in refusal(source(tmp_path, content, trailer=r"^TRAILER\|(?P<count>\d+)"))


def test_a_trailer_counts_bad_rows_and_is_no_record(tmp_path: Path) -> None:
    """A bad row did arrive; the trailer row is nobody."""
    one = source(tmp_path, "id,n\n1,a\n2\nT,2\n\n", trailer=r"T,(?P<count>\d+)$")
    assert rows(one) == [
        Record(2, {"id": "1", "n": "a"}),
        Rejection(3, None, "", "the row has 1 fields and the header 2; quote the delimiter"),
    ]
    assert rows(source(tmp_path, "id,n\n1,a\nEND\n", trailer="END$")) == [Record(2, {"id": "1", "n": "a"})]


@pytest.mark.parametrize(
    ("encoding", "names"),
    [("gb18030", "谢卢"), ("gb18030", "卢\n3,谢"), ("cp932", "ﾃｽ"), ("big5", "臺陳")],
)
def test_a_few_characters_may_look_like_utf_8(tmp_path: Path, encoding: str, names: str) -> None:
    """In the encodings of East Asia two or three do by chance: what is declared counts."""
    found = rows(source(tmp_path, f"id,name\n1,{names}\n".encode(encoding), encoding=encoding))
    assert "".join(each.fields["name"] for each in found if isinstance(each, Record)) == names.replace("\n3,", "")


def test_a_key_that_may_have_moved_is_none(tmp_path: Path) -> None:
    """What a row has too much may stand before its key: somebody else would count as present."""
    content = "name,id,mail\nDoe, Ann,1,a@x\nBob,2,b@x\n"
    found = rows(source(tmp_path, content, key="id"))
    assert [each.key for each in found if isinstance(each, Rejection)] == [None]


def test_a_bad_row_is_rejected_alone_with_its_line_and_key(tmp_path: Path) -> None:
    """One person's comma stops nobody else, and the person still counts as present."""
    one = source(tmp_path, 'id,name\n1,Anna\n2,Bo,x\n3\n"4","D "Dee" E"\n5,Eve\n', key="id")
    found = rows(one)
    assert [each.line for each in found] == [2, 3, 4, 5, 6]
    assert [type(each).__name__ for each in found] == ["Record", "Rejection", "Rejection", "Rejection", "Record"]
    assert [each.key for each in found if isinstance(each, Rejection)] == ["2", "3", "4"]
    assert not any("Dee" in each.reason for each in found if isinstance(each, Rejection))


def test_a_value_beyond_the_limit_of_csv_is_rejected_alone(tmp_path: Path) -> None:
    """A photograph in a column is a bad row, not the end of the feed."""
    one = source(tmp_path, f"id,photo\n1,{'x' * 200_000}\n2,y\n", key="id")
    bad, good = rows(one)
    assert isinstance(bad, Rejection)
    assert (bad.line, bad.key) == (2, "1")
    assert "131,072" in bad.reason
    assert good == Record(3, {"id": "2", "photo": "y"})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        ("\ufeff", "empty"),
        ("\r\n\n", "empty"),
        ("id,name,id\n1,a,b\n", "line 1: the header has a column more than once, and the mapping needs none of them"),
        ("id,nom\n1,a\n", "missing: name. There are 2 columns, and the mapping needs none of them"),
        ('id,"na\n', "line 1: a quote that opens in this row is not closed"),
        ("id,name\n1,a\n2,\0b\n", "line 3: there is a NUL byte"),
        ('id,name\n1,a\n2,"b\n3,c\n', "line 3: a quote that opens in this row is not closed; the file is cut off"),
        ('id,name\n1,"a\n2,"b"\n3,c\n', "line 2: a quote that opens in this row is not closed properly before line 3"),
        ('id,name\n1,"a\n2,""\n3",c\n', "line 2: a quote that opens in this row closes in line 4 only"),
        ("id,name\n1,a\n2", "line 3: the file ends within this row; it is cut off"),
        ("id,name\n1," + "x" * LONGEST_LINE + "\n", "line 2: the line is longer"),
        (f'id,name\n1,"{"x" * 200_000}\n2,b\n', "line 2: a quote that opens"),
        ('id,name\n1,"' + "a,b\n" * 50_000, "line 2: a quote that opens"),
    ],
)
def test_what_makes_the_whole_feed_doubtful_refuses_it(tmp_path: Path, content: str, words: str) -> None:
    """No row is believed where nobody can say how many rows there should be."""
    message = refusal(source(tmp_path, content, columns=["name"]))
    assert words in message
    assert message.startswith("staff.csv: ")


@pytest.mark.parametrize("first", ["4711,Xiaoming,Wang", "4711,Xiaoming,Xiaoming"])
def test_a_file_without_its_header_tells_nothing_of_a_person(tmp_path: Path, first: str) -> None:
    """What stands where the names of columns should be is the first person's: it is counted, and not repeated."""
    message = refusal(source(tmp_path, f"{first}\n4712,b,c\n", columns=["name", "id"]))
    assert "is the header missing" in message
    assert "is the header missing" not in refusal(source(tmp_path, "id,nom\n1,a\n", columns=["name", "id"]))
    assert not {"4711", "Xiaoming", "Wang"} & set(re.findall(r"\w+", message))


@pytest.mark.parametrize(("last", "told"), [("END,7", "says 7 rows"), ("END,Wang", "says no number of rows")])
def test_a_trailer_that_does_not_add_up_repeats_only_a_number(tmp_path: Path, last: str, told: str) -> None:
    """Whatever stands where the count should be."""
    assert told in refusal(source(tmp_path, f"id,name\n1,a\n{last}\n", trailer="END,(?P<count>.*)"))


def test_records_begin_where_their_row_begins(tmp_path: Path) -> None:
    """A message about line 6 helps only if an editor shows the row there."""
    one = source(tmp_path, '# export\n\nid,name\n1,"a\r\nb"\n\n2,c\n', skip_lines=1)
    assert rows(one) == [Record(4, {"id": "1", "name": "a\r\nb"}), Record(7, {"id": "2", "name": "c"})]


def test_values_are_given_as_they_are_and_names_trimmed(tmp_path: Path) -> None:
    """Cleaning values is the mapping's business; combining letters stay apart too."""
    assert rows(source(tmp_path, " id ,name,\n 1 ,e\u0301,\n")) == [
        Record(2, {"id": " 1 ", "name": "e\u0301", "": ""}),
    ]


def test_a_file_without_header_takes_the_names_given(tmp_path: Path) -> None:
    """The first row is a person there."""
    one = source(tmp_path, "1;Smith, Ann;x\n2;Bo;y\n", header=["id", "name", "c"], key="id")
    assert rows(one) == [
        Record(1, {"id": "1", "name": "Smith, Ann", "c": "x"}),
        Record(2, {"id": "2", "name": "Bo", "c": "y"}),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_gives_the_needed_columns(tmp_path: Path, delimiter: str) -> None:
    """A comma within a name does not win over the real delimiter."""
    one = source(tmp_path, f'id{delimiter}"a,b,c;d|e\tf"\n1{delimiter}x\n', columns=["id"])
    assert rows(one) == [Record(2, {"id": "1", "a,b,c;d|e\tf": "x"})]


def test_a_file_of_one_column_needs_no_delimiter(tmp_path: Path) -> None:
    """A list of keys is a feed too."""
    assert rows(source(tmp_path, "id\n1\n2")) == [Record(2, {"id": "1"}), Record(3, {"id": "2"})]


def test_the_identity_is_the_content(tmp_path: Path) -> None:
    """The digest that a person releases is that of the bytes on disk."""
    one = source(tmp_path, "id\n1\n", complete=False)
    assert (one.identity.source, one.identity.name, one.identity.size) == ("hr", "staff.csv", 5)
    assert one.identity.digest == hashlib.sha256(b"id\n1\n").hexdigest()
    assert one.identity.complete is False
    assert rows(one) == rows(one)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    """What was approved by its digest is what is read, or nothing."""
    one = source(tmp_path, "id\n1\n2\n")
    reading = one.records()
    next(reading)
    (tmp_path / "staff.csv").write_text("id\n1\n2\n3\n")
    with pytest.raises(FeedRefused, match="changed while it was read"):
        list(reading)
    with pytest.raises(FeedRefused, match="changed while it was read"):
        rows(one)


def test_a_file_that_is_not_there_is_refused_in_plain_words(tmp_path: Path) -> None:
    """No stack trace for a missing file."""
    with pytest.raises(FeedRefused, match=r"gone\.csv: the file cannot be read \(No such file"):
        list(DelimitedSource(tmp_path / "gone.csv", name="hr").records())


@pytest.mark.parametrize(
    "options",
    [
        {"encoding": "latin-x"},
        {"encoding": "rot13"},
        {"encoding": "base64"},
        {"encoding": "no\0ne"},
        {"delimiter": ""},
        {"delimiter": "ab"},
        {"delimiter": '"'},
        {"header": False},
        {"header": []},
        {"header": "id"},
        {"header": ["id", "id"]},
        {"header": ["id"], "columns": ["name"]},
        {"header": ["id"], "key": "name"},
        {"columns": "id"},
        {"skip_lines": -1},
        {"trailer": "("},
    ],
)
def test_an_option_that_makes_no_sense_is_told_when_the_source_is_built(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    """A wrong mapping fails when it is loaded, not at two in the morning."""
    with pytest.raises(MappingError):
        source(tmp_path, "id\n1\n", **options)


def test_memory_stays_flat(tmp_path: Path) -> None:
    """A feed a hundred times as long takes no more memory."""
    line = ",".join(f"value {number}" for number in range(12)) + "\n"
    one = source(tmp_path, ",".join("abcdefghijkl") + "\n" + line * 50_000)
    tracemalloc.start()
    try:
        assert sum(1 for _ in one.records()) == 50_000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


EASTERN = ("cp950", "gb18030")


@pytest.mark.parametrize("declared", ["cp1252", "latin-1", "cp1258", *EASTERN])
def test_utf_8_that_is_declared_otherwise_is_refused(tmp_path: Path, declared: str) -> None:
    """Most of it could be decoded, into garbled names that nobody would hold up; plain ASCII is the same in all."""
    text = "id;name\n1;Lefèvre\n2;Élodie Ngọc\n" + (
        "3;Đặng Thị Ngọc Ánh\n4;José Peña\n" if declared in EASTERN else ""
    )
    with pytest.raises(FeedRefused, match="the file is UTF-8"):
        list(source(tmp_path, text.encode(), encoding=declared).records())
    assert len(list(source(tmp_path, b"id;name\n1;Ada\n", encoding=declared).records())) == 1
    real = "id;name\n1;Ly\n".encode(declared)
    assert len(list(source(tmp_path, real, encoding=declared).records())) == 1
