"""Connections as browsers hold them, with so little work that the load does not measure itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")


def request(method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """A request of HTTP/1.1, ready to be sent."""
    whole = {"Host": "127.0.0.1", **headers, "Content-Length": str(len(body))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in whole.items()), "", ""]
    return "\r\n".join(lines).encode() + body


@dataclass
class Line:
    """A connection; one request after the other. It is kept, and where the service has ended it, opened anew, as
    browsers do."""

    url: str
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, asked: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        async with self.lock:
            try:
                return await self._asked(asked)
            except (asyncio.IncompleteReadError, ConnectionError):
                await self.close()
                return await self._asked(asked)

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.streams is None:
            there = urlsplit(self.url)
            self.streams = await asyncio.open_connection(there.hostname, there.port)
        return self.streams

    async def _asked(self, asked: bytes) -> tuple[int, bytes]:
        reader, writer = await self.open()
        writer.write(asked)
        head = await reader.readuntil(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").lower().split("\r\n")
        [length] = [line.partition(":")[2] for line in lines if line.startswith("content-length:")]
        return int(status.split(" ")[1]), await reader.readexactly(int(length))

    async def close(self) -> None:
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None


@dataclass
class Lines:
    """Lines to one service: whoever asks takes one that is free, or opens one."""

    url: str
    free: list[Line] = field(default_factory=list)

    async def ask(self, asked: bytes) -> tuple[int, bytes]:
        line = self.free.pop() if self.free else Line(self.url)
        answer = await line.ask(asked)
        self.free.append(line)
        return answer

    async def close(self) -> None:
        for line in self.free:
            await line.close()


async def at_times(things: Sequence[tuple[float, T]], act: Callable[[T, float], Awaitable[None]]) -> None:
    """Act on each at its time, in seconds from the beginning, whatever became of those before; it is told when."""
    begin = time.perf_counter() + 0.5
    async with asyncio.TaskGroup() as group:
        for after, thing in sorted(things, key=lambda one: one[0]):
            due = begin + after
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(act(thing, due))


async def at_once(many: int, things: Sequence[T], act: Callable[[T], Awaitable[object]]) -> None:
    """Act on all of them, ``many`` at a time."""
    left = iter(things)

    async def live() -> None:
        for thing in left:
            await act(thing)

    async with asyncio.TaskGroup() as group:
        for _ in range(many):
            group.create_task(live())
