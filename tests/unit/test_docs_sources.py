"""The pages on sources are true: what can be copied from them builds what it says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from adapters.fetchers.ldap import LdapFetch
from adapters.fetchers.presets import names
from adapters.fetchers.rest import RestFetch
from adapters.fetchers.rest_access import ClientCredentials
from adapters.fetchers.rest_paging import Paging
from adapters.fetchers.sql import DIALECTS, SqlFetch
from mappings.loader import load
from tests.mapped import only

PAGES = Path(__file__).parents[2] / "docs" / "sources"


def text(page: str) -> str:
    return (PAGES / f"{page}.md").read_text("utf-8")


def settings(page: str) -> dict[str, Any]:
    block = re.findall(r"```toml\n(.*?)```", text(page), re.DOTALL)[0]
    (given,) = tomllib.loads(block)["sources"].values()
    assert given.pop("kind") == page
    return dict(given)


def test_sql() -> None:
    """The example builds, and every database that is known is told."""
    assert SqlFetch(password="x", **settings("sql")).query.endswith("ORDER BY emp_no")
    assert all(f"`{name}://`" in text("sql") for name in DIALECTS if name != "sqlite")


def test_ldap() -> None:
    """The example builds."""
    assert LdapFetch(password="x", **settings("ldap")).page_size == 500


def test_rest() -> None:
    """The example builds, and every preset is told."""
    given = settings("rest")
    access, paging = given.pop("access"), given.pop("paging")
    assert access.pop("kind") == "client_credentials"
    built = RestFetch(access=ClientCredentials(client_secret="x", **access), paging=Paging(**paging), **given)
    assert built.paging.size == 200
    assert all(f"`{name}`" in text("rest") for name in names())


@pytest.mark.parametrize(("page", "column"), [("json", "manager.employeeId"), ("rest", '"@removed".reason')])
def test_mappings(tmp_path: Path, page: str, column: str) -> None:
    """The example loads."""
    (block,) = re.findall(r"```yaml\n# mapping.yaml\n(.*?)```", text(page), re.DOTALL)
    (tmp_path / "mapping.yaml").write_text(block)
    assert only(load(tmp_path)).expressions[column] == column


@pytest.mark.parametrize("page", sorted(path.stem for path in PAGES.glob("*.md")))
def test_every_link_leads_somewhere(page: str) -> None:
    """A link within the repository has a file."""
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text(page)):
        assert (PAGES / target).is_file(), target
