"""What identity systems send otherwise than RFC 7643 and 7644 say, brought into their form.

Values are brought into the form of their attributes by ``forms``. More is taken by the library and ``models.POLICY``:
booleans as text, operations in capitals, keys that are paths, attributes that nobody knows, members that a removal
names in its value. Sources: Microsoft, "Known issues with SCIM 2.0 protocol compliance"; Okta, "Okta and SCIM Version
2.0"; see tests/data/scim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connector.domain.scim_records import ENTERPRISE
from connector.scim.forms import CORE, EXTENDED, Place, at, formed, place_of, plain, schemas, within

READ_ONLY = frozenset({"id", "meta", "groups", "schemas"})
"""What clients send back with the rest, and nobody may alter."""
_OURS = frozenset({"meta", "groups"})
"""Of these, what nobody but the server says; an id may be compared."""
_NOTHING: Mapping[str, Any] = {"op": "replace", "value": {}}
"""A request without an operation, as Microsoft's SCIM validator sends it."""
_QUOTED = re.compile(r'("(?:[^"\\]|\\.)*"?)', re.DOTALL)
"""A text in a filter, also one that does not end: to look for its end again and again would take long."""
_ID = re.compile(r"(?<![\w.:-])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![\w.-])", re.IGNORECASE)
_EXTENDED = re.compile(
    rf"(?<![\w.:$-])(?:{re.escape(ENTERPRISE)}[.:])?(?P<name>{'|'.join(EXTENDED)})(?P<more>\.[\w$]+)?(?![\w:$-])",
    re.IGNORECASE,
)
_MEMBER = re.compile(r'members\[value eq "([^"\\]*)"\]', re.IGNORECASE)


def resource(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A user or group that is created or replaced. Keys that are paths go where they lead."""
    found = {
        plain(key): schemas(value) if key.lower() == "schemas" else at(plain(key), value)
        for key, value in payload.items()
        if key.lower() not in _OURS
    }
    for path in list(found):
        if (leads := within(path)) is not None:
            value, (holder, part) = found.pop(path), leads
            inner = found.get(holder) or {}
            found[holder] = {part: value, **inner} if isinstance(inner, dict) else inner
    return found


def patch(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A PATCH request. Its schema says nothing that its method has not said."""
    return {
        key: [made for one in value for made in _operations(one)] or [_NOTHING]
        if key.lower() == "operations" and isinstance(value, list)
        else value
        for key, value in payload.items()
        if key.lower() != "schemas"
    }


def search(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a search."""
    found = dict(payload)
    for key, value in payload.items():
        if isinstance(value, str) and key.lower() in _OF_SEARCH:
            found[key] = _OF_SEARCH[key.lower()](value)
    return found


def _filter(text: str) -> str:
    """A filter as the grammar has it.

    Entra ID asks whether ``manager eq 2819c223-…``: an attribute of the extension without its schema, compared with an
    object, and an id without quotation marks.
    """
    parts = _QUOTED.split(text)
    return "".join(
        part if index % 2 else _EXTENDED.sub(_qualified, _ID.sub(r'"\g<0>"', part)) for index, part in enumerate(parts)
    )


def _qualified(found: re.Match[str]) -> str:
    of_object = found["name"].lower() == "manager" and found["more"] is None
    return f"{ENTERPRISE}:{found['name']}{'.value' if of_object else found['more'] or ''}"


_OF_SEARCH = {"sortorder": str.lower, "filter": _filter}


def _operations(operation: Any) -> Iterator[Any]:
    if not isinstance(operation, dict):
        yield operation
        return
    path, value = operation.get("path"), operation.get("value")
    if path == "" or (isinstance(path, str) and f"{path}:".lower() in CORE):
        operation = {key: one for key, one in operation.items() if key != "path"}
        path = None
    if isinstance(path, str):
        yield _on_path({**operation, "path": plain(path)})
    elif path is None and isinstance(value, dict):
        yield from _on_the_whole(operation, value)
    else:
        yield operation


def _on_the_whole(operation: dict[str, Any], value: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """An operation without a path: what is read-only is left out, keys that choose values become paths.

    Members, too: they are altered apart from the rest of a group.
    """
    keys = {key: plain(key) for key in value if key.lower() not in READ_ONLY}
    apart = [key for key, path in keys.items() if "[" in path or path.lower() == "members"]
    whole = {path: at(path, value[key]) for key, path in keys.items() if key not in apart}
    if whole or not apart:
        yield {**operation, "value": whole}
    for key in apart:
        yield _on_path({**operation, "path": keys[key], "value": value[key]})


def _on_path(operation: dict[str, Any]) -> dict[str, Any]:
    path, op = operation["path"], str(operation.get("op")).lower()
    place = place_of(path)
    if "value" not in operation:
        return _by_filter(operation) if op == "add" else operation
    value = operation["value"]
    if isinstance(value, dict) and [key.lower() for key in value] == [path.lower()]:
        [value] = value.values()
    if op == "remove":
        return _removal({**operation, "value": value}, place)
    value = at(path, value)
    if place is not None and place.form.reference and place.part in (None, "value") and value in (None, ""):
        return {"op": "remove", "path": place.attribute}
    return {**operation, "value": value}


def _by_filter(operation: dict[str, Any]) -> dict[str, Any]:
    """OneLogin lets a member in by a filter that names the member, without a value."""
    named = _MEMBER.fullmatch(operation["path"])
    return {**operation, "path": "members", "value": [{"value": named[1]}]} if named else operation


def _removal(operation: dict[str, Any], place: Place | None) -> dict[str, Any]:
    """What goes is said by the path, and of an attribute with several values the value may say which of them."""
    value = operation["value"]
    if value is None:
        return operation
    if place is not None and place.form.multiple and not place.chosen:
        values = value if isinstance(value, list) else [value]
        named = [one if isinstance(one, dict) else {place.part or "value": one} for one in values]
        return {**operation, "path": place.attribute, "value": formed(place.form, named)}
    if place is not None and place.whole and isinstance(value, dict):
        return operation  # all of it, or a part of it only? That is not plain: the library refuses it
    return {key: one for key, one in operation.items() if key != "value"}
