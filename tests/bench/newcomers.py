"""A plain company for what has to be quick: cohorts by unit, a learning path for everybody, managers.

Its people come by a file with a row for each change, or are pushed by SCIM.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

DOMAIN = "daan-gas.example"
COLUMNS = ("key", "username", "first", "last", "email", "unit", "manager", "city")
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
UNITS = ("MTR", "LOG", "ENG", "MNT", "SAF", "CSV", "ADM", "ACC")

Row = dict[str, str]

_FILE = """version: 1
source: {name: people, format: csv, file: "*.csv", encoding: utf-8, complete: false, gates: {min_rows: 0}}
key: {column: key}
person:
  username: {column: username}
  firstname: {column: first}
  lastname: {column: last}
  email: {column: email}
  city: {column: city}
  auth: {value: oauth2}
  unit: {column: unit}
  manager: {column: manager}
"""
_SCIM = """version: 1
source: {name: people, format: scim, gates: {min_rows: 0}}
key: {column: employeeNumber}
person:
  username: {column: userName, transforms: [lower]}
  firstname: {column: name.givenName}
  lastname: {column: name.familyName}
  email: {column: emails}
  auth: {value: oauth2}
  unit: {column: department}
  manager: {column: manager.employeeNumber}
  active: {column: active, transforms: [boolean]}
"""
_RULES = """cohorts:
  - {idnumber: "bench-{unit}", name: "Bench {unit}"}
protected: [admin, guest]
"""


def write_mapping(folder: Path, courses: Sequence[str], *, pushed: bool = False) -> None:
    """Everybody is in the cohort of the unit, and is to take ``courses``."""
    folder.mkdir()
    (folder / "mapping.yaml").write_text((_SCIM if pushed else _FILE) + _RULES, "utf-8")
    path = {"code": "BENCH", "name": {"en": "Bench"}, "courses": list(courses), "audience": 'unit != ""'}
    lines = ["version: 1", "paths:", f"  - code: {path['code']}", "    name: {en: Bench}"]
    lines += [f"    courses: [{', '.join(courses)}]", f"    audience: {path['audience']}"]
    (folder / "paths.yaml").write_text("\n".join([*lines, "    enrolment: {start: assignment}", ""]), "utf-8")


def row(number: int, prefix: str, **other: str) -> Row:
    """Somebody invented, who is led by the first of twenty."""
    name = f"{prefix}{number:06}"
    return {
        "key": name.upper(),
        "username": name,
        "first": f"Bench{number}",
        "last": "Person",
        "email": f"{name}@{DOMAIN}",
        "unit": UNITS[number % len(UNITS)],
        "manager": f"{prefix}{number - number % 20:06}".upper() if number % 20 else "",
        "city": "Taipei",
        **other,
    }


def rows(count: int, prefix: str) -> Iterator[Row]:
    return (row(number, prefix) for number in range(count))


def write(path: Path, people: Iterable[Row]) -> Path:
    """A delivery of a few or many."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(people)
    return path


def as_scim(person: Row) -> dict[str, object]:
    """The same person as an identity system pushes one."""
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "userName": person["username"],
        "externalId": person["key"],
        "active": True,
        "name": {"givenName": person["first"], "familyName": person["last"]},
        "emails": [{"value": person["email"], "type": "work", "primary": True}],
        ENTERPRISE: {"employeeNumber": person["key"], "department": person["unit"]},
    }
