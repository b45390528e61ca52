"""What becomes of launches where something has changed meanwhile: keys, platforms, and the time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from typing import ClassVar

import httpx
import pytest

from adapters.lti.guarded import PlatformHttp
from adapters.moodle.twin.tools.state import SigningKey, ToolLink
from connector.domain.errors import SettingsError
from connector.domain.lti import Launch, Message
from tests.integration.lti.launched import Tool


def test_a_key_that_the_platform_has_replaced_is_found_at_once(tool: Tool, link: ToolLink) -> None:
    assert tool.launch("learner", link).status_code == 200
    old = tool.house.twin.state.tools.key
    with tool.house.twin.state.lock:
        tool.house.twin.state.tools.rotate()
    assert tool.launch("learner", link).status_code == 200
    assert tool.forged("learner", link, old).status_code == 401


def test_made_up_key_names_do_not_flood_the_platform(tool: Tool, link: ToolLink) -> None:
    asked = tool.house.twin.state.calls
    stranger = SigningKey.made()
    answers = {tool.forged("learner", link, SigningKey(f"made-up-{n}", stranger.key)).status_code for n in range(20)}
    assert answers == {401}
    assert asked["certs.php"] <= 5
    assert tool.forged("learner", link).status_code == 200, "who has a good key is let in all the same"


class Hostile(BaseHTTPRequestHandler):
    """Keys that never come whole, are ten megabytes, or are said to be where only this computer reaches."""

    reached: ClassVar[list[str]] = []
    over: ClassVar[Event] = Event()

    def do_GET(self) -> None:
        self.reached.append(self.path)
        self.send_response(302 if self.path == "/redirects" else 200)
        if self.path == "/redirects":
            self.send_header("Location", "/inside")
        self.end_headers()
        with suppress(OSError):  # whoever asked has enough of it
            if self.path == "/hangs":
                while not self.over.wait(0.05):
                    self.wfile.write(b" ")
            if self.path == "/large":
                self.wfile.write(b" " * 10_000_000)

    def log_message(self, *_: object) -> None: ...


def test_a_key_endpoint_that_means_harm_opens_nothing(
    tool: Tool, link: ToolLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that drips for ever, sends ten megabytes, or leads to a private address: no launch, and soon a page."""
    monkeypatch.setattr(PlatformHttp, "seconds", 1.0)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(server.serve_forever, 0.05)
        for way in ("hangs", "large", "redirects"):
            address = f"http://127.0.0.1:{server.server_port}/{way}"
            tool.house.sql("UPDATE connector.lti_platform SET keys_url = %s", address)
            answer = tool.forged("learner", link)
            assert (answer.status_code, "<h1>" in answer.text) == (503, True), way
        Hostile.over.set()
        server.shutdown()
    server.server_close()
    assert {*Hostile.reached} == {"/hangs", "/large", "/redirects"}, "and nobody was led on"


def test_a_platform_that_was_ended_launches_no_more(tool: Tool, link: ToolLink) -> None:
    """A login that was under way does not come back either."""
    login = tool.login()
    token = tool.signed(tool.claims("learner", link, login.asked["nonce"]))
    tool.house.connector.platforms.end(tool.platform_id, tool.house.clock())
    assert tool.post({"state": login.asked["state"], "id_token": token}, login).status_code == 400
    tool.login(status=401)


def test_a_deployment_is_allowed_and_taken_back(tool: Tool, link: ToolLink) -> None:
    """Launches of it are refused before and after, and who works with something is out; who did it is on record."""
    connector, number = tool.house.connector, tool.platform_id

    def launched() -> httpx.Response:
        return tool.forged("teacher", link, _deployment_id="second")

    assert launched().status_code == 401
    for _ in range(2):
        connector.registering.allow(number, "second", "ada")
    [platform] = connector.platforms.all()
    assert platform.deployments == (str(tool.registered.id), "second")
    assert launched().status_code == 200
    open_before = connector.launch_logins.open_session(
        Launch(number, "second", Message.RESOURCE, "2", "", frozenset()), b"digest", None, tool.house.clock()
    )
    session = connector.launch_logins.session(b"digest", tool.house.clock())
    assert session is not None and session.session_id == open_before.session_id
    connector.registering.forbid(number, "second", "ada")
    assert connector.launch_logins.session(b"digest", tool.house.clock()) is None
    assert launched().status_code == 401
    assert tool.launch("learner", link).status_code == 200, "the first one may go on"

    with pytest.raises(SettingsError, match="does not launch from this deployment"):
        connector.registering.forbid(number, "second", "ada")
    with pytest.raises(SettingsError, match="no platform 99"):
        connector.registering.allow(99, "second", "ada")
    connector.platforms.end(number, tool.house.clock())
    with pytest.raises(SettingsError, match="may launch"):
        connector.registering.allow(number, "third", "ada")
    noted = tool.house.sql(
        "SELECT actor, action, subject, detail FROM connector.audit_trail WHERE starts_with(action, 'lti_deployment') "
        "ORDER BY entry_id"
    )
    assert [(one["actor"], one["action"], one["subject"], one["detail"]) for one in noted] == [
        ("ada", f"lti_deployment_{what}", str(number), {"deployment": "second"})
        for what in ("allowed", "allowed", "forbidden")
    ]


def test_a_login_is_good_for_minutes(tool: Tool, link: ToolLink) -> None:
    login = tool.login()
    tool.house.clock.forward(minutes=11)
    late = int(tool.house.clock().timestamp())
    token = tool.signed(tool.claims("learner", link, login.asked["nonce"], iat=late, exp=late + 60))
    assert tool.post({"state": login.asked["state"], "id_token": token}, login).status_code == 400
