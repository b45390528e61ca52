"""LDAP and Active Directory: everybody whom a filter finds below a base, page by page.

By ldap3: pure Python, so that it needs no compiler (bonsai and python-ldap have no wheels for Linux), under the LGPL
as psycopg is. It is settled rather than lively, and little of it is used: bind, StartTLS, paged search.
"""

from __future__ import annotations

import re
import ssl
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

with warnings.catch_warnings():  # it uses names of pyasn1 that are deprecated
    warnings.simplefilter("ignore", DeprecationWarning)
    import ldap3
    from ldap3.core.exceptions import LDAPException, LDAPInvalidFilterError

from adapters.drops.fetched import Output
from adapters.fetchers.ldap_values import disabled, texts
from adapters.fetchers.rows import json_line
from connector.domain.errors import AccessRefused, FeedRefused, SettingsError, Unavailable

_PAGED = "1.2.840.113556.1.4.319"
_WRONG_CREDENTIALS = (48, 49, 50, 53)
"""Inappropriate authentication, invalid credentials, no rights, unwilling to perform."""
_WRONG_QUESTION = (16, 17, 18, 21, 32, 34)
"""No such attribute or type, wrong matching or syntax, no such object, wrong name: RFC 4511, appendix A."""
_FLAGS = ("userAccountControl", "pwdAccountLockedTime", "nsAccountLock")


class _Trust(ldap3.Tls):
    """TLS as Python's own defaults have it: ldap3 checks names by a function of its own, or one that is deprecated."""

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:  # noqa: ARG002 - always
        context = ssl.create_default_context(cafile=self.ca_certs_file)
        connection.socket = context.wrap_socket(connection.socket, server_hostname=connection.server.host)


@dataclass(frozen=True)
class LdapFetch:
    """A ``Fetch``: each entry is a person, its attributes by name, ``dn`` among them.

    ``url``: ``ldaps://dc.example.com`` or ``ldap://…``, which is turned to TLS by StartTLS; the certificate has to be
    good for this name, by ``ca_file`` or else by the machine's own. ``user``: a DN, or as AD
    has it ``reader@example.com``.
    ``base`` and ``filter``: where and whom. ``attributes``: those that are wanted.
    ``page_size``: entries in one answer; AD gives 1,000 at most. ``timeout``: seconds for each answer.

    Made plain: ``disabled`` is true or false, by AD's userAccountControl, OpenLDAP's pwdAccountLockedTime and 389's
    nsAccountLock; ``manager`` (a DN) becomes the manager's ``key_attribute`` in ``manager_key``. Attributes with
    several values, ``memberOf`` among them, are lists; objectGUID is text as AD shows it, other bytes are hexadecimal.
    Referrals are not followed. Raises SettingsError where the options make no sense.
    """

    url: str
    user: str
    base: str
    attributes: Sequence[str]
    password: str = field(default="", repr=False)
    filter: str = "(objectClass=person)"
    key_attribute: str = "employeeNumber"
    manager_attribute: str = "manager"
    page_size: int = 500
    timeout: float = 30.0
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        if self._place.scheme not in ("ldap", "ldaps") or not self._place.hostname or self._place.username:
            raise SettingsError("ldap.url: give scheme and host, such as ldaps://dc.example.com.")
        if not self.user or not self.password:
            raise SettingsError("ldap: give user and password; who binds without one is nobody to the server.")
        if isinstance(self.attributes, str) or not self.attributes or self.page_size < 1 or self.timeout <= 0:
            raise SettingsError("ldap: give a list of attributes, and page_size and timeout of more than 0.")
        if wrong := [name for name in (*self.attributes, self.key_attribute) if not re.fullmatch(r"[\w;.-]+", name)]:
            raise SettingsError(f"ldap.attributes: {', '.join(wrong)}: name each attribute by itself.")

    def fetch(self, into: Output, _since: str, /) -> str:
        """Write every entry; see ``Fetch``. The search is read twice where managers are named by their DN."""
        with self._told(), self._connection() as connection:
            keys = self._keys(connection) if self._managers else {}
            for entry in self._entries(connection, self._wanted):
                into.write(json_line(self._row(connection, entry, keys)))
        return ""

    def _row(self, connection: Any, entry: Mapping[str, Any], keys: dict[str, str]) -> dict[str, object]:
        raw = {name.lower(): values for name, values in entry["raw_attributes"].items()}
        row: dict[str, object] = {"dn": entry["dn"]}
        row |= {name: texts(name, raw.get(name.lower(), [])) for name in self.attributes}
        row["disabled"] = disabled(raw)
        if self._managers:
            manager = texts("manager", raw.get(self.manager_attribute.lower(), []))
            row["manager_key"] = self._key_of(connection, manager, keys) if isinstance(manager, str) else None
        return row

    def _keys(self, connection: Any) -> dict[str, str]:
        """The key of each entry by its DN."""
        found = self._entries(connection, [self.key_attribute])
        return {_same(entry["dn"]): self._key_in(entry) for entry in found}

    def _key_of(self, connection: Any, dn: str, keys: dict[str, str]) -> str:
        """The key of a manager; one outside the search is looked up by name. "" where there is none."""
        if _same(dn) not in keys:
            connection.search(dn, "(objectClass=*)", ldap3.BASE, attributes=[self.key_attribute])
            if connection.result["result"] not in (0, 32, 10):
                self._refuse(connection.result["result"], "a manager cannot be looked up")
            found = [each for each in connection.response or [] if each["type"] == "searchResEntry"]
            keys[_same(dn)] = self._key_in(found[0]) if found else ""
        return keys[_same(dn)]

    def _key_in(self, entry: Mapping[str, Any]) -> str:
        raw = {name.lower(): values for name, values in entry["raw_attributes"].items()}
        key = texts(self.key_attribute, raw.get(self.key_attribute.lower(), []))
        return key if isinstance(key, str) else ""

    def _entries(self, connection: Any, attributes: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """Yield what the search finds. Raises FeedRefused wherever the server did not give all of it."""
        cookie: bytes | None = None
        seen: set[bytes] = set()
        while cookie is None or cookie:
            connection.search(
                self.base, self.filter, ldap3.SUBTREE, ldap3.DEREF_NEVER, attributes=attributes,
                paged_size=self.page_size, paged_cookie=cookie, paged_criticality=True,
            )  # fmt: skip
            if connection.result["result"]:
                self._refuse(connection.result["result"], f"the search ended: {connection.result['description']}")
            control = (connection.result.get("controls") or {}).get(_PAGED)
            if control is None:
                raise FeedRefused(f"ldap: {self._host}: an answer does not say whether more follows (no paging).")
            entries = [each for each in connection.response or [] if each["type"] == "searchResEntry"]
            yield from entries
            cookie = bytes(control["value"]["cookie"] or b"")
            if cookie and (not entries or cookie in seen):
                raise FeedRefused(f"ldap: {self._host}: a page repeats or is empty, and more is said to follow.")
            seen = {cookie}

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        trust = _Trust(ca_certs_file=str(self.ca_file) if self.ca_file else None)
        secure = self._place.scheme == "ldaps"
        server = ldap3.Server(
            self._host, self._place.port or (636 if secure else 389), use_ssl=secure, tls=trust,
            get_info=ldap3.NONE, connect_timeout=self.timeout,
        )  # fmt: skip
        connection = ldap3.Connection(
            server, self.user, self.password, authentication=ldap3.SIMPLE, auto_referrals=False, read_only=True,
            receive_timeout=max(1, round(self.timeout)), check_names=False, return_empty_attributes=False,
        )  # fmt: skip
        try:
            connection.open(read_server_info=False)
            if not secure and not connection.start_tls(read_server_info=False):
                raise SettingsError(
                    f"ldap: {self._host} does not offer StartTLS; use ldaps. Nothing goes in the clear."
                )
            if not connection.bind(read_server_info=False):
                self._refuse(connection.result["result"], "the bind failed")
            yield connection
        finally:
            connection.strategy.close()
            if connection.socket is not None:  # left open where it could not connect
                connection.socket.close()

    def _refuse(self, code: int, why: str) -> None:
        """Raise what a result code means."""
        if code in _WRONG_CREDENTIALS:
            raise AccessRefused(f"ldap: {self._host} refuses the user or what it asks for (result {code}).")
        if code in _WRONG_QUESTION:
            raise SettingsError(f"ldap: {self._host}: base, filter or attribute is not known there (result {code}).")
        if code in (51, 52):
            raise Unavailable(f"ldap: {self._host} is busy or not available (result {code}).")
        hint = " Raise the server's limit for this user, or narrow the filter." if code in (3, 4, 11) else ""
        raise FeedRefused(f"ldap: {self._host}: {why} (result {code}).{hint}")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except LDAPInvalidFilterError:
            raise SettingsError("ldap.filter: this is no LDAP filter, such as (objectClass=person).") from None
        except LDAPException as error:
            if "certificate" in str(error).lower() or "StartTLS" in type(error).__name__:
                raise AccessRefused(
                    f"ldap: {self._host}: its certificate is not believed; name its authority in ca_file"
                ) from None
            raise Unavailable(
                f"ldap: {self._host} cannot be reached, or was lost on the way ({type(error).__name__})."
            ) from None
        except OSError as error:
            raise Unavailable(f"ldap: {self._host} cannot be reached ({type(error).__name__}).") from None

    @property
    def _place(self) -> Any:
        return urlsplit(self.url)

    @property
    def _host(self) -> str:
        return str(self._place.hostname)

    @property
    def _managers(self) -> bool:
        return self.manager_attribute.lower() in (name.lower() for name in self.attributes)

    @property
    def _wanted(self) -> list[str]:
        return list(dict.fromkeys((*self.attributes, *_FLAGS)))


def _same(dn: str) -> str:
    """A DN so that the same one is the same text: case and spaces around commas and equals signs do not count."""
    return re.sub(r"\s*([,=+])\s*", r"\1", dn).lower()
