"""What pages are told at once: words to rooms. The truth stays where it is kept; a word says that it is worth asking.

Rooms are digests, and a word holds ids and numbers only, so that nothing of a person passes by.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

from connector.domain.learning_events import Actor, Event, Verb

LONGEST = 100
"""Letters of a text in a word: PostgreSQL takes less than 8,000 bytes."""
FOR_TEACHERS = frozenset({Verb.INITIALIZED, Verb.ANSWERED, Verb.COMPLETED, Verb.SCORED, Verb.VOIDED})
"""Of what happens in content: begun, answered, submitted, marked, discarded."""
PROGRESSED = "progressed"
"""What teachers hear where somebody has got on within content, and no verb tells so."""


PACE = 20
"""Pages that ask in a second, at most, of those that are told together that their learning stands otherwise."""
SPREAD = 300.0
"""Seconds within which they ask where so many are told that nobody is named."""


class Kind(StrEnum):
    SCORE = "score"
    """A score of mine was given, or something has become of it on its way to the gradebook."""
    PROGRESS = "progress"
    """Of a long work that somebody waits for, in percent."""
    EVENT = "event"
    """Something has happened in the course, for those who teach there."""
    NOTICE = "notice"
    """Something of mine has changed: on another screen, or a certificate."""
    LEARNING = "learning"
    """What is known of my learning, or of that of people whom I lead, is otherwise since Moodle was read."""


class OnItsWay(StrEnum):
    """What has become of a score on its way to the gradebook."""

    PUT = "put"
    ARRIVED = "arrived"
    WAITS = "waits"
    """It is sent again by itself."""
    REFUSED = "refused"


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


def person(person_id: int) -> str:
    """The room of one person of HR, from whatever platform they were launched."""
    return _room("person", str(person_id))


def people() -> str:
    """The room of all whom HR names."""
    return _room("people")


def rooms_of(actor: Actor, *, teaches: bool) -> list[str]:
    """Where somebody who was launched hears: nobody asks to be let in."""
    rooms = [learner(actor.platform_id, actor.subject)]
    if actor.person_id is not None:
        rooms += [person(actor.person_id), people()]
    if actor.content:
        rooms.append(openers(actor.platform_id, actor.content))
    if teaches and actor.course:
        rooms.append(teachers(actor.platform_id, actor.course))
    return rooms


def of_event(event: Event) -> list[Word]:
    """Who is told of what has happened in content."""
    if event.verb not in FOR_TEACHERS:
        return []
    where = _where(event.actor) if event.attempt_id is None else {**_where(event.actor), "attempt": event.attempt_id}
    own = learner(event.actor.platform_id, event.actor.subject)
    if event.verb is Verb.SCORED:
        mine = Word(Kind.SCORE, own, {"state": "marked", **where})
    else:
        about = "discarded" if event.verb is Verb.VOIDED else "progress"
        mine = Word(Kind.NOTICE, own, {"about": about, **where})
    return [*_for_teachers(event.actor, event.verb.value, where), mine]


def progressed(actor: Actor, *, trial: bool) -> list[Word]:
    """Somebody has got on: their other screens are told, and who teaches, unless it was to try it out."""
    where = _where(actor)
    mine = Word(Kind.NOTICE, learner(actor.platform_id, actor.subject), {"about": "progress", **where})
    return [mine] if trial else [*_for_teachers(actor, PROGRESSED, where), mine]


def handed_in(actor: Actor) -> Word:
    """Somebody has handed a file in, or taken one back: their other screens are told."""
    return Word(Kind.NOTICE, learner(actor.platform_id, actor.subject), {"about": "files", **_where(actor)})


def allowed(actor: Actor) -> Word:
    """Somebody is allowed more, or less: how long their attempt goes on, and whether they have one left."""
    return Word(Kind.NOTICE, learner(actor.platform_id, actor.subject), {"about": "allowance", **_where(actor)})


def on_its_way(platform_id: int, subject: str, state: OnItsWay) -> Word:
    """What has become of a score of somebody."""
    return Word(Kind.SCORE, learner(platform_id, subject), {"state": state.value})


def certificate(person_id: int) -> Word:
    """A certificate of somebody was issued or revoked, or something has become of its file."""
    return Word(Kind.NOTICE, person(person_id), {"about": "certificate"})


def learned(person_ids: Collection[int] | None) -> list[Word]:
    """What is known of the learning of these people is otherwise; None: of so many that nobody is named.

    However many they are, their pages do not ask in the same second, but each at some moment ``within`` that time.
    """
    if person_ids is None:
        return [Word(Kind.LEARNING, people(), {"within": SPREAD})]
    within = len(person_ids) / PACE
    return [Word(Kind.LEARNING, person(one), {"within": within}) for one in person_ids]


def transcoding(platform_id: int, course: str, share: float) -> Word:
    """How far a video is that was uploaded in a course."""
    return progress(teachers(platform_id, course), "transcoding", 100 * share)


def progress(room: str, work: str, percent: float, content: str = "") -> Word:
    """How far a work is, such as ``transcoding``, which goes on with this content."""
    within = round(min(max(percent, 0), 100), 1)
    return Word(Kind.PROGRESS, room, {"work": work, "percent": within, "content": content})


def _where(actor: Actor) -> dict[str, str | float]:
    return {"content": actor.content, "link": actor.link}


def _for_teachers(actor: Actor, verb: str, where: Mapping[str, str | float]) -> list[Word]:
    room = teachers(actor.platform_id, actor.course)
    return [Word(Kind.EVENT, room, {"verb": verb, **where})] if actor.course else []


def _room(*parts: str) -> str:
    return sha256("\x00".join(parts).encode()).hexdigest()[:32]
