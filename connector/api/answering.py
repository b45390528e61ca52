"""From a request that may be asked to its answer: whose figures, what is new since, and the frame around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import Enum
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from connector.api.answers import Frame, Meta, PageMeta
from connector.api.asking import Asked, OfUnit, Paged
from connector.api.problems import NotAllowed, NothingThere
from connector.domain.analytics import Look
from connector.domain.api_tokens import ApiToken, Scope
from connector.domain.multilang import choose

BASE = "/api/v1"


class Moves(Enum):
    """When an answer is another one."""

    WITH_FACTS = "when Moodle or HR is read"
    WITH_TIME = "by the clock, or when somebody's name is erased, too"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. ``languages``: wished, the dearest first. ``if_none_match``: tags of answers that are there."""

    holder: ApiToken
    path: str
    query: Sequence[tuple[str, str]]
    languages: Sequence[str]
    places: Mapping[str, str]
    if_none_match: str = ""

    def text(self, found: Mapping[str, str]) -> str:
        return choose(found, self.languages)

    @property
    def sees_people(self) -> bool:
        return self.holder.may(Scope.PEOPLE)

    def need(self, scope: Scope) -> None:
        if not self.holder.may(scope):
            raise NotAllowed(scope.value)

    def link(self, **changed: object) -> str:
        """This address with other parameters."""
        query = {**dict(self.query), **changed}
        return f"{self.path}?{urlencode(query)}" if query else self.path


Shown = Callable[[Look, Any, Ask], Frame]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address: which scope it asks for, what may be asked there, and what is answered."""

    path: str
    scope: Scope
    asks: type[Asked]
    answers: type[Frame]
    moves: Moves
    show: Shown
    summary: str

    @property
    def name(self) -> str:
        """As a client's code may call it."""
        return self.show.__name__


@dataclass(frozen=True, slots=True)
class Answer:
    """``body`` None: there is nothing new."""

    status: int
    body: bytes | None
    headers: Mapping[str, str]


def answer(endpoint: Endpoint, asked: Asked, ask: Ask, look: Look, version: str) -> Answer:
    """``version`` tells apart what different versions of this product answer. Raises Problem.

    What moves with the facts alone is known to be the same before anything is looked up.
    """
    if isinstance(asked, OfUnit) and asked.unit is not None and not look.narrow(asked.unit):
        raise NothingThere("There is no such unit, or it is not in sight of this token.")
    headers = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Accept-Language"}
    if look.as_of:
        headers["Last-Modified"] = _http_date(look.as_of)
    tag = _tag(version, look.mark, ask.holder.unit, ask.path, sorted(ask.query), ask.languages)
    if endpoint.moves is Moves.WITH_FACTS and _has(ask.if_none_match, tag):
        return Answer(304, None, {**headers, "ETag": tag})
    frame = endpoint.show(look, asked, ask)
    body = frame.model_dump_json().encode()
    if endpoint.moves is Moves.WITH_TIME:
        tag = _tag(body)
        if _has(ask.if_none_match, tag):
            return Answer(304, None, {**headers, "ETag": tag})
    if links := link_header(frame.links):
        headers["Link"] = links
    return Answer(200, body, {**headers, "ETag": tag})


def meta(look: Look) -> Meta:
    return Meta(as_of=look.as_of, unit=look.unit or None)


def itself(ask: Ask) -> dict[str, str]:
    return {"self": ask.link()}


def page_meta(look: Look, asked: Paged, total: int) -> PageMeta:
    return PageMeta(as_of=look.as_of, unit=look.unit or None, page=asked.page, limit=asked.limit, total=total)


def page_links(ask: Ask, asked: Paged, total: int) -> dict[str, str]:
    last = max(1, -(-total // asked.limit))
    links = {**itself(ask), "first": ask.link(page=1), "last": ask.link(page=last)}
    if asked.page > 1:
        links["prev"] = ask.link(page=min(asked.page - 1, last))
    if asked.page < last:
        links["next"] = ask.link(page=asked.page + 1)
    return links


def link_header(links: Mapping[str, str]) -> str:
    """The links as a header (RFC 8288), without the address itself."""
    return ", ".join(f'<{address}>; rel="{name}"' for name, address in links.items() if name != "self")


def _tag(*parts: object) -> str:
    return f'"{sha256(repr(parts).encode()).hexdigest()[:32]}"'


def _has(if_none_match: str, tag: str) -> bool:
    """By weak comparison, as If-None-Match wants (RFC 9110, 13.1.2)."""
    given = [one.strip().removeprefix("W/") for one in if_none_match[:2000].split(",")]
    return "*" in given or tag in given


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)
