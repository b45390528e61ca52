"""Names as readers know them: of people in their order, of requirements in the reader's language."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

_VIETNAMESE = (
    "nguyễn trần lê phạm hoàng huỳnh phan vũ võ đặng bùi đỗ hồ ngô dương lý đinh trịnh đoàn lâm trương đào cao tạ "
    "vương thái hà mạc tô"
)
"""The family names of nearly everybody in Vietnam."""


def full_name(first: str, last: str) -> str:
    """As it is written: a Chinese, Japanese or Korean name without a space and the family's first.

    A Vietnamese one begins with the family's too, where ``last`` has the middle names beside it: Nguyễn Thị, Hoa.
    """
    if last and unicodedata.east_asian_width(last[0]) == "W":
        return f"{last}{first}"
    family, _, middle = last.partition(" ")
    family_first = middle and unicodedata.normalize("NFC", family).lower() in _VIETNAMESE.split()
    return f"{last} {first}" if family_first else f"{first} {last}".strip()


def localised(names: Mapping[str, str] | None, language: str = "") -> str:
    """A name in this language ("zh_TW"), else in English, else in whatever there is."""
    told = names or {}
    wanted = (language.lower(), "en")
    return next((told[key] for key in wanted if told.get(key)), next(iter(told.values()), ""))
