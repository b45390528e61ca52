"""Certificates, as a job: issued to whoever has earned one, and made as files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.certificates.issuing import Issuing
from connector.certificates.making import Making


@dataclass(frozen=True, slots=True)
class CertificateWork:
    """Everything that it needs, handed in by the composition root. ``making``: None where files lie nowhere."""

    issuing: Issuing
    making: Making | None

    async def work(self) -> Mapping[str, object]:
        """Issue what was earned and make the files that wait; gives what to log. Raises the error tree."""
        issued = sum(self.issuing.by_rule().values())
        return {"issued": issued, **(self.making.all() if self.making else {})}
