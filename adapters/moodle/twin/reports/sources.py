"""The sources that a report can be made over: entities in Moodle's order, rows, and what "with defaults" adds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.moodle.twin.reports import certificates, contexts, entities, rows
from adapters.moodle.twin.reports.entities import Column, Entity
from adapters.moodle.twin.reports.filters import Filter
from adapters.moodle.twin.reports.rows import Row
from adapters.moodle.twin.state import TwinState


@dataclass(frozen=True, slots=True)
class Source:
    """``only`` limits which columns and filters of an entity the source takes; no entry takes all."""

    title: str
    parts: Callable[[TwinState], Mapping[str, Entity]]
    rows: Callable[[TwinState, frozenset[str]], Iterable[Row]]
    only: Mapping[str, frozenset[str]] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    sorted: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    conditions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    conditiondata: str = "[]"


_NAMED = {"cohort": frozenset({"name", "idnumber", "cohortselect"})}

SOURCES: Mapping[str, Source] = {
    "core_user\\reportbuilder\\datasource\\users": Source(
        "Users",
        lambda state: {"user": entities.user(state), "cohort": entities.COHORT},
        rows.people,
        _NAMED,
        columns=("user:fullname", "user:username", "user:email"),
        sorted=("user:fullname",),
        filters=("user:fullname", "user:username", "user:email"),
        conditions={"user:suspended": {"user:suspended_operator": 2}},
        conditiondata='{"user:suspended_operator":2}',
    ),
    "core_course\\reportbuilder\\datasource\\participants": Source(
        "Course participants",
        lambda state: {
            "course": entities.COURSE,
            "enrol": entities.ENROL,
            "enrolment": entities.ENROLMENT,
            "user": entities.user(state),
            "role": entities.ROLE,
            "cohort": entities.COHORT,
            "completion": entities.COMPLETION,
            "access": entities.ACCESS,
        },
        rows.participants,
        _NAMED,
        columns=("course:coursefullnamewithlink", "user:fullnamewithlink", "enrol:name"),
        sorted=("course:coursefullnamewithlink", "user:fullnamewithlink", "enrol:name"),
        filters=("user:suspended", "user:confirmed"),
        conditions={"enrolment:status": {"enrolment:status_operator": 1, "enrolment:status_value": 0}},
        conditiondata='{"enrolment:status_operator":1,"enrolment:status_value":0}',
    ),
    "core_badges\\reportbuilder\\datasource\\users": Source(
        "User badges",
        lambda state: {
            "user": entities.user(state),
            "badge_issued": entities.BADGE_ISSUED,
            "badge": entities.BADGE,
            "cohort": entities.COHORT,
        },
        rows.badges,
        _NAMED,
        columns=("user:fullname", "badge:name", "badge_issued:issued"),
        sorted=("user:fullname", "badge:name", "badge_issued:issued"),
        filters=("user:fullname", "badge:name", "badge_issued:issued"),
    ),
    "core_cohort\\reportbuilder\\datasource\\cohorts": Source(
        "Cohorts",
        lambda state: {
            "cohort": entities.COHORT,
            "cohort_member": entities.COHORT_MEMBER,
            "user": entities.user(state),
        },
        rows.cohorts,
        columns=("cohort:name", "cohort:idnumber"),
        sorted=("cohort:name",),
        filters=("cohort:name",),
        conditiondata='{"cohort:visible_operator":1}',
    ),
    "core_role\\reportbuilder\\datasource\\roles": Source(
        "Roles",
        lambda state: {
            "role": entities.ROLE,
            "context": contexts.context(state),
            "user": entities.user(state),
        },
        rows.roles,
        columns=("context:link", "role:originalname", "user:fullnamewithlink"),
        sorted=("context:link", "role:originalname", "user:fullnamewithlink"),
        filters=("context:level", "role:name", "user:fullname"),
    ),
    "tool_certificate\\reportbuilder\\datasource\\issues": Source(
        "Issued certificates",
        lambda state: {
            "template": certificates.TEMPLATE,
            "issue": certificates.ISSUE,
            "user": entities.user(state),
            "cohort": entities.COHORT,
        },
        rows.certificates,
        _NAMED,
        columns=("template:name", "issue:timecreated", "issue:expires", "issue:codewithlink", "user:fullnamewithlink"),
        filters=("issue:timecreated", "issue:expires", "user:fullname"),
    ),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What one source offers on one site: columns and filters by identifier, titles of entities by name."""

    titles: Mapping[str, str]
    columns: Mapping[str, Column]
    filters: Mapping[str, Filter]


def offer(state: TwinState, name: str) -> Offer:
    """The columns and filters that this version of Moodle has."""
    source = SOURCES[name]
    parts = source.parts(state)
    taken = {entity: source.only.get(entity) for entity in parts}
    return Offer(
        {entity: part.title for entity, part in parts.items()},
        {
            f"{entity}:{column}": one
            for entity, part in parts.items()
            for column, one in part.columns.items()
            if one.only in ("", state.version.family) and (taken[entity] is None or column in (taken[entity] or ()))
        },
        {
            f"{entity}:{name}": one
            for entity, part in parts.items()
            for name, one in part.filters.items()
            if taken[entity] is None or name in (taken[entity] or ())
        },
    )
