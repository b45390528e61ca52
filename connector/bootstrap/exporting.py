"""Exports: where they are written, and what the service writes there by the clock."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from connector.bootstrap import buckets
from connector.bootstrap.kept import Kept
from connector.domain.errors import SettingsError
from connector.domain.exports import Place, Selection
from connector.reports.exports import Order
from connector.sync.apply import Stopping, never
from jobs.exports import ExportWork


class Exporting(Kept):
    """What has to do with exports."""

    @property
    def exported_to(self) -> Place | None:
        """The place of the settings; None where there is none."""
        told = self.settings.exports
        if told.folder:
            return self.folder(told.folder)
        return self.bucket("") if told.s3.bucket else None

    def folder(self, path: Path) -> Place:
        from adapters.storage.export_folder import FolderPlace  # only here: the other commands start sooner

        return FolderPlace(path)

    def bucket(self, prefix: str) -> Place:
        """The bucket of the settings, below its own prefix."""
        from adapters.storage.s3 import S3Place

        told = buckets.told("exports", self.settings.exports.s3)
        return S3Place(**{**told, "prefix": "/".join(part for part in (told["prefix"].strip("/"), prefix) if part)})

    def place_of(self, address: str) -> Place:
        """``s3://BUCKET/PREFIX``, where the bucket is that of the settings. Raises SettingsError where it is not:
        its credentials go nowhere else."""
        parts, told = urlsplit(address), self.settings.exports.s3
        if not told.bucket or parts.netloc != told.bucket:
            raise SettingsError(
                f"--to {address}: exports.s3.bucket has to name this bucket; its credentials are settings."
            )
        within, prefix = told.prefix.strip("/"), parts.path.strip("/")
        if within and prefix != within and not prefix.startswith(f"{within}/"):
            raise SettingsError(f"--to {address}: it lies outside of exports.s3.prefix ({within}).")
        return self.bucket(prefix.removeprefix(within).strip("/"))

    def exporting_views(self, stopping: Stopping = never) -> ExportWork:
        """What the service exports. Raises SettingsError where that is nowhere, or there is no such view."""
        place, told = self.exported_to, self.settings.exports
        if place is None:
            raise SettingsError("exports: there is no place. Set exports.folder, or exports.s3.bucket.")
        names = self.views.names()
        if unknown := sorted(set(told.views) - set(names)):
            raise SettingsError(f"exports.views: there is no view {', '.join(unknown)}.")
        chosen = tuple(Selection(name) for name in told.views or names)
        return ExportWork(self.views, Order(chosen, told.format, place, told.by_month), stopping)
