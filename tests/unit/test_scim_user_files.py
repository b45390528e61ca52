"""Users in a file are what the server would keep of them, as the way in reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connector.domain.errors import SettingsError
from connector.domain.people import Record, Rejection
from connector.scim.user_files import users_in
from tests.scim import ENTERPRISE

BOSS = {"id": "b1", "userName": "boss", ENTERPRISE: {"employeeNumber": "7"}}
ADA = {
    "userName": "ada",
    "active": "False",
    "emails": [{"value": "h@home.example"}, {"value": "ada@corp.local", "type": "work"}],
    "groups": [{"value": "g", "display": "Sales"}, {"display": "Night"}],
    ENTERPRISE: {"employeeNumber": 8, "manager": "b1"},
}


def users(tmp_path: Path, value: Any, indent: int | None = None) -> list[Record | Rejection]:
    file = tmp_path / "users.json"
    file.write_text(value if isinstance(value, str) else json.dumps(value, indent=indent), "utf-8")
    return list(users_in(file))


@pytest.mark.parametrize("shape", [[BOSS, ADA], {"totalResults": 2, "Resources": [BOSS, ADA]}], ids=["list", "answer"])
def test_users_are_read_as_if_they_were_pushed(tmp_path: Path, shape: Any) -> None:
    """With the manager among them, names of groups, and everything that the server is tolerant of."""
    boss, ada = users(tmp_path, shape, indent=1)
    assert isinstance(boss, Record)
    assert isinstance(ada, Record)
    expected = {
        "userName": "ada", "active": "false", "emails": "ada@corp.local", "groups": "Night; Sales",
        "employeeNumber": "8", "manager.id": "b1", "manager.userName": "boss", "manager.employeeNumber": "7", "id": "",
    }  # fmt: skip
    assert {name: ada.fields[name] for name in expected} == expected
    lines = json.dumps(shape, indent=1).splitlines()
    assert [lines[one.line - 1].strip() for one in (boss, ada)] == ["{", "{"]
    assert boss.line < ada.line


def test_one_user_alone_and_one_that_would_be_refused(tmp_path: Path) -> None:
    """The reason stands there, and the others go on."""
    [one] = users(tmp_path, ADA)
    assert isinstance(one, Record)
    assert one.line == 1
    refused, good = users(tmp_path, [{"title": "no name"}, BOSS])
    assert isinstance(refused, Rejection)
    assert "it would be refused" in str(refused)
    assert "userName" in str(refused)
    assert isinstance(good, Record)


@pytest.mark.parametrize("text", ["", "userName,title", "[1]", '"ada"', "{"])
def test_a_file_of_something_else(tmp_path: Path, text: str) -> None:
    """It is told what is to be in the file."""
    with pytest.raises(SettingsError, match=r"users\.json"):
        users(tmp_path, text)
