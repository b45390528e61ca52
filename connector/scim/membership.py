"""PATCH requests that do nothing but let members come and go: a large group need not be read for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scim2_models import PatchOp, PatchOperation
from scim2_models.path import CompareOperator, Comparison

from connector.domain.scim import Joining


def joining(patch: PatchOp[Any]) -> list[Joining] | None:
    """The steps of such a request in order; None where something else is asked for too."""
    steps = [_step(operation) for operation in patch.operations or []]
    return [step for step in steps if step is not None] if steps and None not in steps else None


def _step(operation: PatchOperation[Any]) -> Joining | None:
    path = operation.path
    if path is None:
        return None
    binding = path.resolve()
    if binding is None or binding.field_name != "members" or binding.sub_field_name is not None:
        return None
    if operation.op is PatchOperation.Op.add and path.value_filter is None:
        return _listed(operation.value, comes=True)
    if operation.op is not PatchOperation.Op.remove:
        return None
    if path.value_filter is None:
        return _listed(operation.value, comes=False)
    chosen = path.value_filter
    if operation.value is None and isinstance(chosen, Comparison) and _is_id(chosen):
        return Joining(frozenset({chosen.value}), comes=False)
    return None


def _is_id(chosen: Comparison) -> bool:
    plain = chosen.attr_path.sub_attr is None and chosen.attr_path.attr.lower() == "value"
    return plain and chosen.op is CompareOperator.eq and isinstance(chosen.value, str)


def _listed(value: Any, comes: bool) -> Joining | None:
    """Members as a list of objects, or one object, of which nothing but ``value`` counts."""
    ids = list(_ids(value if isinstance(value, list) else [value]))
    return Joining(frozenset(ids), comes) if ids and None not in ids else None  # type: ignore[arg-type]


def _ids(members: list[Any]) -> Iterator[str | None]:
    for one in members:
        values = [value for key, value in one.items() if key.lower() == "value"] if isinstance(one, dict) else []
        yield values[0] if len(values) == 1 and isinstance(values[0], str) else None
