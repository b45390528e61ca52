"""Where files lie, by the settings."""

from __future__ import annotations

from functools import cached_property

from connector.bootstrap import buckets
from connector.bootstrap.installation import Installation
from connector.domain.certifying import FileStore
from connector.settings.parts import FileSettings


class Files(Installation):
    @cached_property
    def file_store(self) -> FileStore | None:
        """Where files of certificates lie; None where that is not set up."""
        return _store("certificates", self.settings.certificates)

    @cached_property
    def content_files(self) -> FileStore | None:
        """Where files of launched content lie; None where that is not set up."""
        return _store("content", self.settings.content)


def _store(part: str, told: FileSettings) -> FileStore | None:
    """``part`` names the table of the settings."""
    if told.folder:
        from adapters.storage.folder import FolderStore  # only here: the other commands start sooner

        return FolderStore(told.folder, f"{part}.folder")
    if not told.s3.bucket:
        return None
    from adapters.storage.s3 import S3Store

    return S3Store(**buckets.told(part, told.s3))
