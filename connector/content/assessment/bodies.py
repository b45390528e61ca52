"""Assessments and banks as they are kept: the JSON of a version of content, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from connector.domain.assessments import Assessment, Bank
from connector.domain.contents import Content, ContentKind
from connector.domain.errors import Unreadable

_ASSESSMENT = TypeAdapter(Assessment)
_BANK = TypeAdapter(Bank)


def assessment(body: Mapping[str, Any]) -> Assessment:
    """Raises Unreadable, which is a fault of whoever wrote the body: pages write none that is wrong."""
    made: Assessment = _read(_ASSESSMENT, body)
    return made


def rules(body: Mapping[str, Any]) -> Assessment:
    """An assessment as far as it can be read: the fields that cannot are as if nothing had been said of them, and its
    questions are all there or none."""
    try:
        return _ASSESSMENT.validate_python(body)
    except ValidationError as error:
        wrong = {one["loc"][0] for one in error.errors() if one["loc"]}
    whole = body if isinstance(body, Mapping) else {}
    return _ASSESSMENT.validate_python({"title": {}, **{key: one for key, one in whole.items() if key not in wrong}})


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
    made: Bank = _read(_BANK, body)
    return made


def body(made: Assessment | Bank) -> dict[str, Any]:
    """What ``assessment`` or ``bank`` makes the same of."""
    adapter: TypeAdapter[Any] = _ASSESSMENT if isinstance(made, Assessment) else _BANK
    written: dict[str, Any] = adapter.dump_python(made, mode="json")
    return written


def _read(adapter: TypeAdapter[Any], body: Mapping[str, Any]) -> Any:
    try:
        return adapter.validate_python(body)
    except ValidationError as error:
        wrong = ", ".join(sorted({".".join(map(str, one["loc"])) for one in error.errors()})[:3])
        raise Unreadable(f"The body of content is not as it was written; wrong are: {wrong or 'all of it'}.") from None
