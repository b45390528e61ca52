"""init, doctor: the first steps, and what is wrong."""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import typer

from connector.cli.common import Config, Json, run
from connector.cli.output import as_json, out, say
from connector.doctor import Finding, examine
from connector.domain.errors import SettingsError
from connector.settings import DEFAULT_FILE

TEMPLATE = files("connector.cli") / "connector.toml"
MARKS = {"good": "[green]✓[/green]", "bad": "[red]✗[/red]", "none": "[dim]–[/dim]"}


def add_to(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(doctor)


def init(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where to put it.")] = Path(), json: Json = False
) -> None:
    """Write a settings file with comments and a mapping to start from. Nothing that is there is overwritten."""
    settings, mapping = folder / DEFAULT_FILE, folder / DEFAULT_FILE.parent / "mapping"
    for path in (settings, mapping):
        if path.exists():
            raise SettingsError(f"{path} is there already; nothing was written.")
    try:
        example = _write(settings, mapping)
    except OSError as error:
        raise SettingsError(f"{folder}: cannot be written to ({error.strerror}).") from error
    if json:
        as_json({"settings": settings, "mapping": mapping, "example": example})
        return
    say(f"Written: {settings}, {mapping}, and an example feed: {example}.")
    say(f"Next: set moodle.url in {settings} and the token in the environment, as CONNECTOR_MOODLE__TOKEN.")
    say(f"Then: moodle-connector doctor{'' if folder == Path() else f' --config {settings}'}")


def _write(settings: Path, mapping: Path) -> Path:
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(TEMPLATE.read_text("utf-8"), "utf-8")
    (settings.parent / "feeds").mkdir(exist_ok=True)
    with as_file(files("mappings.companies") / "starter") as starter:
        shutil.copytree(
            starter, mapping, ignore=shutil.ignore_patterns("__pycache__", "*.py", "courses.yaml", "*.csv")
        )
        return Path(shutil.copy(starter / "people.csv", settings.parent / "feeds" / "people.csv.example"))


def doctor(config: Config = None, json: Json = False) -> None:
    """Check the package, the database, Moodle, the mapping, the drop folder and notices, and say what to do."""
    findings = run(lambda: examine(config))
    if json:
        as_json(findings)
    else:
        for finding in findings:
            out.print(f"{MARKS[finding.state]} {finding.what:<12} ", end="")
            say(finding.text)
    bad = [finding for finding in findings if finding.state == "bad"]
    raise typer.Exit(max((_status(finding) for finding in bad), default=0))


def _status(finding: Finding) -> int:
    return finding.exit_status
