"""Settings of sources: where each gets its feeds from. How a feed is read is the mapping's.

Names are those of the adapters' own parameters. Secrets stand in the environment or in files beside, never here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from connector.domain.errors import SettingsError


def _stripped(value: SecretStr) -> SecretStr | None:
    """White space around a secret comes from copying; an empty one is none."""
    text = value.get_secret_value().strip()
    return SecretStr(text) if text else None


Secret = Annotated[SecretStr | None, AfterValidator(lambda given: given and _stripped(given))]
Seconds = Annotated[float, Field(gt=0)]
Number = Annotated[int, Field(ge=1)]


def secret(name: str, given: SecretStr | None, file: Path | None) -> str | None:
    """A secret from its variable, else from its file; None where it is in neither. Raises SettingsError for a file."""
    if given is not None and (found := given.get_secret_value().strip()):
        return found
    if file is None:
        return None
    try:
        found = file.read_text("utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{name}_file: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError:
        raise SettingsError(f"{name}_file: it is not a text file.") from None
    if not found:
        raise SettingsError(f"{name}_file: it is empty.")
    return found


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Fetched(_Strict):
    """``spool``: a folder of this service's own for the copies that are read; default: one in ``data_dir``."""

    spool: Path | None = None


class FolderSettings(_Strict):
    """A local folder. ``file``: which files, as a shell pattern; default: the mapping's."""

    kind: Literal["folder"] = "folder"
    folder: Path
    file: str | None = None
    settle_seconds: Annotated[float, Field(ge=0)] = 5
    order: Literal["oldest", "newest"] = "oldest"
    marker: str | None = None


class _Remote(_Fetched):
    pattern: str | None = None
    settle: Annotated[float, Field(ge=0)] = 5
    order: Literal["oldest", "newest"] = "oldest"
    marker: str | None = None
    max_bytes: Number = 2_000_000_000
    timeout: Seconds = 30


class SftpSettings(_Remote):
    """A folder on an SSH server."""

    kind: Literal["sftp"]
    host: str
    user: str
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    folder: str = "."
    password: Secret = None
    password_file: Path | None = None
    key_file: Path | None = None
    passphrase: Secret = None
    passphrase_file: Path | None = None
    host_keys: tuple[str, ...] = ()
    known_hosts: Path | None = None


class InBucket(_Strict):
    """Where in a bucket, and how the bucket is reached. Names are those of ``adapters.s3.BucketAccess``."""

    prefix: str = ""
    region: str | None = None
    endpoint_url: str | None = None
    allow_http: bool = False
    path_style: bool = False
    access_key: Secret = None
    access_key_file: Path | None = None
    secret_key: Secret = None
    secret_key_file: Path | None = None
    session_token: Secret = None
    session_token_file: Path | None = None
    timeout: Seconds = 30


class S3Settings(InBucket, _Remote):
    """A prefix of a bucket."""

    kind: Literal["s3"]
    bucket: str


class SqlSettings(_Fetched):
    """A query on a database."""

    kind: Literal["sql"]
    url: str
    password: Secret = None
    password_file: Path | None = None
    query: str = ""
    query_file: Path | None = None
    timeout: Seconds = 300
    batch: Number = 1000


class LdapSettings(_Fetched):
    """A search in a directory."""

    kind: Literal["ldap"]
    url: str
    user: str
    base: str
    attributes: tuple[str, ...]
    password: Secret = None
    password_file: Path | None = None
    filter: str = "(objectClass=person)"
    key_attribute: str = "employeeNumber"
    manager_attribute: str = "manager"
    page_size: Number = 500
    timeout: Seconds = 30
    ca_file: Path | None = None


class AccessSettings(_Strict):
    """Who asks an API: ``secret`` is the key, the password or the client's secret, by ``kind``.

    ``header``: where a key stands; or ``param``, a parameter of the address. ``key_as_user``: the secret is the user
    of ``basic``, as some APIs have it.
    """

    kind: Literal["api_key", "basic", "client_credentials"]
    header: str = "X-Api-Key"
    param: str = ""
    user: str = ""
    key_as_user: bool = False
    token_url: str = ""
    client_id: str = ""
    scope: str = ""
    in_body: bool = True
    secret: Secret = None
    secret_file: Path | None = None


class PagingSettings(_Strict):
    """How an API gives the next page."""

    kind: Literal["none", "offset", "page", "cursor", "next", "link"] = "none"
    param: str = ""
    size_param: str = ""
    size: Annotated[int, Field(ge=0)] = 0
    first: int = 0
    path: str = ""
    total: str = ""
    more: str = ""
    empty: bool = False
    ends_with: Literal[0, 400, 404, 416] = 0


class RestSettings(_Fetched):
    """An API, by its own settings or by a ``preset`` with the names that it needs in ``places``."""

    kind: Literal["rest"]
    access: AccessSettings
    url: str = ""
    preset: str = ""
    places: dict[str, str] = {}
    records: str = "@"
    paging: PagingSettings = PagingSettings()
    params: dict[str, str] = {}
    headers: dict[str, str] = {}
    answer: Literal["rows", "as_is"] = "rows"
    since_param: str = ""
    since_path: str = ""
    allowed: frozenset[str] = frozenset()
    timeout: Seconds = 60


class ScimSettings(_Strict):
    """What a client pushes by SCIM. ``client``: its name; default: the source's."""

    kind: Literal["scim"]
    client: str = ""


SourceSettings = Annotated[
    FolderSettings | SftpSettings | S3Settings | SqlSettings | LdapSettings | RestSettings | ScimSettings,
    Field(discriminator="kind"),
]


def place_of(name: str, source: SourceSettings) -> tuple[object, ...] | None:
    """Where a source's feeds are taken away from by being read; None where reading takes nothing away."""
    match source:
        case FolderSettings():
            return "folder", source.folder.resolve()
        case SftpSettings():
            return "sftp", source.host.lower(), source.port, source.folder.rstrip("/")
        case S3Settings():
            return "s3", source.endpoint_url, source.bucket, source.prefix
        case ScimSettings():
            return "scim", source.client or name
    return None
