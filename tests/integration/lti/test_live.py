"""Pages that are told at once: whom they let in, who hears what, and how it ends."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import uvicorn
import websocket
from pydantic import SecretStr

from connector.domain.learning_events import Actor, Event, Verb
from connector.domain.live import certificate, learner, openers, progress
from connector.domain.lti import Launch, Message, Place, Role
from connector.domain.lti_scores import Answer, Progress, Scored
from connector.lti.login import digest
from connector.settings.parts import LiveSettings
from connector.web.app import web_app
from connector.web.launched import live
from connector.web.launched.live import MISSED, MOST_OF_A_TOKEN, PATH
from tests.console import Jobs
from tests.integration.lti.launched import Tool, serving_tool
from tests.redis_server import redis_server
from tests.support import House

pytestmark = pytest.mark.parametrize("twin", ["4.5"], indirect=True)
CONTENT = "6f9619ff-8b86-4011-b42d-00cf4fc964ff"
PERSON = 5
QUERY = "EIO=4&transport=websocket"
CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND query ~ 'LISTEN|pg_try_advisory_lock' AND pid <> pg_backend_pid()
"""
"""Ends all connections that hear."""
LONG, SHORT = 10.0, 0.3
"""Seconds that something may take to come, and after which nothing has."""


@pytest.fixture
def tool(house: House) -> Iterator[Tool]:
    with serving_tool(house) as served:
        yield served


def launched(tool: Tool, subject: str, *roles: Role, course: str = "7") -> str:
    """The token of a page that somebody has launched."""
    token = f"token-{subject}-{course}"
    launch = Launch(
        tool.platform_id, "1", Message.RESOURCE, subject, tool.url, frozenset(roles), Place(course), Place("11"),
        {"content": CONTENT},
    )  # fmt: skip
    person = PERSON if subject == "anna" else None
    tool.house.connector.launch_logins.open_session(launch, digest(token), person, tool.house.clock())
    return token


class Refused(Exception):
    """The server has let nobody in."""


class Page:
    """A connection as a page's script has it, word by word: Socket.IO 5 over Engine.IO 4."""

    def __init__(self, url: str, auth: object, **more: Any) -> None:
        self.line = websocket.create_connection(f"{url.replace('http', 'ws')}{PATH}?{QUERY}", timeout=LONG, **more)
        assert self.line.recv().startswith("0{")
        self.line.send("40" if auth is None else f"40{json.dumps(auth)}")
        answer = self.line.recv()
        if answer.startswith("44"):
            assert self.line.recv() == "", "who is refused is cut off"
            self.line.shutdown()
            raise Refused(answer)
        assert answer.startswith("40{")

    def hears(self, only: str = "") -> tuple[str, dict[str, Any]] | None:
        """The next word, or the next of this kind; "missed" only if it is asked for. None once it was cut off."""
        while (sent := self.line.recv()) not in ("", "41", "1"):
            if sent == "2":
                self.line.send("3")
            elif sent.startswith("42"):
                kind, what = json.loads(sent[2:])
                if kind == only or not (only or kind == MISSED):
                    return kind, what
        return None

    def hears_nothing(self) -> None:
        self.line.settimeout(SHORT)
        with pytest.raises(websocket.WebSocketTimeoutException):
            pytest.fail(f"heard {self.hears()}")
        self.line.settimeout(LONG)


@pytest.fixture
def pages() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def page(opened: ExitStack, url: str, token: str) -> Page:
    one = Page(url, {"token": token}, suppress_origin=True)
    opened.callback(one.line.shutdown)
    return one


def said(one: Page) -> tuple[str, str]:
    """Kind and state of the next word."""
    word = one.hears()
    assert word is not None
    return word[0], word[1]["state"]


def happened(tool: Tool, verb: Verb, subject: str, course: str = "7") -> None:
    actor = Actor(tool.platform_id, course, "11", subject, None, CONTENT)
    tool.house.connector.learning_events.tell(Event(actor, verb, attempt_id=5, object="q1", result={"percent": 80}))


def test_only_the_token_of_a_page_lets_in(tool: Tool) -> None:
    """Nothing else does: no token, a wrong one, one in the address or in a header, another site, another transport."""
    token = launched(tool, "anna")
    for wrong in (None, {"token": "wrong"}, {"token": ["x"]}, {"token": ""}, "text", {"token": "\x00"}):
        with pytest.raises(Refused):
            Page(tool.url, wrong)
    with pytest.raises(Refused):
        Page(tool.url, None, header={"Authorization": f"Bearer {token}"}, cookie=f"token={token}", origin=tool.url)
    address = f"{tool.url.replace('http', 'ws')}{PATH}?{QUERY}"
    for where, origin in ((f"{address}&token={token}", None), (address, "https://elsewhere.example")):
        with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
            websocket.create_connection(where, origin=origin)
    assert tool.client.get(PATH, params={"EIO": "4", "transport": "polling"}).status_code == 404
    metrics = tool.client.get("/metrics").text
    assert 'connector_live_refused_total{why="address"} 2.0' in metrics
    assert 'connector_live_refused_total{why="refused"} 7.0' in metrics


def test_each_hears_what_concerns_them(tool: Tool, pages: ExitStack, caplog: pytest.LogCaptureFixture) -> None:
    """Learners hear of themselves, who teaches of the course. Nobody hears a name or a result; no log has a token."""
    caplog.set_level(logging.DEBUG)
    anna, bert = (page(pages, tool.url, launched(tool, who, Role.LEARNER)) for who in ("anna", "bert"))
    teacher = page(pages, tool.url, launched(tool, "tom", Role.INSTRUCTOR))
    other = page(pages, tool.url, launched(tool, "tina", Role.INSTRUCTOR, course="8"))
    where = {"content": CONTENT, "link": "11", "attempt": 5}

    happened(tool, Verb.LAUNCHED, "anna")
    happened(tool, Verb.ANSWERED, "anna")
    assert teacher.hears() == ("event", {"verb": "answered", **where})
    assert anna.hears() == ("notice", {"about": "progress", **where})
    happened(tool, Verb.SCORED, "anna")
    assert anna.hears() == ("score", {"state": "marked", **where})
    assert teacher.hears() == ("event", {"verb": "scored", **where})

    connector = tool.house.connector
    scored = Scored(tool.platform_id, f"{tool.url}/item", "anna", 8, 10, Progress.COMPLETED)
    score = connector.launch_scores.put(scored, tool.house.clock())
    connector.launch_scores.sent(score.score_id, tool.house.clock())
    assert [anna.hears(), anna.hears()] == [("score", {"state": "put"}), ("score", {"state": "arrived"})]
    connector.launch_scores.again(score.score_id, tool.house.clock(), "nobody answers")
    connector.launch_scores.park(score.score_id, Answer.REFUSED, "no such item", tool.house.clock())
    assert [said(anna), said(anna)] == [("score", "waits"), ("score", "refused")]
    connector.live_words.tell(certificate(PERSON))
    assert anna.hears() == ("notice", {"about": "certificate"})

    connector.live_words.tell(progress(learner(tool.platform_id, "tom"), "transcoding", 41.26, CONTENT))
    assert teacher.hears() == ("progress", {"work": "transcoding", "percent": 41.3, "content": CONTENT})
    bert.hears_nothing()
    other.hears_nothing()
    connector.live_words.tell(progress(openers(tool.platform_id, CONTENT), "import", 100, CONTENT))
    for one in (anna, bert, teacher, other):
        assert one.hears() == ("progress", {"work": "import", "percent": 100, "content": CONTENT})
    assert not [record for record in caplog.records if record.name == live.TROUBLES.name]
    metrics = tool.client.get("/metrics").text
    assert "connector_live_connections 4.0" in metrics
    assert 'connector_live_words_total{kind="score"} 5.0' in metrics


def test_nobody_asks_to_be_let_into_a_room(tool: Tool, pages: ExitStack) -> None:
    """A page that sends anything at all is cut off, and so is one that gives a second token."""
    token = launched(tool, "anna", Role.LEARNER)
    for sent in ('42["join","teachers"]', '42["enter_room",{"room":"x"}]', f'40{{"token":"{token}"}}', "2probe"):
        one = page(pages, tool.url, token)
        one.line.send(sent)
        assert one.hears() is None
    lines = [page(pages, tool.url, token) for _ in range(MOST_OF_A_TOKEN)]
    with pytest.raises(Refused):
        page(pages, tool.url, token)
    lines[0].line.shutdown()
    lines.append(page(pages, tool.url, token))


def test_a_session_that_is_over_is_cut_off(house: House, monkeypatch: pytest.MonkeyPatch, pages: ExitStack) -> None:
    """By the clock, and when its platform ends; others stay."""
    monkeypatch.setattr(live, "LOOK_AGAIN", 0.05)
    with serving_tool(house) as tool:
        early = page(pages, tool.url, launched(tool, "anna"))
        house.clock.forward(hours=3)
        late = page(pages, tool.url, launched(tool, "bert"))
        house.clock.forward(hours=1, seconds=1)
        assert early.hears() is None
        happened(tool, Verb.SCORED, "bert")
        assert said(late) == ("score", "marked")
        house.connector.platforms.end(tool.platform_id, house.clock())
        assert late.hears() is None


@contextmanager
def served_again(house: House) -> Iterator[str]:
    """Another service on the same database, and how it is reached."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(web_app(house.connector, lambda: Jobs(house)), log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                thread.join(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.mark.parametrize("by", ["PostgreSQL", "Redis"])
def test_several_services_tell_their_pages(
    house: House, monkeypatch: pytest.MonkeyPatch, pages: ExitStack, by: str
) -> None:
    """Each page hears each word once, and hears on after the database was away."""
    monkeypatch.setattr(live, "AGAIN", 0.05)
    if by == "Redis":
        url = SecretStr(pages.enter_context(redis_server()))
        house.settings = house.settings.model_copy(update={"live": LiveSettings(redis_url=url)})
    with serving_tool(house) as tool, served_again(house) as elsewhere, ExitStack() as opened:
        token = launched(tool, "anna")
        both = page(opened, tool.url, token), page(opened, elsewhere, token)
        until_both_hear(tool, *both)
        happened(tool, Verb.SCORED, "anna")
        for one in both:
            assert said(one) == ("score", "marked")
        for one in both:
            one.hears_nothing()
        house.sql(CUT)
        for one in both:
            assert one.hears(MISSED) == (MISSED, {}), "it asks for what was said meanwhile"
        until_both_hear(tool, *both)


def until_both_hear(tool: Tool, *both: Page) -> None:
    """Redis is subscribed to a moment after the service has begun."""
    for number in range(100):
        tool.house.connector.live_words.tell(progress(learner(tool.platform_id, "anna"), "waiting", number))
        for one in both:
            one.line.settimeout(SHORT)
        try:
            for one in both:
                while (word := one.hears()) and word[1]["percent"] < number:
                    pass
        except websocket.WebSocketTimeoutException:
            continue
        finally:
            for one in both:
                one.line.settimeout(LONG)
        return
    pytest.fail("they do not hear")


def test_it_stops_with_pages_open(house: House, pages: ExitStack) -> None:
    """They are told to go, and nothing is waited for."""
    with serving_tool(house) as tool:
        one = page(pages, tool.url, launched(tool, "anna"))
        began = time.monotonic()
    assert time.monotonic() - began < 2
    assert one.hears() is None
