"""lti: which Moodles may launch content, whether they can, and the keys with which this tool signs."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.bootstrap.launching import KEYS, LAUNCH, LOGIN, REGISTER
from connector.cli.common import By, Config, Json, installation, run
from connector.cli.findings import show
from connector.cli.output import as_json, minute, say, table
from connector.doctor.finding import Finding, State
from connector.domain.errors import SettingsError
from connector.domain.lti_scores import ScoreState
from connector.lti.probing import Probed
from connector.lti.registering import CUSTOM

app = typer.Typer(help="Content that Moodle launches by LTI 1.3.", no_args_is_help=True)
keys = typer.Typer(help="Keys with which this tool signs.", no_args_is_help=True)
app.add_typer(keys, name="keys")

Platform = Annotated[int, typer.Argument(metavar="PLATFORM", help="Its number, as `lti platforms` shows.")]


@app.command()
def register(
    by: By,
    issuer: Annotated[str, typer.Option(metavar="URL", help="By hand: the platform's own address.")] = "",
    client: Annotated[str, typer.Option(metavar="ID", help="By hand: the client id that Moodle shows.")] = "",
    deployment: Annotated[str, typer.Option(metavar="ID", help="By hand: the deployment id that it shows.")] = "",
    config: Config = None,
    json: Json = False,
) -> None:
    """Make a link by which a Moodle registers itself, once; or register one by hand."""
    by_hand = [issuer, client, deployment]
    if any(by_hand) and not all(by_hand):
        raise SettingsError("By hand: give --issuer, --client and --deployment.")
    with installation(config) as connector:
        tool = connector.settings.lti.url
        if not tool:
            raise SettingsError("lti.url: this tool has no address yet. Set CONNECTOR_LTI__URL.")
        if all(by_hand):
            at = f"{issuer.rstrip('/')}/mod/lti"
            told = {
                "issuer": issuer.rstrip("/"),
                "authorization_endpoint": f"{at}/auth.php",
                "token_endpoint": f"{at}/token.php",
                "jwks_uri": f"{at}/certs.php",
            }
            connector.registering.add(told, client, (deployment,), by)
        link = "" if all(by_hand) else f"{tool}{REGISTER}/{connector.registering.invite(by)}"
    values = {
        "tool_url": tool + LAUNCH,
        "login_url": tool + LOGIN,
        "redirect_uris": tool + LAUNCH,
        "keyset_url": tool + KEYS,
        "custom": "\n".join(f"{name}={value}" for name, value in CUSTOM.items()),
    }
    if json:
        as_json({"link": link or None, "registered": issuer or None, **values})
        return
    if link:
        say(f"Link, for one Moodle, once, within a day: {link}")
        say("In Moodle: Site administration, Plugins, External tool, Manage tools: paste it as the tool's address,")
        say(
            "press Add LTI Advantage, and activate the tool that appears. In its settings let Tool configuration usage"
        )
        say("show it in the activity chooser. By hand it is with these values:")
    else:
        say(f"{issuer} may launch. In Moodle the tool has these values:")
    table("What Moodle asks for", ("in Moodle", "value"), [
        ("Tool URL", values["tool_url"]),
        ("LTI version", "LTI 1.3"),
        ("Public key type", "Keyset URL"),
        ("Public keyset", values["keyset_url"]),
        ("Initiate login URL", values["login_url"]),
        ("Redirection URI(s)", values["redirect_uris"]),
        ("Custom parameters", values["custom"]),
        ("Supports Deep Linking", "yes, with the tool URL"),
        ("Services", "grade sync and column management, retrieve members' information"),
        ("Privacy", "share the launcher's name and e-mail, accept grades from the tool"),
    ])  # fmt: skip


@app.command()
def platforms(config: Config = None, json: Json = False) -> None:
    """Show which Moodles may launch, or could."""
    with installation(config) as connector:
        found = connector.platforms.all()
    if json:
        as_json(
            [
                {
                    "platform": one.platform_id,
                    "issuer": one.issuer,
                    "client_id": one.client_id,
                    "deployments": list(one.deployments),
                    "ended_at": one.ended_at,
                }
                for one in found
            ]
        )
    elif not found:
        say("No Moodle may launch yet. `moodle-connector lti register` makes a link.")
    else:
        table(
            "Moodles that launch",
            ("number", "address", "client", "deployments", "ended"),
            (
                (str(one.platform_id), one.issuer, one.client_id, " ".join(one.deployments), minute(one.ended_at))
                for one in found
            ),
        )


@app.command()
def end(platform: Platform, by: By, config: Config = None, json: Json = False) -> None:
    """Let a Moodle launch no more, at once; who works with something is out, too."""
    with installation(config) as connector:
        connector.registering.end(platform, by)
    if json:
        as_json({"ended": platform})
    else:
        say(f"{platform} launches no more.")


@app.command()
def allow(
    platform: Platform,
    deployment: Annotated[str, typer.Argument(metavar="DEPLOYMENT", help="Its id, as Moodle shows it.")],
    by: By,
    remove: Annotated[bool, typer.Option("--remove", help="Take it back, at once.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Let a Moodle launch from one more deployment of this tool."""
    with installation(config) as connector:
        registering = connector.registering
        (registering.forbid if remove else registering.allow)(platform, deployment, by)
    if json:
        as_json({"platform": platform, "removed" if remove else "allowed": deployment})
    else:
        say(f"{platform} launches from {deployment}{' no more' if remove else ' too'}.")


@app.command()
def doctor(config: Config = None, json: Json = False) -> None:
    """Ask each Moodle for its keys, its time and access to its services, and say what to change there."""
    with installation(config) as connector:
        found = run(connector.probing.look)
    show([_finding(one) for one in found], json=json)


@app.command()
def scores(
    again: Annotated[bool, typer.Option("--again", help="Let what is parked be sent once more.")] = False,
    send: Annotated[bool, typer.Option("--send", help="Send what is due here and now, without a service.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show scores that wait for a gradebook, and those that none has taken, and why."""
    with installation(config) as connector:
        unparked = connector.launch_scores.unpark(connector.clock()) if again else 0
        sent = run(connector.sending_scores().work) if send else {}
        lying = connector.launch_scores.lying()
    if json:
        as_json({"scores": lying, "again": unparked if again else None, "sent": sent if send else None})
        return
    if again:
        say(f"To be sent once more: {unparked}. A service that runs does so at once.")
    if send:
        say(f"Sent: {sent.get('taken', 0)}.")
    if not lying:
        say("No score waits, and none is parked.")
        return
    table("Scores that have not arrived", ("platform", "scores", "since", "state", "why"), (
        (one.issuer, one.scores, minute(one.since), one.state.value, one.why or "not tried yet") for one in lying
    ))  # fmt: skip
    if not again and any(one.state is ScoreState.PARKED for one in lying):
        say("What is parked is sent once more by `moodle-connector lti scores --again`.")


def _finding(probed: Probed) -> Finding:
    state: State = "none" if probed.well is None else "good" if probed.well else "bad"
    return Finding(probed.what, state, probed.text, int(state == "bad"))


@keys.command()
def rotate(by: By, config: Config = None, json: Json = False) -> None:
    """Sign with a new key from now on; the earlier one is published for a week yet."""
    with installation(config) as connector:
        key = connector.tool_keys.rotate()
        connector.registering.note_rotation(key.kid, by)
    if json:
        as_json({"kid": key.kid})
    else:
        say(f"The new key is {key.kid}.")
