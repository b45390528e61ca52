"""What identity systems send otherwise than RFC 7643 and 7644 say, brought into their form.

More is taken by the library and ``models.POLICY``: booleans as text, operations in capitals, keys that are paths,
attributes that nobody knows, members that a removal names in its value. Sources: Microsoft, "Known issues with SCIM
2.0 protocol compliance"; Okta, "Okta and SCIM Version 2.0"; see tests/data/scim.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.domain.scim_records import ENTERPRISE

READ_ONLY = frozenset({"id", "meta", "groups", "schemas"})
"""What clients send back with the rest, and nobody may alter."""
_MANAGER = "manager"
_MANAGERS = frozenset({f"{ENTERPRISE}:manager".lower(), f"{ENTERPRISE}.manager".lower(), _MANAGER})


def resource(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A user or group that is created or replaced."""
    return {key: _extension(value) if _same(key, ENTERPRISE) else value for key, value in payload.items()}


def patch(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A PATCH request."""
    return {
        key: [_operation(one) for one in value] if _same(key, "Operations") and isinstance(value, list) else value
        for key, value in payload.items()
    }


def _operation(operation: Any) -> Any:
    if not isinstance(operation, dict):
        return operation
    found = dict(operation)
    path, value = found.get("path"), found.get("value")
    if path == "":
        del found["path"]
    if isinstance(path, str) and path.lower() in _MANAGERS - {_MANAGER}:
        found["path"] = f"{ENTERPRISE}:manager"
        return _manager_operation(found, value)
    if isinstance(path, str) and _same(path, ENTERPRISE):
        found["value"] = _extension(value)
    elif not path and isinstance(value, dict):
        found["value"] = _whole(value)
    return found


def _manager_operation(operation: dict[str, Any], value: Any) -> dict[str, Any]:
    """A manager that is set by its id alone; one set to "" or null is taken away (RFC 7644, 3.5.2.3: unassigned)."""
    if str(operation.get("op")).lower() == "remove" or ("value" in operation and _manager(value) is None):
        return {"op": "remove", "path": operation["path"]}
    return {**operation, "value": _manager(value)} if "value" in operation else operation


def _whole(value: Mapping[str, Any]) -> dict[str, Any]:
    """The value of an operation without a path, without what is read-only."""
    found = {key: one for key, one in value.items() if key.lower() not in READ_ONLY}
    for key, one in list(found.items()):
        if _same(key, ENTERPRISE):
            found[key] = _extension(one)
        elif key.lower() in _MANAGERS - {_MANAGER}:
            del found[key]
            found[f"{ENTERPRISE}:manager"] = _manager(one)
    return found


def _extension(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: _manager(one) if _same(key, _MANAGER) else one for key, one in value.items()}


def _manager(value: Any) -> Any:
    """A manager as an object; a bare id, and a list of one, are taken for it. None where there is nobody."""
    if isinstance(value, list) and len(value) <= 1:
        value = value[0] if value else None
    if isinstance(value, str):
        return {"value": value} if value else None
    if isinstance(value, dict):
        return {key: one for key, one in value.items() if _same(key, "value")} or None
    return value


def _same(key: str, name: str) -> bool:
    return key.lower() == name.lower()
