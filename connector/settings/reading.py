"""Reading the settings file: where it is, what stands in it, and by file and line what is wrong with it."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, TomlConfigSettingsSource
from pydantic_settings import SettingsError as SourceError

from connector.domain.errors import SettingsError
from connector.settings.sources import secret
from connector.settings.values import postgresql
from connector.settings.whole import Settings

M = TypeVar("M", bound=BaseModel)

DEFAULT_FILE = Path("config/connector.toml")


def load_settings(path: Path | None = None) -> Settings:
    """Settings from ``path``, or the file that CONNECTOR_CONFIG names, or config/connector.toml where it exists.

    Relative paths in the file are relative to the file. Raises SettingsError, naming the setting and never its value.
    """
    found = settings_file(path)
    file = found or DEFAULT_FILE
    try:
        settings = _reader(file)()
    except ValidationError as error:
        wrong = "\n".join(_problem(found, each["type"], each["loc"], each["msg"]) for each in error.errors())
        raise SettingsError(wrong) from None
    except SourceError as error:
        field = re.search(r'field "(\w+)"', str(error))
        raise SettingsError(f"CONNECTOR_{field[1].upper() if field else ''}: this is not a value for it.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: not valid TOML: {error}.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{file}: not valid TOML: it is not UTF-8.") from None
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read ({error.strerror}).") from error
    return _with_database(_anchored(settings, file.absolute().parent if found else Path.cwd()))


def settings_file(path: Path | None = None) -> Path | None:
    """The settings file that ``load_settings`` reads, None where there is none. A file that is named must be there."""
    named = path or (Path(os.environ["CONNECTOR_CONFIG"]) if os.environ.get("CONNECTOR_CONFIG") else None)
    if named is not None and not named.is_file():
        raise SettingsError(f"{named}: there is no such settings file. `moodle-connector init` writes one.")
    return named or (DEFAULT_FILE if DEFAULT_FILE.is_file() else None)


def unknown_variables() -> list[str]:
    """Variables that begin as ours do and are none: a misspelt one would be ignored.

    They are no error, because Kubernetes makes such variables for a service of the name connector.
    """
    known = {*Settings.model_fields, "config", "debug"}
    names = sorted(name for name in os.environ if name.startswith("CONNECTOR_"))
    return [
        name
        for name in names
        if name.removeprefix("CONNECTOR_").partition("__")[0].lower() not in known
        and not name.startswith("CONNECTOR_TEST_")
    ]


def _problem(file: Path | None, kind: str, where: Sequence[int | str], text: str) -> str:
    """One mistake with file and line where it stands in the file, else with the variable that may hold it."""
    where = [part for i, part in enumerate(where) if not (i > 1 and where[i - 2] == "sources" and len(where) > i + 1)]
    field = ".".join(map(str, where))
    text = "there is no such setting" if kind == "extra_forbidden" else text.removeprefix("Value error, ")
    variable = f"CONNECTOR_{'__'.join(map(str, where)).upper()}"
    place = [str(part) for part in (where[:-1] if kind == "missing" else where)]
    line = _line(file, place) if file and variable not in os.environ else None
    return f"{file}:{line}: {field}: {text}." if line else f"{variable}: {text}."


def _line(file: Path, where: Sequence[str]) -> int | None:
    """The line that sets ``where``; None where it comes from elsewhere."""
    table: list[str] = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]", line):
            table = re.findall(r"[\w-]+", header[1])
            if table == where:
                return number
        elif key := re.match(r"\s*([\w\"'. -]+?)\s*=", line):
            named = [*table, *re.findall(r"[\w-]+", key[1])]
            if named == list(where) or named == list(where[: len(named)]):
                return number
    return None


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


def _with_database(settings: Settings) -> Settings:
    """The database's address from its file, where it is given by one only."""
    address = secret("database_url", settings.database_url, settings.database_url_file)
    try:
        return settings.model_copy(update={"database_url": postgresql(SecretStr(address or ""))})
    except ValueError as error:
        raise SettingsError(f"database_url_file: {error}.") from None


def _anchored(settings: M, folder: Path) -> M:
    """Relative paths, at every level, count from the folder of the settings file."""
    found = {name: getattr(settings, name) for name in type(settings).model_fields}
    moved = {name: _moved(value, folder) for name, value in found.items()}
    return settings.model_copy(update={name: value for name, value in moved.items() if value is not found[name]})


def _moved(value: object, folder: Path) -> object:
    if isinstance(value, Path):
        return folder / value.expanduser()
    if isinstance(value, dict):
        return {name: _moved(each, folder) for name, each in value.items()}
    return _anchored(value, folder) if isinstance(value, BaseModel) else value
