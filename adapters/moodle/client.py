"""The client of Moodle's REST protocol: one call in, a value or an error of the tree out."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping, Sequence
from ssl import SSLContext
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

import anyio
import httpx
import orjson
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
)

from adapters.moodle.errors import AskedToWait, error_of, foreseen, is_reading, lost, translate
from adapters.moodle.wire import MAX_VARIABLES, encode
from connector.domain.errors import (
    BatchRefused,
    ConnectorError,
    SettingsError,
    TryAgain,
    Unavailable,
)
from connector.domain.observing import CallObserver, Unobserved

Call = tuple[str, Mapping[str, object]]
BATCH = "tool_mobile_call_external_functions"
END_POINT = "/webservice/rest/server.php"
LONGEST_WAIT = 60.0
"""Seconds; a Retry-After over this is cut to it, so that a run never hangs on a proxy's whim."""

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_NO_SUCH_ADDRESS = (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError)


class _Answer(NamedTuple):
    status: int
    headers: httpx.Headers
    body: bytes


class MoodleClient:
    """One Moodle over REST, for one token. Use it as an async context manager, or call ``aclose``.

    ``timeout`` is in seconds and counts for each read; ``attempts`` counts for reading functions only: a write is
    never repeated here, because only its caller can look whether it happened. ``concurrency`` bounds the requests
    under way at once. ``tls`` is made once for many clients, because it takes a tenth of a second. ``observer`` is
    told of each request. The token travels in the body, never in an address, a log or a message.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        tls: SSLContext | None = None,
        concurrency: int = 4,
        timeout: float = 120.0,
        connect_timeout: float = 10.0,
        attempts: int = 4,
        first_wait: float = 0.5,
        observer: CallObserver | None = None,
    ) -> None:
        base = url.rstrip("/").removesuffix(END_POINT)
        self._end_point = base + END_POINT
        self._token = token
        self._attempts = attempts
        self._backoff = wait_exponential_jitter(multiplier=first_wait, max=20.0, jitter=first_wait)
        self._limit = anyio.CapacityLimiter(concurrency)
        self._http = httpx.AsyncClient(
            transport=transport,
            verify=tls or True,
            follow_redirects=False,
            timeout=httpx.Timeout(timeout, connect=connect_timeout),
            # A server closes idle connections; a write that meets one would count as an answer lost.
            limits=httpx.Limits(max_connections=concurrency, keepalive_expiry=2.0),
            headers={"User-Agent": "moodle-connector", "Accept": "application/json"},
        )
        self._observer = observer or Unobserved()
        self._batches: bool | None = None

    def __repr__(self) -> str:
        return f"MoodleClient({self._end_point!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def call(
        self, function: str, params: Mapping[str, object] | None = None, *, reading: bool | None = None
    ) -> Any:
        """Call one function and give its JSON value. Raises the tree of ``connector.domain.errors``.

        Reading functions are repeated on TryAgain, with growing waits; the last error is raised. ``reading`` says so
        of a function whose name does not (``adapters.moodle.errors.is_reading``) but which may be repeated safely.
        """
        known = is_reading(function) if reading is None else reading
        return await self._repeating(function, params or {}, reading=known)

    async def call_many(
        self,
        calls: Sequence[Call],
        at_once: int = 100,
        *,
        reading: bool | None = None,
        to_first_error: bool = False,
    ) -> list[Any | ConnectorError]:
        """Call many functions, as few requests as may be; one result for each, in order, a value or its error.

        ``tool_mobile_call_external_functions`` ends its list at the first error: what follows is sent again. It
        counts as reading when all of ``calls`` do, or when ``reading`` says so. Where the site lacks it, the calls
        are made one by one. ``to_first_error``: the result ends with the first error, and what follows is not sent.
        Errors that concern more than one call (TryAgain, Stop) of a whole request are raised.
        """
        results: list[Any | ConnectorError] = []
        while len(results) < len(calls):
            rest = calls[len(results) : len(results) + at_once]
            if await self._has_batches():
                results += await self._batch(rest, reading)
            else:
                results.append(await self._single(rest[0], reading))
            if to_first_error and isinstance(results[-1], ConnectorError):
                break
        return results

    def knows(self, functions: Collection[str]) -> None:
        """What the token may call, where somebody has asked already."""
        self._batches = BATCH in functions

    async def _has_batches(self) -> bool:
        if self._batches is None:
            info = await self.call("core_webservice_get_site_info")
            with foreseen("core_webservice_get_site_info"):
                self.knows(function_names(info))
        return bool(self._batches)

    async def _single(self, call: Call, reading: bool | None) -> Any | ConnectorError:
        try:
            return await self.call(*call, reading=reading)
        except ConnectorError as error:
            if isinstance(error, TryAgain):
                raise
            return error

    async def _batch(self, calls: Sequence[Call], reading: bool | None) -> list[Any | ConnectorError]:
        """One request; gives the results up to and including the first error, at least one."""
        requests = [{"function": name, "arguments": json.dumps(dict(params))} for name, params in calls]
        known = all(is_reading(name) for name, _ in calls) if reading is None else reading
        answer = await self._repeating(BATCH, {"requests": requests}, reading=known)
        with foreseen(BATCH):
            results = [_unpack(calls[index][0], entry) for index, entry in enumerate(answer["responses"])]
            if not results:
                raise ValueError("an empty list would be asked for ever")
        return results

    async def _repeating(self, function: str, params: Mapping[str, object], *, reading: bool) -> Any:
        if not reading:
            return await self._once(function, params, reading=False)
        async for attempt in AsyncRetrying(
            stop=stop_after_attempt(self._attempts),
            retry=retry_if_exception_type(TryAgain),
            wait=self._wait,
            sleep=anyio.sleep,
            reraise=True,
        ):
            with attempt:
                return await self._once(function, params, reading=True)
        raise AssertionError("tenacity ends by returning or raising")

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, AskedToWait):
            return min(error.seconds, LONGEST_WAIT)
        return self._backoff(state)

    async def _once(self, function: str, params: Mapping[str, object], *, reading: bool) -> Any:
        pairs = encode(dict(params))
        if len(pairs) + 3 > MAX_VARIABLES:
            text = f"{function}: {len(pairs)} variables in one request, of which PHP may drop some; split the batch"
            raise BatchRefused(text, "toomanyvariables")
        secret = [("wstoken", self._token), ("wsfunction", function), ("moodlewsrestformat", "json")]
        content = urlencode(secret + pairs, safe="[]").encode()  # PHP reads bare brackets, which are shorter
        async with self._limit:
            begun, outcome = time.monotonic(), "ok"
            try:
                answer = await self._post(function, content, reading=reading)
                if isinstance(answer, ConnectorError):
                    raise answer
                return translate(function, answer.status, answer.headers, answer.body, reading=reading)
            except BaseException as error:
                outcome = type(error).__name__
                raise
            finally:
                self._observer.called(function, time.monotonic() - begun, outcome)

    async def _post(self, function: str, content: bytes, *, reading: bool) -> _Answer | ConnectorError:
        """Errors are returned, not raised: raised here they would carry the request, and so the token, as context.

        The body is kept apart from httpx's answer, which holds itself and so lives until Python looks for such.
        """
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            async with self._http.stream("POST", self._end_point, content=content, headers=headers) as answer:
                body = b"".join([part async for part in answer.aiter_bytes()])
                return _Answer(answer.status_code, answer.headers, body)
        except _NOT_SENT as error:
            why = f"{type(error).__name__}: {error}"[:200]
            return Unavailable(f"{function}: Moodle cannot be reached at {self._end_point} ({why})")
        except _NO_SUCH_ADDRESS as error:
            return SettingsError(f"{self._end_point} is not an address that can be called ({type(error).__name__})")
        except httpx.HTTPError as error:
            return lost(function, f"the connection broke ({type(error).__name__})", reading=reading)


def _unpack(function: str, entry: Mapping[str, Any]) -> Any | ConnectorError:
    """One of the ``responses``: JSON within JSON, in ``data`` or in ``exception``."""
    if not entry["error"]:
        return orjson.loads(entry["data"]) if entry.get("data") else None
    exception = json.loads(entry.get("exception") or "{}")
    return error_of(function, str(exception.get("errorcode", "unknown")), str(exception.get("message", "")))


def function_names(info: Mapping[str, Any]) -> frozenset[str]:
    """The functions that the token may call. Moodle gives ``{"name", "version"}``, shortened recordings the name."""
    return frozenset(f if isinstance(f, str) else str(f["name"]) for f in info.get("functions", ()))
