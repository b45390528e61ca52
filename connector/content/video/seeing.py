"""A lesson as who watches it has it: whether its video is there, who watches, and for how long its files are open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from connector.content.launched import actor_of, line_item_of
from connector.content.video.learning import completed
from connector.content.video.lessons import read
from connector.content.video.watching import NOTHING, NOTHING_SHARE, frontier
from connector.domain.contents import Content
from connector.domain.errors import LaunchRefused
from connector.domain.lti import LaunchSession, Trouble
from connector.domain.videos import Lesson, Made, Media, MediaState, Viewer, Viewing

LOOK_BACK = 3.0
"""Seconds before the end of a video to which one goes back, where a question waits there."""
AT = "/lti/media"
"""Below it files are, by addresses that are signed."""


class KnownMedia(Protocol):
    def media(self, media_id: UUID) -> Media | None: ...


class Tickets(Protocol):
    def ticket(self, media_id: UUID, session_id: int, session_ends: datetime, now: datetime) -> str: ...


@dataclass(frozen=True, slots=True)
class Seen:
    """A lesson that can be watched."""

    content: Content
    lesson: Lesson
    media_id: UUID
    made: Made


@dataclass(frozen=True, slots=True)
class Seeing:
    """Lessons, and where their files are for minutes."""

    known: KnownMedia
    tickets: Tickets
    clock: Callable[[], datetime]

    def ready(self, lesson: Lesson) -> Media | None:
        """The video of a lesson: a new one is watched once it is ready, and until then the one before it."""
        for media_id in (lesson.coming, lesson.media_id):
            media = self.known.media(media_id) if media_id else None
            if media is not None and media.state is MediaState.READY:
                return media
        return None

    def seen(self, content: Content) -> Seen | None:
        """None where its video is not there yet."""
        lesson = read(content.body)
        media = self.ready(lesson)
        return Seen(content, lesson, media.media_id, media.made) if media is not None and media.made else None

    def to_watch(self, content: Content) -> Seen:
        """Raises LaunchRefused where its video is not there yet."""
        found = self.seen(content)
        if found is None:
            raise LaunchRefused("The video is not ready.", Trouble.GONE)
        return found

    def base(self, session: LaunchSession, media_id: UUID) -> str:
        """Where the files of a media are, for minutes."""
        return f"{AT}/{self.tickets.ticket(media_id, session.session_id, session.ends_at, self.clock())}/"


def viewer_of(session: LaunchSession, found: Seen) -> Viewer:
    launch = session.launch
    line_item = "" if launch.teaches else line_item_of(session)
    named = (found.content.content_id, found.content.version, found.media_id)
    title = launch.link.title if launch.link else ""
    return Viewer(actor_of(session), launch.name, line_item, *named, trial=launch.teaches, link_title=title)


def replaced(media: UUID | None, found: Seen) -> bool:
    """Whether another video has taken the place of the one that somebody has; None: they do not say."""
    return media is not None and media != found.media_id


def goes_on_at(found: Seen, viewing: Viewing) -> float:
    """Where somebody goes on. Who was at the end begins anew or, where a question waits there, just before it."""
    length = found.made.seconds
    if viewing.position < length - min(NOTHING, NOTHING_SHARE * length):
        return viewing.position
    asked = {one.question.question_id for one in found.lesson.questions}
    return 0.0 if asked <= set(viewing.answers) else max(0.0, length - LOOK_BACK)


def watching(found: Seen, viewing: Viewing) -> Mapping[str, object]:
    """How somebody stands with a lesson."""
    return {
        "position": goes_on_at(found, viewing),
        "frontier": frontier(viewing.watched),
        "share": viewing.share,
        "answered": sorted(viewing.answers),
        "completed": completed(found.lesson, viewing) or viewing.completed_at is not None,
    }
