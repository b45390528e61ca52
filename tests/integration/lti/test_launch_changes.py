"""What becomes of launches where something has changed meanwhile: keys, platforms, and the time."""

from __future__ import annotations

import httpx
import pytest

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
