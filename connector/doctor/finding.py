"""What came of a check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["good", "bad", "none"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one check; ``none`` says that the part is not set up. ``exit_status`` is that of the failure.

    ``site``: whose, where several sites were examined.
    """

    what: str
    state: State
    text: str
    exit_status: int = 0
    site: str = ""
