"""Dossiers of a person, with everything that need not be named made up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.domain.decide import Status
from connector.domain.explaining import ChangeTold, Dossier, FeedTold, LedgerTold, Said, Standing, Wanted
from connector.domain.grants import GrantKind, LearningPath, Requirement
from connector.domain.plan import Action, Change

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SAFETY = LearningPath("SAFETY", {"en": "Safety"}, ("SAFE", "FIRE"))
COHORT = LearningPath("YARD", {"en": "Yard"}, ("YARD1",), cohort="path-YARD")
REQUIREMENT = Requirement("SAFETY-14", {"en": "Safety"}, "SAFETY")
FEED = FeedTold(3, "hr", "people-3.csv", NOW - timedelta(days=9), "accepted", "ab" * 32)


@dataclass(frozen=True)
class Seen:
    """What a rule makes of somebody."""

    rule: str = "path SAFETY"
    when: str = 'unit == "OPS"'
    sees: dict[str, Any] = field(default_factory=lambda: {"unit": "OPS"})
    fired: bool = True
    undecided: str | None = None


def said(days: int = 9, **fields: Any) -> Said:
    """HR's word so many days ago."""
    plain = {"unit": "OPS", "job_role": "", "manager_key": "", "active": True, "wanted": {}, "source": "hr"}
    return Said(NOW - timedelta(days=days), 3, 17, {**plain, **fields})


def person(*versions: Said, **more: Any) -> Standing:
    plain: dict[str, Any] = {
        "person_id": 7,
        "key": "E104",
        "status": Status.ACTIVE,
        "first_seen": NOW - timedelta(days=9),
        "absent_since": None,
        "gone": False,
        "timezone": "Asia/Taipei",
        "versions": versions or (said(),),
        "presence": (),
        "leaves": (),
        "account_id": 70,
        "bound_at": NOW - timedelta(days=8),
        "bound_by": "idnumber",
        "suspended": False,
    }
    return Standing(**{**plain, **more})


def dossier(**more: Any) -> Dossier:
    plain: dict[str, Any] = {
        "key": "E104",
        "now": NOW,
        "person": person(),
        "statements": (),
        "rejections": (),
        "feeds": {3: FEED},
        "newest": {"hr": FEED},
        "courses": {"SAFE": 2, "SAFE101": 2},
    }
    return Dossier(**{**plain, **more})


def wanted(target: str = "SAFE", kind: GrantKind = GrantKind.ENROLMENT, missing: tuple[str, ...] = ()) -> Wanted:
    return Wanted(kind, target, {"path": "SAFETY"}, "path SAFETY", missing)


def granted(target: str = "SAFE", kind: GrantKind = GrantKind.ENROLMENT, **more: Any) -> LedgerTold:
    plain: dict[str, Any] = {
        "place_id": 2,
        "terms": {},
        "ours": True,
        "suspended": False,
        "granted_at": NOW - timedelta(days=7),
        "plan": 1,
        "ordinal": 5,
        "ended_at": None,
        "lost": False,
    }
    return LedgerTold(kind, target, **{**plain, **more})


def changed(action: Action = Action.ENROL, target: str = "SAFE", **more: Any) -> ChangeTold:
    kind = None if "account" in action else GrantKind.ENROLMENT
    change = Change(action, "E104", target, {}, {}, 7, "path SAFETY", kind)
    plain: dict[str, Any] = {
        "plan": 1,
        "ordinal": 5,
        "change": change,
        "guard": None,
        "digest": change.digest,
        "plan_hash": "cafe" * 16,
        "planned_at": NOW - timedelta(days=7),
        "plan_status": "planned",
        "undoes": None,
        "asked_by": "",
        "hold": None,
        "held_count": None,
        "held_limit": None,
        "decided_by": None,
        "decided_at": None,
        "state": None,
        "attempts": None,
        "sent_at": None,
        "finished_at": None,
        "code": None,
        "message": None,
        "earlier": None,
        "run": None,
    }
    return ChangeTold(**{**plain, **more})
