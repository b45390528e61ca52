"""Files that learners hand in for a question: kept in the storage, seen by who handed them in and by who marks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from connector.content.assessment.attempting import GRACE
from connector.content.assessment.whereabouts import without_place
from connector.domain.assessments import Kind, Question
from connector.domain.attempting import Attempt, Attempts, Evidence
from connector.domain.certifying import FileStore
from connector.domain.errors import LaunchRefused
from connector.domain.lti import Trouble

LARGEST = 20_000_000
"""Bytes."""
MOST = 5
"""Files for a question."""
LONGEST_NAME = 200
_BEGINNINGS: Mapping[bytes, str] = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"%PDF-": "application/pdf",
}
_BOXES: Mapping[bytes, str] = {
    b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heic",
    b"isom": "video/mp4", b"iso2": "video/mp4", b"mp41": "video/mp4", b"mp42": "video/mp4", b"qt  ": "video/quicktime",
}  # fmt: skip
"""By the brand of an ISO media file (ISO/IEC 14496-12, 4.3)."""
TYPES = ("image/jpeg", "image/png", "image/webp", *dict.fromkeys(_BOXES.values()), "application/pdf")


class NotTaken(StrEnum):
    """Why a file is not taken."""

    TOO_LARGE = "too_large"
    OTHER_TYPE = "other_type"
    TOO_MANY = "too_many"
    DISCARDED = "discarded"
    """The attempt counts no more."""
    FULL = "full"
    """So much of this person is kept already."""
    NOWHERE = "nowhere"


def media_type(content: bytes) -> str:
    """What a file is, by how it begins; "" for what is not taken. What its name says does not count."""
    for beginning, found in _BEGINNINGS.items():
        if content.startswith(beginning):
            return found
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return _BOXES.get(content[8:12], "") if content[4:8] == b"ftyp" else ""


@dataclass(frozen=True, slots=True)
class HandingIn:
    attempts: Attempts
    files: FileStore | None
    room: int
    """Bytes that are kept of one person."""
    clock: Callable[[], datetime]

    def add(self, attempt: Attempt, question: Question, name: str, content: bytes) -> NotTaken | None:
        """Keep a file; gives why it is not taken. Raises LaunchRefused for a question that asks for none."""
        if question.kind is not Kind.PRACTICAL:
            raise LaunchRefused("file: the question asks for none.", Trouble.MALFORMED)
        if attempt.discard is not None:
            return NotTaken.DISCARDED
        found = media_type(content)
        if self.files is None:
            return NotTaken.NOWHERE
        if len(content) > LARGEST:
            return NotTaken.TOO_LARGE
        if not found:
            return NotTaken.OTHER_TYPE
        if found.startswith("image/"):
            content = without_place(content)
        if self._is_full(attempt, len(content)):
            return NotTaken.FULL
        key, now = uuid4(), self.clock()
        place = f"evidence/{attempt.attempt_id}/{key}"
        self.files.put(place, content)
        plain = " ".join(name.replace("\x00", "").split())[-LONGEST_NAME:] or "file"
        kept = Evidence(key, attempt.attempt_id, question.question_id, plain, found, len(content), place, now)
        if self.attempts.hand_in(attempt.actor, kept, now - GRACE, MOST, self.room):
            return None
        self.files.delete(place)
        return NotTaken.FULL if self._is_full(attempt, len(content)) else NotTaken.TOO_MANY

    def _is_full(self, attempt: Attempt, size: int) -> bool:
        return self.attempts.handed_in(attempt.actor) + size > self.room

    def drop(self, attempt: Attempt, file_id: UUID) -> None:
        """Take a file back while the attempt is open; what is not there is no mistake."""
        gone = self.attempts.take_back(attempt, file_id)
        if gone is not None and self.files is not None:
            self.files.delete(gone.place)

    def read(self, attempt: Attempt, file_id: UUID) -> tuple[Evidence, bytes]:
        """A file of an attempt. Raises LaunchRefused where it is not there."""
        for one in self.attempts.evidence(attempt.attempt_id):
            content = self.files.get(one.place) if one.file_id == file_id and self.files is not None else None
            if content is not None:
                return one, content
        raise LaunchRefused("file: it is not there.", Trouble.GONE)
