"""Uploads: begun, taken in parts and taken up again, complete; and media transcoded one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog

from connector.content.video.cleaning import Cleaning
from connector.domain.contents import Maker
from connector.domain.errors import LaunchRefused, Stopped
from connector.domain.lti import Trouble
from connector.domain.renditions import HEAD, container
from connector.domain.videos import (
    TRIES,
    Failure,
    Media,
    MediaState,
    MediaStore,
    Transcoder,
    Unusable,
    Uploads,
)

NAME = 200
log = structlog.get_logger("videos")


@dataclass(frozen=True, slots=True)
class Uploading:
    """``largest``: bytes of an upload. Each method raises LaunchRefused for what may not be, and the error tree."""

    uploads: Uploads
    store: MediaStore
    largest: int
    new_id: Callable[[], UUID]
    clock: Callable[[], datetime]

    def begin(self, name: str, size: int, maker: Maker) -> tuple[Media, list[int]]:
        """An upload, and the parts of it that are there: one that was broken off goes on."""
        if not maker.course or not 0 < size <= self.largest:
            raise LaunchRefused("upload: it is too large, or of no course.", Trouble.MALFORMED)
        media = Media(self.new_id(), maker.platform_id, maker.course, name[:NAME], size, MediaState.UPLOADING)
        if (known := self.uploads.unfinished(media, maker.subject, self.clock())) is not None:
            return known, sorted(self.uploads.parts(known.media_id))
        begun = replace(media, upload=self.store.begin(media.source))
        self.uploads.begin(begun, maker.subject, self.clock())
        return begun, []

    def media(self, media_id: UUID, maker: Maker) -> Media:
        """One of the course in which somebody teaches."""
        found = self.uploads.media(media_id)
        if found is None or not maker.course or (found.platform_id, found.course) != (maker.platform_id, maker.course):
            raise LaunchRefused("upload: there is none of this course.", Trouble.GONE)
        return found

    def add(self, media: Media, number: int, content: bytes) -> None:
        """A part, from 1 on; one that comes again replaces the first."""
        if media.state is not MediaState.UPLOADING:
            raise LaunchRefused("upload: it is complete.", Trouble.GONE)
        if not 1 <= number <= media.parts or len(content) != media.size_of(number):
            raise LaunchRefused("upload: a part is not as large as it was to be.", Trouble.MALFORMED)
        tag = self.store.add(media.source, media.upload, number, content)
        self.uploads.add_part(media.media_id, number, tag, self.clock())

    def complete(self, media: Media) -> Media:
        """All parts are there: it is looked at, and waits to be transcoded. Said twice, it is done once."""
        if media.state in (MediaState.REMOVING, MediaState.REMOVED):
            raise LaunchRefused("upload: it was removed.", Trouble.GONE)
        if media.state is MediaState.UPLOADING:
            tags = self.uploads.parts(media.media_id)
            if set(tags) != set(range(1, media.parts + 1)):
                raise LaunchRefused("upload: parts are missing.", Trouble.MALFORMED)
            if self.store.size(media.source) is None:  # else it was completed, and the process killed
                self.store.complete(media.source, media.upload, tags)
            head = b"".join(self.store.read(media.source, 0, min(HEAD, media.size) - 1))
            if container(head) is None:
                self.uploads.failed(media.media_id, Failure.NO_VIDEO, self.clock())
                self.store.delete(media.source)
            else:
                self.uploads.completed(media.media_id, self.clock())
        return self.uploads.media(media.media_id) or media


@dataclass(frozen=True, slots=True)
class Transcoding:
    """``stopped`` raises Stopped where the process is to end; it is asked with each word of progress."""

    uploads: Uploads
    store: MediaStore
    transcoder: Transcoder
    stopped: Callable[[], None]
    clock: Callable[[], datetime]

    def work(self) -> Mapping[str, int]:
        """Transcode what waits, one after the other; gives what to log. Raises the error tree.

        What somebody has broken off goes first; what broke off several times is given up.
        """
        ready = failed = 0
        Cleaning(self.uploads, self.store, self.clock).give_up()
        while (media := self.uploads.take(self.clock())) is not None:
            done = self._one(media)
            ready, failed = ready + done, failed + (not done)
        return {"ready": ready, "failed": failed}

    def _one(self, media: Media) -> bool:
        def told(progress: float, reference: str) -> None:
            self.uploads.progressed(media.media_id, progress, reference)
            self.stopped()

        try:
            if media.tries > TRIES:
                raise Unusable(Failure.BROKEN)
            made = self.transcoder.make(media, told)
        except Stopped:
            self.uploads.put_back(media.media_id)
            raise
        except Unusable as error:
            cause = {"cause": type(error.__cause__).__name__} if error.__cause__ else {}
            log.warning("no video can be made", failure=error.failure.value, media=str(media.media_id), **cause)
            self.uploads.failed(media.media_id, error.failure, self.clock())
            return False
        self.uploads.ready(media.media_id, made, self.clock())
        return True
