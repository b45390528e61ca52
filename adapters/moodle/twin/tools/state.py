"""External tools of a twin, the activities that launch them, and who has which session."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from jwcrypto.jwk import JWK

TOKEN_SECONDS = 3600
"""Moodle's LTI_ACCESS_TOKEN_LIFE."""
SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SCOPES = tuple(f"{SCOPE}{name}" for name in ("lineitem", "lineitem.readonly", "result.readonly", "score"))
ROSTER_SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"


@dataclass
class ExternalTool:
    """``pending``: registered by itself, and not yet activated by an administrator."""

    id: int
    client_id: str
    name: str
    tool_url: str
    login_url: str
    redirect_uris: tuple[str, ...]
    keys_url: str
    custom: Mapping[str, str] = field(default_factory=dict)
    pending: bool = False
    selection_url: str = ""


@dataclass
class ToolLink:
    """An activity that launches a tool; ``item`` is its line item, 0 without grades."""

    id: int
    cmid: int
    course_id: int
    tool: ExternalTool
    name: str
    url: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)
    item: int = 0


@dataclass
class LineItem:
    id: int
    course_id: int
    tool_id: int
    label: str
    most: float = 100.0
    resource_id: str = ""
    tag: str = ""
    link_id: int = 0


@dataclass
class Scored:
    """``value`` None: not graded, or not fully."""

    value: float | None
    at: int
    comment: str = ""


@cache
def _pair() -> JWK:
    return JWK.from_pyca(rsa.generate_private_key(65537, 2048))


@dataclass
class SigningKey:
    kid: str
    key: JWK

    @classmethod
    def made(cls) -> SigningKey:
        return cls(secrets.token_hex(10), JWK.from_pyca(rsa.generate_private_key(65537, 2048)))

    @classmethod
    def first(cls) -> SigningKey:
        """With the pair of this process: to make one takes a while, and a twin guards nothing."""
        return cls(secrets.token_hex(10), _pair())

    def public(self) -> dict[str, Any]:
        return {**self.key.export_public(as_dict=True), "kid": self.kid, "alg": "RS256", "use": "sig"}


@dataclass
class Tools:
    """All that the platform knows. ``hints``: launches under way, each good once."""

    tools: dict[int, ExternalTool] = field(default_factory=dict)
    links: dict[int, ToolLink] = field(default_factory=dict)
    """By course module."""
    items: dict[int, LineItem] = field(default_factory=dict)
    scores: dict[tuple[int, int], Scored] = field(default_factory=dict)
    """By line item and person."""
    sessions: dict[str, int] = field(default_factory=dict)
    hints: dict[str, tuple[int, int, int, str, int]] = field(default_factory=dict)
    """Person, tool, course module, message and for whom, by launch id."""
    tokens: dict[str, tuple[int, frozenset[str], float]] = field(default_factory=dict)
    registrations: dict[str, float] = field(default_factory=dict)
    """Tokens of the links by which tools register, and until when they are good."""
    keys: list[SigningKey] = field(default_factory=lambda: [SigningKey.first()])
    received: list[tuple[int, int, float | None]] = field(default_factory=list)
    """Scores that were taken, in the order in which they came: line item, person and points."""
    down: bool = False
    """Whether services, tokens and keys are answered with 503."""
    loses_header: bool = False
    """Whether Apache keeps the header Authorization from PHP."""
    loses_answers: int = 0
    """So many scores more are taken, and the answer is an error."""
    page: int = 50
    """Members on one page of a roster."""
    _ids: Iterator[int] = field(default_factory=lambda: count(1))

    def next_id(self) -> int:
        return next(self._ids)

    @property
    def key(self) -> SigningKey:
        """The one that signs."""
        return self.keys[-1]

    def rotate(self) -> None:
        """A new key signs, and the old ones are withdrawn."""
        self.keys = [SigningKey.made()]

    def by_client(self, client_id: str) -> ExternalTool | None:
        return next((tool for tool in self.tools.values() if tool.client_id == client_id), None)

    def grant(self, tool: ExternalTool, scopes: frozenset[str]) -> str:
        token = secrets.token_hex(16)
        self.tokens[token] = (tool.id, scopes, time.time() + TOKEN_SECONDS)
        return token

    def granted(self, token: str, scope: str) -> ExternalTool | None:
        """Whose token this is, if it is good for this scope."""
        tool, scopes, until = self.tokens.get(token, (0, frozenset[str](), 0.0))
        return self.tools.get(tool) if scope in scopes and time.time() < until else None
