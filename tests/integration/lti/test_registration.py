"""A Moodle registers itself by a link, once; what it says of itself is not believed without looking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connector.domain.errors import LaunchRefused
from connector.domain.lti import origin
from connector.lti.registering import TOOL, check_configuration
from tests.integration.lti.launched import Tool, serving_tool
from tests.support import House

AT = "https://moodle.example/mod/lti"
TOLD = {
    "issuer": "https://moodle.example",
    "authorization_endpoint": f"{AT}/auth.php",
    "token_endpoint": f"{AT}/token.php",
    "jwks_uri": f"{AT}/certs.php",
    "registration_endpoint": f"{AT}/openid-registration.php",
}


ELSEWHERE = (
    "http://169.254.169.254/latest/meta-data",
    "http://[::1]/openid-configuration",
    "http://localhost:1/",
    "https://10.0.0.1/",
    "file:///etc/passwd",
    "ftp://moodle.example/",
    "https://user:password@moodle.example/",
    "nonsense",
    "",
)


@pytest.fixture
def fresh(house: House) -> Iterator[Tool]:
    """A tool that no platform knows yet."""
    with serving_tool(house) as tool:
        house.connector.platforms.end(tool.platform_id, house.clock())
        house.twin.state.tools.tools.clear()
        yield tool


def invited(tool: Tool) -> str:
    return f"{tool.url}/lti/register/{tool.house.connector.registering.invite('ada')}"


def opened(tool: Tool, link: str) -> httpx.Response:
    """Moodle opens the link in the administrator's browser."""
    return tool.client.get(tool.house.twin.tools.invitation(link))


def test_a_moodle_registers_itself_and_launches_once_it_is_activated(fresh: Tool) -> None:
    """It asks for names and for HR's key, knows our addresses, and waits for its administrator."""
    answer = opened(fresh, invited(fresh))
    assert (answer.status_code, "activate" in answer.text) == (200, True)
    assert "as a preconfigured tool" in answer.text, "without that no teacher finds it"
    assert f'data-platform="{fresh.house.twin.url}"' in answer.text, "to whom alone the page says that it is done"
    [registered] = fresh.house.twin.state.tools.tools.values()
    assert (registered.pending, registered.tool_url) == (True, f"{fresh.url}/lti/launch")
    assert registered.custom == {"source_id": "$Person.sourcedId", "timezone": "$Person.address.timezone"}
    [platform] = [one for one in fresh.house.connector.platforms.all() if one.ended_at is None]
    assert (platform.issuer, platform.client_id) == (fresh.house.twin.url, registered.client_id)
    assert platform.deployments == (str(registered.id),)
    told = fresh.house.connector.registering.registration()[TOOL]
    assert "Select content" in told["description"], "the activity chooser tells teachers what to do"
    assert fresh.house.connector.tool_keys.known(), "so that `lti doctor` can ask it at once"
    fresh.house.twin.tools.activate(registered.id)
    fresh.registered = registered
    anna = {"username": "anna", "email": "anna@example.test", "firstname": "Anna", "lastname": "Baker"}
    fresh.house.twin.state.add_user(anna)
    link = fresh.house.twin.tools.add_link("SAFE", registered, "A lesson")
    assert fresh.launch("anna", link).status_code == 200


def test_a_link_is_good_once(fresh: Tool) -> None:
    link = invited(fresh)
    assert [opened(fresh, link).status_code for _ in range(2)] == [200, 400]
    assert len(fresh.house.twin.state.tools.tools) == 1


def test_of_several_who_use_a_link_at_once_one_registers(fresh: Tool) -> None:
    link = invited(fresh)
    with ThreadPoolExecutor(5) as pool:
        answers = [pool.submit(fresh.client.get, fresh.house.twin.tools.invitation(link)) for _ in range(5)]
        assert sorted(one.result().status_code for one in answers) == [200, 400, 400, 400, 400]
    assert len(fresh.house.twin.state.tools.tools) == 1


def test_a_link_is_good_for_a_day(fresh: Tool) -> None:
    link = invited(fresh)
    fresh.house.clock.forward(hours=25)
    assert opened(fresh, link).status_code == 400
    assert fresh.house.twin.state.tools.tools == {}


def test_a_link_that_nobody_made_registers_nobody(fresh: Tool) -> None:
    assert opened(fresh, f"{fresh.url}/lti/register/made-up").status_code == 400


def test_a_configuration_is_not_fetched_from_where_only_this_computer_can_reach(fresh: Tool) -> None:
    """Nothing there is called, and the page says no more than to whom to turn."""
    for address in ELSEWHERE:
        asked = {"openid_configuration": address, "registration_token": "t"}
        answer = fresh.client.get(invited(fresh), params=asked)
        assert answer.status_code in (400, 503), address
        assert "<h1>" in answer.text


@pytest.mark.parametrize("name", list(TOLD))
def test_all_of_a_platform_is_at_one_host(name: str) -> None:
    """Nobody registers somebody else's Moodle with addresses of their own."""
    check_configuration(TOLD, f"{AT}/openid-configuration.php")
    wrong: list[Mapping[str, Any]] = [
        {**TOLD, name: "https://evil.example/x"}, {**TOLD, name: ""}, {**TOLD, name: 7},
        {key: value for key, value in TOLD.items() if key != name},
    ]  # fmt: skip
    for told in wrong:
        with pytest.raises(LaunchRefused, match=name):
            check_configuration(told, f"{AT}/openid-configuration.php")
    with pytest.raises(LaunchRefused):
        check_configuration(TOLD, "https://evil.example/openid-configuration.php")


@pytest.mark.parametrize(
    "host",
    ["evil.example?; script-src *", "e.example;a", "a b", "a@b", "", "*", "'self'", "a,b", "え；a", "a..え", "a\nb"],
)
def test_nothing_comes_into_the_policy_of_pages_with_the_host_of_a_platform(host: str) -> None:
    """It stands there as who may frame them."""
    told = dict.fromkeys(TOLD, f"https://{host}")
    with pytest.raises(LaunchRefused, match="no host"):
        check_configuration(told, f"https://{host}/openid-configuration.php")
    check_configuration(dict.fromkeys(TOLD, "https://[2001:db8::1]:8443/x"), "https://[2001:db8::1]:8443/y")


@pytest.mark.parametrize(
    ("host", "there"), [("例え.example:8443", "xn--r8jz45g.example:8443"), ("my_moodle", "my_moodle")]
)
def test_hosts_have_names_as_people_give_them(host: str, there: str) -> None:
    """With an underscore, as in networks of containers, and in any script; in the policy as browsers send it."""
    for name in (host, there):
        check_configuration(dict.fromkeys(TOLD, f"https://{host}/x"), f"https://{name}/openid-configuration.php")
    assert origin(f"https://{host}/x") == f"https://{there}"


def test_tokens_of_links_are_in_no_log(fresh: Tool, capsys: pytest.CaptureFixture[str]) -> None:
    link = invited(fresh)
    address = fresh.house.twin.tools.invitation(link)
    assert fresh.client.get(address).status_code == 200
    said = capsys.readouterr()
    secrets = [link.rpartition("/")[2], parse_qs(urlsplit(address).query)["registration_token"][0]]
    assert not [one for one in secrets if one in said.out + said.err]
