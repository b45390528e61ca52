"""What is answered of launched content: assessments and videos."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from connector.api.answers import Frame, Told


# ---------------------------------------------------------------- assessments
class AttemptBrief(Told):
    id: int
    number: int = Field(description="The first is 1.")
    state: Literal["open", "waiting", "marked", "discarded"] = Field(
        description="waiting: a person has still to mark part of it; discarded: by who teaches, it counts nowhere."
    )
    started_at: datetime
    ends_at: datetime | None = Field(description="Until when there is time; null: no limit.")
    submitted_at: datetime | None
    percent: float | None
    passed: bool | None


class AssessmentTold(Told):
    id: UUID
    title: str
    introduction: str
    questions: int
    minutes: int | None = Field(description="null: no limit.")
    pass_mark: float = Field(description="Percent, of the next attempt.")
    confidence: bool = Field(description="Whether learners are asked how sure they are.")
    attempts_left: int | None = Field(description="null: no limit.")
    counts: float | None = Field(description="The result that counts, in percent.")
    passed: bool | None = Field(description="Whether the result that counts is a pass.")
    passed_from: float | None = Field(
        description="The pass mark in percent of the result that counts: of the version by which it is marked."
    )
    attempts: list[AttemptBrief]


class AssessmentAnswer(Frame):
    data: AssessmentTold


class OptionTold(Told):
    id: str
    text: str
    leads_to: str | None = Field(
        description="Of a scenario: the question that comes next; null where it was not chosen and that is not shown."
    )
    right: bool | None = Field(description="null where that is not shown.")
    feedback: str | None = Field(description="null where that is not shown.")


class Outcome(Told):
    """What an answer came to: once the attempt is submitted. What is right is told where the assessment says so."""

    share: float | None = Field(description="How much of it is right, from 0 to 1; null: it waits to be marked.")
    comment: str = Field(description="Of the assessor.")
    accepted: str | None = Field(description="What would have been right; null where that is not shown.")
    explanation: str | None = Field(description="null where that is not shown.")


class QuestionTold(Told):
    id: str
    kind: Literal["single", "multiple", "true_false", "numeric", "text", "practical", "scenario"]
    text: str
    weight: float | None = Field(description="null while the attempt is open.")
    options: list[OptionTold]
    chosen: list[str] = Field(description="What was answered: options.")
    answer: str = Field(description="What was answered: a number or a text.")
    confidence: int | None
    files: list[str] = Field(description="Names of files that were handed in, on the page.")
    outcome: Outcome | None = Field(description="null while the attempt is open.")


class AttemptTold(AttemptBrief):
    place: int = Field(description="The highest place of an answer that has come.")
    questions: list[QuestionTold] = Field(
        description="What is asked by now: the next step of a scenario comes once the one before it is answered. "
        "Empty where it is not kept for so long, or cannot be read any more; the result stands."
    )


class AttemptAnswer(Frame):
    data: AttemptTold


class Saved(Told):
    open: bool
    place: int | None


class SavedAnswer(Frame):
    data: Saved


# ---------------------------------------------------------------- videos
class ChapterTold(Told):
    at: float = Field(description="Seconds from the beginning.")
    title: str


class CaptionsTold(Told):
    language: str
    text: str = Field(description="WebVTT.")


class VideoQuestion(Told):
    id: str
    at: float = Field(description="When it is put.")
    kind: Literal["single", "multiple", "true_false", "numeric", "text"]
    text: str
    options: list[OptionTold]


class VideoTold(Told):
    id: UUID
    media: UUID = Field(description="Which video the lesson has now; send it along with what was watched.")
    title: str
    description: str
    seconds: float
    lines: list[int] = Field(description="In which sizes there is a stream.")
    thumbnails: int = Field(description="How many pictures there are.")
    threshold: float = Field(description="The share that has to be watched.")
    no_skip: bool
    speeds: list[float]
    chapters: list[ChapterTold]
    captions: list[CaptionsTold]
    questions: list[VideoQuestion]


class VideoAnswer(Frame):
    """Links lead to the manifest, the stream and the first thumbnail."""

    data: VideoTold


class Watching(Told):
    media: UUID
    position: float = Field(description="Where one goes on, in seconds.")
    frontier: float = Field(description="How far was watched without a gap.")
    share: float = Field(description="The share of the video that was watched.")
    answered: list[str] = Field(description="Questions that were answered.")
    completed: bool


class WatchingAnswer(Frame):
    data: Watching


class AnsweredTold(Watching):
    right: float = Field(description="How much of the first answer is right, from 0 to 1.")
    explanation: str


class AnsweredAnswer(Frame):
    data: AnsweredTold
