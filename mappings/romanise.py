"""Names in any script to the letters that a Moodle user name may have, and Chinese full names to their parts."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_COMPOUND_SURNAMES_TEXT = (
    "歐陽 欧阳 司馬 司马 諸葛 诸葛 上官 司徒 東方 东方 獨孤 独孤 南宮 南宫 夏侯 皇甫 尉遲 尉迟 "
    "公孫 公孙 慕容 令狐 宇文 長孫 长孙 軒轅 轩辕 鮮于 鲜于 申屠 端木 百里 東郭 东郭 西門 西门 "
    "呼延 鍾離 钟离 淳于 單于 单于 濮陽 濮阳 公羊 澹臺 澹台 赫連 赫连 張簡 范姜"
)
COMPOUND_SURNAMES = frozenset(_COMPOUND_SURNAMES_TEXT.split())
"""Surnames of two characters; the last two are common in Taiwan only."""

_SURNAME_READINGS = {
    "曾": "zeng", "單": "shan", "单": "shan", "仇": "qiu", "查": "zha", "解": "xie", "區": "ou", "区": "ou",
    "朴": "piao", "蓋": "ge", "盖": "ge", "樂": "yue", "乐": "yue", "繆": "miao", "缪": "miao", "翟": "zhai",
    "覃": "qin", "尉遲": "yuchi", "尉迟": "yuchi", "賁": "ben", "贲": "ben", "繁": "po", "任": "ren",
    "長孫": "zhangsun", "长孙": "zhangsun", "單于": "chanyu", "单于": "chanyu", "澹臺": "tantai", "澹台": "tantai",
}  # fmt: skip
"""Characters that are read otherwise where they are a surname."""

_NOT_ALLOWED = re.compile(r"[^a-z0-9._@-]+")
_SPACE = re.compile(r"\s+")


def romanise(text: str) -> str:
    """Any text as [a-z0-9._@-]: Chinese by Pinyin without tones, other scripts by anyascii, spaces as dots.

    ``王小明`` gives ``wangxiaoming``, ``Đặng Thị Hoa`` ``dang.thi.hoa``; "" where nothing remains.
    """
    text = unicodedata.normalize("NFC", text)
    for size in (2, 1):
        if reading := _SURNAME_READINGS.get(text[:size]):
            text = reading + text[size:]
            break
    ascii_only = text if text.isascii() else text.translate(_letters())
    plain = ascii_only.strip().lower()
    if plain.isascii() and plain.isalnum():  # as most are: nothing to replace
        return plain
    return _NOT_ALLOWED.sub("", _SPACE.sub(".", plain)).strip(".")


def strip_marks(text: str) -> str:
    """Letters without their marks: ``é`` as e, ``đ`` as d; scripts without such letters stay as they are."""
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    bare = "".join(c for c in decomposed if not (0x300 <= ord(c) <= 0x36F))
    return unicodedata.normalize("NFC", bare)


def family_name(full: str) -> str:
    """The surname of a Chinese full name: its first character, or two where those are a known compound surname."""
    full = "".join(full.split())
    return full[: _surname_size(full)]


def given_name(full: str) -> str:
    """What follows the surname of a Chinese full name."""
    full = "".join(full.split())
    return full[_surname_size(full) :]


def _surname_size(full: str) -> int:
    return 2 if len(full) > 2 and full[:2] in COMPOUND_SURNAMES else 1


class _Letters(dict[int, str]):
    """A table for ``str.translate`` that learns each character once."""

    def __init__(self) -> None:
        super().__init__()
        # Loaded when the first name needs them: Pinyin's tables cost a quarter of a second.
        from anyascii import anyascii
        from pypinyin import Style, lazy_pinyin

        self._ascii, self._pinyin, self._style = anyascii, lazy_pinyin, Style.NORMAL

    def __missing__(self, code: int) -> str:
        character = chr(code)
        letters = ""
        if unicodedata.name(character, "").startswith("CJK "):
            # Passports write lü and nü as lyu and nyu; pypinyin's v is no letter of any name.
            letters = "".join(self._pinyin(character, style=self._style, v_to_u=True)).replace("ü", "yu")
        if not letters.isascii() or not letters:
            letters = self._ascii(character)
        self[code] = letters
        return letters


@cache
def _letters() -> _Letters:
    return _Letters()
