"""What pieces of work share: an installation opened from parameters, and what is counted of its calls."""

from __future__ import annotations

import resource
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from connector.bootstrap import Clock, Connector, utc_now
from connector.settings.parts import MoodleSettings
from connector.settings.sources import ScimSettings
from connector.settings.whole import Settings
from tests.bench import company

Values = dict[str, Any]
NOWHERE = "http://127.0.0.1:1"
"""The address of a Moodle that is never called."""


def opened(given: Values, clock: Clock = utc_now) -> Connector:
    """``scim``: the source that the client of this name pushes."""
    mapping = given.get("mapping") or str(files("mappings.companies") / company.COMPANY)
    moodle = MoodleSettings(url=given.get("url", NOWHERE), token=SecretStr(given.get("token", "none")))
    moodle.workers = given.get("workers", moodle.workers)
    settings = Settings(database_url=SecretStr(given["database"]), mapping=Path(mapping), moodle=moodle)
    if "scim" in given:
        settings = settings.model_copy(update={"sources": {given["scim"]: ScimSettings(kind="scim")}})
    return Connector(settings, clock)


class Calls:
    """Counts requests to Moodle, how long each of them took, and how long at least one was under way."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self.seconds: list[float] = []
        self._clock = clock
        self._spans: list[tuple[float, float]] = []

    def called(self, function: str, seconds: float, outcome: str) -> None:  # noqa: ARG002 - the signature is given
        end = self._clock().timestamp()
        self.seconds.append(seconds)
        self._spans.append((end - seconds, end))

    @property
    def waited(self) -> float:
        """Seconds in which at least one request was under way."""
        total, until = 0.0, 0.0
        for begin, end in sorted(self._spans):
            total += max(0.0, end - max(begin, until))
            until = max(until, end)
        return total


def peak_megabytes() -> float:
    """The most memory that this process ever had.

    Linux's own high-water mark, because ``ru_maxrss`` begins with the size of the parent that started the process.
    """
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except FileNotFoundError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6
