"""init, doctor: the first steps, and what is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from connector.cli.common import Config, Json, Where, run
from connector.cli.findings import show
from connector.cli.output import as_json, say
from connector.doctor import examine
from connector.domain.errors import SettingsError
from connector.settings.reading import DEFAULT_FILE
from mappings.companies import folder as company_folder
from mappings.companies.sample import SampleCompany
from mappings.companies.samples import SAMPLES
from mappings.systems import EXAMPLE
from mappings.systems import folder as system_folder
from mappings.systems import names as systems

TEMPLATE = files("connector.cli") / "connector.toml"
EXAMPLE_PEOPLE = 100


def add_to(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(doctor)


def sample(name: str) -> SampleCompany[Any]:
    """The sample company of this name. Raises SettingsError where there is none."""
    if name not in SAMPLES:
        raise SettingsError(f"--company: there is no company {name}. There are {', '.join(SAMPLES)}.")
    return SAMPLES[name]


def init(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where to put it.")] = Path(),
    company: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"Start from a sample company: {', '.join(SAMPLES)}.",
            show_default="a commented example",
        ),
    ] = None,
    system: Annotated[
        str | None,
        typer.Option(metavar="NAME", help=f"Start from a ready mapping for an HR system: {', '.join(systems())}."),
    ] = None,
    json: Json = False,
) -> None:
    """Write a settings file with comments and a mapping to start from. Nothing that is there is overwritten."""
    start = _start(company, system)
    settings, mapping = folder / DEFAULT_FILE, folder / DEFAULT_FILE.parent / "mapping"
    for path in (settings, mapping):
        if path.exists():
            raise SettingsError(f"{path} is there already; nothing was written.")
    try:
        example = _write(settings, mapping, start)
    except OSError as error:
        raise SettingsError(f"{folder}: cannot be written to ({error.strerror}).") from error
    if json:
        as_json({"settings": settings, "mapping": mapping, "example": example})
        return
    say(f"Written: {settings}, {mapping}, and an example feed: {example}.")
    say(f"Next: set moodle.url in {settings} and the token in the environment, as CONNECTOR_MOODLE__TOKEN.")
    say(f"Then: moodle-connector doctor{'' if folder == Path() else f' --config {settings}'}")


Start = Callable[[Path, Path], Path]
"""Writes a mapping's folder, and an example feed into another; gives that file."""


def _start(company: str | None, system: str | None) -> Start:
    if company is not None and system is not None:
        raise SettingsError("Give --company or --system, one of them.")
    if system is None:
        return _commented if company is None else partial(_of_sample, sample(company))
    if system not in systems():
        raise SettingsError(f"--system: there is no mapping for {system}. There are {', '.join(systems())}.")
    return partial(_of_system, system)


def _write(settings: Path, mapping: Path, start: Start) -> Path:
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(TEMPLATE.read_text("utf-8"), "utf-8")
    feeds = settings.parent / "feeds"
    feeds.mkdir(exist_ok=True)
    return start(mapping, feeds)


def _commented(mapping: Path, feeds: Path) -> Path:
    with as_file(company_folder("starter")) as starter:
        _copy(starter, mapping)
        return Path(shutil.copy(starter / "people.csv", feeds / "people.csv.example"))


def _of_sample(company: SampleCompany[Any], mapping: Path, feeds: Path) -> Path:
    with as_file(company_folder(company.name)) as folder:
        _copy(folder, mapping)
    example = feeds / f"{company.files[0]}.example"
    company.first_feed(example, EXAMPLE_PEOPLE, datetime.now(ZoneInfo(company.timezone)).date())
    return example


def _of_system(name: str, mapping: Path, feeds: Path) -> Path:
    with as_file(system_folder(name)) as folder:
        _copy(folder, mapping)
        return Path(shutil.copy(folder / EXAMPLE, feeds / f"{EXAMPLE}.example"))


def _copy(folder: Path, mapping: Path) -> None:
    shutil.copytree(
        folder, mapping, ignore=shutil.ignore_patterns("__pycache__", "*.py", "courses.yaml", "*.csv", "*.xml")
    )


def doctor(
    config: Config = None,
    json: Json = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Set up the reports in Moodle that an administrator has made.")
    ] = False,
) -> None:
    """Check package, database, facts, Moodle, mapping, drop folder, notices and certificates, and say what to do.

    Of several sites each is checked, where none is named.
    """
    where = config or Where(None)
    show(run(lambda: examine(where.config, where.site, fix)), json=json)
