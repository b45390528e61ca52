"""My learning, opened by a launch: the learning of whoever launched, and of nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from connector.domain.lti import LaunchSession
from connector.domain.my_learning import LearningLook, MyLearning

CONTENT = "my-learning"
"""The custom parameter ``content`` of an activity that opens it."""


@dataclass(frozen=True, slots=True)
class Opening:
    """``timezone``: in which days are counted where that of whoever launched is not known."""

    look: LearningLook
    timezone: str

    def of(self, session: LaunchSession) -> MyLearning | None:
        """None where it is not known which person of HR has launched."""
        if session.person_id is None:
            return None
        return self.look.of(session.person_id, ZoneInfo(session.timezone or self.timezone))
