"""moodle plugin, moodle link: what is installed within Moodle, and what it does for sign-in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from connector.bootstrap import packed_plugin
from connector.cli.common import Config, Json, installation, run
from connector.cli.output import as_json, say
from connector.domain.errors import SettingsError, StorageError

app = typer.Typer(help="What is installed within Moodle.", no_args_is_help=True)


@app.command()
def plugin(
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Where to. Default: its name, in this folder.")
    ] = None,
    json: Json = False,
) -> None:
    """Write the plugin for Moodle as a zip, for its page Install plugins."""
    packed = packed_plugin()
    file = output or Path(packed.name)
    try:
        file.write_bytes(packed.content)
    except OSError as error:
        raise StorageError(f"{file}: cannot be written ({error.strerror}).") from error
    if json:
        as_json({"plugin": file})
    else:
        say(f"{file}: written.")


@app.command()
def link(config: Config = None, json: Json = False) -> None:
    """Link accounts with their identities at an OAuth 2 provider; the service does it after each sync."""
    with installation(config) as connector:
        came = run(connector.linking().keep)
    if json:
        as_json(came)
    elif lacking := came.get("lacking"):
        raise SettingsError(f"Nothing was linked: add {lacking} to the token's service in Moodle.")
    else:
        say(f"Linked: {came['put']}, ended: {came['removed']}, refused: {came['refused']}.")
