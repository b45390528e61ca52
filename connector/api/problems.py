"""Everything that can be wrong with a request, as problem details (RFC 9457). One tree: the class says what it is.

Problem
├── WrongParameter   400  a parameter is unknown, given twice, or no value that can be
├── NoGoodToken      401  no token, or one that is no longer good
├── NotAllowed       403  the token lacks a scope, or this is not for whoever brings it
├── NothingThere     404  no such address, unit, course or certificate, or not in sight
├── NotSupported     405  a method that this address does not have
├── NotNow           409  not as things stand: it is over, was changed, or was not begun
├── NotReadable      410  content that is there, and cannot be read any more: asked again it is no other
├── WrongBody        422  what was sent is not what is asked for
├── TooManyRequests  429  wait
├── Mistaken         500  a mistake of ours
└── NotAvailable     503  the database does not answer
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from connector.domain.errors import LaunchRefused
from connector.domain.lti import Trouble

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """``code`` names the kind: the page of the API has a heading of this name."""

    status: ClassVar[int]
    code: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more

    def body(self, base: str) -> dict[str, Any]:
        """As JSON; ``base`` is the path of the API."""
        told = {"type": f"{base}/docs#{self.code}", "title": self.title, "status": self.status, "detail": self.detail}
        return {**told, **self.more}


class WrongParameter(Problem):
    """``errors`` names each parameter with what is wrong."""

    status, code, title = 400, "wrong-parameter", "A parameter is wrong"

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        told = [{"parameter": name, "reason": reason} for name, reason in errors]
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in errors), errors=told)


class NoGoodToken(Problem):
    status, code, title = 401, "no-good-token", "A good token is needed"

    def __init__(self, *, given: bool) -> None:
        error = ', error="invalid_token"' if given else ""
        super().__init__(
            "Send a good token in the header Authorization: Bearer TOKEN.",
            headers={"WWW-Authenticate": f'Bearer realm="api"{error}'},
        )


class NotAllowed(Problem):
    status, code, title = 403, "not-allowed", "The token may not ask this"

    @classmethod
    def without(cls, scope: str) -> NotAllowed:
        """A token of the API lacks a scope."""
        challenge = f'Bearer realm="api", error="insufficient_scope", scope="{scope}"'
        return cls(f"It lacks the scope {scope}.", headers={"WWW-Authenticate": challenge}, scope=scope)


class NothingThere(Problem):
    status, code, title = 404, "nothing-there", "There is nothing here"


class NotSupported(Problem):
    status, code, title = 405, "not-supported", "This cannot be done here"

    def __init__(self, allowed: Sequence[str] = ("GET", "HEAD")) -> None:
        super().__init__(f"Ask by {' or '.join(allowed)}.", headers={"Allow": ", ".join(allowed)})


class NotNow(Problem):
    status, code, title = 409, "not-now", "Not as things stand"


class NotReadable(Problem):
    status, code, title = 410, "not-readable", "It cannot be read any more"

    def __init__(self) -> None:
        super().__init__(
            "This content was changed by hand, or by a newer release. What was answered is kept. Tell whoever runs "
            "this server, with the X-Request-ID of this answer."
        )


class WrongBody(Problem):
    """``errors`` names each place in the body with what is wrong there."""

    status, code, title = 422, "wrong-body", "What was sent is wrong"

    def __init__(self, detail: str, errors: Sequence[tuple[str, str]] = ()) -> None:
        told = [{"parameter": name, "reason": reason} for name, reason in errors]
        super().__init__(detail or "; ".join(f"{name}: {reason}" for name, reason in errors), errors=told)


class TooManyRequests(Problem):
    status, code, title = 429, "too-many-requests", "Too many requests"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Ask again in {seconds} seconds.", headers={"Retry-After": str(seconds)})


class Mistaken(Problem):
    status, code, title = 500, "mistaken", "The server has made a mistake"

    def __init__(self) -> None:
        super().__init__("It has been noted. Tell whoever runs this server, with the X-Request-ID of this answer.")


class NotAvailable(Problem):
    status, code, title = 503, "not-available", "Not available now"

    def __init__(self) -> None:
        super().__init__("Try again later.", headers={"Retry-After": "30"})


PROBLEMS: tuple[type[Problem], ...] = (
    WrongParameter, NoGoodToken, NotAllowed, NothingThere, NotSupported, NotNow, NotReadable, WrongBody,
    TooManyRequests, Mistaken, NotAvailable,
)  # fmt: skip


def refused(error: LaunchRefused) -> Problem:
    """What launched content refuses, as the API tells it."""
    trouble = Trouble(error.code)
    if trouble in (Trouble.UNTRUSTED, Trouble.OVER):
        return NoGoodToken(given=True)
    if trouble is Trouble.MALFORMED:
        return WrongBody(str(error))
    kinds: Mapping[Trouble, type[Problem]] = {Trouble.NOT_ALLOWED: NotAllowed, Trouble.GONE: NothingThere}
    return kinds.get(trouble, NotNow)(str(error))
