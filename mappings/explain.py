"""What one record becomes, and why: the answer of ``mapping try``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.domain.grants import Grant
from connector.domain.people import Person, Record, Rejection, Removed
from mappings.conditions import Value
from mappings.fields import Trace
from mappings.person import SourceMapper
from mappings.rules import Rule, Rules


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """Whether a rule fired. ``sees``: the values it depends on. ``undecided``: why it is neither true nor false."""

    rule: str
    when: str
    sees: Mapping[str, Value]
    fired: bool
    undecided: str | None
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A record's way: ``fields`` step by step, then either ``rejections`` or a ``person``, its rules and its grants.

    Neither rejections nor a person: out of scope, or ``removed``, where the record says only that the person is gone.
    It holds personal values: show it, do not log it.
    """

    line: int
    key: str | None
    fields: tuple[Trace, ...]
    rejections: tuple[Rejection, ...]
    person: Person | None
    rules: tuple[RuleTrace, ...]
    grants: tuple[Grant, ...]
    removed: bool = False


def explain(
    record: Record, source: SourceMapper, rules: Rules, outcome: Person | Removed | list[Rejection]
) -> Explanation:
    """Tell the way of ``record`` to ``outcome``."""
    fields = source.trace(record)
    key = next((trace.value for trace in fields if trace.field == "key" and trace.refused is None), None)
    if isinstance(outcome, Removed):
        return Explanation(record.line, key, fields, (), None, (), (), removed=True)
    if not isinstance(outcome, Person):
        return Explanation(record.line, key, fields, tuple(outcome), None, (), ())
    return Explanation(record.line, key, fields, (), outcome, traced(rules, outcome), rules.grants(outcome))


def traced(rules: Rules, person: Person) -> tuple[RuleTrace, ...]:
    """What each rule makes of a person."""
    values = rules.values(person)
    return tuple(_trace(rule, values) for rule in rules.rules)


def _trace(rule: Rule, values: Mapping[str, Value]) -> RuleTrace:
    decided = rule.condition.decide(values) if rule.condition else True
    return RuleTrace(
        rule=rule.name,
        when=rule.condition.text if rule.condition else "",
        sees={name: values[name] for name in sorted(rule.reads)},
        fired=decided is True,
        undecided=decided if isinstance(decided, str) else None,
        grants=tuple(grant for _, grant in rule.grants(values)),
    )
