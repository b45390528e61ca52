"""What a person is granted: cohorts, roles, enrolments and assignments, and the rules that say so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b
from typing import Any

Term = str | int | bool | tuple[str, ...] | None


class GrantKind(StrEnum):
    """Kinds of grant; every one of them stands in the ledger."""

    COHORT = "cohort"
    ROLE = "role"
    ENROLMENT = "enrolment"
    GROUP = "group"
    """A group within a course. It rests with the enrolment there, and goes with it."""
    ASSIGNMENT = "assignment"
    """A requirement laid on a person, with a due date; ours alone, Moodle does not know it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in Moodle a grant holds: ``level`` is cohort, course, group, category or system, "" for what is ours.

    ``ref`` is the name that mappings use for it, "" for the system.
    """

    level: str = ""
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """One thing a person should have.

    ``target`` names it: a cohort's idnumber; ``ROLE@system``, ``ROLE@category:IDNUMBER`` or ``ROLE@course:REF``;
    a course's idnumber or shortname; ``COURSE:GROUP``, the group's idnumber; a requirement's code.
    ``terms``, JSON values only: cohort and group ``{"name", "path"?}``; enrolment ``{"role", "path", "start"?,
    "start_days"?, "end"?, "end_days"?, "on_loss": "suspend"|"unenrol"}``; assignment ``{"path", "cycle", …}`` with the
    due rule of ``connector.domain.due`` (ISO dates; ``*_days`` count from the day of the grant and are resolved when
    it is first planned). All but assignments may have ``overlap_days``: kept so long after no rule gives it any more.
    Enrolments and assignments may have ``after``: courses to be completed before they are given.
    ``rule`` is the name of the rule that gave it, for ``explain``.
    """

    kind: GrantKind
    target: str
    terms: Mapping[str, Term] = field(default_factory=dict)
    rule: str = ""

    @property
    def place(self) -> Place:
        return place_of(self.kind, self.target)


class GrantSet(tuple[Grant, ...]):
    """All that rules give to a person, each (kind, target) once, sorted. Most sets are those of many people."""

    @cached_property
    def digest(self) -> bytes:
        """16 bytes by which sets are told apart."""
        return blake2b(json.dumps(self.values(), sort_keys=True).encode(), digest_size=16).digest()

    def values(self) -> list[dict[str, Any]]:
        """Each grant as JSON values."""
        return [
            {
                "kind": grant.kind.value,
                "target": grant.target,
                "terms": dict(grant.terms),
                "rule": grant.rule,
                "level": grant.place.level,
                "ref": grant.place.ref,
            }
            for grant in self
        ]


@dataclass(frozen=True, slots=True)
class LearningPath:
    """An ordered set of courses for an audience; ``courses`` are idnumbers or shortnames.

    ``strict``: each is given only once the one before is completed.
    ``cohort``: the idnumber of the cohort whose synchronisation enrols in Moodle; "" where the connector enrols.
    """

    code: str
    name: Mapping[str, str]
    courses: tuple[str, ...]
    strict: bool = False
    cohort: str = ""


@dataclass(frozen=True, slots=True)
class Requirement:
    """An audience must complete a path (``path``); by when, the grants say that its rules give.

    ``recertify_months``: what was completed holds so long; ``window_days`` before its end it may be done again, and
    ``grace_days`` after it that is not late yet.
    """

    code: str
    name: Mapping[str, str]
    path: str
    recertify_months: int | None = None
    window_days: int = 0
    grace_days: int = 0


@dataclass(frozen=True, slots=True)
class RoleTarget:
    """The target of a role grant, taken apart: ``level`` is system, category or course, ``ref`` what it names."""

    role: str
    level: str
    ref: str

    @classmethod
    def parse(cls, target: str) -> RoleTarget:
        """From ``ROLE@system``, ``ROLE@category:IDNUMBER`` or ``ROLE@course:REF``."""
        role, _, place = target.partition("@")
        level, _, ref = place.partition(":")
        return cls(role, level, ref)


@dataclass(frozen=True, slots=True)
class GroupTarget:
    """The target of a grant of a group, taken apart: the course as a path names it, and the group's idnumber.

    Courses of paths with groups have no colon in their names; see ``mappings.loader``.
    """

    course: str
    group: str

    @classmethod
    def parse(cls, target: str) -> GroupTarget:
        """From ``COURSE:GROUP``."""
        course, _, group = target.partition(":")
        return cls(course, group)

    def __str__(self) -> str:
        return f"{self.course}:{self.group}"


def place_of(kind: GrantKind, target: str) -> Place:
    """Where in Moodle the target of a grant is."""
    if kind is GrantKind.ASSIGNMENT:
        return Place()
    if kind is GrantKind.ROLE:
        role = RoleTarget.parse(target)
        return Place(role.level, role.ref)
    if kind is GrantKind.GROUP:
        return Place("group", target)
    return Place("course" if kind is GrantKind.ENROLMENT else "cohort", target)
