"""What a rule of each kind grants: cohorts, roles, learning paths and their groups, assignments of requirements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from connector.domain.grants import Grant, GrantKind, GroupTarget
from mappings.conditions import Condition
from mappings.model import CohortSpec, EnrolmentSpec, PathSpec, RequirementSpec, RoleSpec
from mappings.rules import Rule
from mappings.templates import Template

GroupTemplates = tuple[Template, Template]
"""Of the idnumber and the name of a group."""
LONGEST_NAME = 254
"""Of a group in Moodle."""


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


def path(spec: PathSpec, condition: Condition, groups: Sequence[GroupTemplates] = ()) -> Rule:
    """Enrolment in every course of a learning path, and membership of groups there; or membership of its cohort."""
    if spec.cohort_idnumber:
        return _cohort_of_path(spec, condition)
    rule, enrolment = f"path {spec.code}", spec.enrolment
    names = ["starts"] if enrolment.start == "hire" else []
    names += [name for templates in groups for template in templates for name in template.names]

    def build(values: Mapping[str, str]) -> tuple[Grant, ...]:
        terms: dict[str, str | int | bool | None] = {"role": enrolment.role, "path": spec.code}
        terms |= {**_period(enrolment, values.get("starts", "")), "on_loss": enrolment.on_loss}
        enrolments = [Grant(GrantKind.ENROLMENT, course, terms, rule) for course in spec.courses]
        return (*enrolments, *_memberships(spec, groups, values, rule))

    return Rule(rule, condition, dict.fromkeys(names), build)


def _memberships(
    spec: PathSpec, groups: Sequence[GroupTemplates], values: Mapping[str, str], rule: str
) -> Iterator[Grant]:
    for idnumber, name in groups:
        group, called = idnumber.fill(values).strip(), name.fill(values).strip()  # Moodle trims both
        if group and called:
            terms = {"name": called[:LONGEST_NAME], "path": spec.code}
            for course in spec.courses:
                yield Grant(GrantKind.GROUP, str(GroupTarget(course, group)), terms, rule)


def _cohort_of_path(spec: PathSpec, condition: Condition) -> Rule:
    """Membership of the path's cohort, from which Moodle itself enrols."""
    rule = f"path {spec.code}"
    terms = {"name": next(iter(spec.name.values()), spec.code), "path": spec.code}
    granted = (Grant(GrantKind.COHORT, spec.cohort_idnumber, terms, rule),)
    return Rule(rule, condition, (), lambda _: granted)


def requirement(spec: RequirementSpec, condition: Condition) -> Rule:
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
