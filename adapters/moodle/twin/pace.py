"""The pace of a real Moodle, for benches: what a call and a row of it cost."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds for a call, and for each row that is sent or answered, whichever are more."""

    call: float = 0.02
    row: float = 0.0


@dataclass(frozen=True, slots=True)
class Pace:
    """``workers`` calls at once, as PHP-FPM has; ``costs`` by function, ``other`` for the rest."""

    costs: Mapping[str, Cost] = field(default_factory=dict)
    other: Cost = Cost()
    workers: int = 4

    def seconds(self, function: str, sent: Any, answered: Any) -> float:
        """How long a real Moodle would take."""
        cost = self.costs.get(function, self.other)
        return cost.call + cost.row * max(_rows(sent), _rows(answered))

    def gate(self) -> asyncio.Semaphore:
        """The workers, for one event loop."""
        return asyncio.Semaphore(self.workers)


def _rows(value: Any) -> int:
    """The longest list in a call or an answer; in a form a list is a mapping by number."""
    if isinstance(value, list):
        return len(value)
    if isinstance(value, dict):
        return max((len(inner) for inner in value.values() if isinstance(inner, (dict, list))), default=0)
    return 0


REAL_PACE = Pace(
    {
        "core_user_create_users": Cost(0.02, 0.018),
        "core_user_update_users": Cost(0.02, 0.0021),
        "core_user_get_users_by_field": Cost(0.02, 0.005),
        "core_cohort_add_cohort_members": Cost(0.02, 0.0007),
        "core_enrol_get_enrolled_users": Cost(0.02, 0.0015),
        "core_enrol_get_users_courses": Cost(0.037, 0.0),
        "enrol_manual_enrol_users": Cost(0.02, 0.0087),
        "enrol_manual_unenrol_users": Cost(0.02, 0.0087),
        "gradereport_user_get_grade_items": Cost(0.02, 0.0033),
        "tool_mobile_call_external_functions": Cost(0.02, 0.015),
    }
)
"""As measured with 4 PHP-FPM workers on two cores: 220 creates, 1,800 updates, 460 enrolments a second, …"""
