"""The twin as an ASGI application: Moodle's end point, failures on command, and a control route for demos."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from adapters.moodle.twin.control import control_routes
from adapters.moodle.twin.faults import Fault, Faults
from adapters.moodle.twin.form import Nested, parse_form
from adapters.moodle.twin.life import Life
from adapters.moodle.twin.pace import Pace
from adapters.moodle.twin.refusals import Refusal
from adapters.moodle.twin.state import TwinState
from adapters.moodle.twin.table import call
from adapters.moodle.twin.tools.keys import fetch_keys
from adapters.moodle.twin.tools.life import ToolLife
from adapters.moodle.twin.tools.pages import ToolPages
from adapters.moodle.twin.tools.registration import ToolRegistration
from adapters.moodle.twin.tools.services import ToolServices

ABORT = "connector.twin.abort"
"""Scope extension: a function that closes the connection at once, put there by ``adapters.moodle.twin.server``."""

_PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1><p>{1}</p></body></html>"


class Cut(Response):
    """No answer at all: the connection is closed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - nothing is sent
        abort = scope.get("extensions", {}).get(ABORT)
        if abort is None:
            raise ConnectionAbortedError("cut, as ordered")
        abort()
        while (await receive())["type"] != "http.disconnect":
            pass


class Twin:
    """One small Moodle: ``app`` is the ASGI application, ``state``, ``faults`` and ``life`` are its handles."""

    def __init__(
        self,
        state: TwinState | None = None,
        *,
        token: str | None = None,
        pace: Pace | None = None,
        control: bool = False,
    ) -> None:
        """``token``: the one that is accepted, by default a random one."""
        self.state = state or TwinState()
        self.token = token or secrets.token_hex(16)
        self.faults = Faults()
        self.life = Life(self.state)
        self.under_way = 0
        self._pace = pace
        self._gate = pace.gate() if pace else None
        routes = [Route("/webservice/rest/server.php", self._rest, methods=["POST"])]
        self.tools = ToolLife(self.state)
        routes += ToolPages(self.state, self.tools, fetch_keys).routes()
        routes += ToolServices(self.state, fetch_keys).routes() + ToolRegistration(self.state).routes()
        routes += control_routes(self.state, self.faults, self.life) if control else []
        self.app = Starlette(routes=routes)

    def settle(self) -> None:
        """Wait until nothing is under way. For another thread than that which serves."""
        while self.under_way:
            time.sleep(0.02)

    async def _rest(self, request: Request) -> Response:
        self.under_way += 1
        try:
            return await self._called(request)
        finally:
            self.under_way -= 1

    async def _called(self, request: Request) -> Response:
        body = await request.body()
        form = parse_form(body, self.state.max_input_vars)
        fault = self.faults.take(str(form.get("wsfunction", "")), str(form.get("operation", "")))
        if fault is None:
            return await self._answer(form)
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        if fault.kind == "drop_variables":
            form = parse_form(body, fault.variables)
        if fault.kind in ("slow", "drop_variables"):
            return await self._answer(form)
        return await self._fail(fault, form)

    async def _fail(self, fault: Fault, form: Nested) -> Response:
        if fault.kind == "cut_after" or fault.written:
            await self._answer(form)
        if fault.kind == "write_late":
            self._write_late(form, fault.seconds)
        if fault.kind == "revoked":
            return await self._answer(form | {"wstoken": "revoked"})
        if fault.kind == "maintenance":
            page = _PAGE.format("Site undergoing maintenance", "This site is undergoing maintenance.")
            headers = {"Retry-After": f"{fault.seconds:.0f}"} if fault.seconds else {}
            return HTMLResponse(page, 503, headers=headers)
        if fault.kind == "error500":
            return HTMLResponse(_PAGE.format("500 Internal Server Error", ""), 500)
        if fault.kind == "error502":
            return HTMLResponse(_PAGE.format("502 Bad Gateway", "nginx"), 502)
        return Cut()

    def _write_late(self, form: Nested, seconds: float) -> None:
        """The work goes on without its caller. Usernames under way are refused to others, as by a unique index."""
        users = form.get("users", {})
        rows = users.values() if isinstance(users, dict) else ()
        names = {str(row["username"]) for row in rows if isinstance(row, dict) and "username" in row}
        with self.state.lock:
            names -= self.state.reserved
            self.state.reserved |= names

        def write() -> None:
            with self.state.lock:
                self.state.reserved -= names
            try:
                self._run(form)
            finally:
                self.under_way -= 1

        self.under_way += 1
        asyncio.get_running_loop().call_later(seconds, write)

    async def _answer(self, form: Nested) -> Response:
        if self._gate is None or self._pace is None:
            value = self._run(form)
        else:
            async with self._gate:
                value = self._run(form)
                await asyncio.sleep(self._pace.seconds(str(form.get("wsfunction", "")), form, value))
        return Response(orjson.dumps(value), media_type="application/json")

    def _run(self, form: Nested) -> Any:
        params = {
            key: value for key, value in form.items() if key not in ("wstoken", "wsfunction", "moodlewsrestformat")
        }
        if form.get("wstoken") != self.token:
            return Refusal("invalidtoken", "Invalid token - token not found").body()
        try:
            return call(self.state, str(form.get("wsfunction", "")), params)
        except Refusal as refusal:
            return refusal.body()
