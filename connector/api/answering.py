"""From a request that may be asked to its answer: whose figures, what is new since, and the frame around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import Enum
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from pydantic import BaseModel

from connector.api.answers import Frame, Meta, PageMeta
from connector.api.asking import Asked, OfUnit, Paged
from connector.api.problems import NotAllowed, NothingThere
from connector.api.rooms import Rooms
from connector.content.course_view.opening import Roster
from connector.domain.analytics import Look
from connector.domain.api_tokens import ApiToken, Scope
from connector.domain.lti import LaunchSession
from connector.domain.multilang import choose

T = TypeVar("T")
BASE = "/api/v1"


class Moves(Enum):
    """When an answer is another one."""

    WITH_FACTS = "when Moodle or HR is read"
    WITH_TIME = "by the clock, or when somebody's name is erased, too"
    ALWAYS = "at any time: nothing of it is kept"


Caller = ApiToken | LaunchSession
"""Who asks: a machine by a token of the API, which sees a unit; or a person by the token of a launch, who sees
themselves, and their course where they teach."""


def spoken(caller: Caller) -> list[str]:
    """The languages of whoever asks, where the request names none."""
    locale = caller.launch.locale if isinstance(caller, LaunchSession) else ""
    return [locale.replace("_", "-")] if locale else []


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. ``languages``: wished, the dearest first. ``if_none_match``: tags of answers that are there.
    ``sent`` is the body, read; ``roster`` tells who is in the course of a launch, None where the platform does not."""

    caller: Caller
    path: str
    query: Sequence[tuple[str, str]]
    languages: Sequence[str]
    places: Mapping[str, str]
    if_none_match: str = ""
    sent: Any = None
    roster: Roster = lambda: None

    def text(self, found: Mapping[str, str] | None) -> str:
        return choose(found or {}, self.languages)

    @property
    def unit(self) -> str:
        """Whose figures may be seen, "" is everybody's."""
        return self.caller.unit if isinstance(self.caller, ApiToken) else ""

    @property
    def session(self) -> LaunchSession:
        """That of whoever was launched: an address that answers them asks for it."""
        if not isinstance(self.caller, LaunchSession):
            raise TypeError("A token of the API was led to what is for people who were launched.")
        return self.caller

    @property
    def sees_people(self) -> bool:
        return isinstance(self.caller, LaunchSession) or self.caller.may(Scope.PEOPLE)

    @property
    def sees_progress(self) -> bool:
        return isinstance(self.caller, ApiToken) and self.caller.may(Scope.PROGRESS)

    def need(self, scope: Scope) -> None:
        if isinstance(self.caller, ApiToken) and not self.caller.may(scope):
            raise NotAllowed.without(scope.value)

    def link(self, **changed: object) -> str:
        """This address with other parameters."""
        query, path = {**dict(self.query), **changed}, quote(self.path)
        return f"{path}?{urlencode(query)}" if query else path


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What is asked for lies at another address of ours, for minutes."""

    address: str


Shown = Callable[[Look, Any, Ask], Frame]
Launched = Callable[[Rooms, Any, Ask], Frame | Elsewhere]


@dataclass(frozen=True, slots=True)
class ForTokens:
    """What tokens of the API with a scope are shown."""

    scope: Scope
    show: Shown


@dataclass(frozen=True, slots=True)
class ForLaunches:
    """What people are shown by the token of a launch; ``teaches``: those alone who teach in the course."""

    show: Launched
    teaches: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address and a method: who is answered, what may be asked and sent there, and what is answered.

    ``answers`` None: it leads elsewhere.
    """

    path: str
    tokens: ForTokens | None
    asks: type[Asked]
    answers: type[Frame] | None
    moves: Moves
    summary: str
    launches: ForLaunches | None = None
    method: str = "GET"
    sends: type[BaseModel] | None = None

    @property
    def name(self) -> str:
        """As a client's code may call it."""
        return next(one.show.__name__ for one in (self.tokens, self.launches) if one is not None)

    def admit(self, caller: Caller) -> None:
        """Raises NotAllowed where it is not for whoever asks."""
        if isinstance(caller, LaunchSession):
            self.for_launch(caller)
        else:
            self.for_token(caller)

    def for_token(self, token: ApiToken) -> Shown:
        """Raises NotAllowed where it is not for this token."""
        if self.tokens is None:
            raise NotAllowed("It is for people: ask by the token of a launch.")
        if not token.may(self.tokens.scope):
            raise NotAllowed.without(self.tokens.scope.value)
        return self.tokens.show

    def for_launch(self, session: LaunchSession) -> Launched:
        """Raises NotAllowed where it is not for whoever was launched."""
        if self.launches is None:
            raise NotAllowed("It is for tokens of the API, and not for the token of a launch.")
        if self.launches.teaches and not session.launch.teaches:
            raise NotAllowed("It is for who teaches in the course.")
        return self.launches.show


@dataclass(frozen=True, slots=True)
class Answer:
    """``body`` None: there is nothing new."""

    status: int
    body: bytes | None
    headers: Mapping[str, str]


def answer(endpoint: Endpoint, asked: Asked, ask: Ask, rooms: Rooms, version: str) -> Answer:
    """``version`` tells apart what different versions of this product answer. Raises Problem, LaunchRefused."""
    if isinstance(ask.caller, LaunchSession):
        return _to_person(endpoint.for_launch(ask.caller), asked, ask, rooms)
    show = endpoint.for_token(ask.caller)
    with rooms.analytics.look(ask.unit) as look:
        return _to_machine(show, endpoint.moves, asked, ask, look, version)


def _to_person(show: Launched, asked: Asked, ask: Ask, rooms: Rooms) -> Answer:
    """Theirs alone, and of this moment: nothing is kept."""
    if isinstance(asked, OfUnit) and asked.unit is not None:
        raise NotAllowed("Units are for tokens of the API.")
    told = show(rooms, asked, ask)
    if isinstance(told, Elsewhere):
        return Answer(307, b"", {"Cache-Control": "no-store", "Location": told.address})
    headers = {"Cache-Control": "no-store"}
    if links := link_header(told.links):
        headers["Link"] = links
    return Answer(200, told.model_dump_json().encode(), headers)


def _to_machine(show: Shown, moves: Moves, asked: Asked, ask: Ask, look: Look, version: str) -> Answer:
    """What moves with the facts alone is known to be the same before anything is looked up."""
    if isinstance(asked, OfUnit) and asked.unit is not None and not look.narrow(asked.unit):
        raise NothingThere("There is no such unit, or it is not in sight of this token.")
    headers = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Accept-Language"}
    if look.as_of:
        headers["Last-Modified"] = _http_date(look.as_of)
    tag = _tag(version, look.mark, ask.unit, ask.path, sorted(ask.query), ask.languages)
    if moves is Moves.WITH_FACTS and _has(ask.if_none_match, tag):
        return Answer(304, None, {**headers, "ETag": tag})
    frame = show(look, asked, ask)
    body = frame.model_dump_json().encode()
    if moves is Moves.WITH_TIME:
        tag = _tag(body)
        if _has(ask.if_none_match, tag):
            return Answer(304, None, {**headers, "ETag": tag})
    if links := link_header(frame.links):
        headers["Link"] = links
    return Answer(200, body, {**headers, "ETag": tag})


def meta(look: Look) -> Meta:
    return Meta(as_of=look.as_of, unit=look.unit or None)


def own_meta(as_of: datetime | None = None) -> Meta:
    """Of what is asked by the token of a launch."""
    return Meta(as_of=as_of, unit=None)


def itself(ask: Ask) -> dict[str, str]:
    return {"self": ask.link()}


def page_meta(look: Look, asked: Paged, total: int) -> PageMeta:
    return paged(meta(look), asked, total)


def paged(told: Meta, asked: Paged, total: int) -> PageMeta:
    return PageMeta(as_of=told.as_of, unit=told.unit, page=asked.page, limit=asked.limit, total=total)


def page_of(told: Sequence[T], asked: Paged) -> list[T]:
    """Those of the page that is asked for."""
    begins = (asked.page - 1) * asked.limit
    return list(told[begins : begins + asked.limit])


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
