"""Writes the sample company's HR export: a CSV with Chinese headings and a trailer row that counts the rows."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from mappings.companies.tw_gas.staff import UNITS, Employee

HEADINGS = (
    "員工編號", "姓名", "電子郵件", "部門代碼", "部門名稱", "職稱", "職等", "工作地點", "分機",
    "到職日", "離職日", "主管工號", "講師資格", "試用期", "狀態",
)  # fmt: skip


def write(path: Path, staff: Sequence[Employee], encoding: str = "utf-8") -> None:
    """Write a delivery to ``path``. ``encoding`` may be big5."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        writer.writerows(map(_row, staff))
        writer.writerow(["合計", len(staff), *[""] * (len(HEADINGS) - 2)])


def _row(employee: Employee) -> list[str]:
    return [
        employee.key,
        employee.name,
        employee.email,
        employee.unit,
        UNITS[employee.unit],
        employee.title,
        str(employee.grade),
        employee.city,
        employee.extension,
        _day(employee.hired),
        _day(employee.left) if employee.left else "",
        employee.manager,
        employee.instructor,
        "是" if employee.probation else "否",
        employee.status,
    ]


def _day(day: date) -> str:
    """Days as such systems write them: the older ones in years of the Republic, those since 2011 as ISO."""
    return day.isoformat() if day.year >= 2011 else f"{day.year - 1911:03}/{day.month:02}/{day.day:02}"
