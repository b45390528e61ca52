"""Certificates, as a job: issued to whoever has earned one, and made as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connector.certificates.issuing import Issuing
from connector.certificates.making import Making
from connector.domain.certifying import Certificate


@dataclass(frozen=True, slots=True)
class CertificateWork:
    """Everything that it needs, handed in by the composition root.

    ``making`` gives what makes files, where there is a place for them. It is asked only after issuing: a place that
    is set up wrongly keeps nobody from getting a certificate.
    """

    issuing: Issuing
    making: Callable[[], Making] | None

    async def work(self) -> Mapping[str, object]:
        """Issue what was earned and make the files that wait; gives what to log. Raises the error tree."""
        return self._made(sum(self.issuing.by_rule().values()))

    async def passed(self) -> Mapping[str, object]:
        """The same for what was earned by launched content alone, which somebody waits for."""
        return self._made(sum(self.issuing.by_content().values()))

    def file_of(self, certificate: Certificate) -> Certificate:
        """Make the file of one that somebody has just issued, where there is a place for it. Raises the error tree."""
        return self.making().one(certificate) if self.making else certificate

    def _made(self, issued: int) -> Mapping[str, object]:
        return {"issued": issued, **(self.making().all() if self.making else {})}
