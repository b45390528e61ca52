"""What a rule of each kind grants: cohorts, roles, enrolments of learning paths, assignments of requirements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from connector.domain.grants import Grant, GrantKind
from mappings.conditions import Condition
from mappings.model import CohortSpec, EnrolmentSpec, PathSpec, RequirementSpec, RoleSpec
from mappings.rules import Rule
from mappings.templates import Template


def cohort(spec: CohortSpec, condition: Condition | None, idnumber: Template, name: Template) -> Rule:
    """Membership of a cohort; none where a part of its idnumber or name is empty."""
    rule = f"cohort {spec.idnumber}"

    def build(values: Mapping[str, str]) -> tuple[Grant, ...]:
        target, called = idnumber.fill(values), name.fill(values)
        return (Grant(GrantKind.COHORT, target, {"name": called}, rule),) if target and called else ()

    return Rule(rule, condition, dict.fromkeys(idnumber.names + name.names), build)


def role(spec: RoleSpec, condition: Condition, context: Template) -> Rule:
    """A Moodle role in a context; none where a part of the context's name is empty."""
    rule = f"role {spec.role}@{spec.context}"

    def build(values: Mapping[str, str]) -> tuple[Grant, ...]:
        where = context.fill(values)
        return (Grant(GrantKind.ROLE, f"{spec.role}@{where}", {}, rule),) if where else ()

    return Rule(rule, condition, dict.fromkeys(context.names), build)


def path(spec: PathSpec, condition: Condition | None) -> Rule:
    """Enrolment in every course of a learning path."""
    rule, enrolment = f"path {spec.code}", spec.enrolment

    def build(values: Mapping[str, str]) -> tuple[Grant, ...]:
        terms: dict[str, str | int | bool | None] = {"role": enrolment.role, "path": spec.code}
        terms |= {**_period(enrolment, values.get("starts", "")), "on_loss": enrolment.on_loss}
        return tuple(Grant(GrantKind.ENROLMENT, course, terms, rule) for course in spec.courses)

    return Rule(rule, condition, ("starts",) if enrolment.start == "hire" else (), build)


def requirement(spec: RequirementSpec, condition: Condition | None) -> Rule:
    """An assignment with its due date. Without a day of hire, its days count from the assignment."""
    rule, due = f"requirement {spec.code}", spec.due

    def build(values: Mapping[str, str]) -> tuple[Grant, ...]:
        terms: dict[str, str | int | bool | None] = {"path": spec.path, "cycle": 1}
        if due.on:
            terms["due"] = due.on.isoformat()
        elif due.days_after_hire is not None and values["starts"]:
            terms["due"] = _later(values["starts"], due.days_after_hire)
        else:
            terms["due_days"] = due.days_after_assignment if due.days_after_hire is None else due.days_after_hire
        return (Grant(GrantKind.ASSIGNMENT, spec.code, terms, rule),)

    return Rule(rule, condition, ("starts",) if due.days_after_hire is not None else (), build)


def _period(enrolment: EnrolmentSpec, hired: str) -> dict[str, str | int]:
    """``start`` and ``end`` where they are known now, else days from the assignment."""
    start = enrolment.start
    if start == "hire":
        start = hired or "assignment"
    days = enrolment.end_days
    if start in ("assignment", "none"):
        terms: dict[str, str | int] = {"start_days": 0} if start == "assignment" else {}
        return terms | ({"end_days": days} if days else {})
    fixed: dict[str, str | int] = {"start": start}
    return fixed | ({"end": _later(start, days)} if days else {})


def _later(day: str, days: int) -> str:
    """``days`` after an ISO date, as an ISO date; the last day that there is where it would lie beyond."""
    start = date.fromisoformat(day)
    return (start + timedelta(days=min(days, (date.max - start).days))).isoformat()
