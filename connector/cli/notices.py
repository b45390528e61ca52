"""notice test: do notices arrive? notice learners, notice welcome: tell them what waits."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli.common import Config, Json, installation, run
from connector.cli.output import as_json, say
from connector.domain.errors import SettingsError
from connector.domain.notices import Notice, NoticeKind, Telling

app = typer.Typer(help="What people are told.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """What people are told. The service does it by itself; see docs/operations.md."""


@app.command()
def test(
    channel: Annotated[str | None, typer.Option(help="Only this one: mail or webhook.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Send a notice by every channel that is set up, to see that it arrives."""
    with installation(config) as connector:
        channels = [one for one in connector.channels if channel in (None, one.name)]
        if not channels:
            missing = f"{channel} is not set up" if channel else "no channel is set up"
            raise SettingsError(f"notices: {missing}; set notices.mail.to or notices.webhook.url.")

        async def send() -> None:
            for one in channels:
                await one.tell(Telling(new=(Notice(NoticeKind.TEST, "test", {}),)), connector.clock())

        run(send)
    if json:
        as_json({"sent": [one.name for one in channels]})
    else:
        say(f"Sent by {', '.join(one.name for one in channels)}.")


@app.command()
def learners(config: Config = None, json: Json = False) -> None:
    """Tell learners their due dates that wait, by messages in Moodle; the service does it after each sync."""
    with installation(config) as connector:
        if connector.settings.notices.learners == "none":
            raise SettingsError("notices.learners: learners are not to be told anything; set it to moodle.")
        came = run(connector.learner_notices().tell)
    if json:
        as_json(came)
    elif lacking := came.get("lacking"):
        raise SettingsError(f"Nobody was told: add {lacking} to the token's service in Moodle.")
    else:
        say(f"Told: {came['told']}, refused: {came['refused']}, over before anybody was told: {came['over']}.")


@app.command()
def calendar(config: Config = None, json: Json = False) -> None:
    """Let the calendars of learners in Moodle say what is due; the service does it after each mirror."""
    with installation(config) as connector:
        came = run(connector.calendar().keep)
    if json:
        as_json(came)
    elif lacking := came.get("lacking"):
        raise SettingsError(f"No calendar was written: add {lacking} to the token's service in Moodle.")
    else:
        say(f"Put or moved: {came['put']}, removed: {came['removed']}, refused: {came['refused']}.")


@app.command()
def welcome(config: Config = None, json: Json = False) -> None:
    """Welcome newcomers who wait, by mail; the service does it after each sync."""
    with installation(config) as connector:
        came = run(connector.welcoming().tell)
    if json:
        as_json(came)
    else:
        say(
            f"Welcomed: {came['told']}, addresses refused: {came['refused']}, to be tried later: {came['later']}, "
            f"over before anybody was told: {came['over']}."
        )
