"""A tool that is served, the twin as its platform, and what passes between them, step by step and open to forgery."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import uvicorn
from pydantic import SecretStr

from adapters.moodle.twin.state import ROLES
from adapters.moodle.twin.tools import messages
from adapters.moodle.twin.tools.state import ExternalTool, SigningKey, ToolLink
from connector.domain.lti import Platform
from connector.settings.parts import LtiSettings
from connector.web.app import web_app
from tests.console import SECRET, Jobs
from tests.support import TLS, House

COURSE = "SAFE"
PEOPLE = {"learner": "student", "other": "student", "teacher": "editingteacher"}
FIELD = re.compile(r'name="([^"]*)" value="([^"]*)"')
ACTION = re.compile(r'action="([^"]*)"')


@dataclass
class Login:
    """A login that was begun: what the platform was asked, and the cookie that the browser has."""

    asked: dict[str, str]
    cookie: str
    set_cookie: str


@dataclass
class Tool:
    """``registered`` is how the platform knows this tool, ``platform_id`` how the tool knows the platform."""

    house: House
    url: str
    client: httpx.Client
    served: Served
    up: ExitStack
    registered: ExternalTool = field(init=False)
    platform_id: int = field(init=False)

    def register(self) -> None:
        """By hand, on both sides."""
        twin = self.house.twin
        self.registered = twin.tools.add_tool(self.url)
        added = self.house.connector.platforms.add(self.as_platform(), "tester", self.house.clock())
        assert added is not None
        self.platform_id = added

    def as_platform(self, **other: Any) -> Platform:
        url = self.house.twin.url
        told = {
            "platform_id": 0,
            "name": "Twin",
            "issuer": url,
            "client_id": self.registered.client_id,
            "authorization_url": f"{url}/mod/lti/auth.php",
            "token_url": f"{url}/mod/lti/token.php",
            "keys_url": f"{url}/mod/lti/certs.php",
            "deployments": (str(self.registered.id),),
        }
        return Platform(**{**told, **other})

    def cut(self) -> None:
        """Nobody can reach it any more."""
        self.up.close()

    def mend(self) -> None:
        self.up.enter_context(self.served.running())

    # ------------------------------------------------------------ as a browser does it
    @contextmanager
    def browser(self, username: str) -> Iterator[httpx.Client]:
        """Somebody who is signed in to the platform."""
        with httpx.Client(base_url=self.house.twin.url, follow_redirects=False, timeout=30, verify=TLS) as client:
            assert client.post("/login/index.php", data={"username": username}).status_code == 303
            yield client

    def launch(self, username: str, link: ToolLink, *, keeps_cookie: bool = True) -> httpx.Response:
        """The whole way, from the activity to what the tool answers."""
        with self.browser(username) as browser:
            _, login = form(browser.get(f"/mod/lti/launch.php?id={link.cmid}"))
            begun = self.login(**login)
            address, posted = form(browser.get("/mod/lti/auth.php", params=begun.asked))
            assert address == f"{self.url}/lti/launch"
            return self.post(posted, begun if keeps_cookie else None)

    # ------------------------------------------------------------ step by step
    def login(self, *, status: int = 302, **asked: str) -> Login:
        """Begin a login with what is usual, but for what is ``asked`` otherwise; "" leaves it out."""
        usual = {
            "iss": self.house.twin.url,
            "login_hint": "2",
            "target_link_uri": f"{self.url}/lti/launch",
            "lti_message_hint": '{"cmid": 1}',
            "client_id": self.registered.client_id,
            "lti_deployment_id": str(self.registered.id),
        }
        fields = {name: value for name, value in {**usual, **asked}.items() if value}
        answer = self.client.post("/lti/login", data=fields)
        assert answer.status_code == status, answer.text
        if status != 302:
            return Login({}, "", "")
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        cookie = answer.headers["set-cookie"]
        return Login({name: value[0] for name, value in query.items()}, cookie.split(";")[0], cookie)

    def claims(self, username: str, link: ToolLink, nonce: str, **other: Any) -> dict[str, Any]:
        """What the platform would say; ``other`` claims instead, None leaves one out, ``_`` is for core ones."""
        state = self.house.twin.state
        with state.lock:
            told = messages.launch(state, state.users[state.by_username[username]], link, nonce)
        for name, value in other.items():
            key = f"{messages.CORE}{name[1:]}" if name.startswith("_") else name
            told.pop(key, None)
            if value is not None:
                told[key] = value
        return told

    def signed(self, claims: Mapping[str, Any], key: SigningKey | None = None) -> str:
        state = self.house.twin.state
        with state.lock:
            return messages.signed(dict(claims), key or state.tools.key)

    def post(self, posted: Mapping[str, str], login: Login | None) -> httpx.Response:
        """Post to the launch, with the cookie of a login or without."""
        headers = {"Cookie": login.cookie} if login else {}
        return self.client.post("/lti/launch", data=dict(posted), headers=headers)

    def forged(self, username: str, link: ToolLink, key: SigningKey | None = None, **other: Any) -> httpx.Response:
        """A launch that is right but for these claims."""
        login = self.login()
        token = self.signed(self.claims(username, link, other.pop("nonce", login.asked["nonce"]), **other), key)
        return self.post({"state": login.asked["state"], "id_token": token}, login)


def form(answer: httpx.Response) -> tuple[str, dict[str, str]]:
    """Address and fields of the form on a page that posts itself."""
    assert answer.status_code == 200, answer.text
    action = ACTION.search(answer.text)
    assert action, answer.text
    return unescape(action[1]), {unescape(name): unescape(value) for name, value in FIELD.findall(answer.text)}


@dataclass
class Served:
    """The application of ``serve`` on a port of loopback, which can go away and come back."""

    house: House
    port: int

    @contextmanager
    def running(self) -> Iterator[None]:
        with socket.create_server(("127.0.0.1", self.port)) as listener:
            config = uvicorn.Config(web_app(self.house.connector, lambda: Jobs(self.house)), log_config=None)
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                while not server.started:
                    thread.join(0.01)
                yield
            finally:
                server.should_exit = True
                thread.join()


@contextmanager
def serving_tool(house: House, host: str = "127.0.0.1", **settings: Any) -> Iterator[Tool]:
    """The application of ``serve`` as a tool, on a free port of loopback, registered with the twin.

    ``host`` is by what name it is known: by another than the twin's it is another site to browsers.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://{host}:{port}"
    told = LtiSettings(url=url, secret=SecretStr(SECRET), **settings)
    house.settings = house.settings.model_copy(update={"lti": told})
    house.reopen()
    served = Served(house, port)
    with ExitStack() as up, httpx.Client(base_url=url, timeout=30, verify=TLS) as client:
        up.enter_context(served.running())
        tool = Tool(house, url, client, served, up)
        tool.register()
        yield tool


def linked(tool: Tool) -> ToolLink:
    """An activity, with learners and an instructor in its course."""
    twin = tool.house.twin
    numbers = {name: number for number, name in ROLES.items()}
    with twin.state.lock:
        course = twin.state.course_by_idnumber[COURSE]
        for username, role in PEOPLE.items():
            names = {"firstname": username.title(), "lastname": "Lê", "idnumber": f"HR-{username}"}
            fields = {"username": username, "email": f"{username}@example.test", "auth": "manual", **names}
            user = twin.state.add_user(fields)
            twin.state.roles.setdefault(user.id, {})["course", course] = {numbers[role]}
    for username in PEOPLE:
        twin.life.enrol(username, COURSE, "self")
    return twin.tools.add_link(COURSE, tool.registered, "A lesson")
