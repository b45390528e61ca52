"""Whose word counts on somebody's employment, where several sources name the person."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from connector.domain.people import Person
from mappings.company import CompanyMapping
from mappings.loader import load

SOURCE = """
version: 1
source: {{name: {name}, format: csv, authoritative: {authoritative}}}
key: {{column: id}}
person:
  username: {{column: id}}
  firstname: {{column: id}}
  lastname: {{column: id}}
  email: {{value: a@example.test}}
  starts: {{column: s}}
  ends: {{column: e}}
  active: {{column: a}}
  leave_from: {{column: l}}
"""
NAMES = ("starts", "ends", "active", "leave_from")
Told = Mapping[str, tuple[str, str, str, str]]
"""By source: first day, last day, active, first day of leave."""


def company(tmp_path: Path, more: str = "") -> CompanyMapping:
    (tmp_path / "sources").mkdir()
    (tmp_path / "mapping.yaml").write_text(f"version: 1\nsources: [directory, hr, agency]\n{more}", "utf-8")
    for name in ("directory", "hr", "agency"):
        text = SOURCE.format(name=name, authoritative=str(name != "directory").lower())
        (tmp_path / "sources" / f"{name}.yaml").write_text(text, "utf-8")
    return load(tmp_path)


def put_together(mapping: CompanyMapping, told: Told) -> tuple[str, str, bool, str]:
    needed = {"key": "E1", "username": "e1", "firstname": "A", "lastname": "B", "email": "a@example.test"}
    said = {source: needed | dict(zip(NAMES, values, strict=True)) for source, values in told.items()}
    person = mapping.person(said, 1)
    assert isinstance(person, Person), person
    return str(person.starts or ""), str(person.ends or ""), person.active, str(person.leave_from or "")


CASES: dict[str, tuple[Told, tuple[str, str, bool, str]]] = {
    "hired from the agency, on the day after": (
        {"hr": ("2026-03-05", "", "true", ""), "agency": ("2025-01-01", "2026-03-04", "true", "")},
        ("2025-01-01", "", True, ""),
    ),
    "once the agency says that it has ended": (
        {"hr": ("2026-03-05", "", "true", ""), "agency": ("2025-01-01", "2026-03-04", "false", "2026-02-01")},
        ("2026-03-05", "", True, ""),
    ),
    "HR says no first day": (
        {"hr": ("", "", "true", ""), "agency": ("2025-01-01", "2026-03-04", "true", "")},
        ("", "", True, ""),
    ),
    "the other way, from HR to the agency": (
        {"hr": ("2020-01-01", "2026-03-04", "true", ""), "agency": ("2026-03-01", "2026-12-31", "true", "2026-05-01")},
        ("2020-01-01", "2026-12-31", True, "2026-05-01"),
    ),
    "with days between, which are nobody's": (
        {"hr": ("2026-03-20", "", "true", ""), "agency": ("2025-01-01", "2026-03-04", "true", "")},
        ("2026-03-20", "", True, ""),
    ),
    "both for as long: the first": (
        {"hr": ("2024-01-01", "2026-03-04", "", ""), "agency": ("2025-01-01", "2026-03-04", "", "2026-01-01")},
        ("2024-01-01", "2026-03-04", True, ""),
    ),
    "left from both": (
        {"hr": ("2024-01-01", "2026-03-04", "false", ""), "agency": ("2025-01-01", "2027-03-04", "false", "")},
        ("2024-01-01", "2026-03-04", False, ""),
    ),
    "the agency alone": (
        {"agency": ("2025-01-01", "2026-03-04", "true", "2026-02-01")},
        ("2025-01-01", "2026-03-04", True, "2026-02-01"),
    ),
    "what only the directory says is added": (
        {"hr": ("2024-01-01", "", "", ""), "directory": ("", "", "false", "2026-02-01")},
        ("2024-01-01", "", False, "2026-02-01"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_days_of_two_employments_are_never_mixed(tmp_path: Path, case: str) -> None:
    """Somebody is at work while one of those who name people says so, and each day is of that one."""
    told, wanted = CASES[case]
    assert put_together(company(tmp_path), told) == wanted


def test_an_order_that_is_asked_for_is_of_that_field(tmp_path: Path) -> None:
    """What ``precedence`` names goes by itself, whoever says the rest."""
    mapping = company(tmp_path, "precedence: {ends: [agency]}\n")
    told: Told = {"hr": ("2024-01-01", "", "true", ""), "agency": ("2025-01-01", "2026-03-04", "true", "")}
    assert put_together(mapping, told) == ("2024-01-01", "2026-03-04", True, "")
