"""Assessments and banks as they are kept: the JSON of a version of content, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from connector.content.kept import read
from connector.domain.assessments import ATTEMPTS, MINUTES, PASS_MARKS, Assessment, Bank
from connector.domain.contents import Content, ContentKind
from connector.domain.errors import Unreadable

_ASSESSMENT = TypeAdapter(Assessment)
_BANK = TypeAdapter(Bank)
_BOUNDS = {"pass_mark": PASS_MARKS, "minutes": MINUTES, "attempts": ATTEMPTS}


def assessment(body: Mapping[str, Any]) -> Assessment:
    """Raises Unreadable."""
    made: Assessment = read(_ASSESSMENT, body)
    if wrong := _out_of_bounds(body):
        raise Unreadable(f"The body of content is not as it was written; out of bounds are: {', '.join(wrong)}.")
    if not all(_is_id(one.bank) for one in made.sections if one.bank):
        raise Unreadable("The body of content is not as it was written; a bank is no id of content.")
    return made


def rules(body: Mapping[str, Any]) -> Assessment:
    """An assessment as far as it can be read: the fields that cannot are as if nothing had been said of them, and its
    questions are all there or none."""
    wrong: set[object] = {*_out_of_bounds(body)}
    try:
        made = _ASSESSMENT.validate_python(body)
        if not wrong:
            return made
    except ValidationError as error:
        wrong |= {one["loc"][0] for one in error.errors() if one["loc"]}
    whole = body if isinstance(body, Mapping) else {}
    return _ASSESSMENT.validate_python({"title": {}, **{key: one for key, one in whole.items() if key not in wrong}})


def can_be_read(body: Mapping[str, Any]) -> bool:
    """Whether ``assessment`` gives one."""
    try:
        assessment(body)
    except Unreadable:
        return False
    return True


def is_blank(content: Content) -> bool:
    """An assessment that somebody has begun, and of which nothing was ever saved."""
    if content.kind is not ContentKind.ASSESSMENT or (content.version, content.changes) != (1, 1):
        return False
    try:
        made = assessment(content.body)
    except Unreadable:
        return False
    return not any(one.questions or one.bank for one in made.sections)


def bank(body: Mapping[str, Any]) -> Bank:
    """Raises as ``assessment``."""
    made: Bank = read(_BANK, body)
    return made


def body(made: Assessment | Bank) -> dict[str, Any]:
    """What ``assessment`` or ``bank`` makes the same of."""
    adapter: TypeAdapter[Any] = _ASSESSMENT if isinstance(made, Assessment) else _BANK
    written: dict[str, Any] = adapter.dump_python(made, mode="json")
    return written


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _out_of_bounds(body: Mapping[str, Any]) -> list[str]:
    """Fields with something else than a number within their bounds; whether it has to be whole is for their type."""
    said = {name: body[name] for name in _BOUNDS if body.get(name) is not None} if isinstance(body, Mapping) else {}
    return [name for name, value in said.items() if not _is_within(value, *_BOUNDS[name])]


def _is_within(value: object, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
