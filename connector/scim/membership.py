"""PATCH of a group taken apart: who comes and goes is one step, and a large group need not be read for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from scim2_models import PatchOp, PatchOperation
from scim2_models.path import CompareOperator, Comparison, FilterNode, LogicalExpr, LogicalOperator

from connector.domain.scim import Membership, in_the_end

Op = PatchOperation.Op
MEMBERS = "members"


def apart(patch: PatchOp[Any]) -> tuple[Membership, PatchOp[Any] | None] | None:
    """What becomes of the members, and what else is asked for; None of it: nothing else.

    Members stand beside all other attributes, so that the order between the two does not matter. Gives None where more
    is asked of members than to come and to go.
    """
    operations = patch.operations or []
    ours = [operation for operation in operations if _of_members(operation)]
    others = [operation for operation in operations if not _of_members(operation)]
    steps = [_step(operation) for operation in ours]
    known = [step for step in steps if step is not None]
    if len(known) < len(steps) or any(map(_hides_members, others)):
        return None
    return in_the_end(known), patch.model_copy(update={"operations": others}) if others else None


def _of_members(operation: PatchOperation[Any]) -> bool:
    binding = operation.path.resolve() if operation.path is not None else None
    return binding is not None and binding.field_name == MEMBERS


def _hides_members(operation: PatchOperation[Any]) -> bool:
    """Whether an operation on the group as a whole may alter members, too."""
    value = operation.value
    return isinstance(value, dict) and any(MEMBERS in key.lower() for key in value)


def _step(operation: PatchOperation[Any]) -> Membership | None:
    path, value = operation.path, operation.value
    binding = path.resolve() if path is not None else None
    if path is None or binding is None or binding.sub_field_name is not None:
        return None
    if path.value_filter is not None:
        chosen = _ids(_chosen(path.value_filter)) if operation.op is Op.remove and value is None else None
        return None if chosen is None else Membership(goes=chosen)
    if operation.op is Op.remove and value is None:
        return Membership(alone=True)
    listed = _ids(_listed(value))
    if listed is None:
        return None
    if operation.op is Op.remove:
        return Membership(goes=listed)
    return Membership(comes=listed, alone=operation.op is Op.replace_)


def _ids(found: Iterable[str | None]) -> frozenset[str] | None:
    """None where one is no id."""
    ids = set(found)
    return None if None in ids else frozenset(one for one in ids if one is not None)


def _chosen(chosen: FilterNode) -> Iterator[str | None]:
    """The ids in ``value eq "…" or value eq "…"``; None among them for anything else."""
    if isinstance(chosen, LogicalExpr) and chosen.op is LogicalOperator.or_:
        for term in chosen.terms:
            yield from _chosen(term)
    else:
        yield chosen.value if isinstance(chosen, Comparison) and _is_id(chosen) else None


def _is_id(chosen: Comparison) -> bool:
    plain = chosen.attr_path.sub_attr is None and chosen.attr_path.attr.lower() == "value"
    return plain and chosen.op is CompareOperator.eq and isinstance(chosen.value, str)


def _listed(value: Any) -> Iterator[str | None]:
    """Members as a list of objects, one object, or nobody; nothing of them but ``value`` counts."""
    for one in value if isinstance(value, list) else [] if value is None else [value]:
        values = [value for key, value in one.items() if key.lower() == "value"] if isinstance(one, dict) else []
        yield values[0] if len(values) == 1 and isinstance(values[0], str) else None
