"""moodle plugin: what is installed within Moodle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from connector.bootstrap import packed_plugin
from connector.cli.common import Json
from connector.cli.output import as_json, say
from connector.domain.errors import StorageError

app = typer.Typer(help="What is installed within Moodle.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """A group, although it has one command yet."""


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
