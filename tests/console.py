"""What tests of the console share: an installation that serves it, accounts, and a company of which many leave.

A conftest takes the fixtures over: ``served`` of its ``house``, ``hr`` and ``client``.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType

import httpx
import pyotp
import pytest
import uvicorn
from pydantic import SecretStr

from connector.cli.service import jobs_of
from connector.domain.sign_in import Role
from connector.settings.parts import ConsoleSettings
from connector.web.app import web_app
from tests.support import House, Row, row

SECRET = "a secret of the tests that is long enough to be one"
PASSWORD = "correct horse battery"
FORM_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]+)"')

FAMILIES = ("陳", "林", "黃", "張", "李", "王", "吳", "劉", "蔡", "楊", "歐陽", "Nguyễn", "Trần", "Lê", "Phạm", "Đặng")
GIVEN = ["怡君", "志豪", "淑芬", "俊傑", "雅婷", "宗翰", "美玲", "建宏", "佳穎", "承恩"]
GIVEN_VI = ["Thị Lan", "Văn Hùng", "Thuý Hằng", "Quốc Bảo", "Ngọc Ánh", "Minh Đức", "Hữu Phước"]
UNITS = ("工務部", "客戶服務處", "Phòng Kỹ thuật", "管線維護課")


def employees(count: int) -> list[Row]:
    """People with Chinese and Vietnamese names; ``cost`` is their language, see ``speak``."""
    people = []
    for number in range(1, count + 1):
        family = FAMILIES[number % len(FAMILIES)]
        chinese = FAMILIES.index(family) < FAMILIES.index("Nguyễn")
        given = GIVEN[number * 7 % len(GIVEN)] if chinese else GIVEN_VI[number * 5 % len(GIVEN_VI)]
        language, unit = "zh_tw" if chinese else "vi", UNITS[number % len(UNITS)]
        people.append(row(f"G{number:05}", first=given, last=family, cost=language, unit=unit))
    return people


def leaving(people: list[Row], count: int) -> list[Row]:
    """The same people, of whom the first ``count`` have left."""
    return [{**one, "status": "left"} if number < count else one for number, one in enumerate(people)]


@dataclass
class Jobs:
    """A schedule that runs a job only when it is asked to, each time in a thread of its own."""

    house: House
    asked: list[str] = field(default_factory=list)
    running: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Jobs:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for thread in self.running:
            thread.join()

    def soon(self, job: str) -> None:
        self.asked.append(job)
        if job == "sync":
            self.running.append(threading.Thread(target=jobs_of(self.house.connector, threading.Event())["sync"].run))
            self.running[-1].start()


@dataclass
class Served:
    """A console that is served on loopback."""

    house: House
    jobs: Jobs
    url: str

    def account(self, name: str, role: Role, language: str = "", timezone: str = "Asia/Taipei") -> Owner:
        """An account that is set up, as its owner has it."""
        connector = self.house.connector
        code = connector.setting_up.add(name, name.title(), role, language, timezone, "tester")
        enrolment = connector.setting_up.begin(code)
        assert enrolment is not None
        owner = Owner(self.house, name, pyotp.TOTP(enrolment.secret))
        recovery = connector.setting_up.finish(code, PASSWORD, owner.code())
        assert isinstance(recovery, list), recovery
        owner.recovery = recovery
        return owner

    def client(self) -> Browserless:
        return Browserless(self.url)


@dataclass
class Owner:
    house: House
    name: str
    totp: pyotp.TOTP
    recovery: list[str] = field(default_factory=list)

    def code(self) -> str:
        """The code that the authenticator app shows now."""
        return self.totp.at(self.house.clock.now)

    def next_code(self) -> str:
        """A code that was not used yet: half a minute later."""
        self.house.clock.forward(seconds=30)
        return self.code()


class Browserless(httpx.Client):
    """A browser as far as pages go: cookies, and forms with their token."""

    def __init__(self, url: str) -> None:
        super().__init__(base_url=url, follow_redirects=False, timeout=30, verify=False)

    def send_form(self, path: str, page: str, **fields: str) -> httpx.Response:
        """Open ``page`` and send a form of it to ``path``."""
        found = FORM_TOKEN.search(self.get(page).text)
        assert found, page
        return self.post(path, data={"form_token": found[1], **fields})

    def sign_in(self, owner: Owner, *, password: str = PASSWORD, code: str = "", path: str = "/") -> httpx.Response:
        fields = {"name": owner.name, "password": password, "code": code or owner.next_code(), "next": path}
        return self.send_form("/sign-in", "/sign-in", **fields)


def with_console(house: House, url: str) -> None:
    """Let this installation have a console at ``url``."""
    console = ConsoleSettings(url=url, secret=SecretStr(SECRET))
    house.settings = house.settings.model_copy(update={"console": console})
    house.reopen()


@contextmanager
def serving(house: House) -> Iterator[Served]:
    """The application of ``serve``, on a free port of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with_console(house, url)
        jobs = Jobs(house)
        server = uvicorn.Server(uvicorn.Config(web_app(house.connector, lambda: jobs), log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                thread.join(0.01)
            yield Served(house, jobs, url)
        finally:
            server.should_exit = True
            thread.join()


def speak(house: House) -> None:
    """Accounts get the language that their row names."""
    house.edit("mapping.yaml", "lang: {value: en, compare: false}", "lang: {column: cost, compare: false}")


@pytest.fixture
def served(house: House) -> Iterator[Served]:
    with serving(house) as one:
        yield one


@pytest.fixture
def hr(served: Served) -> Owner:
    return served.account("ada", Role.HR)


@pytest.fixture
def client(served: Served) -> Iterator[Browserless]:
    with served.client() as one:
        yield one
