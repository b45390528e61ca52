"""Values as people read them, in one line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connector.domain.explaining import RuleSeen

_WORD = re.compile(r"\w+")


def spelled(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Each value that differs, as ``name: before → after``; "" where none does."""
    was, becomes = _flat(before), _flat(after)
    names = [*becomes, *(name for name in was if name not in becomes)]
    return ", ".join(
        f"{name}: {_plain(was[name]) or '–'} → {_plain(becomes.get(name)) or '–'}"
        if name in was
        else f"{name}: {_plain(becomes[name])}"
        for name in names
        if _plain(was.get(name)) != _plain(becomes.get(name))
    )


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= {f"{name}.{key}": one for key, one in value.items()} if isinstance(value, Mapping) else {name: value}
    return flat


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def seen_values(seen: RuleSeen) -> str:
    """The values that a rule's condition sees, as it writes them; what else the rule reads says nothing of why."""
    words = set(_WORD.findall(seen.when))
    return ", ".join(f"{name} = {_literal(value)}" for name, value in seen.sees.items() if name in words)


def _literal(value: object) -> str:
    if value is None:
        return "unknown"
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)
