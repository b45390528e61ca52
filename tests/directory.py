"""A real OpenLDAP server for tests: one company, over TLS, on loopback. Where there is none the tests are left out."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
import trustme

BASE = "dc=example,dc=org"
PASSWORD = "reader's s3cret"
GUID = UUID("6f1d1c1e-1234-4000-8000-0123456789ab")
HOW = "apt-get install --no-install-recommends slapd"
CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.3.6.1.4.1.4203.666.1.1 NAME 'userAccountControl' SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.4203.666.1.2 NAME 'objectGUID' SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.4203.666.1.3 NAME 'nsAccountLock' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.4203.666.2.1 NAME 'account2' SUP top AUXILIARY
  MAY ( userAccountControl $ objectGUID $ nsAccountLock ) )
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
moduleload memberof
pidfile {folder}/slapd.pid
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
database mdb
suffix {base}
directory {folder}/data
maxsize 33554432
dbnosync
access to attrs=userPassword by anonymous auth by * none

access to * by users read by anonymous auth
limits dn.exact="cn=reader,{base}" size=unlimited
limits dn.exact="cn=small,{base}" size.prtotal=50
limits dn.exact="cn=pageless,{base}" size.prtotal=disabled size.soft=unlimited
overlay ppolicy
overlay memberof
"""


@dataclass(frozen=True)
class Directory:
    """A running server; ``ca_file`` vouches for its certificate, which is for localhost."""

    process: subprocess.Popen[bytes]
    url: str
    secure_url: str
    ca_file: Path

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def slapd() -> str:
    """The server's program; leaves the test out, or fails it, where there is none."""
    found = shutil.which("slapd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/openldap")
    if found is None:
        if os.environ.get("CONNECTOR_TEST_LDAP") == "required":
            pytest.fail(f"CONNECTOR_TEST_LDAP=required, and there is no OpenLDAP: {HOW}", pytrace=False)
        pytest.skip(f"needs OpenLDAP's server: {HOW}")
    return found


def people(count: int) -> Iterator[str]:
    """A boss (E0), and people under her; three are disabled, each in another server's way."""
    yield f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n"
    for name in ("reader", "small", "pageless", "blind"):
        login = f"dn: cn={name},{BASE}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject"
        yield f"{login}\ncn: {name}\nuserPassword: {PASSWORD}\n"
    for unit in ("people", "bosses", "secret"):
        yield f"dn: ou={unit},{BASE}\nobjectClass: organizationalUnit\nou: {unit}\n"
    yield _person("uid=boss,ou=bosses", 0, "Zoé")
    for number in range(1, count + 1):
        more = f"manager: UID=boss, OU=bosses, {BASE}\n"
        if number == 1:
            more += "userAccountControl: 514\nmail: second@example.org\n"
            more += f"objectGUID:: {b64encode(GUID.bytes_le).decode()}\nmemberOf: cn=staff,{BASE}\n"
        if number == 2:
            more += "pwdAccountLockedTime: 000001010000Z\nuserAccountControl: 512\n"
        if number == 3:
            more += "nsAccountLock: TRUE\n"
        yield _person(f"uid=u{number},ou=people", number, "Ann", more)
    away = f"dn: ou=elsewhere,{BASE}\nobjectClass: referral\nobjectClass: extensibleObject\nou: elsewhere\n"
    yield f"{away}ref: ldap://127.0.0.1:9/{BASE}\n"


def _person(dn: str, number: int, name: str, more: str = "") -> str:
    lines = f"dn: {dn},{BASE}\nobjectClass: inetOrgPerson\nobjectClass: account2\nuid: {dn[4:].partition(',')[0]}\n"
    encoded = b64encode(name.encode()).decode()
    return f"{lines}cn:: {encoded}\nsn:: {encoded}\nemployeeNumber: E{number}\nmail: u{number}@example.org\n{more}"


@contextmanager
def directory(folder: Path, count: int) -> Iterator[Directory]:
    """Serve a company of ``count`` people and their boss."""
    program = slapd()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate = authority.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(str(folder / "server.key"))
    certificate.cert_chain_pems[0].write_to_path(str(folder / "server.pem"))
    (folder / "data").mkdir()
    (folder / "slapd.conf").write_text(CONFIG.replace("{folder}", str(folder)).replace("{base}", BASE))
    (folder / "people.ldif").write_text("\n".join(people(count)))
    config = ["-f", str(folder / "slapd.conf")]
    subprocess.run([program, "-T", "add", *config, "-l", str(folder / "people.ldif")], check=True, capture_output=True)
    plain, secure = _free_port(), _free_port()
    urls = f"ldap://localhost:{plain}", f"ldaps://localhost:{secure}"
    process = subprocess.Popen([program, *config, "-h", " ".join(urls), "-d", "0"], stderr=subprocess.DEVNULL)
    try:
        _await(secure, process)
        yield Directory(process, *urls, folder / "ca.pem")
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            pytest.fail("slapd ended at once")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("slapd does not answer")
