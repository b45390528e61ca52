"""What pages are told at once: words to rooms. The truth stays where it is kept; a word says that it is worth asking.

Rooms are digests, and a word holds ids and numbers only, so that nothing of a person passes by.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

from connector.domain.learning_events import Actor, Event, Verb

LONGEST = 100
"""Letters of a text in a word: PostgreSQL takes less than 8,000 bytes."""
FOR_TEACHERS = frozenset({Verb.INITIALIZED, Verb.ANSWERED, Verb.COMPLETED, Verb.SCORED})
"""Of what happens in content: begun, answered, submitted, marked."""


class Kind(StrEnum):
    SCORE = "score"
    """A score of mine was given, or has arrived in the gradebook."""
    PROGRESS = "progress"
    """Of a long work that somebody waits for, in percent."""
    EVENT = "event"
    """Something has happened in the course, for those who teach there."""
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Word:
    kind: Kind
    room: str
    what: Mapping[str, str | float]

    def written(self) -> str:
        """As JSON; texts that are too long are cut."""
        short = {name: one[:LONGEST] if isinstance(one, str) else one for name, one in self.what.items()}
        return json.dumps([self.kind.value, self.room, short], ensure_ascii=False, separators=(",", ":"))


class Words(Protocol):
    """How pages are told."""

    def tell(self, *words: Word) -> None: ...


def read(text: str) -> Word | None:
    """A word that was ``written``; None for anything else."""
    try:
        kind, room, what = json.loads(text)
        return Word(Kind(kind), str(room), dict(what))
    except (ValueError, TypeError):
        return None


def learner(platform_id: int, subject: str) -> str:
    """The room of one person's pages."""
    return _room("learner", str(platform_id), subject)


def teachers(platform_id: int, course: str) -> str:
    """The room of those who teach in a course."""
    return _room("teachers", str(platform_id), course)


def openers(platform_id: int, content: str) -> str:
    """The room of all who have this content open."""
    return _room("openers", str(platform_id), content)


def rooms_of(actor: Actor, *, teaches: bool) -> list[str]:
    """Where somebody who was launched hears: nobody asks to be let in."""
    rooms = [learner(actor.platform_id, actor.subject)]
    if actor.content:
        rooms.append(openers(actor.platform_id, actor.content))
    if teaches and actor.course:
        rooms.append(teachers(actor.platform_id, actor.course))
    return rooms


def of_event(event: Event) -> list[Word]:
    """Who is told of what has happened in content."""
    if event.verb not in FOR_TEACHERS:
        return []
    actor = event.actor
    where: dict[str, str | float] = {"content": actor.content, "link": actor.link}
    if event.attempt_id is not None:
        where["attempt"] = event.attempt_id
    words = []
    if actor.course:
        what = {"verb": event.verb.value, **where}
        words.append(Word(Kind.EVENT, teachers(actor.platform_id, actor.course), what))
    if event.verb is Verb.SCORED:
        words.append(Word(Kind.SCORE, learner(actor.platform_id, actor.subject), {"state": "marked", **where}))
    return words


def arrived(platform_id: int, subject: str) -> Word:
    """A score of somebody is in the gradebook."""
    return Word(Kind.SCORE, learner(platform_id, subject), {"state": "arrived"})


def progress(room: str, work: str, percent: float, content: str = "") -> Word:
    """How far a work is, such as ``transcoding``, which goes on with this content."""
    within = round(min(max(percent, 0), 100), 1)
    return Word(Kind.PROGRESS, room, {"work": work, "percent": within, "content": content})


def _room(*parts: str) -> str:
    return sha256("\x00".join(parts).encode()).hexdigest()[:32]
