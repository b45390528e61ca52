"""What paths and requirements give to somebody to whom a person assigns them, whatever their audience."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connector.domain.decisions import Assignable, Subject
from connector.domain.grants import GrantSet
from mappings import granting
from mappings.model.grants import PathSpec
from mappings.model.requirements import RequirementSpec
from mappings.prerequisites import Prerequisites
from mappings.rules import Keyed, Rule


def assignable(
    paths: Iterable[PathSpec], requirements: Iterable[RequirementSpec], before: Prerequisites
) -> Assignable:
    """By code. Nobody's day of hire is known here, so that days count from the assignment."""
    rules: Mapping[str, Rule] = {spec.code: granting.path(spec, None, before.of_path(spec)) for spec in paths}
    given = {(Subject.PATH, code): _given(rule) for code, rule in rules.items()}
    for spec in requirements:
        given[Subject.REQUIREMENT, spec.code] = _given(
            granting.requirement(spec, spec.due, None, before.of_requirement(spec)), rules[spec.path]
        )
    return given


def _given(*rules: Rule) -> GrantSet:
    return GrantSet(grant for _, grant in sorted(_grants(rules), key=lambda keyed: keyed[0]))


def _grants(rules: Iterable[Rule]) -> Iterable[Keyed]:
    for rule in rules:
        yield from rule.grants(dict.fromkeys(rule.names))
