"""Which part of a filter the index answers.

``narrowing`` takes what stands between ``and`` and compares by ``eq`` with a value that is indexed: userName,
externalId, employeeNumber, id, e-mail addresses, displayName of groups, members. What is left is evaluated on what the
index found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from scim2_models import ScimFilter
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    LogicalExpr,
    LogicalOperator,
    ValuePath,
)

from connector.domain.scim import Kind, Narrowing
from connector.scim.models import FullUser, Group

FILTERS: Mapping[Kind, Any] = {Kind.USER: ScimFilter[FullUser], Kind.GROUP: ScimFilter[Group]}
COLUMNS = {
    Kind.USER: {
        "id": "id", "user_name": "name", "external_id": "external", "employee_number": "number",
        "emails.value": "email", "groups.value": "member",
    },
    Kind.GROUP: {"id": "id", "display_name": "name", "external_id": "external", "members.value": "member"},
}  # fmt: skip
"""The field of the narrowing by the attribute's name in the model."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """``exact``: the index answers the whole filter, and nothing is left to evaluate."""

    narrowing: Narrowing
    exact: bool


def narrowed(kind: Kind, wanted: str | None) -> Narrowed:
    """``wanted`` is a filter that was checked against the model."""
    if wanted is None:
        return Narrowed(Narrowing(), exact=True)
    found, exact = Narrowing(), True
    bound: ScimFilter[Any] = FILTERS[kind](wanted)
    for node in _terms(bound.ast):
        named = _equality(kind, bound, node)
        if named is None:
            exact = False
            continue
        column, value, whole = named
        if getattr(found, column) not in (None, value):
            exact = False  # two values that must both be there, such as two members
            continue
        found = replace(found, **{column: value})
        exact = exact and whole
    return Narrowed(found, exact)


def _terms(node: FilterNode) -> Iterator[FilterNode]:
    if isinstance(node, LogicalExpr) and node.op is LogicalOperator.and_:
        for term in node.terms:
            yield from _terms(term)
    else:
        yield node


def _equality(kind: Kind, bound: ScimFilter[Any], node: FilterNode) -> tuple[str, str, bool] | None:
    """The column, the value in the form that is compared, and whether that says all that the node says."""
    whole = True
    if isinstance(node, ValuePath):
        parts = [term for term in _terms(node.val_filter) if isinstance(term, Comparison) and _is_value(term)]
        if not parts:
            return None
        whole = len(list(_terms(node.val_filter))) == 1
        path = AttrPath(node.attr_path.attr, "value", node.attr_path.uri)
        comparison: Comparison = replace(parts[0], attr_path=path)
    elif isinstance(node, Comparison):
        comparison = node
    else:
        return None
    if comparison.op is not CompareOperator.eq or not isinstance(comparison.value, str):
        return None
    binding = bound.resolve_comparison(comparison.attr_path, strict=False)
    if binding is None:
        return None
    name = f"{binding.field_name}.{binding.sub_field_name}" if binding.sub_field_name else binding.field_name
    column = COLUMNS[kind].get(name)
    return (column, binding.comparable(comparison.value), whole) if column else None


def _is_value(node: Comparison) -> bool:
    path = node.attr_path
    return node.op is CompareOperator.eq and path.attr.lower() == "value" and path.sub_attr is None
