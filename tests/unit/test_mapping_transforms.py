"""The named transforms, one by one and under anything that a feed may hold."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings import transforms
from mappings.refused import Refused
from mappings.romanise import family_name, given_name, romanise, strip_marks

OPTIONS: dict[str, Any] = {
    "boolean": {"true": ["在職"], "false": ["離職", "Left"]},
    "date": ["roc", "%d.%m.%Y", "iso"],
    "lookup": {"table": {"a": "b"}, "otherwise": "keep"},
    "default": "x",
    "replace": {"-": "", "／": "/"},
    "slice": "0:3",
    "prefix": "x",
    "suffix": "x",
}

ALL = [(name, None) for name in transforms.PLAIN] + list(OPTIONS.items())


def apply(name: str, options: Any, text: str) -> str:
    return transforms.build(name, options, {})(text)


@pytest.mark.parametrize(
    ("name", "options", "text", "result"),
    [
        ("trim", None, " a b ", "a b"),
        ("lower", None, "ÀB", "àb"),
        ("upper", None, "àb", "ÀB"),
        ("title", None, "ada okafor", "Ada Okafor"),
        ("collapse", None, "a \t\n b　c", "a b c"),
        ("nfc", None, "e\u0301", "é"),
        ("strip_marks", None, "Đặng Élodie Müller", "Dang Elodie Muller"),
        ("strip_marks", None, "山田が", "山田が"),
        ("digits", None, "(02) 2700-１２３４", "0227001234"),
        ("boolean", None, "YES", "true"),
        ("boolean", None, "Inactive", "false"),
        ("boolean", OPTIONS["boolean"], "在職", "true"),
        ("boolean", OPTIONS["boolean"], "LEFT", "false"),
        ("date", "%d/%m/%Y", "31/01/2026", "2026-01-31"),
        ("date", "iso", "2026-01-31T08:00:00", "2026-01-31"),
        ("date", "roc", "113/02/29", "2024-02-29"),
        ("date", "roc", "民國113年2月29日", "2024-02-29"),
        ("date", "roc", "0970101", "2008-01-01"),
        ("date", OPTIONS["date"], "31.01.2026", "2026-01-31"),
        ("date", OPTIONS["date"], "2026-01-31", "2026-01-31"),
        ("lookup", {"table": {"a": "b"}}, "a", "b"),
        ("lookup", {"table": {"e\u0301": "b"}}, "é", "b"),
        ("lookup", OPTIONS["lookup"], "z", "z"),
        ("lookup", {"table": {"a": "b"}, "otherwise": "default", "default": "c"}, "z", "c"),
        ("default", "x", "", "x"),
        ("default", "x", "a", "a"),
        ("replace", {"-": "", "o": "0"}, "a-o", "a0"),
        ("slice", "1:3", "abcd", "bc"),
        ("slice", "2:", "abcd", "cd"),
        ("prefix", "G", "1", "G1"),
        ("suffix", "@x", "1", "1@x"),
        ("family_name", None, "歐陽 小明", "歐陽"),
        ("given_name", None, "歐陽 小明", "小明"),
        ("romanise", None, "王小明", "wangxiaoming"),
    ],
)
def test_a_transform(name: str, options: Any, text: str, result: str) -> None:
    """Each does what its name says."""
    assert apply(name, options, text) == result


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("date", "roc", "112/02/29"),
        ("date", "roc", "2024/02/29"),
        ("date", "iso", "2026-02-29"),
        ("date", "iso", "20260228"),
        ("date", "%d/%m/%Y", "2026-01-31"),
        ("date", OPTIONS["date"], "yesterday"),
        ("boolean", None, "perhaps"),
        ("boolean", OPTIONS["boolean"], "yes"),
        ("lookup", {"table": {"a": "b"}}, "z"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_without_being_repeated(name: str, options: Any, text: str) -> None:
    """A rejection is shown and stored: it must not carry the value."""
    with pytest.raises(Refused) as refused:
        apply(name, options, text)
    assert text not in str(refused.value)


@given(st.sampled_from(ALL), st.text())
def test_no_transform_fails_on_any_text(named: tuple[str, Any], text: str) -> None:
    """A strange value is transformed or refused; it never stops a run."""
    with suppress(Refused):
        assert isinstance(apply(*named, text), str)


@given(st.sampled_from([each for each in ALL if each[0] != "default"]))
def test_nothing_stays_nothing(named: tuple[str, Any]) -> None:
    """Only ``default`` makes something of an empty value; null policies decide the rest."""
    assert apply(*named, "") == ""


@given(
    st.sampled_from(["trim", "lower", "collapse", "nfc", "strip_marks", "romanise", "digits", "family_name"]),
    st.text(),
)
def test_twice_is_once(name: str, text: str) -> None:
    """Tidying what is tidy changes nothing."""
    once = apply(name, None, text)
    assert apply(name, None, once) == once


@given(st.dates(date(1912, 1, 1), date(2910, 12, 31)))
def test_roc_years_are_1911_less(day: date) -> None:
    """Every day since the first year of the Republic can be written in its years."""
    assert apply("date", "roc", f"{day.year - 1911}/{day.month}/{day.day}") == day.isoformat()


@given(st.text())
def test_romanise_gives_user_name_characters_only(text: str) -> None:
    """Whatever script a name is in, Moodle takes what comes out."""
    assert re.fullmatch(r"[a-z0-9._@-]*", romanise(text))


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Đặng Thị Hoa", "dang.thi.hoa"),
        ("Nguyễn Văn Ân", "nguyen.van.an"),
        ("Nguye\u0302\u0303n", "nguyen"),
        ("Müller-Lüdenscheidt", "muller-ludenscheidt"),
        ("Łukasz Żółć", "lukasz.zolc"),
        ("Иван Петров", "ivan.petrov"),
        ("曾國城", "zengguocheng"),
        ("單小曾", "shanxiaoceng"),
        ("歐陽娜娜", "ouyangnana"),
        ("呂秀蓮", "lyuxiulian"),
        ("O'Brien", "obrien"),
        ("İpek Çağlar", "ipek.caglar"),
        ("Юлия Ёлкина", "yuliya.elkina"),
        ("محمد بن سلمان", "mhmd.bn.slmn"),
        ("สมชาย ใจดี", "smchay.aichdi"),
        ("김민수", "gimminsu"),
        ("ヤマダ たろう", "yamada.tarou"),
        ("राम कुमार", "ram.kumar"),
        ("Ωμέγα", "omega"),
        ("。", ""),
        (" . ", ""),
    ],
)
def test_names_of_many_scripts(name: str, letters: str) -> None:
    """Known names come out as people expect to read them; surnames have their own readings."""
    assert romanise(name) == letters


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_strip_marks_leaves_ascii_alone(text: str) -> None:
    """There are no marks to strip."""
    assert strip_marks(text) == text


@pytest.mark.parametrize(
    ("full", "family", "given_part"),
    [
        ("王明", "王", "明"),
        ("王小明", "王", "小明"),
        ("歐陽修", "歐陽", "修"),
        ("張簡志偉", "張簡", "志偉"),
        ("歐陽", "歐", "陽"),
        ("張 小 明", "張", "小明"),
        ("", "", ""),
    ],
)
def test_chinese_full_names(full: str, family: str, given_part: str) -> None:
    """The surname is the first character, or two where they are a known compound surname and a given name is left."""
    assert (family_name(full), given_name(full)) == (family, given_part)


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=5))
def test_a_chinese_name_is_its_two_parts(name: str) -> None:
    """Splitting loses nothing."""
    assert family_name(name) + given_name(name) == name


def test_common_han_characters_have_pinyin() -> None:
    """The whole basic block becomes letters: no name in it is left without a user name."""
    without = [chr(code) for code in range(0x4E00, 0x9FA6) if not romanise(chr(code))]
    assert without == []
    assert unicodedata.name("王").startswith("CJK ")
