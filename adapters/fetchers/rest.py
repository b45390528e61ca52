"""REST: all pages of an API, as JSON lines; or one answer as it is, for the XML source."""

from __future__ import annotations

import hashlib
import json
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Literal

import httpx
from jmespath.exceptions import JMESPathError
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from adapters.drops.fetched import Output
from adapters.fetchers.rest_access import Access, Resolve, guarded, looked_up
from adapters.fetchers.rest_paging import Page, Paging, expression
from adapters.fetchers.rows import json_line
from adapters.sources.json_text import decoded
from connector.domain.errors import AccessRefused, FeedRefused, SettingsError, TryAgain, Unavailable

LONGEST_WAIT = 300.0
"""Seconds; a Retry-After over this is cut to it."""


@dataclass(frozen=True)
class Limits:
    """What no honest answer reaches: pages, bytes of all answers, seconds of the whole fetch."""

    pages: int = 10_000
    bytes: int = 2 * 1024**3
    seconds: float = 3600.0


_LATER = (408, 425, 429)
"""Statuses that pass by themselves, as those from 500 on do."""


_FORGOTTEN = ("syncStateNotFound", "syncStateInvalid", "resyncRequired")
"""What Microsoft Graph calls a mark that it does not know any more; others answer 410."""


class _Expired(SettingsError):
    """The mark of the last delta leads nowhere any more."""


class _AskedToWait(Unavailable):
    """The server said for how long."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


@dataclass(frozen=True)
class RestFetch:
    """A ``Fetch``: each object in the list at ``records`` (a JMESPath) of each page is a person.

    ``url`` with ``params`` and ``headers`` is asked by GET; ``access`` says who asks. ``answer``: ``rows``, or
    ``as_is`` for one answer that is kept whole, such as XML. ``since_param``: the parameter of a delta, and
    ``since_path`` the JMESPath of the mark for the next one, in the last page; without ``since_param`` an address.
    ``allowed``: hosts that may be private or without TLS. ``tries`` of each request, from ``first_wait`` seconds on.

    Raises SettingsError where the options make no sense.
    """

    url: str
    access: Access
    records: str = "@"
    paging: Paging = field(default_factory=Paging)
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    answer: Literal["rows", "as_is"] = "rows"
    since_param: str = ""
    since_path: str = ""
    allowed: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)
    tries: int = 4
    first_wait: float = 1.0
    timeout: float = 60.0
    trust: ssl.SSLContext | None = None
    resolve: Resolve = looked_up
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        expression(self.records, "rest.records")
        expression(self.since_path or "@", "rest.since_path")
        if self.answer == "as_is" and (self.paging.kind != "none" or self.since_path):
            raise SettingsError("rest.answer: as_is is one answer; it has no pages and no delta.")

    def fetch(self, into: Output, since: str, /) -> str:
        """Write every row; see ``Fetch``. Gives the mark of the next delta where ``since_path`` is set.

        Where the mark of the last one has expired, everything is read once.
        """
        verify = self.trust or ssl.create_default_context()
        # The transport alone, because a client logs the address of each request, and there may be a key in it.
        with httpx.HTTPTransport(verify=verify, trust_env=False) as transport:
            fetching = _Fetching(self, transport)
            if self.answer == "as_is":
                into.write(fetching.ask(self._first("")).content)
                return ""
            try:
                return self._pages(fetching, into, since)
            except _Expired:
                if not since:
                    raise
            return self._pages(fetching, into, "")  # what had come before stands in it again: the last word counts

    def _pages(self, fetching: _Fetching, into: Output, since: str) -> str:
        seen: set[bytes] = set()
        page: Page | None = None
        came, total = 0, None
        url = self._first(since)
        for number in range(1, self.limits.pages + 1):
            answer = fetching.ask(url, self.paging.ends_with if number > 1 else 0)
            if page is not None and answer.status_code != 200:
                return self._ended(page, came, total)
            page = self._page(answer, url, number)
            came += len(page.rows)
            if self.paging.total:
                if total not in (None, self.paging.said(page)):
                    raise FeedRefused(f"rest: page {number}: the total is another one than on the page before.")
                total = self.paging.said(page)
            lines = [json_line(row) for row in page.rows]
            digest = hashlib.sha256(b"".join(lines)).digest()
            if lines and digest in seen:
                raise FeedRefused(f"rest: page {number} is the same as one before; the rest would never come.")
            seen.add(digest)
            for line in lines:
                into.write(line)
            following = self.paging.following(page, number, came)
            if following is None:
                return self._ended(page, came, total)
            if not lines and not self.paging.empty:
                raise FeedRefused(f"rest: page {number} is empty, and more is said to follow.")
            url = following
        raise FeedRefused(f"rest: there are more than {self.limits.pages:,} pages.")

    def _ended(self, page: Page, came: int, total: int | None) -> str:
        if total is not None and came != total:
            raise FeedRefused(f"rest: {total:,} rows were said to be there and {came:,} came.")
        if not self.since_path:
            return ""
        mark = expression(self.since_path, "").search(page.value)
        if not isinstance(mark, str | int) or not str(mark):
            raise FeedRefused(f"rest: the last page has no mark for the next delta at {self.since_path}.")
        return str(mark)

    def _first(self, since: str) -> httpx.URL:
        url = httpx.URL(self.url)
        if since and not self.since_param:
            return self._same(url, since)
        asked = {**self.params, **self.paging.begin(), **({self.since_param: since} if since else {})}
        return url.copy_merge_params(asked)

    def _same(self, url: httpx.URL, mark: str) -> httpx.URL:
        other = httpx.URL(mark)
        if (other.scheme, other.host, other.port) != (url.scheme, url.host, url.port):
            raise SettingsError("rest.url: the mark of the last delta is of another address; remove it to begin anew.")
        return other

    def _page(self, answer: httpx.Response, url: httpx.URL, number: int) -> Page:
        try:
            value = decoded(answer.content.decode("utf-8-sig"))
        except json.JSONDecodeError:
            raise FeedRefused(f"rest: page {number} is no JSON; it is cut off or of another kind.") from None
        except ValueError as error:
            why = "it is no UTF-8" if isinstance(error, UnicodeError) else str(error)
            raise FeedRefused(f"rest: page {number} cannot be read: {why}.") from None
        try:
            rows = expression(self.records, "").search(value)
        except JMESPathError:
            rows = None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise FeedRefused(f"rest: page {number} has no list of objects at {self.records}.")
        return Page(url, answer.headers, value, rows)


class _Fetching:
    """One fetch under way: counts bytes and seconds, tries again, and renews a token once for each request."""

    def __init__(self, settings: RestFetch, transport: httpx.BaseTransport) -> None:
        self._settings, self._transport = settings, transport
        self._left = settings.limits.bytes
        self._end = time.monotonic() + settings.limits.seconds

    def ask(self, url: httpx.URL, also: int = 0) -> httpx.Response:
        """The answer, with status 200 or that of ``also``. Raises the tree of errors."""
        settings = self._settings
        wait = wait_exponential_jitter(multiplier=settings.first_wait, max=60.0, jitter=settings.first_wait)
        for attempt in Retrying(
            stop=stop_after_attempt(settings.tries),
            retry=retry_if_exception_type(TryAgain),
            wait=partial(_wait, wait),
            sleep=settings.sleep,
            reraise=True,
        ):
            with attempt:
                return self._once(url, also)
        raise AssertionError("tenacity ends by returning or raising")

    def _once(self, url: httpx.URL, also: int) -> httpx.Response:
        answer = self._send(self._request(url))
        if answer.status_code == 401 and self._settings.access.forget():
            answer = self._send(self._request(url))
        return answer if answer.status_code == also else _checked(answer, url)

    def _request(self, url: httpx.URL) -> httpx.Request:
        settings = self._settings
        kind = "application/json" if settings.answer == "rows" else "*/*"
        own = settings.access.headers(self._token)
        if params := settings.access.params():
            url = url.copy_merge_params(params)
        return httpx.Request("GET", url, headers={"Accept": kind, **settings.headers, **own})

    def _token(self, request: httpx.Request) -> httpx.Response:
        answer = self._send(request)
        return _checked(answer, request.url) if answer.status_code in _LATER or answer.status_code >= 500 else answer

    def _send(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        if time.monotonic() > self._end:
            raise FeedRefused(f"rest: {url.host} takes longer than the fetch may.")
        target, host = guarded(url, self._settings.allowed, self._settings.resolve)
        headers = request.headers.copy()
        headers.update({"Host": host, "User-Agent": "moodle-connector"})
        sent = httpx.Request(
            request.method, target, content=request.read(), headers=headers,
            extensions={"sni_hostname": url.host, "timeout": httpx.Timeout(self._settings.timeout).as_dict()},
        )  # fmt: skip
        with self._network(url):
            answer = self._transport.handle_request(sent)
            try:
                content = b"".join(self._counted(answer, url))
            finally:
                answer.close()
        kept = {name: value for name, value in answer.headers.items() if name in ("link", "retry-after")}
        return httpx.Response(answer.status_code, headers=kept, content=content, request=request)

    def _counted(self, answer: httpx.Response, url: httpx.URL) -> Iterator[bytes]:
        for block in answer.iter_bytes():
            self._left -= len(block)
            if self._left < 0:
                raise FeedRefused(f"rest: {url.host} sends more than {self._settings.limits.bytes:,} bytes.")
            if time.monotonic() > self._end:
                raise FeedRefused(f"rest: {url.host} takes longer than the fetch may.")
            yield block

    @contextmanager
    def _network(self, url: httpx.URL) -> Iterator[None]:
        try:
            yield
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(
                f"rest: {url.host} cannot be reached, or its answer was cut off ({type(error).__name__})."
            ) from None


def _checked(answer: httpx.Response, url: httpx.URL) -> httpx.Response:
    status, where = answer.status_code, f"{url.host}{url.path}"
    if status == 200:
        return answer
    if status in (401, 403):
        raise AccessRefused(f"rest: {where} refuses the credentials, or what they ask for (status {status}).")
    if status in _LATER or status >= 500:
        seconds = asked_to_wait(answer.headers.get("retry-after", ""), datetime.now(UTC))
        message = f"rest: {where} cannot answer now (status {status})."
        raise Unavailable(message) if seconds is None else _AskedToWait(message, seconds)
    if status == 410 or _code(answer) in _FORGOTTEN:
        raise _Expired(f"rest: {where}: what is asked for is there no more (status {status}).")
    why = "redirects are not followed" if 300 <= status < 400 else "there is nothing that can be asked so"
    raise SettingsError(f"rest: {where}: {why} (status {status}).")


def asked_to_wait(said: str, now: datetime) -> float | None:
    """The seconds that a Retry-After means, as a number or as a time by HTTP's date; None where it says neither."""
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", said.strip()):
        return float(said)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())


def _code(answer: httpx.Response) -> str:
    """What an API calls its error, where it says that as Microsoft Graph does."""
    try:
        return str(answer.json()["error"]["code"])
    except (ValueError, LookupError, TypeError):
        return ""


def _wait(usual: Callable[[RetryCallState], float], state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return min(error.seconds, LONGEST_WAIT) if isinstance(error, _AskedToWait) else usual(state)
