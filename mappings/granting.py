"""What a rule of each kind grants: cohorts, roles, learning paths and their groups, assignments of requirements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import repeat

from connector.domain.due import add_days
from connector.domain.grants import Grant, GrantKind, GroupTarget, Term
from mappings.conditions import Condition
from mappings.model.grants import EnrolmentSpec, PathSpec, RoleSpec
from mappings.model.people import CohortSpec
from mappings.model.requirements import DueSpec, RequirementSpec
from mappings.rules import Rule
from mappings.templates import Template

GroupTemplates = tuple[Template, Template]
"""Of the idnumber and the name of a group."""
LONGEST_NAME = 254
"""Of a group in Moodle."""


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


def path(
    spec: PathSpec,
    condition: Condition | None,
    needs: Sequence[str] = (),
    groups: Sequence[GroupTemplates] = (),
) -> Rule:
    """Enrolment in every course of a learning path, and membership of groups there; or membership of its cohort.

    Given once the courses that it ``needs`` are completed.
    """
    if spec.cohort_idnumber:
        return _cohort_of_path(spec, condition, needs)
    rule, enrolment = f"path {spec.code}", spec.enrolment
    names = ["starts"] if enrolment.start == "hire" else []
    names += [name for templates in groups for template in templates for name in template.names]

    def build(values: Mapping[str, str]) -> tuple[Grant, ...]:
        terms: dict[str, Term] = {"role": enrolment.role, "path": spec.code}
        terms |= {**_period(enrolment, values.get("starts", "")), "on_loss": enrolment.on_loss}
        terms |= _overlap(spec.overlap_days)
        before = ((), *((course,) for course in spec.courses)) if spec.order == "strict" else repeat(())
        waiting = {course: _after((*needs, *last)) for course, last in zip(spec.courses, before, strict=False)}
        enrolments = [Grant(GrantKind.ENROLMENT, course, terms | waiting[course], rule) for course in spec.courses]
        return (*enrolments, *_memberships(spec, groups, waiting, values, rule))

    return Rule(rule, condition, dict.fromkeys(names), build)


def _memberships(
    spec: PathSpec,
    groups: Sequence[GroupTemplates],
    waiting: Mapping[str, dict[str, Term]],
    values: Mapping[str, str],
    rule: str,
) -> Iterator[Grant]:
    for idnumber, name in groups:
        group, called = idnumber.fill(values).strip(), name.fill(values).strip()  # Moodle trims both
        if group and called:
            terms: dict[str, Term] = {"name": called[:LONGEST_NAME], "path": spec.code}
            for course in spec.courses:
                yield Grant(GrantKind.GROUP, str(GroupTarget(course, group)), terms | waiting[course], rule)


def _cohort_of_path(spec: PathSpec, condition: Condition | None, needs: Sequence[str]) -> Rule:
    """Membership of the path's cohort, from which Moodle itself enrols."""
    rule = f"path {spec.code}"
    named: dict[str, Term] = {"name": next(iter(spec.name.values()), spec.code), "path": spec.code}
    terms = named | _overlap(spec.overlap_days) | _after(needs)
    granted = (Grant(GrantKind.COHORT, spec.cohort_idnumber, terms, rule),)
    return Rule(rule, condition, (), lambda _: granted)


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
