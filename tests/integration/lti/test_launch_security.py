"""What a launch is refused for: each line of the specification's security list that concerns login and launch."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import jwt
import pytest

from adapters.moodle.twin import serve_twin
from adapters.moodle.twin.tools.state import SigningKey, ToolLink
from connector.domain.lti import Kept
from connector.settings.parts import ContentSettings
from tests.integration.lti.launched import Tool, linked, serving_tool
from tests.integration.lti.made import BEARER
from tests.support import House, make_courses

NOW = int(time.time())
DECADE = 10 * 365 * 86400


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, module_database_url: str) -> Iterator[tuple[Tool, ToolLink]]:
    """One tool for all of these: what is refused changes nothing."""
    with serve_twin("4.5") as twin:
        make_courses(twin.life)
        house = House(tmp_path_factory.mktemp("house"), module_database_url, twin)
        house.settings = house.settings.model_copy(update={"content": ContentSettings(requests_a_minute=60)})
        with serving_tool(house) as tool:
            yield tool, linked(tool)
        house.close()


@pytest.fixture
def tool(shared: tuple[Tool, ToolLink]) -> Tool:
    tool, _ = shared
    tool.house.clock.now = datetime.now(UTC)
    return tool


@pytest.fixture
def link(shared: tuple[Tool, ToolLink]) -> ToolLink:
    return shared[1]


def test_a_learner_launches(tool: Tool, link: ToolLink) -> None:
    """All is well: a page that this platform alone may frame, kept by nobody."""
    answer = tool.launch("learner", link)
    assert (answer.status_code, "My learning" in answer.text) == (200, True)
    policy = answer.headers["content-security-policy"]
    assert f"frame-ancestors {tool.house.twin.url}" in policy
    assert "x-frame-options" not in answer.headers
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")


@pytest.mark.parametrize(("told", "kept"), [("iframe", "frame"), ("document", "window"), ("<script>", ""), (None, "")])
def test_it_is_recorded_where_the_browser_kept_the_login(
    tool: Tool, link: ToolLink, told: str | None, kept: str
) -> None:
    """Within a page of the platform or in a window of its own, as browsers tell it themselves."""
    login = tool.login()
    token = tool.signed(tool.claims("learner", link, login.asked["nonce"]))
    headers = {"Cookie": login.cookie, **({"Sec-Fetch-Dest": told} if told else {})}
    posted = {"state": login.asked["state"], "id_token": token}
    assert tool.client.post("/lti/launch", data=posted, headers=headers).status_code == 200
    found = tool.house.sql("SELECT kept FROM connector.lti_session ORDER BY session_id DESC LIMIT 1")
    assert found == [{"kept": kept}]
    counted = tool.house.connector.launch_logins.kept(tool.platform_id, tool.house.clock())
    assert counted[Kept(kept)] >= 1


def test_a_login_with_what_no_database_keeps_is_none_of_our_mistakes(tool: Tool) -> None:
    """NUL is left out, whether it comes by an address or a form."""
    asked = {"iss": tool.house.twin.url, "login_hint": "2", "target_link_uri": f"{tool.url}/lti/launch"}
    asked |= {"lti_message_hint": "\0", "client_id": tool.registered.client_id}
    assert tool.client.get("/lti/login", params=asked).status_code == 302
    assert tool.client.post("/lti/login", data=asked).status_code == 302


def test_the_cookie_of_a_login_is_for_this_host_and_frame_alone(tool: Tool) -> None:
    """Each login has one of its own, so that several frames of a page do not disturb each other."""
    one, other = tool.login(), tool.login()
    assert one.set_cookie.startswith("__Host-lti-")
    for attribute in ("Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/", "Max-Age=600"):
        assert attribute in one.set_cookie.split("; ")
    assert "Domain" not in one.set_cookie
    assert one.cookie.split("=")[0] != other.cookie.split("=")[0]


def test_an_unknown_state_is_refused(tool: Tool, link: ToolLink) -> None:
    login = tool.login()
    token = tool.signed(tool.claims("learner", link, login.asked["nonce"]))
    for state in ("made-up", ""):
        assert tool.post({"state": state, "id_token": token}, login).status_code == 400


def test_without_the_cookie_of_the_login_it_is_refused(tool: Tool, link: ToolLink) -> None:
    """Nobody can be made to act in a session that somebody else began. The page offers a way on: the activity itself,
    in a window of its own, at the platform that began it, which alone may frame such a page."""
    answer = tool.launch("learner", link, keeps_cookie=False)
    assert answer.status_code == 400
    assert "In a window of its own it can" in answer.text
    there = f"{tool.house.twin.url}/mod/lti/launch.php?id={link.cmid}"
    assert f'<a class="button main" href="{there}" target="_blank" rel="noopener">' in answer.text
    assert f"frame-ancestors {tool.house.twin.url}" in answer.headers["content-security-policy"]
    hintless = tool.login(lti_message_hint="")
    answer = tool.post({"state": hintless.asked["state"], "id_token": "any"}, None)
    assert (answer.status_code, "<a " in answer.text) == (400, False)
    assert "use another browser" in answer.text
    login, strange = tool.login(), tool.login()
    token = tool.signed(tool.claims("learner", link, login.asked["nonce"]))
    assert tool.post({"state": login.asked["state"], "id_token": token}, strange).status_code == 400
    name = login.cookie.split("=")[0]
    login.cookie = f"{name}={strange.cookie.split('=')[1]}"
    assert tool.post({"state": login.asked["state"], "id_token": token}, login).status_code == 400


def test_state_and_token_are_good_once(tool: Tool, link: ToolLink) -> None:
    login = tool.login()
    posted = {"state": login.asked["state"]}
    posted["id_token"] = tool.signed(tool.claims("learner", link, login.asked["nonce"]))
    assert [tool.post(posted, login).status_code for _ in range(3)] == [200, 400, 400]


def test_what_stands_in_an_address_is_no_launch(
    tool: Tool, link: ToolLink, capsys: pytest.CaptureFixture[str]
) -> None:
    """Addresses are kept by browsers and proxies. Whoever comes back to that of a launch reads how to go on. Without a
    launch nothing is refused that operations should look at: Moodle looks for a cartridge there."""
    login = tool.login()
    asked = {"state": login.asked["state"]}
    asked["id_token"] = tool.signed(tool.claims("learner", link, login.asked["nonce"]))
    answer = tool.client.get("/lti/launch", params=asked, headers={"Cookie": login.cookie})
    assert (answer.status_code, "opened twice" in answer.text) == (400, True)
    assert "launch refused" in capsys.readouterr().out
    bare = tool.client.get("/lti/launch", params={"course": "7"})
    assert (bare.status_code, "opened twice" in bare.text) == (400, True)
    said = capsys.readouterr().out
    assert "/lti/launch" in said
    assert not [one for one in ("refused", "warning") if one in said], said


def test_of_two_posts_at_once_one_wins(tool: Tool, link: ToolLink) -> None:
    for _ in range(5):
        login = tool.login()
        posted = {"state": login.asked["state"]}
        posted["id_token"] = tool.signed(tool.claims("learner", link, login.asked["nonce"]))
        with ThreadPoolExecutor(8) as pool:
            answers = [pool.submit(tool.post, posted, login) for _ in range(8)]
            assert sorted(one.result().status_code for one in answers) == [200] + [400] * 7


def test_a_used_nonce_under_a_new_state_is_refused(tool: Tool, link: ToolLink) -> None:
    login = tool.login()
    token = tool.signed(tool.claims("learner", link, login.asked["nonce"]))
    assert tool.post({"state": login.asked["state"], "id_token": token}, login).status_code == 200
    again = tool.login()
    assert tool.post({"state": again.asked["state"], "id_token": token}, again).status_code == 401
    assert tool.forged("learner", link, nonce="").status_code == 401


def test_a_state_begun_for_one_issuer_takes_no_token_of_another(tool: Tool, link: ToolLink) -> None:
    other = tool.as_platform(issuer="https://other.example", client_id="other")
    assert tool.house.connector.platforms.add(other, "tester", tool.house.clock())
    login = tool.login(iss="https://other.example", client_id="other")
    token = tool.signed(tool.claims("learner", link, login.asked["nonce"]))
    assert tool.post({"state": login.asked["state"], "id_token": token}, login).status_code == 401


WRONG: list[tuple[dict[str, object], int]] = [
    ({"exp": None}, 400),
    ({"iat": None}, 400),
    ({"exp": NOW - 3600, "iat": NOW - 3660}, 401),
    ({"exp": NOW + DECADE}, 401),
    ({"iat": NOW + 3600, "exp": NOW + 3660}, 401),
    ({"iat": NOW - 86400}, 401),
    ({"exp": "tomorrow"}, 400),
    ({"iss": "https://other.example"}, 401),
    ({"iss": None}, 401),
    ({"aud": "somebody-else"}, 401),
    ({"aud": None}, 401),
    ({"_deployment_id": "999"}, 401),
    ({"_deployment_id": None}, 401),
    ({"_version": "1.1"}, 401),
    ({"_version": None}, 401),
    ({"_message_type": "Nonsense"}, 401),
    ({"_message_type": None}, 401),
    ({"sub": None}, 401),
    ({"sub": 145}, 401),
    ({"sub": ""}, 401),
    ({"_target_link_uri": None}, 400),
    ({"_target_link_uri": "https://evil.example/lti/launch"}, 400),
    ({"_roles": "Instructor"}, 400),
    ({"_resource_link": None}, 401),
    ({"nonce": None}, 401),
    ({"exp": float("nan")}, 400),
    ({"iat": float("nan")}, 400),
    ({"sub": "a\0b"}, 400),
    ({"name": "a\0b"}, 400),
    ({"_context": {"id": "1\0"}}, 400),
]
DEEP = base64.urlsafe_b64encode(b"[" * 70_000).decode()
"""JSON that is deeper than Python can read."""


@pytest.mark.parametrize(("claims", "status"), WRONG, ids=[f"{n} {' '.join(one)}" for n, (one, _) in enumerate(WRONG)])
def test_a_token_with_a_wrong_claim_is_refused(
    tool: Tool, link: ToolLink, claims: dict[str, object], status: int
) -> None:
    """With a page that a person can act on, and never with a failure of ours."""
    answer = tool.forged("learner", link, **claims)
    assert answer.status_code == status, answer.text
    assert "<h1>" in answer.text


def test_of_several_audiences_the_token_says_for_which_it_is(tool: Tool, link: ToolLink) -> None:
    me = tool.registered.client_id
    assert tool.forged("learner", link, aud=["other", me]).status_code == 401
    assert tool.forged("learner", link, aud=["other", me], azp="other").status_code == 401
    assert tool.forged("learner", link, aud=["other", me], azp=me).status_code == 200
    assert tool.forged("learner", link, azp="other").status_code == 401
    assert tool.forged("learner", link, aud=[me]).status_code == 200


def test_a_clock_that_is_some_seconds_ahead_is_no_reason(tool: Tool, link: ToolLink) -> None:
    assert tool.forged("learner", link, iat=int(time.time()) + 10).status_code == 200


def test_what_is_not_signed_by_the_platform_is_refused(tool: Tool, link: ToolLink) -> None:
    """Another key under the platform's name, a name that nobody has, and a token altered after it was signed."""
    state = tool.house.twin.state
    stranger = SigningKey.made()
    assert tool.forged("learner", link, SigningKey(state.tools.key.kid, stranger.key)).status_code == 401
    assert tool.forged("learner", link, stranger).status_code == 401
    login = tool.login()
    head, _, signature = tool.signed(tool.claims("learner", link, login.asked["nonce"])).split(".")
    altered = json.dumps(tool.claims("teacher", link, login.asked["nonce"])).encode()
    body = base64.urlsafe_b64encode(altered).decode().rstrip("=")
    posted = {"state": login.asked["state"], "id_token": f"{head}.{body}.{signature}"}
    assert tool.post(posted, login).status_code == 401


def test_no_other_algorithm_is_believed(tool: Tool, link: ToolLink) -> None:
    """Neither none nor HS256 with the public key as its secret."""
    key = tool.house.twin.state.tools.key
    secret = base64.urlsafe_b64encode(key.key.export_to_pem()).decode()
    for algorithm, signing in (("none", None), ("HS256", secret)):
        login = tool.login()
        claims = tool.claims("learner", link, login.asked["nonce"])
        token = jwt.encode(claims, signing, algorithm, {"kid": key.kid})
        assert tool.post({"state": login.asked["state"], "id_token": token}, login).status_code == 401


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a",
        "a.b",
        "a.b.c",
        "é.é.é",
        "e30.e30.e30",
        pytest.param("." * 200_000, id="long"),
        pytest.param(f"{DEEP}.a.b", id="deep"),
    ],
)
def test_what_is_no_token_is_refused(tool: Tool, token: str) -> None:
    login = tool.login()
    assert tool.post({"state": login.asked["state"], "id_token": token}, login).status_code == 400


@pytest.mark.parametrize("charset", ["undefined", "punycode", "unicode_escape", "utf-7", "é"])
def test_a_form_in_a_strange_encoding_is_refused(tool: Tool, charset: str) -> None:
    """Python knows some that never end well, and in which letters stand that no database keeps."""
    sent = b'--x\r\nContent-Disposition: form-data; name="state"\r\n\r\n\\ud800\r\n--x--\r\n'
    headers = {"Content-Type": f"multipart/form-data; boundary=x; charset={charset}".encode("latin-1")}
    for path in ("/lti/login", "/lti/launch"):
        answer = tool.client.post(path, content=sent, headers=headers)
        assert (answer.status_code, "<h1>" in answer.text) == (400, True), path


def test_an_address_of_a_video_in_strange_letters_is_none(tool: Tool) -> None:
    answer = tool.client.get(f"/lti/media/{'a' * 32}.1.999999999999.{'é' * 43}/main.m3u8")
    assert (answer.status_code, "<h1>" in answer.text) == (401, True)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"iss": "https://nobody.example"}, 401),
        ({"iss": ""}, 401),
        ({"client_id": "unknown"}, 401),
        ({"login_hint": ""}, 400),
        ({"login_hint": "x" * 5000}, 400),
        ({"target_link_uri": ""}, 400),
        ({"target_link_uri": "https://evil.example/"}, 400),
        ({"target_link_uri": "javascript:alert(1)"}, 400),
    ],
)
def test_a_login_that_is_none_is_refused(tool: Tool, asked: dict[str, str], status: int) -> None:
    """The browser is sent on to the registered address of a platform, and nowhere else."""
    tool.login(status=status, **asked)


def test_no_token_is_in_a_log_or_an_address(tool: Tool, link: ToolLink, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither that of the page, nor what passes between browser, platform and tool; refused or not."""
    login = tool.login()
    token = tool.signed(tool.claims("learner", link, login.asked["nonce"]))
    answers = [tool.post({"state": login.asked["state"], "id_token": token}, login) for _ in range(2)]
    found = BEARER.search(answers[0].text)
    assert found
    headers = {"Authorization": f"Bearer {found[1]}"}
    assert [tool.client.get(path, headers=headers).status_code for path in ("/lti/score", "/lti/contents")] == [
        200,
        403,
    ]
    said = capsys.readouterr()
    assert "/lti/score" in said.out
    assert re.findall(r"\w+ refused", said.out) == ["launch refused", "request refused"], "of two posts, and two pages"
    secrets = [found[1], token, login.asked["state"], login.asked["nonce"], login.cookie.split("=")[1], "learner@"]
    assert not [one for one in secrets if one in said.out + said.err]
    addresses = re.findall(r'(?:href|src|action|hx-\w+|data-[\w-]*(?:from|file|upload))="(/[^"]*)"', answers[0].text)
    assert addresses
    assert not [one for one in addresses if found[1] in one]


def test_one_page_does_not_ask_without_end(tool: Tool, link: ToolLink) -> None:
    """It is told for how long to wait; another page of the same person is not concerned."""
    pages = [BEARER.search(tool.launch("learner", link).text) for _ in range(2)]
    one, other = ({"Authorization": f"Bearer {found[1]}"} for found in pages if found)
    asked = [tool.client.get("/lti/contents", headers=one).status_code for _ in range(60)]
    assert {*asked} == {403}, "what is not allowed counts, too"
    answer = tool.client.get("/lti/contents", headers=one)
    assert (answer.status_code, 1 <= int(answer.headers["retry-after"]) <= 60) == (429, True)
    assert "Too much was asked for at once." in answer.text
    assert tool.client.get("/lti/contents", headers=other).status_code == 403
