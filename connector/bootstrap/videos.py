"""Videos of lessons: where they lie, how they are transcoded, and who has watched them."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import uuid4

from connector.bootstrap import buckets
from connector.bootstrap.launching import Launched
from connector.domain.errors import SettingsError, Stopped
from connector.sync.apply import Stopping, never

if TYPE_CHECKING:
    from adapters.storage.media_s3 import MediaBucket
    from connector.content.video.addresses import Addresses
    from connector.content.video.cleaning import Cleaning
    from connector.content.video.learning import Learning
    from connector.content.video.seeing import Seeing
    from connector.content.video.uploading import Transcoding, Uploading
    from connector.domain.videos import MediaStore, Transcoder
    from connector.store.videos import StoredMedia, StoredViewings
    from jobs.attempts import AttemptWork

MEGABYTE = 1_000_000


class Videos(Launched):
    """What has to do with videos; loaded where it is asked for only, so that other commands start sooner."""

    @property
    def has_videos(self) -> bool:
        """Whether the settings have a place for them."""
        return bool(self.settings.video.folder or self.settings.video.s3.bucket)

    @cached_property
    def media_store(self) -> MediaStore:
        """Where videos lie. Raises SettingsError where that is nowhere."""
        folder = self.settings.video.folder
        if folder:
            from adapters.storage.media_folder import MediaFolder

            return MediaFolder(folder)
        if not self.has_videos:
            raise SettingsError("video: there is no place for videos. Set video.folder, or video.s3.bucket.")
        return self._media_bucket

    @cached_property
    def _media_bucket(self) -> MediaBucket:
        from adapters.storage.media_s3 import MediaBucket

        return MediaBucket(**buckets.told("video", self.settings.video.s3))

    @cached_property
    def media(self) -> StoredMedia:
        from connector.store.videos import StoredMedia

        return StoredMedia(self.database, self.site)

    @cached_property
    def viewings(self) -> StoredViewings:
        from connector.store.videos import StoredViewings

        return StoredViewings(self.database, self.site)

    @property
    def uploading(self) -> Uploading:
        from connector.content.video.uploading import Uploading

        largest = self.settings.video.largest_mb * MEGABYTE
        return Uploading(self.media, self.media_store, largest, uuid4, self.clock)

    @property
    def video_learning(self) -> Learning:
        from connector.content.video.learning import Learning

        return Learning(self.viewings, self.clock)

    def ending_attempts(self, stopping: Stopping = never) -> AttemptWork:
        """How attempts end whose time is over, and videos are told that were left."""
        from jobs.attempts import AttemptWork

        return AttemptWork(self.attempting.submit_overdue, self.video_learning.tell_left, stopping)

    @cached_property
    def media_addresses(self) -> Addresses:
        """How addresses of segments are signed."""
        from connector.content.video.addresses import Addresses

        return Addresses(self.settings.lti_secrets())

    @property
    def cleaning(self) -> Cleaning:
        """How videos go that nobody needs any more. Raises SettingsError where they lie nowhere."""
        from connector.content.video.cleaning import Cleaning

        return Cleaning(self.media, self.media_store, self.clock)

    @property
    def seeing(self) -> Seeing:
        """Lessons as they are watched."""
        from connector.content.video.seeing import Seeing

        return Seeing(self.media, self.media_addresses, self.clock)

    def transcoding(self, stopping: Stopping = never) -> Transcoding:
        """What makes of uploads what players need. Raises SettingsError."""
        from connector.content.video.uploading import Transcoding

        def stopped() -> None:
            if stopping():
                raise Stopped("Told to stop: the video is transcoded anew by the next start.")

        return Transcoding(self.media, self.media_store, self.transcoder, stopped, self.clock)

    @property
    def transcoder(self) -> Transcoder:
        told = self.settings.video
        longest = told.longest_minutes * 60.0
        if told.transcoder == "mediaconvert":
            from adapters.transcoders.mediaconvert import MediaConvert

            return MediaConvert(self._media_bucket, told.role, told.queue, longest, time.sleep)
        from adapters.transcoders.ffmpeg import Ffmpeg

        return Ffmpeg(self.media_store, longest, told.ffmpeg)
