"""Pages are told at once, by Socket.IO: who was launched hears what concerns them, by the token of their page.

Words come from PostgreSQL: each process hears all of them and tells its own pages. With Redis one process hears, and
python-socketio's manager tells the pages of all.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from fastapi import FastAPI
from socketio import AsyncManager, AsyncRedisManager, AsyncServer
from socketio.exceptions import ConnectionRefusedError as Refused
from starlette.concurrency import run_in_threadpool
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Scope, Send

from connector.bootstrap import Connector
from connector.content.launched import actor_of
from connector.domain.errors import ConnectorError, SettingsError, StorageError, raised_at
from connector.domain.live import rooms_of
from connector.domain.lti import LaunchSession, origin
from connector.web.launched.launches import ByLaunch
from connector.web.launched.line import LARGEST, Line, line_of, turn_away, wanted, with_line
from connector.web.limits import RateLimit
from connector.web.metrics import Metrics

PATH = "/lti/live/"
MOST = 5000
"""Connections of one process."""
MOST_OF_A_TOKEN = 5
"""A page that comes back after its network was away may not know yet that it was gone."""
NEW_A_MINUTE = 3000
"""From one address: a whole company may stand behind one, and all come back at once after a restart."""
LOOK_AGAIN = 60.0
"""Seconds between two looks at whether sessions are over; a platform may have ended."""
AGAIN = 5.0
"""Seconds after which the database, or whose turn it is, is tried again."""
MISSED = "missed"
"""Told when something may have been said that was not heard."""
TROUBLES = logging.getLogger("live")
TROUBLES.setLevel(logging.WARNING)  # of what is well the libraries say each message, with the token in it
log = structlog.get_logger("live")


@dataclass(frozen=True, slots=True)
class Page:
    """A page that hears."""

    token: str = field(repr=False)
    ends_at: datetime


class Live:
    """An ASGI application for its connections. Words are passed on while ``running``."""

    may = ByLaunch.SESSION

    def __init__(self, connector: Connector, metrics: Metrics) -> None:
        """Raises SettingsError where Redis is wanted and its driver is not there."""
        self._connector = connector
        self._metrics = metrics
        self._origin = origin(connector.settings.lti.url)
        redis = connector.settings.redis_url()
        self._turn = f"moodle-connector live {self._origin}" if redis else ""
        self._manager = by_redis(redis, self._turn) if redis else AsyncManager()
        self._server = AsyncServer(
            async_mode="asgi",
            client_manager=self._manager,
            transports=["websocket"],
            cors_allowed_origins=[self._origin],
            max_http_buffer_size=LARGEST,
            logger=TROUBLES,
            engineio_logger=TROUBLES,
        )
        self._server.on("connect", self._connect)
        self._server.on("disconnect", self._disconnect)
        self._new = RateLimit(NEW_A_MINUTE, 60)
        self._open = 0
        self._pages: dict[str, Page] = {}
        self._of_token: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, from its beginning to its end."""
        if why := self._unwelcome(scope):
            self._metrics.cut_off(why)
            await turn_away(receive, send)
            return
        line = Line(receive)
        self._open += 1
        try:
            await self._server.handle_request(with_line(scope, line), line.receive, send)
        finally:
            self._open -= 1
            if line.broken:
                self._metrics.cut_off(line.broken)

    def _unwelcome(self, scope: Scope) -> str:
        if not wanted(scope, self._origin):
            return "address"
        client = scope.get("client")
        return "full" if self._open >= MOST or not self._new.allows(client[0] if client else "") else ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While inside words are passed on, and pages go whose session is over."""
        self._server.manager_initialized = True  # otherwise the first page does it, and Redis has to be there before
        self._manager.initialize()
        tasks = [asyncio.create_task(self._pass_on()), asyncio.create_task(self._look_again())]
        try:
            yield
        finally:
            if isinstance(self._manager, AsyncRedisManager):
                tasks.append(self._manager.thread)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if isinstance(self._manager, AsyncRedisManager) and self._manager.redis:
                await self._manager.redis.aclose()
            await self._server.shutdown()

    async def _pass_on(self) -> None:
        while True:
            try:
                async for word in self._connector.live_words.heard(self._turn):
                    if word is None:
                        await self._server.emit(MISSED, {})
                    else:
                        await self._server.emit(word.kind.value, dict(word.what), room=word.room)
                        self._metrics.told(word.kind.value)
            except StorageError as error:
                log.warning("cannot hear the database", message=str(error))
            except Exception as error:  # whatever it is, pages are to hear again
                log.error("broken", error=type(error).__name__, where=raised_at(error))
            await asyncio.sleep(AGAIN)

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(LOOK_AGAIN)
            for sid, page in list(self._pages.items()):
                if await self._is_over(page):
                    await self._server.disconnect(sid)
                    self._forget(sid)

    async def _is_over(self, page: Page) -> bool:
        try:
            over = self._connector.clock() >= page.ends_at
            return over or await self._session(page.token) is None
        except ConnectorError:
            return False  # not known: it is looked at again

    async def _session(self, token: str) -> LaunchSession | None:
        return await run_in_threadpool(self._connector.launching.session, token)

    async def _connect(self, sid: str, environ: dict[str, Any], auth: object = None) -> None:
        """A page says whose it is. Refused with ``over``, or with ``later`` where it may try again."""
        token = auth.get("token") if isinstance(auth, dict) else None
        try:
            session = await self._session(token) if isinstance(token, str) else None
        except ConnectorError as error:
            log.warning("nobody can be let in", why=str(error))
            raise Refused("later") from None
        if session is None or not isinstance(token, str):
            raise Refused("over")
        if self._of_token[token] >= MOST_OF_A_TOKEN:
            raise Refused("later")
        self._pages[sid] = Page(token, session.ends_at)
        self._of_token[token] += 1
        self._metrics.connected(len(self._pages))
        line_of(environ).known = True
        for room in rooms_of(actor_of(session), teaches=session.launch.teaches):
            await self._server.enter_room(sid, room)

    async def _disconnect(self, sid: str, _reason: str) -> None:
        self._forget(sid)

    def _forget(self, sid: str) -> None:
        page = self._pages.pop(sid, None)
        if page is not None:
            self._of_token[page.token] -= 1
            if not self._of_token[page.token]:
                del self._of_token[page.token]
        self._metrics.connected(len(self._pages))


def by_redis(url: str, channel: str) -> AsyncRedisManager:
    """A manager by which all pages of ``channel`` are told; others may use the same Redis. Raises SettingsError."""
    try:
        from redis import Redis
    except ImportError:
        raise SettingsError(
            "live.redis_url: Redis' driver is not installed. Give it by `pip install 'moodle-connector[redis]'`."
        ) from None
    if "+" not in url:
        try:
            Redis.from_url(url).close()
        except ValueError:
            raise SettingsError("live.redis_url: this is no address of a Redis.") from None
    return AsyncRedisManager(url, channel=channel, logger=TROUBLES)


def add_live(app: FastAPI, connector: Connector, metrics: Metrics) -> Live:
    """Tell pages of what was launched at once. Raises SettingsError."""
    live = Live(connector, metrics)
    app.router.routes.append(WebSocketRoute(PATH, live))
    return live
