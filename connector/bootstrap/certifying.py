"""Certificates of the connector: issuing them, making their files, and answering for them."""

from __future__ import annotations

import secrets
from functools import cached_property, partial
from typing import TYPE_CHECKING

from connector.bootstrap.files import Files
from connector.bootstrap.kept import Kept
from connector.certificates.issuing import Issuing
from connector.certificates.making import Making
from connector.certificates.serials import Serials
from connector.certificates.verifying import Verifying
from connector.domain.certificates import CODE_BITS
from connector.domain.errors import SettingsError
from connector.store.certificates import AchievedFacts, Certificates, PassedContent
from connector.sync.apply import Stopping, never
from jobs.certificates import CertificateWork

if TYPE_CHECKING:
    from connector.certificates.rendering import Typesetter


class Certifying(Kept, Files):
    """What has to do with certificates."""

    @cached_property
    def certificates(self) -> Certificates:
        return Certificates(self.database, self.site)

    @cached_property
    def achieved(self) -> AchievedFacts:
        return AchievedFacts(self.reporting, lambda: self.plans.references("course"))

    @cached_property
    def passed(self) -> PassedContent:
        """What was passed of launched content."""
        return PassedContent(self.database, self.site)

    @property
    def serials(self) -> Serials:
        """Whether numbers would be given again."""
        return Serials(self.certificates, self.achieved, self.file_store, self.mapping.certificates, self.clock)

    def issuing(self, stopping: Stopping = never) -> Issuing:
        """Who gets a certificate, by rule or by hand."""
        return Issuing(
            self.certificates,
            self.achieved,
            self.passed,
            self.deciding,
            self.mapping.certificates,
            self.settings.notices.language,
            partial(secrets.randbits, CODE_BITS),
            self.clock,
            stopping,
        )

    def certifying(self, stopping: Stopping = never) -> CertificateWork:
        """What the service does about certificates."""
        told = self.settings.certificates
        making = partial(self.making, stopping) if told.folder or told.s3.bucket else None
        return CertificateWork(self.issuing(stopping), making)

    def making(self, stopping: Stopping = never) -> Making:
        """How files are made. Raises SettingsError where they would lie nowhere."""
        if self.file_store is None:
            raise SettingsError(
                "certificates: there is no place for files. Set certificates.folder, or certificates.s3.bucket."
            )
        return Making(self.certificates, self.file_store, self.typesetter, self.clock, stopping)

    @cached_property
    def verifying(self) -> Verifying:
        """What whoever asks is told of a certificate."""
        return Verifying(self.certificates, self.clock)

    @cached_property
    def typesetter(self) -> Typesetter:
        """What makes a PDF; without a public address one that leads nowhere, and has no QR code."""
        from connector.certificates.rendering import Typesetter

        return Typesetter(self.settings.certificates_url)
