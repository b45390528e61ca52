"""The console as its administrator has it: settings, accounts by command, and the service that serves it."""

from __future__ import annotations

import re
import socket

import pyotp
import pytest

from tests.acceptance.house import House, people
from tests.acceptance.test_service import serving
from tests.console import PASSWORD, SECRET, Browserless

ADD = ("console", "account", "add")


@pytest.fixture
def console(house: House) -> House:
    """With an address and a secret; the port is one that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    house.set("CONNECTOR_CONSOLE__URL", f"http://127.0.0.1:{port}")
    house.set("CONNECTOR_CONSOLE__SECRET", SECRET)
    house.secrets.add(SECRET)
    return house


def test_from_the_command_to_a_held_plan(console: House) -> None:
    """An account is made, set up with its code, signs in at what `serve` serves, and sees what is held."""
    console.drop(people(40))
    assert console.call("sync").status == 0
    gone = [{**one, "status": "terminated"} if number >= 20 else one for number, one in enumerate(people(40))]
    assert console.call("sync", console.feed(gone)).status == 3
    done = console.run(*ADD, "ada", "--role", "hr", "--by", "root", "--json")
    assert done.status == 0, done.all
    code, address = done.json["code"], done.json["address"]
    url = address.removesuffix("/set-up")
    with serving(console, port=url.rpartition(":")[2]) as service:
        assert service.until(lambda event: event["event"] == "serving")["console"] == url
        with Browserless(url) as client:
            page = client.send_form("/set-up", "/set-up", invitation=code)
            key = re.search(r'<code class="key" translate="no">([A-Z2-7 ]+)<', page.text)
            assert key, page.text
            totp = pyotp.TOTP(key[1].replace(" ", ""))
            fields = {"invitation": code, "password": PASSWORD, "repeated": PASSWORD, "one_time": totp.now()}
            ready = client.send_form("/set-up/finish", "/set-up", **fields)
            recovery = re.findall(r"<li><code>([A-Z2-7-]+)</code>", ready.text)
            assert len(recovery) == 8
            signed_in = client.send_form("/sign-in", "/sign-in", name="ada", password=PASSWORD, code=recovery[0])
            assert signed_in.status_code == 303
            assert "Suspend accounts" in client.get("/holds").text
            assert client.get("/sign-in").status_code == 303, "who is signed in goes on"
    said = "".join(service.log)
    assert [one for one in (code, PASSWORD, *recovery, "First1", SECRET) if one in said] == [], "not in the log"


def test_accounts_are_listed_reset_and_disabled(console: House) -> None:
    """The code is shown once, and in no list."""
    code = console.call(*ADD, "ada", "--role", "hr", "--by", "root", "--json").json["code"]
    listed = console.call("console", "account", "list")
    assert (listed.status, "ada" in listed.out, "not set up" in listed.out) == (0, True, True)
    again = console.call("console", "account", "reset", "ADA", "--by", "root")
    assert again.status == 0
    assert "24 hours" in again.out
    assert code not in again.out + listed.out
    assert console.call("console", "account", "disable", "ada", "--by", "root").status == 0
    [one] = console.call("console", "account", "list", "--json").json
    assert (one["name"], one["disabled"], one["ready"]) == ("ada", True, False)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((*ADD, "ada"), "--role"),
        ((*ADD, "ada", "--role", "king"), "king"),
        ((*ADD, "ada", "--role", "hr", "--timezone", "Nowhere"), "--timezone"),
        (("console", "account", "reset", "nobody"), "no such account"),
        (("console", "account", "disable", "nobody"), "no such account"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_account_is_told(console: House, arguments: tuple[str, ...], reason: str) -> None:
    """In one sentence, with status 2."""
    by = () if arguments == (*ADD, "ada") else ("--by", "root")
    done = console.call(*arguments, *by)
    assert done.status == 2, done.all
    assert reason in done.plain


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("URL", "http://connector.example.com", "use https"),
        ("URL", "https://connector.example.com/console", "scheme, host and port only"),
        ("URL", "connector", "CONNECTOR_CONSOLE__URL"),
        ("SECRET", "short", "at least 32 characters"),
        ("SECRET", "", "CONNECTOR_CONSOLE__SECRET"),
        ("SESSION_HOURS", "48", "CONNECTOR_CONSOLE__SESSION_HOURS"),
    ],
)
def test_serve_does_not_start_with_a_console_that_is_not_safe(
    console: House, name: str, value: str, reason: str
) -> None:
    """A secret that is missing or short, an address without TLS, a session without an end."""
    console.set(f"CONNECTOR_CONSOLE__{name}", value)
    done = console.call("serve")
    assert done.status == 2, done.all
    assert reason in done.plain
