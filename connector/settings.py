"""Typed settings: a TOML file, each value overridable by a CONNECTOR_ variable with ``__`` between levels.

Secrets come from the environment or from files, and are never echoed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, AnyHttpUrl, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from connector.domain.errors import SettingsError

DEFAULT_FILE = Path("config/connector.toml")


def _http_url(value: str) -> str:
    if value:
        AnyHttpUrl(value)
    return value.rstrip("/")


class MoodleSettings(BaseModel):
    """One Moodle site. ``url`` is its wwwroot; the token is given here by the environment, or in ``token_file``."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, AfterValidator(_http_url)] = ""
    token: SecretStr | None = None
    token_file: Path | None = None
    workers: Annotated[int, Field(ge=1, le=32)] = 4
    timeout_seconds: Annotated[float, Field(gt=0)] = 120


class DropSettings(BaseModel):
    """The folder into which HR's files are put. ``settle_seconds``: a file must not change for so long."""

    model_config = ConfigDict(extra="forbid")

    folder: Path | None = None
    settle_seconds: Annotated[float, Field(ge=0)] = 5
    marker: str | None = None


class ServiceSettings(BaseModel):
    """The service: where it listens, and how often it syncs and mirrors (minutes, 0 is never)."""

    model_config = ConfigDict(extra="forbid")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    sync_minutes: Annotated[float, Field(ge=0)] = 60
    mirror_minutes: Annotated[float, Field(ge=0)] = 60


class Settings(BaseSettings):
    """All settings. ``database_url`` empty means the embedded PostgreSQL in ``data_dir``."""

    model_config = SettingsConfigDict(env_prefix="CONNECTOR_", env_nested_delimiter="__", extra="forbid")

    database_url: SecretStr = SecretStr("")
    data_dir: Path | None = None
    mapping: Path | None = None
    create_days_ahead: Annotated[int, Field(ge=0, le=365)] = 0
    moodle: MoodleSettings = MoodleSettings()
    drop: DropSettings = DropSettings()
    service: ServiceSettings = ServiceSettings()
    log: Literal["text", "json"] = "text"

    def moodle_token(self) -> str:
        """The token. Raises SettingsError where there is none."""
        if self.moodle.token is not None:
            return self.moodle.token.get_secret_value()
        if self.moodle.token_file is not None:
            try:
                return self.moodle.token_file.read_text("utf-8").strip()
            except OSError as error:
                raise SettingsError(f"moodle.token_file: cannot be read ({error.strerror}).") from error
        raise SettingsError("moodle: there is no token. Set CONNECTOR_MOODLE__TOKEN, or token_file in the settings.")


def load_settings(path: Path | None = None) -> Settings:
    """Settings from ``path``, or the file that CONNECTOR_CONFIG names, or config/connector.toml where it exists.

    Relative paths in the file are relative to the file. Raises SettingsError, naming the setting and never its value.
    """
    named = path or (Path(os.environ["CONNECTOR_CONFIG"]) if os.environ.get("CONNECTOR_CONFIG") else None)
    file = named or DEFAULT_FILE
    if named is not None and not named.is_file():
        raise SettingsError(f"{named}: there is no such settings file. `moodle-connector init` writes one.")
    try:
        settings = _reader(file)()
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise SettingsError(f"{file}: {wrong}") from None
    except ValueError as error:
        raise SettingsError(f"{file}: not valid TOML ({error}).") from None
    return _anchored(settings, file.absolute().parent if file.is_file() else Path.cwd())


def _reader(file: Path) -> type[Settings]:
    class FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, file)

    return FromFile


def _anchored(settings: Settings, folder: Path) -> Settings:
    """Relative paths count from the folder of the settings file."""

    def at(path: Path | None) -> Path | None:
        return None if path is None else folder / path.expanduser()

    return settings.model_copy(
        update={
            "data_dir": at(settings.data_dir),
            "mapping": at(settings.mapping),
            "moodle": settings.moodle.model_copy(update={"token_file": at(settings.moodle.token_file)}),
            "drop": settings.drop.model_copy(update={"folder": at(settings.drop.folder)}),
        }
    )
