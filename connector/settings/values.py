"""Values of settings: what is accepted, and what is said of one that is not."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, AnyHttpUrl, Field, SecretStr

from jobs.times import read_times, read_zone


def _http_url(value: str) -> str:
    if value:
        AnyHttpUrl(value)
    return value.rstrip("/")


def _console_url(value: str) -> str:
    """https, or plain http on this machine alone: a session's cookie must not be read on the way."""
    parts = urlsplit(_http_url(value))
    if value and (parts.path.strip("/") or parts.query or parts.fragment or parts.username):
        raise ValueError("give scheme, host and port only, such as https://connector.example.com")
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise ValueError("http is for 127.0.0.1 and localhost only; everywhere else use https")
    return value.rstrip("/").lower()


def postgresql(value: SecretStr) -> SecretStr:
    """The address of a database in one form; empty is the embedded one. Raises ValueError for anything else."""
    address = value.get_secret_value()
    if address and not re.match(r"postgres(ql)?(\+psycopg)?://", address):
        raise ValueError("give an address that begins with postgresql://, or nothing for the embedded one")
    try:
        _ = urlsplit(address).port
    except ValueError:
        raise ValueError("not an address; quote :, /, ? and @ in user and password as %3A, %2F, %3F and %40") from None
    return SecretStr(re.sub(r"^postgres(ql)?(\+psycopg)?:", "postgresql:", address))


def _times(value: str) -> str:
    read_times(value, ZoneInfo("UTC"))
    return value.strip()


def _zone(value: str) -> str:
    return read_zone(value.strip()).key


def _addresses(value: str) -> str:
    """One or more mail addresses with commas between them."""
    try:
        found = [validate_email(one.strip(), check_deliverability=False).normalized for one in value.split(",") if one]
    except EmailNotValidError:
        raise ValueError("give mail addresses, with commas between them") from None
    return ", ".join(found)


SourceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
SiteName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=40)]
HttpAddress = Annotated[str, AfterValidator(_http_url)]
ConsoleAddress = Annotated[str, AfterValidator(_console_url)]
DatabaseAddress = Annotated[SecretStr, AfterValidator(postgresql)]
WhenText = Annotated[str, AfterValidator(_times)]
ZoneName = Annotated[str, AfterValidator(_zone)]
Addresses = Annotated[str, AfterValidator(_addresses)]
