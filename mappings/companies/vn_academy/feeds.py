"""Writes the academy's HR export: semicolons, no header, no quotes, and windows-1258."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from mappings.companies.vn_academy.staff import Employee

ENCODING = "cp1258"
TITLE = "DANH SÁCH NHÂN SỰ"
_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
"""The marks that windows-1258 has no composed letters for: grave, acute, tilde, hook above, dot below."""


def write(path: Path, staff: Sequence[Employee]) -> None:
    """Write a delivery to ``path``."""
    with path.open("w", encoding=ENCODING, newline="\r\n") as file:
        file.write(f"{as_written(TITLE)}\n")
        for employee in staff:
            file.write(f"{as_written(';'.join(_row(employee)))}\n")


def as_written(text: str) -> str:
    """The text with each tone mark behind its letter, as windows-1258 needs it: ``ệ`` is ``ê`` and a dot below."""
    return "".join(map(_letter, unicodedata.normalize("NFC", text)))


@cache
def _letter(letter: str) -> str:
    marks = unicodedata.normalize("NFD", letter)
    tones = "".join(mark for mark in marks if mark in _TONES)
    return unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in _TONES)) + tones


def _row(employee: Employee) -> tuple[str, ...]:
    return (
        employee.key,
        employee.family,
        employee.given,
        employee.email,
        employee.unit,
        employee.unit_name,
        employee.title,
        employee.faculty,
        employee.contract,
        employee.hired,
        employee.left,
        employee.manager,
        employee.phone,
        employee.status,
    )
