"""Rules: a condition on a person, and the grants that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from operator import attrgetter

from connector.domain.grants import Grant, GrantSet
from connector.domain.people import Person
from mappings.conditions import Condition, Value, seen

Values = Mapping[str, Value]
Keyed = tuple[tuple[str, str], Grant]
"""A grant after its kind and target, by which grants are told apart and sorted: as text, quicker than an enum."""
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
        self._memo: dict[tuple[Value, ...], tuple[Keyed, ...]] = {}

    @property
    def reads(self) -> frozenset[str]:
        """All variables that the rule depends on."""
        return frozenset(self.names) | frozenset(self.condition.names if self.condition else ())

    @property
    def personal(self) -> bool:
        """Whether what it gives depends on a personal value."""
        return not self.reads.isdisjoint(PERSONAL)

    @property
    def asks_personally(self) -> bool:
        """Whether its condition does."""
        return self.condition is not None and not PERSONAL.isdisjoint(self.condition.names)

    def fires(self, values: Values) -> bool:
        """Whether its condition holds."""
        return self.condition is None or self.condition.holds(values)

    def grants(self, values: Values) -> tuple[Keyed, ...]:
        """What it gives to the person with these values, each with its kind and target."""
        if not self.fires(values):
            return ()
        key = tuple([values[name] for name in self.names])
        grants = self._memo.get(key)
        if grants is None:
            if len(self._memo) >= MEMO:
                self._memo.clear()
            built = self._build({name: as_text(values[name]) for name in self.names})
            self._memo[key] = grants = tuple(((grant.kind.value, grant.target), grant) for grant in built)
        return grants


@dataclass(frozen=True, slots=True)
class Kind:
    """What people share who differ in personal values only.

    ``rules`` may give them something. ``shared``: what all of them get. ``personal``: rules that depend on who it is.
    """

    rules: tuple[Rule, ...]
    shared: tuple[Keyed, ...]
    personal: tuple[Rule, ...]
    grants: GrantSet


class Rules:
    """All rules of a mapping."""

    def __init__(self, rules: Iterable[Rule], attributes: Mapping[str, type]) -> None:
        self.rules = tuple(rules)
        self._view = View(_reads(self.rules), attributes)
        self._personal_view = View(_reads(rule for rule in self.rules if rule.personal), attributes)
        self._signature = View(_reads(self.rules) - PERSONAL, attributes).signature
        self._kinds: dict[tuple[object, ...], Kind] = {}

    def grants(self, person: Person) -> GrantSet:
        """What all rules give; where they agree on a kind and target, the first in the files sets its terms."""
        signature = self._signature(person)
        kind = self._kinds.get(signature) or self._learn(signature, person)
        if not kind.personal:
            return kind.grants
        values = self._personal_view.of(person)
        extra = [keyed for rule in kind.personal for keyed in rule.grants(values)]
        both = [*kind.shared, *extra]
        if len({key for key, _ in both}) < len(both):
            return GrantSet(grant for _, grant in merge(kind.rules, self._view.of(person)))
        return GrantSet(grant for _, grant in sorted(both)) if extra else kind.grants

    def values(self, person: Person) -> Values:
        """What the rules see of a person."""
        return self._view.of(person)

    def _learn(self, signature: tuple[object, ...], person: Person) -> Kind:
        values = self._view.of(person)
        rules = tuple(rule for rule in self.rules if rule.asks_personally or rule.fires(values))
        shared = merge([rule for rule in rules if not rule.personal], values)
        personal = tuple(rule for rule in rules if rule.personal)
        if len(self._kinds) >= MEMO:
            self._kinds.clear()
        self._kinds[signature] = kind = Kind(rules, shared, personal, GrantSet(grant for _, grant in shared))
        return kind


def _reads(rules: Iterable[Rule]) -> frozenset[str]:
    return frozenset[str]().union(*(rule.reads for rule in rules))


def merge(rules: Iterable[Rule], values: Values) -> tuple[Keyed, ...]:
    """The grants of all rules, sorted, each (kind, target) once, with the names of all rules that give it."""
    found: dict[tuple[str, str], Grant] = {}
    for rule in rules:
        for key, grant in rule.grants(values):
            before = found.setdefault(key, grant)
            if before is not grant and before.rule != grant.rule:
                found[key] = replace(before, rule=f"{before.rule}; {grant.rule}")
    return tuple((key, found[key]) for key in sorted(found))


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
