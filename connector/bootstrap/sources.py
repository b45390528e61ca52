"""Builds sources: from where each gets its feeds, by the settings, and how they are read, by the mapping."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.drops.fetched import Fetch, FetchedDrop
from adapters.drops.folder import FolderDrop
from adapters.sources import open_source
from connector.domain.errors import SettingsError
from connector.domain.feeds import Drop
from connector.domain.gates import Gates
from connector.domain.ports import Source
from connector.settings.parts import DropSettings
from connector.settings.sources import (
    AccessSettings,
    FolderSettings,
    LdapSettings,
    RestSettings,
    S3Settings,
    ScimSettings,
    SftpSettings,
    SqlSettings,
    secret,
)
from mappings.company import SourceMapping

if TYPE_CHECKING:
    from adapters.fetchers.rest_access import Access

Remote = SftpSettings | S3Settings
Fetched = SqlSettings | LdapSettings | RestSettings

UNDELIMITED = {"xml", "json"}


def gates_of(mapping: SourceMapping) -> Gates:
    """When a feed of this source is not to be trusted."""
    gates = mapping.settings.gates
    return Gates(
        gates.min_share,
        gates.max_duplicate_share,
        gates.max_rejected_share,
        timedelta(hours=gates.max_age_hours) if gates.max_age_hours else None,
        gates.min_rows,
    )


def feed_in(path: Path, mapping: SourceMapping) -> Source:
    """The feed in a file, as the mapping says it is to be read."""
    settings = mapping.settings
    if settings.format == "scim":
        raise SettingsError(
            f"{settings.name}: what is pushed by SCIM is in no file; `mapping try` shows users in one."
        )
    options: dict[str, object] = {
        "name": settings.name,
        "encoding": settings.encoding,
        "complete": settings.complete,
        "columns": sorted(mapping.columns),
    }
    if settings.format in UNDELIMITED:
        options |= {"record": settings.record, "fields": mapping.expressions, "removed": mapping.mapper.is_removed}
    if settings.format == "xml":
        return open_source("xml", path, options | {"namespaces": settings.namespaces})
    options["key"] = mapping.key_column
    if settings.format == "json":
        return open_source("json", path, options | {"separator": settings.separator or ","})
    options["delimiter"] = settings.delimiter or ("\t" if settings.format == "tsv" else None)
    options["skip_lines"] = settings.skip_lines
    if settings.columns:
        options["header"] = settings.columns
    if settings.trailer:
        options["trailer"] = settings.trailer
    return open_source("delimited", path, options)


def shared_folder(drop: DropSettings, mapping: SourceMapping) -> FolderDrop:
    """The folder for files of all sources: those that the mapping's pattern names are this one's."""
    if drop.folder is None:
        raise SettingsError("drop.folder: name the folder into which HR's files are put, or give a file.")
    return FolderDrop(drop.folder, mapping.settings.file, settle=drop.settle_seconds, marker=drop.marker)


def drop_of(settings: FolderSettings | Remote | Fetched, mapping: SourceMapping, spools: Path) -> Drop:
    """Where the files of a source arrive, or are fetched to. ``spools``: the folder for spools that have no own.

    Raises SettingsError where a setting or a secret is missing.
    """
    if isinstance(settings, FolderSettings):
        return FolderDrop(
            settings.folder,
            settings.file or mapping.settings.file,
            settle=settings.settle_seconds,
            order=settings.order,
            marker=settings.marker,
        )
    name = mapping.settings.name
    spool = settings.spool or spools / name
    if isinstance(settings, Remote):
        return _remote(settings, mapping, spool)
    ending = f".{mapping.settings.format}" if isinstance(settings, RestSettings) else ".jsonl"
    return FetchedDrop(spool, name, _fetch(settings, f"sources.{name}"), ending if ending == ".xml" else ".jsonl")


def _remote(settings: Remote, mapping: SourceMapping, spool: Path) -> Drop:
    where = f"sources.{mapping.settings.name}"
    pattern = settings.pattern or mapping.settings.file
    if isinstance(settings, SftpSettings):
        from adapters.drops.sftp import SftpDrop  # only here: other commands start sooner

        return SftpDrop(**_plain(settings, where, "password", "passphrase"), pattern=pattern, spool=spool)
    from adapters.drops.s3 import S3Drop

    options = _plain(settings, where, "access_key", "secret_key", "session_token")
    return S3Drop(**options, pattern=pattern, spool=spool)


def _fetch(settings: Fetched, where: str) -> Fetch:
    if isinstance(settings, SqlSettings):
        from adapters.fetchers.sql import SqlFetch

        return SqlFetch(**_plain(settings, where, "password", none=""))
    if isinstance(settings, LdapSettings):
        from adapters.fetchers.ldap import LdapFetch

        return LdapFetch(**_plain(settings, where, "password", none=""))
    return _rest(settings, where)


def _rest(settings: RestSettings, where: str) -> Fetch:
    from adapters.fetchers.presets import preset
    from adapters.fetchers.rest import RestFetch
    from adapters.fetchers.rest_paging import Paging

    given = settings.model_dump(exclude_unset=True, exclude={"kind", "spool", "preset", "places"})
    if settings.preset:
        known = preset(settings.preset, settings.places)
        if known["access"]["kind"] != settings.access.kind:
            raise SettingsError(f"{where}.access: the preset {settings.preset} has another kind of access.")
        given = _over(known, given)
    if not given.get("url"):
        raise SettingsError(f"{where}.url: give the address of the API, or a preset.")
    access = _access(AccessSettings(**given.pop("access")), f"{where}.access")
    return RestFetch(access=access, paging=Paging(**given.pop("paging", {})), **given)


def _over(known: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given counts before what is known; of tables name by name."""
    tables = {name: {**known.get(name, {}), **value} for name, value in given.items() if isinstance(value, dict)}
    return {**known, **given, **tables}


def _access(settings: AccessSettings, where: str) -> Access:
    from adapters.fetchers.rest_access import ApiKey, Basic, ClientCredentials

    found = secret(f"{where}.secret", settings.secret, settings.secret_file)
    if found is None:
        raise SettingsError(f"{where}: there is no secret. Set {where}.secret_file, or its variable.")
    if settings.kind == "api_key":
        return ApiKey(found, settings.header, settings.param)
    if settings.kind == "basic" and settings.key_as_user:
        if settings.user:
            raise SettingsError(f"{where}.user: the key is a secret here; set {where}.secret_file instead.")
        return Basic(found, "x")
    if settings.kind == "basic":
        return Basic(settings.user, found)
    return ClientCredentials(settings.token_url, settings.client_id, found, settings.scope, settings.in_body)


def _plain(
    settings: SftpSettings | S3Settings | SqlSettings | LdapSettings,
    where: str,
    *secrets: str,
    none: str | None = None,
) -> Mapping[str, Any]:
    """The adapter's own parameters: all settings but where the source is, with secrets as text."""
    files = {f"{name}_file" for name in secrets}
    left_out = {"kind", "spool", "pattern"} | files
    given = {name: getattr(settings, name) for name in type(settings).model_fields if name not in left_out}
    for name in secrets:
        file = getattr(settings, f"{name}_file")
        given[name] = secret(f"{where}.{name}", getattr(settings, name), file) or none
    return given


def client_of(settings: ScimSettings, name: str) -> str:
    """The SCIM client whose directory is this source."""
    return settings.client or name
