"""Content that is made here and launched: its kinds, its versions, and the port to where it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from connector.domain.multilang import Texts


class ContentKind(StrEnum):
    ASSESSMENT = "assessment"
    BANK = "bank"
    """Questions from which assessments draw; it is not launched."""
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Maker:
    """Who makes or changes content, and in which course of which platform, as a launch has told."""

    platform_id: int
    course: str
    subject: str


@dataclass(frozen=True, slots=True)
class Content:
    """Content in one of its versions. ``body`` is what its kind makes of it, and has a ``title`` by language;
    ``changes`` counts changes of this version; ``platform_id`` and ``course`` are where it was made."""

    content_id: UUID
    kind: ContentKind
    platform_id: int
    course: str
    version: int
    changes: int
    body: Mapping[str, Any]
    changed_at: datetime

    @property
    def title(self) -> Texts:
        """As far as it can be read: none of a body that is not as it was written."""
        said = self.body.get("title") if isinstance(self.body, Mapping) else None
        texts = said if isinstance(said, Mapping) else {}
        return {tag: text for tag, text in texts.items() if isinstance(text, str)}

    def is_of(self, maker: Maker) -> bool:
        """Whether it was made in the course in which somebody teaches."""
        return (self.platform_id, self.course) == (maker.platform_id, maker.course)


class Contents(Protocol):
    """Content of one site."""

    def newest(self, content_id: UUID) -> Content | None:
        """As it is now; None where there is none, or it was ended."""
        ...

    def version(self, content_id: UUID, version: int) -> Content:
        """As it was, whether it was ended or not. Raises Unreadable where it is not there any more."""
        ...

    def of_course(self, platform_id: int, course: str) -> Sequence[Content]:
        """What was made in a course, as it is now, by when it was changed, the newest first."""
        ...

    def make(self, kind: ContentKind, body: Mapping[str, Any], maker: Maker, now: datetime) -> Content: ...

    def change(self, before: Content, body: Mapping[str, Any], by: str, now: datetime) -> Content | None:
        """Change what somebody has seen as ``before``; a version that is in use stays, and the next is begun.

        None, and nothing done, where somebody else has changed it since.
        """
        ...

    def place(self, content_id: UUID, platform_id: int, course: str, now: datetime) -> None:
        """It has an activity in a course, and is work of that course from now on."""
        ...

    def end(self, content_id: UUID, now: datetime) -> None: ...
