"""What becomes of launches where something has changed meanwhile: keys, platforms, and the time."""

from __future__ import annotations

from adapters.moodle.twin.tools.state import SigningKey, ToolLink
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


def test_a_login_is_good_for_minutes(tool: Tool, link: ToolLink) -> None:
    login = tool.login()
    tool.house.clock.forward(minutes=11)
    late = int(tool.house.clock().timestamp())
    token = tool.signed(tool.claims("learner", link, login.asked["nonce"], iat=late, exp=late + 60))
    assert tool.post({"state": login.asked["state"], "id_token": token}, login).status_code == 400
