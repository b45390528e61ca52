"""Videos and what is made of them: lessons, media, who has watched how much; and the ports to where that is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from uuid import UUID

from connector.domain.activities import Activity
from connector.domain.assessments import Question
from connector.domain.learning_events import Actor, Event
from connector.domain.lti_scores import Scored
from connector.domain.multilang import Texts

PART = 8 * 1024 * 1024
"""Bytes of a part of an upload; the last one may be smaller. S3 takes none below 5 MiB."""
SEGMENT = 10
"""Seconds of a segment."""
TRIAL = "videos/check/connector-check"
"""What ``check`` begins."""
TRIES = 3
"""So often a video is begun to be transcoded whose process was killed meanwhile."""
ABANDONED = timedelta(days=2)
"""So long after its last part an upload can be taken up again."""

SLACK = 3.0
"""Seconds by which clocks of browsers, and what is on its way, may be off."""

Span = tuple[float, float]
"""From when to when, in seconds of a video."""


# ------------------------------------------------------------ lessons
@dataclass(frozen=True, slots=True)
class Chapter:
    at: float
    title: Texts


@dataclass(frozen=True, slots=True)
class Captions:
    """``text`` is WebVTT."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that is put when the video is there."""

    at: float
    question: Question


@dataclass(frozen=True, slots=True)
class Lesson:
    """``threshold``: the share that has to be watched; ``no_skip``: nobody jumps over what they have not watched.
    ``coming``: a video that takes the place of the other as soon as it is ready. ``certificate``: the code of the one
    that completing it earns, "" for none."""

    title: Texts
    description: Texts
    media_id: UUID | None = None
    coming: UUID | None = None
    chapters: Sequence[Chapter] = ()
    captions: Sequence[Captions] = ()
    questions: Sequence[Asked] = ()
    threshold: float = 0.9
    no_skip: bool = False
    speeds: Sequence[float] = (0.75, 1.0, 1.25, 1.5, 2.0)
    certificate: str = ""


# ------------------------------------------------------------ media
class MediaState(StrEnum):
    UPLOADING = "uploading"
    WAITING = "waiting"
    """All of it is there, and it waits to be transcoded."""
    WORKING = "working"
    READY = "ready"
    FAILED = "failed"
    REMOVING = "removing"
    """No lesson has it: its files go, and nobody gets it any more."""
    REMOVED = "removed"
    """Its files have gone; who has watched how much of it is kept."""


class Failure(StrEnum):
    """Why nothing can be made of an upload, as its author is told."""

    NO_VIDEO = "no_video"
    TOO_LONG = "too_long"
    TOO_WIDE = "too_wide"
    BROKEN = "broken"
    """It begins as a video does, and cannot be read to its end."""


class Unusable(Exception):
    """Nothing can be made of an upload."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Rendition:
    """A video of so many lines. ``segments``: name in the folder of the media, and seconds."""

    lines: int
    width: int
    bandwidth: int
    segments: Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Made:
    """What was made of an upload. Names are those of files in its folder, "" where there is none."""

    seconds: float
    renditions: Sequence[Rendition]
    whole: str = ""
    """An MP4, for browsers that know no HLS."""
    preview: str = ""
    thumbs: Sequence[str] = ()
    """Pictures at even distances, from the beginning on."""


@dataclass(frozen=True, slots=True)
class Media:
    """An uploaded video. ``upload`` is what the storage calls the upload under way; ``reference`` what the transcoder
    calls its work; ``tries``: how often it was begun."""

    media_id: UUID
    platform_id: int
    course: str
    name: str
    size: int
    state: MediaState
    upload: str = ""
    progress: float = 0.0
    reference: str = ""
    failure: Failure | None = None
    tries: int = 0
    made: Made | None = None

    @property
    def parts(self) -> int:
        """How many parts the upload has."""
        return -(-self.size // PART)

    def size_of(self, number: int) -> int:
        """Bytes of a part; parts are counted from 1."""
        return min(PART, self.size - (number - 1) * PART)

    @property
    def folder(self) -> str:
        return f"videos/{self.media_id}"

    @property
    def source(self) -> str:
        return f"{self.folder}/source"


class Uploads(Protocol):
    """Media of one site, as they are kept."""

    def media(self, media_id: UUID) -> Media | None: ...

    def unfinished(self, media: Media, by: str, now: datetime) -> Media | None:
        """An upload of the same file by the same person in the same course, broken off and now taken up again."""
        ...

    def begin(self, media: Media, by: str, now: datetime) -> None: ...

    def add_part(self, media_id: UUID, number: int, tag: str, now: datetime) -> None: ...

    def parts(self, media_id: UUID) -> Mapping[int, str]:
        """Those that are there, each with what the storage calls it."""
        ...

    def completed(self, media_id: UUID, now: datetime) -> None:
        """All of it is there: whoever transcodes is told."""
        ...

    def take(self, now: datetime) -> Media | None:
        """The next to be transcoded; first one whose work was broken off."""
        ...

    def progressed(self, media_id: UUID, progress: float, reference: str) -> None: ...

    def put_back(self, media_id: UUID) -> None:
        """The process was told to end: what it was at was not begun."""
        ...

    def ready(self, media_id: UUID, made: Made, now: datetime) -> None: ...

    def failed(self, media_id: UUID, failure: Failure, now: datetime) -> None: ...

    def abandoned(self, before: datetime) -> Sequence[Media]:
        """Uploads of which nothing has come since."""
        ...

    def forget(self, media_id: UUID) -> None: ...

    def count_unneeded(self, before: datetime, now: datetime) -> int:
        """How many ``unneeded`` and ``originals`` would give; nothing is changed."""
        ...

    def unneeded(self, before: datetime, now: datetime) -> Sequence[Media]:
        """Those that no lesson has had since, and nobody has watched since: they are removed from now on. One that no
        lesson has is noted first."""
        ...

    def removed(self, media_id: UUID) -> None:
        """Its files have gone."""
        ...

    def originals(self, before: datetime) -> Sequence[Media]:
        """Of which all was made, or nothing can be, and the file is there yet that was uploaded."""
        ...

    def original_is_gone(self, media_id: UUID) -> None: ...


class MediaStore(Protocol):
    """Where videos lie. Raises the error tree where it cannot be used."""

    def begin(self, name: str) -> str:
        """Begin to take a file in parts; gives by what the upload is known."""
        ...

    def add(self, name: str, upload: str, number: int, content: bytes) -> str:
        """A part, in whatever order and as often as it comes; gives by what it is known."""
        ...

    def complete(self, name: str, upload: str, tags: Mapping[int, str]) -> None: ...

    def abandon(self, name: str, upload: str) -> None: ...

    def size(self, name: str) -> int | None:
        """Bytes of a file; None where there is none."""
        ...

    def read(self, name: str, first: int, last: int) -> Iterator[bytes]:
        """These bytes of a file, both ends included, a piece at a time."""
        ...

    def local(self, name: str) -> AbstractContextManager[Path]:
        """The file as one of this computer, while the block lasts."""
        ...

    def take(self, name: str, path: Path) -> None:
        """Keep a file of this computer, whole or not at all."""
        ...

    def delete(self, name: str) -> None: ...

    def delete_folder(self, name: str) -> None:
        """All files whose names begin with this one and a slash."""
        ...

    def check(self) -> str:
        """Begin an upload there and give it up; gives where that is."""
        ...


Told = Callable[[float, str], None]
"""Is told the share that is done, and the transcoder's reference; raises Stopped where the process is to end."""


class Transcoder(Protocol):
    def make(self, media: Media, told: Told) -> Made:
        """Make of an upload what players need; goes on where ``media.reference`` tells of work under way.

        Raises Unusable where nothing can be made of it, and the error tree.
        """
        ...

    def check(self) -> str:
        """Gives by what is transcoded. Raises SettingsError where that is not there."""
        ...


# ------------------------------------------------------------ watching
@dataclass(frozen=True, slots=True)
class Viewing:
    """How much somebody has watched. ``watched`` does not overlap; ``heat``: how often each hundredth was watched;
    ``answers``: by question what was answered, and the share of it that is right. ``credit``: seconds that could have
    been watched by ``reported_at``, and were not. ``link``: in which activity, where several are looked at."""

    view_id: int
    version: int
    watched: Sequence[Span]
    heat: Sequence[float]
    position: float
    share: float
    answers: Mapping[str, Mapping[str, object]]
    reported_at: datetime
    credit: float
    completed_at: datetime | None
    name: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who watches what in which activity. ``line_item`` "": nothing is graded; ``trial``: by who teaches, to
    see how it is; it counts nowhere."""

    actor: Actor
    name: str
    line_item: str
    content_id: UUID
    version: int
    media_id: UUID
    trial: bool = False
    link_title: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """What somebody had watched when nothing came any more, ``position`` being where, and ``at`` when that was."""

    actor: Actor
    watched: Sequence[Span]
    position: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Watched:
    """How a lesson was watched: by how many people, and which share of it, on average; None where nobody has."""

    content_id: UUID
    title: Texts
    people: int
    completed: int
    share: float | None


@dataclass(frozen=True, slots=True)
class Audience:
    """How many people of a course have begun and completed a video, each once, in how many ``viewings``, one for each
    activity of somebody, and the ``heats`` of those that were last watched."""

    people: int
    completed: int
    viewings: int
    heats: Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change of a viewing has come to: what is told, and what the gradebook is to have, None for nothing."""

    at: datetime
    events: Sequence[Event] = ()
    told: Scored | None = None


Outcomes = Callable[[Viewing, Viewing], Outcome | None]
"""Of a viewing before and after; None where nothing comes of it."""


def nothing(_before: Viewing, _after: Viewing) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Use:
    """By how many people a lesson was begun, and in how many courses."""

    people: int
    courses: int


class Viewings(Protocol):
    """Who has watched how much, on one site."""

    def use(self, content_id: UUID) -> Use:
        """Trials do not count."""
        ...

    def open(self, viewer: Viewer, now: datetime, *begun: Event) -> Viewing:
        """The viewing of somebody; ``begun`` is told with it where it has just begun. Time in which it was not open
        gives no credit. Whoever learns and tries it out, too, has one for each."""
        ...

    def find(self, viewer: Viewer) -> Viewing | None:
        """The viewing of somebody as it is; None where it was not opened."""
        ...

    def alter(
        self, viewer: Viewer, change: Callable[[Viewing], Viewing], outcome: Outcomes = nothing
    ) -> Viewing | None:
        """Change it, nobody else meanwhile, and keep what comes of that with it, or neither; None where it was not
        opened."""
        ...

    def tell_left(self, before: datetime, left: Callable[[Left], Event], most: int) -> int:
        """Of viewings of which more was watched than was told, and nothing has come since, tell what ``left`` makes
        of it; gives how many."""
        ...

    def audience(self, content_id: UUID, media_id: UUID, platform_id: int, course: str, most: int) -> Audience:
        """Of one course, but trials; with so many heats at most."""
        ...

    def of_course(
        self, content_id: UUID, media_id: UUID, platform_id: int, course: str, most: int, first: int
    ) -> Sequence[Viewing]:
        """Of one course, but trials, by name: ``most`` of them, from place ``first`` on, counted from 0."""
        ...

    def activities(self, content_id: UUID, media_id: UUID, platform_id: int, course: str) -> Mapping[str, Activity]:
        """Those of one course in which it was watched, but trials, by their links."""
        ...

    def in_course(self, platform_id: int, course: str) -> Sequence[Watched]:
        """How lessons were watched that have an activity in a course, or were watched there."""
        ...
