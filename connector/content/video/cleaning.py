"""Videos that nobody needs any more go, files and all: replaced ones, those of removed lessons, originals, and uploads
that were broken off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from connector.domain.videos import ABANDONED, MediaStore, Uploads


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Each method may raise the error tree; killed in between, the next run deletes the same again."""

    uploads: Uploads
    store: MediaStore
    clock: Callable[[], datetime]

    def count(self, before: datetime) -> int:
        """What ``remove`` would delete."""
        now = self.clock()
        return self.uploads.count_unneeded(before, now) + len(self.uploads.abandoned(now - ABANDONED))

    def remove(self, before: datetime) -> int:
        """What no lesson has had since and nobody has watched since, and originals of what was made before. That is
        a day ago at least: addresses that were signed for pages have ended, and so have the launches."""
        unneeded = self.uploads.unneeded(before, self.clock())
        for media in unneeded:
            self.store.delete_folder(media.folder)
            self.uploads.removed(media.media_id)
        originals = self.uploads.originals(before)
        for media in originals:
            self.store.delete(media.source)
            self.uploads.original_is_gone(media.media_id)
        return len(unneeded) + len(originals) + self.give_up()

    def give_up(self) -> int:
        """Uploads that nobody took up again go."""
        left = self.uploads.abandoned(self.clock() - ABANDONED)
        for media in left:
            self.store.abandon(media.source, media.upload)
            self.uploads.forget(media.media_id)
        return len(left)
