"""Certificates, as a job: issued to whoever has earned one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.certificates.issuing import Issuing


@dataclass(frozen=True, slots=True)
class CertificateWork:
    """Everything that it needs, handed in by the composition root."""

    issuing: Issuing

    async def work(self) -> Mapping[str, object]:
        """Issue what was earned; gives what to log. Raises the error tree."""
        return {"issued": sum(self.issuing.by_rule().values())}
