"""LDAP against a real OpenLDAP server: whole, over TLS that is checked, and nothing where it ends early."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from adapters.drops.fetched import FetchedDrop
from adapters.fetchers.ldap import LdapFetch
from connector.domain.errors import AccessRefused, ConnectorError, FeedRefused, SettingsError, Unavailable
from tests.directory import BASE, GUID, PASSWORD, Directory, directory

COUNT = 200


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    """Read by all tests of this file that do not end it."""
    with directory(tmp_path_factory.mktemp("slapd"), COUNT) as running:
        yield running


def source(company: Directory, **options: Any) -> LdapFetch:
    given = {
        "url": company.secure_url,
        "user": f"cn=reader,{BASE}",
        "password": PASSWORD,
        "base": BASE,
        "attributes": ["uid", "mail", "manager", "memberOf", "objectGUID", "cn", "title"],
        "filter": "(objectClass=inetOrgPerson)",
        "ca_file": company.ca_file,
        "page_size": 30,
        "timeout": 5.0,
    }
    return LdapFetch(**{**given, **options})


def fetched(tmp_path: Path, one: LdapFetch) -> dict[str, dict[str, Any]]:
    (delivery,) = FetchedDrop(tmp_path, "ad", one).look().ready
    rows = [json.loads(line) for line in delivery.path.read_text().splitlines()]
    found = {row["uid"]: row for row in rows}
    assert len(found) == len(rows)
    return found


def refused(tmp_path: Path, one: Any) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        FetchedDrop(tmp_path, "ad", one).look()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert PASSWORD not in f"{caught.value} {one!r}"
    return caught.value


@pytest.mark.parametrize("url", ["url", "secure_url"])
def test_everybody_page_by_page(company: Directory, tmp_path: Path, url: str) -> None:
    """By StartTLS and by LDAPS; what points elsewhere is not followed."""
    found = fetched(tmp_path, source(company, url=getattr(company, url)))
    assert found.keys() == {"boss", *(f"u{number}" for number in range(1, COUNT + 1))}


def test_what_an_entry_becomes(company: Directory, tmp_path: Path) -> None:
    """One value is text, several are a list in a fixed order, bytes are text, and what is not there is null."""
    row = fetched(tmp_path, source(company))["u1"]
    assert row == {
        "dn": f"uid=u1,ou=people,{BASE}",
        "uid": "u1",
        "mail": ["second@example.org", "u1@example.org"],
        "manager": f"UID=boss, OU=bosses, {BASE}",
        "memberOf": [f"cn=staff,{BASE}"],
        "objectGUID": str(GUID),
        "cn": "Ann",
        "title": None,
        "disabled": True,
        "manager_key": "E0",
    }


def test_who_is_disabled(company: Directory, tmp_path: Path) -> None:
    """Active Directory, OpenLDAP and 389 each say it in their own way."""
    found = fetched(tmp_path, source(company))
    assert {uid for uid, row in found.items() if row["disabled"]} == {"u1", "u2", "u3"}
    assert found["boss"]["cn"] == "Zoé"
    assert found["boss"]["manager_key"] is None


def test_a_manager_outside_the_search(company: Directory, tmp_path: Path) -> None:
    """The key is looked up where the person's own search does not find the manager."""
    found = fetched(tmp_path, source(company, base=f"ou=people,{BASE}"))
    assert "boss" not in found
    assert {row["manager_key"] for row in found.values()} == {"E0"}


def test_the_same_people_are_the_same_feed(company: Directory, tmp_path: Path) -> None:
    """The digest tells that nothing is new."""
    drop = FetchedDrop(tmp_path, "ad", source(company))
    assert drop.look().ready[0].digest == drop.look().ready[0].digest


CUT: dict[str, tuple[dict[str, Any], type[ConnectorError], str]] = {
    "size limit": ({"user": f"cn=small,{BASE}"}, FeedRefused, "Raise the server's limit"),
    "no paging": ({"user": f"cn=pageless,{BASE}"}, ConnectorError, ""),
    "wrong password": ({"password": "wrong"}, AccessRefused, "refuses the user"),
    "no such user": ({"user": f"cn=nobody,{BASE}"}, AccessRefused, "refuses the user"),
    "no such base": ({"base": "ou=nowhere," + BASE}, SettingsError, "base, filter or attribute"),
    "no filter": ({"filter": "(uid=*"}, SettingsError, "no LDAP filter"),
    "a certificate of somebody else's": ({"ca_file": None}, AccessRefused, "its certificate is not believed"),
    "nobody there": ({"url": "ldaps://localhost:1"}, Unavailable, "cannot be reached"),
}


@pytest.mark.parametrize("case", CUT)
def test_what_is_not_whole_is_no_delivery(company: Directory, tmp_path: Path, case: str) -> None:
    """Each says whose turn it is, and none leaves half a company."""
    options, kind, words = CUT[case]
    error = refused(tmp_path, source(company, **options))
    assert isinstance(error, kind)
    assert words in str(error)


@pytest.mark.parametrize("url", ["url", "secure_url"])
def test_a_certificate_for_another_name(company: Directory, tmp_path: Path, url: str) -> None:
    """Who answers has to be who was asked for, by StartTLS too."""
    address = getattr(company, url).replace("localhost", "127.0.0.1")
    assert isinstance(refused(tmp_path, source(company, url=address)), AccessRefused)


def test_a_certificate_that_nobody_vouches_for(company: Directory, tmp_path: Path) -> None:
    """Another authority's word does not count."""
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    one = source(company, url=company.url, ca_file=other)
    assert isinstance(refused(tmp_path / "spool", one), AccessRefused)


class Cutting:
    """Passes on what is written, and does something after ``lines`` lines."""

    def __init__(self, one: LdapFetch, lines: int, then: Callable[[], object]) -> None:
        self.one, self.left, self.then = one, lines, then

    def fetch(self, into: Any, since: str, /) -> str:
        outer = self

        class Output:
            def write(self, content: bytes, /) -> int:
                if outer.left == 0:
                    outer.then()
                outer.left -= 1
                return int(into.write(content))

        return self.one.fetch(Output(), since)


@pytest.mark.parametrize("tenth", range(10))
def test_a_server_that_goes_away_half_way(tmp_path: Path, tenth: int) -> None:
    """However many came, they are no delivery."""
    (tmp_path / "slapd").mkdir()
    with directory(tmp_path / "slapd", 99) as company:
        one = Cutting(source(company, page_size=10), tenth * 10, company.kill)
        if tenth == 9:  # its page is the last one: the server goes before it is asked for
            one = Cutting(source(company, page_size=10), 85, company.kill)
        assert isinstance(refused(tmp_path / "spool", one), Unavailable)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": "http://x"}, "give scheme and host"),
        ({"url": "ldaps://cn=a:secret@x"}, "give scheme and host"),
        ({"password": ""}, "give user and password"),
        ({"attributes": "uid"}, "a list of attributes"),
        ({"attributes": ["uid, cn"]}, "name each attribute"),
        ({"page_size": 0}, "page_size"),
    ],
)
def test_wrong_settings(options: dict[str, Any], words: str) -> None:
    """They are told when it is built; an empty password would be an anonymous bind."""
    given = {"url": "ldaps://x", "user": "a", "password": "b", "base": BASE, "attributes": ["uid"]}
    with pytest.raises(SettingsError, match=words):
        LdapFetch(**{**given, **options})
