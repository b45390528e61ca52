"""How S3, or a service that speaks as S3 does, is reached: by boto3, Amazon's own library (Apache 2.0)."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from connector.domain.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class BucketAccess:
    """What lies under ``prefix`` of ``bucket`` (``hr/`` or empty), and how it is reached.

    ``region`` and credentials come from where boto3 looks for them (environment, profile, role of the machine) unless
    given: ``access_key`` with ``secret_key``, and ``session_token`` where they are temporary. ``endpoint_url``: the
    address of MinIO and others, by https unless ``allow_http`` or within this computer. ``path_style``: the bucket
    is part of the path, not of the host's name. ``timeout``: seconds without an answer.

    Raises SettingsError for half of the credentials, and for an address that is none or can be overheard.
    """

    bucket: str
    prefix: str = ""
    region: str | None = None
    endpoint_url: str | None = None
    allow_http: bool = False
    path_style: bool = False
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    timeout: float = 30.0

    def __post_init__(self) -> None:
        if (self.access_key is None) != (self.secret_key is None):
            raise SettingsError("access_key, secret_key: give both, or none for boto3's own way.")
        if self.endpoint_url is not None:
            _refuse_unsafe(self.endpoint_url, self.allow_http)
        if self.timeout <= 0:
            raise SettingsError("timeout: give a number of seconds above 0.")

    def key(self, name: str) -> str:
        """The whole key of what is called ``name`` under the prefix."""
        prefix = self.prefix.strip("/")
        return f"{prefix}/{name}" if prefix else name

    def client(self, service: str = "s3") -> Any:
        """A client of boto3, to be closed; of another service of Amazon's at its own address."""
        session = boto3.session.Session(self.access_key, self.secret_key, self.session_token, self.region)
        return session.client(
            service,
            endpoint_url=self.endpoint_url if service == "s3" else None,
            config=Config(
                connect_timeout=self.timeout,
                read_timeout=self.timeout,
                retries={"mode": "standard", "total_max_attempts": 3},
                s3={"addressing_style": "path" if self.path_style else "auto"},
                request_checksum_calculation="when_required",  # services other than Amazon's know no newer ones
            ),
        )


def _refuse_unsafe(url: str, allow_http: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError("endpoint_url: give an address such as https://minio.example.com.")
    if parts.username or parts.password or parts.query:
        raise SettingsError("endpoint_url: no user, password or query in the address; credentials are settings.")
    if parts.scheme == "http" and not allow_http and not _within_this_computer(parts.hostname):
        raise SettingsError("endpoint_url: people's data go by https only, unless allow_http says otherwise.")


def _within_this_computer(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
