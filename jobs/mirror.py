"""The way back, as a job: Moodle is read into the facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.domain.errors import Stopped
from connector.domain.facts import FactStore, Loaded
from connector.domain.grants import LearningPath, Requirement
from connector.domain.ports import Moodle
from connector.mirror.mirroring import Progress, mirror


@dataclass(frozen=True, slots=True)
class WayBack:
    """Everything that the way back needs, handed in by the composition root."""

    moodle: Moodle
    facts: FactStore
    paths: Sequence[LearningPath]
    requirements: Sequence[Requirement]
    clock: Callable[[], datetime]
    stopping: Callable[[], bool] = lambda: False

    async def mirror(self, progress: Progress | None = None) -> list[Loaded]:
        """Read Moodle and bring the facts up to date. Raises the error tree, and then nothing has changed."""
        return await mirror(self.moodle, self.facts, self.paths, self.requirements, self.clock, progress)

    async def refresh(self) -> Mapping[str, object]:
        """Mirror with nobody looking on, until told to stop; gives what to log: the rows of each fact."""
        return {one.fact: one.rows for one in await self.mirror(self._heed)}

    def _heed(self, _fact: str, _rows: int) -> None:
        if self.stopping():
            raise Stopped("Told to stop before everything was read: the facts are as they were.")
