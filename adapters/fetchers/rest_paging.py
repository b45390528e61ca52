"""How an API goes from one page to the next, and what shows that it did not tell everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import httpx
import jmespath
from jmespath.exceptions import JMESPathError

from connector.domain.errors import FeedRefused, SettingsError


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: its address and headers, the whole ``value``, and the ``rows`` found in it."""

    url: httpx.URL
    headers: httpx.Headers
    value: Any
    rows: list[Any]


@dataclass(frozen=True)
class Paging:
    """``kind``: ``none`` (one answer), ``offset`` and ``page`` (counted up in ``param``), ``cursor`` (given in
    ``param``, found at ``path``), ``next`` (an address found at ``path``), ``link`` (that of the Link header).

    ``size_param`` and ``size``: how many rows are asked for. ``first``: of offset or page. ``path``: a JMESPath.
    ``total``: a JMESPath of how many rows there are in all, held against what came. ``more``: of offsets and pages, a
    JMESPath of whether there is another. ``empty``: pages may be empty. ``ends_with``: a status beside 200 that says
    that there is no such page. Offsets and pages go on until one is empty or is not there, the total is there, or no
    more is said to come: a short page is not taken for the last one.
    """

    kind: Literal["none", "offset", "page", "cursor", "next", "link"] = "none"
    param: str = ""
    size_param: str = ""
    size: int = 0
    first: int = 0
    path: str = ""
    total: str = ""
    more: str = ""
    empty: bool = False
    ends_with: int = 0

    def __post_init__(self) -> None:
        if self.kind in ("offset", "page", "cursor") and not self.param:
            raise SettingsError(f"rest.paging: {self.kind} needs param, the parameter's name.")
        if self.kind in ("cursor", "next") and not self.path:
            raise SettingsError(f"rest.paging: {self.kind} needs path, where in a page it stands.")
        if self.kind not in ("offset", "page") and (self.more or self.ends_with):
            raise SettingsError("rest.paging: more and ends_with are for offset and page.")
        if self.more and self.ends_with:
            raise SettingsError("rest.paging: more says that there is no other page; leave ends_with away.")
        for name in ("path", "total", "more"):
            expression(getattr(self, name) or "@", f"rest.paging.{name}")

    def begin(self) -> dict[str, str]:
        """The parameters of the first request."""
        asked = {self.size_param: str(self.size)} if self.size_param and self.size else {}
        return asked | ({self.param: str(self.first)} if self.kind in ("offset", "page") else {})

    def following(self, page: Page, number: int, came: int) -> httpx.URL | None:
        """The address of the page after page ``number`` (1 is the first), None after the last.

        ``came`` rows came so far. Raises FeedRefused where the next address leads to another origin.
        """
        if self.kind in ("offset", "page"):
            if self.more:
                if not self._more(page, number):
                    return None
            elif not page.rows or (self.total and came >= self.said(page)):
                return None
            return page.url.copy_set_param(self.param, str(self.first + (came if self.kind == "offset" else number)))
        found = page.headers.get("link") and _link(page.headers["link"]) if self.kind == "link" else None
        if self.kind in ("cursor", "next"):
            found = jmespath.search(self.path, page.value)
        if not found or self.kind == "none":
            return None
        if not isinstance(found, str | int):
            raise FeedRefused(f"rest: page {number}: what leads to the next page is no text.")
        if self.kind == "cursor":
            return page.url.copy_set_param(self.param, str(found))
        return same_origin(page.url, str(found), number)

    def _more(self, page: Page, number: int) -> bool:
        found = jmespath.search(self.more, page.value)
        if not isinstance(found, bool):
            raise FeedRefused(f"rest: page {number}: it does not say at {self.more} whether there is another.")
        return found

    def said(self, page: Page) -> int:
        """How many rows the page says there are in all. Raises FeedRefused where it says nothing of use."""
        total = jmespath.search(self.total, page.value)
        if isinstance(total, bool) or not isinstance(total, int | str) or not str(total).isdecimal():
            raise FeedRefused(f"rest: a page has no total at {self.total}.")
        return int(total)


def same_origin(here: httpx.URL, found: str, number: int) -> httpx.URL:
    """``found`` as an address. Raises FeedRefused where it is of another origin: credentials would go there."""
    try:
        url = here.join(found)
    except httpx.InvalidURL:
        raise FeedRefused(f"rest: page {number}: the address of the next page is none.") from None
    if (url.scheme, url.host, url.port) != (here.scheme, here.host, here.port) or url.userinfo:
        raise FeedRefused(f"rest: page {number}: the next page is said to be elsewhere than at {here.host}.")
    return url


def expression(path: str, where: str) -> Any:
    """The compiled JMESPath. Raises SettingsError."""
    try:
        return jmespath.compile(path)
    except JMESPathError:
        raise SettingsError(f"{where}: {path} is not a JMESPath.") from None


def _link(header: str) -> str | None:
    return httpx.Response(200, headers={"link": header}).links.get("next", {}).get("url")
