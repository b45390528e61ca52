"""What happens in launched content, in the words of xAPI and of its video profile.

Sources: the ADL registry of verbs (``http://adlnet.gov/expapi/verbs/…``) and the xAPI Video Profile 1.0
(``https://w3id.org/xapi/video/verbs/…``); a verb is kept as the last part of its address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class Verb(StrEnum):
    LAUNCHED = "launched"
    INITIALIZED = "initialized"
    """An attempt, or the playing of a video, has begun."""
    ANSWERED = "answered"
    COMPLETED = "completed"
    """Submitted, or watched as far as is asked for."""
    SCORED = "scored"
    PASSED = "passed"
    FAILED = "failed"
    PLAYED = "played"
    PAUSED = "paused"
    SEEKED = "seeked"
    TERMINATED = "terminated"
    VOIDED = "voided"
    """An attempt counts no more: who teaches has discarded it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who, and in which activity of which platform, as a launch has told. ``person_id`` None: it is not known which
    person of HR it is. ``content``: the id of content, or its kind where there is one only."""

    platform_id: int
    course: str
    link: str
    subject: str
    person_id: int | None
    content: str

    def is_same(self, other: Actor) -> bool:
        """Whether it is the same account in the same activity; who of HR it is may have become known meanwhile."""
        return (self.platform_id, self.link, self.subject) == (other.platform_id, other.link, other.subject)


@dataclass(frozen=True, slots=True)
class Event:
    """``object`` is what within the content, such as a question; ``result`` is as the verb has it: ``percent``,
    ``seconds``, ``share``, and of a video ``time`` and ``length`` in seconds."""

    actor: Actor
    verb: Verb
    attempt_id: int | None = None
    object: str = ""
    result: Mapping[str, Any] | None = None


class Events(Protocol):
    """Where events of one site are put, from where they become facts."""

    def tell(self, *events: Event) -> None:
        """Tell what is kept already, best in the same transaction: facts are made of an attempt as it is then, and
        anew when ``scored`` tells of a later result, or that there is none any more.

        ``seconds`` of a video is how much of it was watched until then: time spent is made of it.
        """
        ...
