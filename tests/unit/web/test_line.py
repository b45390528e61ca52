"""What a page may send over its connection, and when it is cut off."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

import pytest
from starlette.types import Message

from connector.domain.errors import SettingsError
from connector.web.launched import line as lines
from connector.web.launched.line import BEATS_A_MINUTE, GONE, LARGEST, Line, wanted
from connector.web.launched.live import by_redis

OURS = "https://tool.example"
HELLO = '40{"token":"t"}'


def sent(texts: Sequence[str], *, known: bool = True) -> tuple[list[str], str]:
    """What comes through of these texts, and why it was cut off. ``known``: the token is right."""

    async def listen() -> tuple[list[str], str]:
        waiting = list(texts)

        async def receive() -> Message:
            if not waiting:
                await asyncio.sleep(60)
            return {"type": "websocket.receive", "text": waiting.pop(0)}

        line, heard = Line(receive), []
        while len(heard) < len(texts):
            message = await line.receive()
            if message == GONE:
                break
            heard.append(message["text"])
            line.known = known
        return heard, line.broken

    return asyncio.run(listen())


def test_a_page_says_whose_it_is_and_answers() -> None:
    assert sent([HELLO, "3", "3", "41"]) == ([HELLO, "3", "3", "41"], "")


@pytest.mark.parametrize("text", ['42["join","x"]', HELLO, "40", "2probe", "5", "451-[]", "4", "", "33"])
def test_whatever_else_it_sends_it_is_cut_off(text: str) -> None:
    """A second token, too."""
    assert sent([HELLO, text]) == ([HELLO], "unwanted")


def test_too_much_is_cut_off() -> None:
    """A long token, and answers to what nobody has asked."""
    assert sent(["40" + "x" * LARGEST]) == ([], "unwanted")
    heard, why = sent([HELLO, *["3"] * (BEATS_A_MINUTE + 1)])
    assert (len(heard), why) == (1 + BEATS_A_MINUTE, "unwanted")


def test_who_is_refused_has_no_second_try() -> None:
    assert sent([HELLO, HELLO], known=False) == ([HELLO], "refused")


def test_who_says_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "TIMELY", 0.01)

    async def silence() -> Message:
        await asyncio.sleep(60)
        raise AssertionError

    async def listen() -> tuple[Message, str]:
        line = Line(silence)
        return await line.receive(), line.broken

    assert asyncio.run(listen()) == (GONE, "silent")


@pytest.mark.parametrize(
    ("query", "origin", "may"),
    [
        ("EIO=4&transport=websocket", OURS, True),
        ("EIO=4&transport=websocket&t=abc", None, True),
        ("EIO=4&transport=websocket", "https://elsewhere.example", False),
        ("EIO=4&transport=websocket", "null", False),
        ("EIO=4&transport=websocket&token=x", OURS, False),
        ("EIO=4&transport=websocket&sid=x", OURS, False),
        ("EIO=4&transport=polling", OURS, False),
        ("EIO=3&transport=websocket", OURS, False),
        ("\xff", OURS, False),
    ],
)
def test_only_pages_of_ours_with_nothing_in_their_address(query: str, origin: str | None, may: bool) -> None:
    headers = [(b"origin", origin.encode())] if origin else []
    assert wanted({"type": "websocket", "query_string": query.encode("latin-1"), "headers": headers}, OURS) is may


@pytest.mark.parametrize("url", ["redis://:secret@redis.example:port", "redis://redis.example/0?protocol=secret"])
def test_what_is_no_address_of_a_redis_ends_the_start(url: str) -> None:
    """Not the first page; and nothing of it is repeated."""
    with pytest.raises(SettingsError, match=r"^live\.redis_url: this is no address") as told:
        by_redis(url, "channel")
    assert "secret" not in str(told.value)


def test_without_the_driver_of_redis_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(SettingsError, match="moodle-connector\\[redis\\]"):
        by_redis("redis://redis.example", "channel")
