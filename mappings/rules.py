"""Rules: a condition on a person, and the grants that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from operator import attrgetter

from connector.domain.grants import Grant, GrantKind
from connector.domain.people import Person
from mappings.conditions import Condition, Value, seen
from mappings.model import CohortSpec, EnrolmentSpec, PathSpec, RequirementSpec, RoleSpec
from mappings.templates import Template

Values = Mapping[str, Value]
Build = Callable[[Mapping[str, str]], tuple[Grant, ...]]

MEMO = 20_000
"""Combinations of grants remembered for each rule."""

EMPLOYMENT = ("key", "unit", "unit_name", "job_role", "manager", "starts", "ends", "active", "timezone")
"""What every rule may name, whether mapped or not."""

PERSONAL = frozenset(
    {"key", "manager", "starts", "ends", "username", "firstname", "lastname", "email", "idnumber", "phone1", "phone2"}
    | {"address", "middlename", "alternatename", "firstnamephonetic", "lastnamephonetic"}
)
"""Values that hardly two people share: what depends on the others only is remembered for all who share them."""


class Rule:
    """Gives ``build``'s grants to everybody for whom ``condition`` holds. ``names`` are what ``build`` reads."""

    __slots__ = ("_build", "_memo", "condition", "name", "names")

    def __init__(self, name: str, condition: Condition | None, names: Iterable[str], build: Build) -> None:
        self.name = name
        self.condition = condition
        self.names = tuple(names)
        self._build = build
        self._memo: dict[tuple[Value, ...], tuple[Grant, ...]] = {}

    @property
    def reads(self) -> frozenset[str]:
        """All variables that the rule depends on."""
        return frozenset(self.names) | frozenset(self.condition.names if self.condition else ())

    def grants(self, values: Values) -> tuple[Grant, ...]:
        """What it gives to the person with these values."""
        if self.condition is not None and not self.condition.holds(values):
            return ()
        key = tuple([values[name] for name in self.names])
        grants = self._memo.get(key)
        if grants is None:
            if len(self._memo) >= MEMO:
                self._memo.clear()
            self._memo[key] = grants = self._build({name: as_text(values[name]) for name in self.names})
        return grants


class Rules:
    """All rules of a mapping."""

    def __init__(self, rules: Iterable[Rule], attributes: Mapping[str, type]) -> None:
        self.rules = tuple(rules)
        reads = frozenset[str]().union(*(rule.reads for rule in self.rules))
        self._view = View(reads, attributes)
        self._kind_of = View(reads - PERSONAL, attributes).signature
        self._memo: dict[tuple[object, ...], tuple[tuple[Rule, ...], tuple[Grant, ...] | None]] = {}

    def grants(self, person: Person) -> tuple[Grant, ...]:
        """Each (kind, target) once, sorted; where rules agree on one, the first in the files sets its terms."""
        kind = self._kind_of(person)
        rules, grants = self._memo.get(kind) or self._learn(kind, person)
        return merge(rules, self._view.of(person)) if grants is None else grants

    def values(self, person: Person) -> Values:
        """What the rules see of a person."""
        return self._view.of(person)

    def _learn(self, kind: tuple[object, ...], person: Person) -> tuple[tuple[Rule, ...], tuple[Grant, ...] | None]:
        """The rules that may give something to people of this kind, and the grants where all of them get the same."""
        values = self._view.of(person)
        rules = tuple(
            rule
            for rule in self.rules
            if rule.condition is None or not PERSONAL.isdisjoint(rule.condition.names) or rule.condition.holds(values)
        )
        personal = any(rule.reads & PERSONAL for rule in rules)
        if len(self._memo) >= MEMO:
            self._memo.clear()
        self._memo[kind] = learned = rules, None if personal else merge(rules, values)
        return learned


def merge(rules: Iterable[Rule], values: Values) -> tuple[Grant, ...]:
    """The grants of all rules, each (kind, target) once, with the names of all rules that give it."""
    found: dict[tuple[str, str], Grant] = {}
    for rule in rules:
        for grant in rule.grants(values):
            before = found.setdefault((grant.kind, grant.target), grant)
            if before is not grant and before.rule != grant.rule:
                found[grant.kind, grant.target] = replace(before, rule=f"{before.rule}; {grant.rule}")
    return tuple([found[key] for key in sorted(found)])


class View:
    """A person as rules see it: only the ``names`` that are asked for."""

    def __init__(self, names: frozenset[str], attributes: Mapping[str, type]) -> None:
        # Two names at least, so that attrgetter always gives a tuple.
        self._employment = ("key", "active", *sorted(names & set(EMPLOYMENT[1:]) - {"active"}))
        self._get = attrgetter(*self._employment)
        self._dates = tuple(sorted(names & {"starts", "ends"}))
        self._attributes = tuple(
            (name, "" if attributes[name] is str else None) for name in sorted(names & attributes.keys())
        )
        self._account = tuple(sorted(names - set(EMPLOYMENT) - attributes.keys()))

    def signature(self, person: Person) -> tuple[object, ...]:
        """The values in a fixed order; without the key, which is there for ``attrgetter`` only."""
        values = list(self._get(person)[1:])
        if self._account:
            values += map(person.account.get, self._account)
        if self._attributes:
            values += [person.attributes.get(name) for name, _ in self._attributes]
        return tuple(values)

    def of(self, person: Person) -> dict[str, Value]:
        """Values by name: dates as ISO text, "" for text that is not there, None for other unknown values."""
        values: dict[str, Value] = dict(zip(self._employment, self._get(person), strict=True))
        for name in self._dates:
            day = values[name]
            values[name] = day.isoformat() if isinstance(day, date) else ""
        for name in self._account:
            values[name] = person.account.get(name, "")
        for name, unknown in self._attributes:
            value = seen(person.attributes.get(name))
            values[name] = unknown if value is None else value
        return values


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


def path(spec: PathSpec, condition: Condition) -> Rule:
    """Enrolment in every course of a learning path."""
    rule, enrolment = f"path {spec.code}", spec.enrolment

    def build(values: Mapping[str, str]) -> tuple[Grant, ...]:
        terms: dict[str, str | int | bool | None] = {"role": enrolment.role, "path": spec.code}
        terms |= {**_period(enrolment, values.get("starts", "")), "on_loss": enrolment.on_loss}
        return tuple(Grant(GrantKind.ENROLMENT, course, terms, rule) for course in spec.courses)

    return Rule(rule, condition, ("starts",) if enrolment.start == "hire" else (), build)


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


def as_text(value: Value) -> str:
    """A value as templates write it: truth values as true and false, unknown as "" ."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


class Scope:
    """Who is in scope at all."""

    def __init__(self, condition: Condition, attributes: Mapping[str, type]) -> None:
        self._condition = condition
        self._view = View(frozenset(condition.names), attributes)

    def within(self, person: Person) -> bool | str:
        """True or false, or the reason why it cannot be decided, without personal values."""
        decided = self._condition.decide(self._view.of(person))
        if isinstance(decided, bool):
            return decided
        unknown = [name for name, value in self._view.of(person).items() if value is None]
        return f"the scope cannot be decided{f': {unknown[0]} is empty' if unknown else ''}"
