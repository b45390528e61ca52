"""The form that each attribute has by its schema, and values brought into it where it is plain what is meant.

A number stands for its text, one value for a list of one, a list of one for its value, a bare id for an object with
it. What is not plain stays as it came, for the models to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.domain.scim_records import ENTERPRISE
from connector.scim.models import PROVIDER

CORE = tuple(f"{schema.id}:".lower() for schema in PROVIDER.schemas if str(schema.id) != ENTERPRISE)
"""What may stand before the name of an attribute, and adds nothing."""
_ENTERPRISE = ENTERPRISE.lower()
_SCHEMAS = {str(schema.id).lower(): str(schema.id) for schema in PROVIDER.schemas}
_PATH = re.compile(r"(?P<attribute>[\w$-]+)(?P<filter>\[.*\])?(?:\.(?P<part>[\w$-]+))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Form:
    """``parts`` are the sub-attributes, by their names in small letters."""

    kind: str
    multiple: bool = False
    parts: Mapping[str, Form] = field(default_factory=dict)

    @property
    def reference(self) -> bool:
        """Whether it is an object that stands for another resource, such as a manager."""
        return not self.multiple and "value" in self.parts


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path leads: an attribute, or a part of it.

    ``chosen``: of those values that a filter chooses. ``of``: the extension that has it, "" for the core.
    """

    attribute: str
    form: Form
    part: str | None = None
    chosen: bool = False
    of: str = ""

    @property
    def whole(self) -> bool:
        """Whether it is one object with parts, such as a name."""
        form = self.form
        return self.part is None and bool(form.parts) and not (form.multiple or form.reference)


def _forms(attributes: Iterable[Any]) -> dict[str, Form]:
    return {
        one.name.lower(): Form(str(one.type), bool(one.multi_valued), _forms(one.sub_attributes or ()))
        for one in attributes
    }


_OF_ENTERPRISE = {
    name: form for schema in PROVIDER.schemas if str(schema.id) == ENTERPRISE
    for name, form in _forms(schema.attributes or ()).items()
}  # fmt: skip
_OF_CORE = {"externalid": Form("string"), "id": Form("string")} | {
    name: form for schema in PROVIDER.schemas if str(schema.id) != ENTERPRISE
    for name, form in _forms(schema.attributes or ()).items()
}  # fmt: skip


EXTENDED = tuple(_OF_ENTERPRISE)
"""Names of the attributes of the enterprise extension."""


def plain(path: str) -> str:
    """A path with no more before it than is needed; a dot after the schema of the enterprise extension is a colon."""
    if ":" not in path:
        return path
    before = next((one for one in CORE if path.lower().startswith(one)), "")
    path = path[len(before) :]
    if path.lower().startswith(f"{_ENTERPRISE}."):
        return f"{ENTERPRISE}:{path[len(ENTERPRISE) + 1 :]}"
    return path


def place_of(path: str) -> Place | None:
    """Where a plain path leads; None where nobody knows."""
    if path.lower() == _ENTERPRISE:
        return Place(ENTERPRISE, Form("complex", parts=_OF_ENTERPRISE))
    extended = path.lower().startswith(f"{_ENTERPRISE}:")
    found = _PATH.fullmatch(path[len(ENTERPRISE) + 1 :] if extended else path)
    form = (_OF_ENTERPRISE if extended else _OF_CORE).get(found["attribute"].lower()) if found else None
    if found is None or form is None:
        return None
    attribute = f"{ENTERPRISE}:{found['attribute']}" if extended else found["attribute"]
    return Place(attribute, form, found["part"], found["filter"] is not None, ENTERPRISE if extended else "")


def within(path: str) -> tuple[str, str] | None:
    """The object that holds what a plain path leads to, and its name there; None where that is the resource itself."""
    place = place_of(path)
    if place is None or place.chosen or place.form.multiple or (place.part and place.of):
        return None
    if place.of:
        return place.of, place.attribute[len(place.of) + 1 :]
    return (place.attribute, place.part) if place.part else None


def schemas(value: Any) -> Any:
    """The names of schemas as they are written, whatever the case in which they came."""
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list):
        return value
    return [_SCHEMAS.get(one.lower(), one) if isinstance(one, str) else one for one in values]


def at(path: str, value: Any) -> Any:
    """The value for a plain path."""
    place = place_of(path)
    if place is None:
        return value
    form = place.form
    if place.part is not None:
        part = form.parts.get(place.part.lower())
        return value if part is None else formed(part, value)
    return _entry(form, value) if place.chosen else formed(form, value)


def formed(form: Form, value: Any) -> Any:
    """A value in the form of its attribute."""
    if value is None:
        return None
    if form.multiple:
        values = value if isinstance(value, list) else [] if value == "" else [value]
        return [_entry(form, one) for one in values if one is not None]
    if form.reference:
        return _reference(value)
    if form.parts:
        return _object(form, value)
    return _single(form, value)


def _entry(form: Form, value: Any) -> Any:
    """One value of several."""
    if isinstance(value, str | int | float) and not isinstance(value, bool) and "value" in form.parts:
        value = {"value": value}
    return _object(form, value)


def _object(form: Form, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {
        key: formed(form.parts[key.lower()], one) if key.lower() in form.parts else one for key, one in value.items()
    }


def _single(form: Form, value: Any) -> Any:
    if isinstance(value, list) and len(value) == 1:
        [value] = value
    if isinstance(value, dict) and {"value"} <= {key.lower() for key in value} <= {"value", "$ref"}:
        value = next(one for key, one in value.items() if key.lower() == "value")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if number and form.kind == "string" else value


def _reference(value: Any) -> Any:
    """An object with nothing but the id; None where there is nobody (RFC 7644, 3.5.2.3: unassigned)."""
    if isinstance(value, list) and len(value) <= 1:
        value = value[0] if value else None
    if isinstance(value, str):
        return {"value": value} if value else None
    if isinstance(value, dict):
        return {key: one for key, one in value.items() if key.lower() == "value" and one} or None
    return value
