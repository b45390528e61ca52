"""How S3, or a service that speaks as S3 does, is reached: by boto3, Amazon's own library (Apache 2.0)."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from connector.domain.errors import SettingsError


def s3_client(
    *,
    region: str | None,
    endpoint_url: str | None,
    path_style: bool,
    access_key: str | None,
    secret_key: str | None,
    session_token: str | None,
    timeout: float,
) -> Any:
    """A client, to be closed. What is None comes from where boto3 looks for it."""
    session = boto3.session.Session(access_key, secret_key, session_token, region)
    return session.client(
        "s3",
        endpoint_url=endpoint_url,
        config=Config(
            connect_timeout=timeout,
            read_timeout=timeout,
            retries={"mode": "standard", "total_max_attempts": 3},
            s3={"addressing_style": "path" if path_style else "auto"},
            request_checksum_calculation="when_required",  # services other than Amazon's know no newer ones
        ),
    )


def refuse_wrong(access_key: str | None, secret_key: str | None, endpoint_url: str | None, allow_http: bool) -> None:
    """Raises SettingsError for half of the credentials, and for an address that is none or can be overheard."""
    if (access_key is None) != (secret_key is None):
        raise SettingsError("access_key, secret_key: give both, or none for boto3's own way.")
    if endpoint_url is not None:
        _refuse_unsafe(endpoint_url, allow_http)


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
