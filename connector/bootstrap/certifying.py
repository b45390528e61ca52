"""Certificates of the connector: issuing them, making their files, and answering for them."""

from __future__ import annotations

import secrets
from functools import cached_property, partial

from connector.bootstrap.kept import Kept
from connector.certificates.issuing import Issuing
from connector.domain.certificates import CODE_BITS
from connector.store.certificates import AchievedFacts, Certificates
from connector.sync.apply import Stopping, never
from jobs.certificates import CertificateWork


class Certifying(Kept):
    """What has to do with certificates."""

    @cached_property
    def certificates(self) -> Certificates:
        return Certificates(self.database, self.site)

    def issuing(self, stopping: Stopping = never) -> Issuing:
        """Who gets a certificate, by rule or by hand."""
        return Issuing(
            self.certificates,
            AchievedFacts(self.reporting, lambda: self.plans.references("course")),
            self.deciding,
            self.mapping.certificates,
            self.settings.notices.language,
            partial(secrets.randbits, CODE_BITS),
            self.clock,
            stopping,
        )

    def certifying(self, stopping: Stopping = never) -> CertificateWork:
        """What the service does about certificates."""
        return CertificateWork(self.issuing(stopping))
