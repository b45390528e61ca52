"""What a rule of each kind grants: cohorts, roles, enrolments of learning paths, assignments of requirements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import repeat

from connector.domain.due import add_days
from connector.domain.grants import Grant, GrantKind, Term
from mappings.conditions import Condition
from mappings.model import CohortSpec, DueSpec, EnrolmentSpec, PathSpec, RequirementSpec, RoleSpec
from mappings.rules import Rule
from mappings.templates import Template


def cohort(spec: CohortSpec, condition: Condition | None, idnumber: Template, name: Template) -> Rule:
    """Membership of a cohort; none where a part of its idnumber or name is empty."""
    rule, overlap = f"cohort {spec.idnumber}", _overlap(spec.overlap_days)

    def build(values: Mapping[str, str]) -> tuple[Grant, ...]:
        target, called = idnumber.fill(values), name.fill(values)
        return (Grant(GrantKind.COHORT, target, {"name": called, **overlap}, rule),) if target and called else ()

    return Rule(rule, condition, dict.fromkeys(idnumber.names + name.names), build)


def role(spec: RoleSpec, condition: Condition, context: Template) -> Rule:
    """A Moodle role in a context; none where a part of the context's name is empty."""
    rule, overlap = f"role {spec.role}@{spec.context}", _overlap(spec.overlap_days)

    def build(values: Mapping[str, str]) -> tuple[Grant, ...]:
        where = context.fill(values)
        return (Grant(GrantKind.ROLE, f"{spec.role}@{where}", overlap, rule),) if where else ()

    return Rule(rule, condition, dict.fromkeys(context.names), build)


def path(spec: PathSpec, condition: Condition | None, needs: Sequence[str] = ()) -> Rule:
    """Enrolment in every course of a learning path, once the courses that it ``needs`` are completed."""
    rule, enrolment = f"path {spec.code}", spec.enrolment

    def build(values: Mapping[str, str]) -> tuple[Grant, ...]:
        terms: dict[str, Term] = {"role": enrolment.role, "path": spec.code}
        terms |= {**_period(enrolment, values.get("starts", "")), "on_loss": enrolment.on_loss}
        terms |= _overlap(spec.overlap_days)
        before = ((), *((course,) for course in spec.courses)) if spec.order == "strict" else repeat(())
        return tuple(
            Grant(GrantKind.ENROLMENT, course, terms | _after((*needs, *last)), rule)
            for course, last in zip(spec.courses, before, strict=False)
        )

    return Rule(rule, condition, ("starts",) if enrolment.start == "hire" else (), build)


def requirement(spec: RequirementSpec, due: DueSpec, condition: Condition | None, needs: Sequence[str] = ()) -> Rule:
    """An assignment with its due rule, once the courses that it ``needs`` are completed.

    Without a day of hire, what is after hire counts from the assignment.
    """
    rule, fixed = f"requirement {spec.code}", _due(due)
    after_hire = due.days_after_hire is not None or due.months_after_hire is not None

    def build(values: Mapping[str, str]) -> tuple[Grant, ...]:
        terms: dict[str, Term] = {"path": spec.path, "cycle": 1, **fixed, **_after(needs)}
        if after_hire and values["starts"]:
            terms["due_from"] = values["starts"]
        if spec.on_change != "keep":
            terms["on_change"] = spec.on_change
        return (Grant(GrantKind.ASSIGNMENT, spec.code, terms, rule),)

    return Rule(rule, condition, ("starts",) if after_hire else (), build)


def _due(due: DueSpec) -> dict[str, str | int]:
    """The terms of ``connector.domain.due``."""
    if due.on:
        return {"due": due.on.isoformat()}
    if due.every:
        return {"due_every": due.every, "due_after_days": due.at_least_days or 0}
    days = due.days_after_assignment if due.days_after_hire is None else due.days_after_hire
    if days is not None:
        return {"due_days": days}
    months = due.months_after_assignment if due.months_after_hire is None else due.months_after_hire
    return {"due_months": months or 0}


def _overlap(days: int) -> dict[str, Term]:
    return {"overlap_days": days} if days else {}


def _after(courses: Sequence[str]) -> dict[str, Term]:
    return {"after": tuple(courses)} if courses else {}


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
    return fixed | ({"end": add_days(date.fromisoformat(start), days).isoformat()} if days else {})
