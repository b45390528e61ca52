"""Ready mappings for HR systems: they read what the vendors have published, wholly or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from importlib.resources import as_file
from pathlib import Path
from typing import Any

import pytest

from connector.bootstrap.sources import feed_in
from connector.domain.errors import FeedRefused
from connector.domain.people import Person, Record
from mappings.loader import load
from mappings.systems import EXAMPLE, folder, names
from tests.mapped import only, outcome

SYSTEMS = ("successfactors", "workday_raas")
WANTED: dict[str, Sequence[dict[str, Any]]] = {
    "workday_raas": [
        {"key": "21001", "manager": "", "starts": date(2015, 1, 1), "ends": None, "active": True, "on_leave": False},
        {"key": "21008", "manager": "21001", "unit": "SUP-HR", "unit_name": "Human Resources", "on_leave": True},
        {"key": "21040", "job_role": "30010", "ends": date(2025, 6, 30), "active": False},
    ],
    "successfactors": [
        {"key": "cgrant1", "manager": "", "starts": date(2010, 1, 1), "ends": None, "active": True, "on_leave": False},
        {"key": "5327", "manager": "cgrant1", "unit": "5000042", "starts": date(2021, 9, 1), "on_leave": True},
        {"key": "5400", "job_role": "50070001", "ends": date(2025, 6, 30), "active": False},
    ],
}
MAILS = {
    "workday_raas": ["lmcneil@staff.example", "jtaylor@staff.example", "acurie@staff.example"],
    "successfactors": ["carla.grant@staff.example", "joerg.mueller@staff.example", "anna.rossi@staff.example"],
}


def people(system: str, content: bytes, tmp_path: Path) -> list[Person]:
    mapping = load(folder(system))
    path = tmp_path / EXAMPLE
    path.write_bytes(content)
    found = []
    for record in feed_in(path, only(mapping)).records():
        assert isinstance(record, Record)
        person = outcome(mapping, record)
        assert isinstance(person, Person), person
        found.append(person)
    return found


def example(system: str) -> bytes:
    with as_file(folder(system) / EXAMPLE) as path:
        return path.read_bytes()


def test_the_systems() -> None:
    """Each is known by its name, and others are not."""
    assert tuple(names()) == SYSTEMS
    with pytest.raises(LookupError, match="There is no mapping for personio; there are successfactors, workday_raas"):
        folder("personio")


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_the_system_delivers_becomes_people(system: str, tmp_path: Path) -> None:
    """Who works there, since when and under whom; who is away, and who has left."""
    found = people(system, example(system), tmp_path)
    assert [{name: getattr(one, name) for name in told} for one, told in zip(found, WANTED[system], strict=True)] == (
        WANTED[system]
    )
    assert [one.account["email"] for one in found] == MAILS[system]
    assert all(one.account["username"] == one.account["username"].lower() for one in found)


@pytest.mark.parametrize("tenth", range(10))
@pytest.mark.parametrize("system", SYSTEMS)
def test_what_is_cut_off_is_refused(system: str, tenth: int, tmp_path: Path) -> None:
    """Wherever the transfer ended, the rest of the company has not left."""
    content = example(system)
    with pytest.raises(FeedRefused):
        people(system, content[: len(content) * tenth // 10], tmp_path)
