"""Attempts at assessments as they are kept, and the port to where that is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from connector.domain.assessments import Answer, Policy
from connector.domain.contents import Content
from connector.domain.learning_events import Actor, Event
from connector.domain.lti_scores import Scored

Versions = Mapping[str, int]
"""Versions of content, by its id."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What an attempt asks: of which versions of an assessment and of its banks, which questions, in their order."""

    version: int
    banks: Versions
    questions: Sequence[str]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A paper, and what it was drawn from as that was read: the assessment first, then its banks."""

    paper: Paper
    seen: Sequence[Content]


LONGEST_WHY = 1000
"""Characters."""


@dataclass(frozen=True, slots=True)
class Discard:
    """Who took an attempt out of all that counts, why and when; ``by`` is the platform's subject."""

    by: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """``marked_version`` and ``marked_banks`` are what it is marked by, which are later ones after a regrade.

    ``percent`` and ``passed`` are None while it is open, or something waits to be marked. ``ends_at`` is by the clock
    of this service. ``trial``: begun by who teaches, to see how it is; it counts nowhere. ``launched_at`` is
    that of the launch in which it was begun; None of attempts from before that was kept. ``archived``: what was
    answered is not kept any more, and the result stays as it is. ``discard``: it is kept, and counts nowhere.
    """

    attempt_id: int
    actor: Actor
    content_id: UUID
    number: int
    paper: Paper
    marked_version: int
    marked_banks: Versions
    line_item: str
    trial: bool
    launched_at: datetime | None
    started_at: datetime
    ends_at: datetime | None
    submitted_at: datetime | None
    percent: float | None
    passed: bool | None
    settled_at: datetime | None
    archived: bool = False
    discard: Discard | None = None

    def is_open(self, now: datetime) -> bool:
        return self.submitted_at is None and self.discard is None and (self.ends_at is None or now < self.ends_at)

    @property
    def seconds(self) -> float | None:
        return (self.submitted_at - self.started_at).total_seconds() if self.submitted_at else None


@dataclass(frozen=True, slots=True)
class Newest:
    """By what attempts at some content are marked now: its version, and that of each bank from which any was drawn."""

    content_id: UUID
    version: int
    banks: Versions

    def on(self, attempt: Attempt) -> Attempt:
        """An attempt that is marked by these, or by what came later. Of a bank that is not there any more the version
        stays."""
        banks = {key: max(before, self.banks.get(key, before)) for key, before in attempt.marked_banks.items()}
        return replace(attempt, marked_version=max(attempt.marked_version, self.version), marked_banks=banks)

    def marks(self, attempt: Attempt) -> bool:
        """Whether an attempt is marked by these already."""
        return self.on(attempt) == attempt


@dataclass(frozen=True, slots=True)
class Result:
    """What an attempt has come to, without what was asked in it: of everybody in a course at one go. ``policy`` and
    ``pass_mark`` are of the version by which it is marked."""

    attempt_id: int
    link: str
    subject: str
    person_id: int | None
    number: int
    started_at: datetime
    submitted_at: datetime | None
    percent: float | None
    passed: bool | None
    policy: Policy
    pass_mark: float
    archived: bool = False
    link_title: str = ""

    @property
    def seconds(self) -> float | None:
        return (self.submitted_at - self.started_at).total_seconds() if self.submitted_at else None


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of saving an answer. ``place`` is that of what stands there now."""

    open: bool
    place: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt has come to; ``told`` is what the gradebook is to have, None where there is none.

    ``earns``: what counts of all attempts is a pass.
    """

    percent: float | None
    passed: bool | None
    earns: bool = False
    events: Sequence[Event] = ()
    told: Scored | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """What somebody comes to without an attempt that is discarded; ``told`` as the gradebook is to have it, None where
    that is not another score. ``earns``: it is a pass."""

    told: Scored | None
    earns: bool


Leaving = Callable[[Sequence[Attempt], Attempt], Left]
"""From all that somebody has tried in an activity, and which of these is discarded."""

Finding = Callable[[Attempt, Sequence[Attempt], Mapping[str, Answer]], Outcome]
"""What an attempt comes to, by all of this person in this activity, and by what was answered in it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """``share`` from 0 to 1; ``by`` is the platform's subject of who gave it."""

    question_id: str
    share: float
    comment: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file that somebody handed in for a question. ``size`` in bytes; ``place`` is its name in the storage."""

    file_id: UUID
    attempt_id: int
    question_id: str
    name: str
    media_type: str
    size: int
    place: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Begun:
    """Who begins an attempt after how many that count, launched when, where its score goes, and what the activity is
    called."""

    actor: Actor
    after: int
    line_item: str
    trial: bool
    launched_at: datetime
    at: datetime
    link_title: str = ""


class Attempts(Protocol):
    """Attempts at the content of one site. What was discarded is among none of several, but where that is said."""

    def of(self, content_id: UUID, actor: Actor, *, trial: bool) -> Sequence[Attempt]:
        """Those of one person in one activity, in their order: as a learner, or to see how it is."""
        ...

    def one(self, attempt_id: int) -> Attempt | None:
        """Also one that was discarded."""
        ...

    def discarded(self, content_id: UUID, platform_id: int, course: str, most: int) -> Sequence[Attempt]:
        """What was discarded in a course last, the newest first."""
        ...

    def discarded_of(self, content_id: UUID, actor: Actor) -> Sequence[Attempt]:
        """What was discarded of one person in one activity, in order."""
        ...

    def discard(self, attempt: Attempt, discard: Discard, find: Leaving) -> bool:
        """Take an attempt out of all that counts, tell so, and send what counts now: all of it or nothing. Nobody
        finds results of this person and activity meanwhile. False, and nothing done, where it was discarded before, or
        its person was erased."""
        ...

    def results(self, content_id: UUID, platform_id: int, course: str) -> Sequence[Result]:
        """All of one course but trials, those of one person in one activity together and in their order."""
        ...

    def scored(self, content_id: UUID, platform_id: int, course: str, most: int) -> Sequence[Attempt]:
        """The newest of one course, but trials, that were marked and whose answers are kept."""
        ...

    def start(self, drawn: Drawn, begun: Begun) -> int | None:
        """The id of the attempt; what it was drawn from is used from now on, and stays as it is. It ends by the
        minutes of its version, and those that its person is allowed beyond.

        None, and nothing done, where one is open or more count than were looked up, or assessment or bank were changed
        since.
        """
        ...

    def answers(self, attempt_id: int) -> Mapping[str, Answer]:
        """What was answered, with the marks that were given by hand."""
        ...

    def answers_of(self, attempt_ids: Sequence[int]) -> Mapping[int, Mapping[str, Answer]]: ...

    def places(self, attempt_id: int) -> int:
        """The highest place of an answer, 0 where there is none."""
        ...

    def save(self, attempt: Attempt, answer: Answer, place: int, now: datetime, by: datetime) -> Saved:
        """Keep an answer given at ``now``, while the attempt did not end before ``by``."""
        ...

    def evidence(self, attempt_id: int) -> Sequence[Evidence]:
        """In the order in which it was handed in."""
        ...

    def handed_in(self, actor: Actor) -> int:
        """Bytes that are kept of a person, in all activities of the platform."""
        ...

    def hand_in(self, actor: Actor, evidence: Evidence, by: datetime, most: int, room: int) -> bool:
        """Keep where a file lies; False, and nothing done, where the attempt ended before ``by`` or has so many for
        this question, or the person more than so many bytes with it. Files of one person come one after the other."""
        ...

    def take_back(self, attempt: Attempt, file_id: UUID) -> Evidence | None:
        """Forget a file of an attempt that is open; None where there is none."""
        ...

    def submit(self, attempt: Attempt, now: datetime, before: datetime | None = None) -> bool:
        """End an attempt, no later than its time was over, and tell so; False where it was submitted before. With
        ``before`` by the clock: False, and nothing done, where its time was not over then."""
        ...

    def as_marked(self, attempt: Attempt) -> Attempt:
        """An attempt as it is marked once its result is found: by what its course was last to be marked by."""
        ...

    def settle(self, attempt: Attempt, find: Finding, now: datetime) -> bool:
        """Find what a submitted attempt has come to, keep it, and send it on, all of it or nothing, and only where it
        is not found yet. Nobody else does it for this person and activity meanwhile.

        ``attempt`` is ``as_marked``; False, and nothing done, where somebody wants its course marked by others since.
        """
        ...

    def mark(self, attempt_id: int, mark: Mark) -> bool:
        """False where it is archived, as there is nothing by which the result could be found anew, or discarded."""
        ...

    def marks(self, attempt_id: int) -> Sequence[Mark]:
        """All of them, in their order."""
        ...

    def commented(self, attempt_ids: Collection[int]) -> Collection[int]:
        """Those of them where the last mark of a question has a comment."""
        ...

    def unsettled(self, now: datetime, behind: int, most: int) -> Sequence[Attempt]:
        """Those whose time is over and that nobody has submitted, and those that were submitted and never scored: the
        first of them whose ids are higher than ``behind``."""
        ...
