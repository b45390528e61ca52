"""What whoever was launched sends, from a page or by the API: bounded, and anything else in it is refused."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from connector.domain.learning_events import Verb

Kept = Annotated[str, AfterValidator(lambda text: text.replace("\x00", ""))]
"""What PostgreSQL can keep."""
Seconds = Annotated[float, Field(ge=-1, le=1_000_000, allow_inf_nan=False)]
LONGEST_TEXT = 20_000


class Told(BaseModel):
    """What is told; anything else in it is refused."""

    model_config = ConfigDict(extra="forbid")


class GivenAnswer(Told):
    """An answer to a question of an assessment."""

    chosen: list[Kept] = Field(default=[], max_length=100, description="The options that were chosen.")
    text: Kept = Field(default="", max_length=LONGEST_TEXT, description="A number, or a text.")
    confidence: int | None = Field(default=None, ge=1, le=5, description="From 1, guessed, to 5, certain.")
    seconds: float | None = Field(default=None, ge=0, le=1e6, description="How long the question was looked at.")
    place: int = Field(ge=0, lt=2**62, description="Counts what was sent in this attempt; what is lower is late.")


class BrowserZone(Told):
    zone: Annotated[str, Field(max_length=100)] = Field(description="The time zone of the browser, by its IANA name.")


class OfMedia(Told):
    """``media`` is as it was told when it began; None of those who do not say."""

    media: UUID | None = Field(default=None, description="Which video the sender has, as it was told.")


class Watched(OfMedia):
    played: list[tuple[Seconds, Seconds, Seconds]] = Field(
        default=[], max_length=500, description="What was played: from when, to when, and how fast."
    )
    position: Seconds = Field(description="Where one goes on.")
    moments: list[tuple[Verb, Seconds]] = Field(
        default=[], max_length=20, description="What was done, and when the video was there: played, paused, seeked."
    )


class WatchedVideo(Watched):
    """By the API: ``video`` is the id of the lesson."""

    video: UUID = Field(description="The lesson that was launched.")


class Answered(OfMedia):
    """An answer to a question within a video."""

    chosen: list[Annotated[Kept, Field(max_length=100)]] = Field(
        default=[], max_length=50, description="The options that were chosen."
    )
    text: Kept = Field(default="", max_length=2000, description="A number, or a text.")
