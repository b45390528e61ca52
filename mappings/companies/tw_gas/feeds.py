"""Writes the sample company's HR export: a CSV with Chinese headings and a trailer row that counts the rows."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from mappings.companies.tw_gas.staff import UNITS, Employee, Story, first, second

HEADINGS = (
    "員工編號", "姓名", "電子郵件", "部門代碼", "部門名稱", "職稱", "職等", "工作地點", "分機",
    "到職日", "離職日", "主管工號", "講師資格", "試用期", "狀態",
)  # fmt: skip


def first_feed(
    path: Path, people: int = 2000, today: date | None = None, encoding: str = "utf-8", seed: int = 1
) -> None:
    """Write the first delivery to ``path``: ``people`` rows. Dates count back from ``today`` (default: the real one).

    ``encoding`` may be big5. Raises ValueError under 60 people.
    """
    _write(path, [_row(employee) for employee in first(people, today or _today(), seed)], encoding)


def second_feed(
    path: Path, people: int = 2000, today: date | None = None, encoding: str = "utf-8", seed: int = 1
) -> Story:
    """Write the second delivery: the same people after what the ``Story`` tells, and one row without a number.

    For 2,000 people: 20 join, 15 move, 12 leave, one is renamed, two swap e-mail addresses, one instructor is
    promoted and one demoted, one row has a wrong e-mail address and one no key. Give both deliveries the same
    ``people``, ``today`` and ``seed``: leavers leave the day before ``today``, joiners begin on it.
    """
    staff, story = second(people, today or _today(), seed)
    nameless = ["", *_row(staff[-1])[1:]]
    nameless[2] = "unknown@daan-gas.example"
    _write(path, [*map(_row, staff), nameless], encoding)
    return story


def _today() -> date:
    return datetime.now(ZoneInfo("Asia/Taipei")).date()


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


def _write(path: Path, rows: Sequence[list[str]], encoding: str) -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        writer.writerows(rows)
        writer.writerow(["合計", len(rows), *[""] * (len(HEADINGS) - 2)])
