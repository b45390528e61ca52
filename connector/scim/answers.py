"""What a client is answered: a status, a body and headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scim2_models import Error, PreconditionFailedException, SCIMException

from connector.domain.scim import Entry
from connector.scim.resources import version

MEDIA_TYPE = "application/scim+json"


@dataclass(frozen=True, slots=True)
class Answer:
    """``body`` None is an answer without one."""

    status: int
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Conditions:
    """The headers If-Match and If-None-Match; None where they are absent (RFC 7644, 3.14; RFC 9110, 13.1)."""

    match: str | None = None
    none_match: str | None = None

    def check(self, entry: Entry) -> None:
        """Raises PreconditionFailedException where a change must not be made."""
        if self.match is not None and not _names(self.match, entry):
            raise PreconditionFailedException(detail="The resource has changed meanwhile: read it again.")
        if self.none_match is not None and _names(self.none_match, entry):
            raise PreconditionFailedException(detail="The resource is still of a version that If-None-Match names.")

    def unchanged(self, entry: Entry) -> bool:
        """Whether the client has this version already."""
        return self.none_match is not None and _names(self.none_match, entry)


def failure(status: int, detail: str, scim_type: str | None = None) -> Answer:
    """An error in the form of RFC 7644, 3.12."""
    body = Error(status=status, scim_type=scim_type, detail=detail).model_dump()
    return Answer(status, body)


def failure_of(error: SCIMException) -> Answer:
    told = error.to_error()
    return Answer(told.status or 400, told.model_dump())


def _names(header: str, entry: Entry) -> bool:
    """Whether a header names the version of this entry; tags are compared weakly."""
    tags = [tag.strip() for tag in header.split(",")]
    return "*" in tags or any(tag.removeprefix("W/") == version(entry).removeprefix("W/") for tag in tags)
