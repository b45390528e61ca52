"""The example that the mapping's tests build on: the smallest company, and how a test changes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.domain.errors import MappingError
from connector.domain.grants import Grant
from connector.domain.people import Person, Record, Rejection
from mappings.company import CompanyMapping
from mappings.loader import load
from tests.mapped import outcome

MAPPING = """\
version: 1
source: {name: hr, format: csv}
key: {column: id}
person:
  username: {column: login}
  firstname: {column: first}
  lastname: {column: last}
  email: {column: mail}
"""

ROW = {"id": "E1", "login": "ada", "first": "Ada", "last": "Okafor", "mail": "ada@example.com"}


def company(folder: Path, mapping: str = MAPPING, **files: str) -> CompanyMapping:
    """Load a company of these files; the others' names are those of the language, without ``.yaml``."""
    for name, text in {"mapping": mapping, **files}.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load(folder)


def person(mapping: CompanyMapping, **fields: str) -> Person:
    """The person of the example row with ``fields`` changed or added."""
    found = outcome(mapping, Record(2, ROW | fields))
    assert isinstance(found, Person), found
    return found


def rejections(mapping: CompanyMapping, **fields: str) -> list[Rejection]:
    """What is wrong with the example row with ``fields`` changed or added."""
    found = outcome(mapping, Record(2, ROW | fields))
    assert isinstance(found, list), found
    return found


def targets(grants: tuple[Grant, ...]) -> list[str]:
    """Grants in short."""
    return [f"{grant.kind} {grant.target}" for grant in grants]


def mistakes(folder: Path, mapping: str = MAPPING, **files: str) -> list[str]:
    """The lines of the MappingError, without the folder."""
    with pytest.raises(MappingError) as error:
        company(folder, mapping, **files)
    return str(error.value).replace(f"{folder}/", "").splitlines()


def test_the_example_becomes_a_person(tmp_path: Path) -> None:
    """The smallest mapping gives an account that carries the key as its idnumber."""
    assert person(company(tmp_path)) == Person(
        key="E1",
        account={
            "username": "ada",
            "firstname": "Ada",
            "lastname": "Okafor",
            "email": "ada@example.com",
            "idnumber": "E1",
        },
        source="hr",
    )
