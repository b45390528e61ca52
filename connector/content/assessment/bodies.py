"""Assessments and banks as they are kept: the JSON of a version of content, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from connector.domain.assessments import Assessment, Bank
from connector.domain.contents import Content, ContentKind

_ASSESSMENT = TypeAdapter(Assessment)
_BANK = TypeAdapter(Bank)


def assessment(body: Mapping[str, Any]) -> Assessment:
    """Raises pydantic.ValidationError, which is a fault of whoever wrote the body: pages write none that is wrong."""
    return _ASSESSMENT.validate_python(body)


def is_blank(content: Content) -> bool:
    """An assessment that somebody has begun, and of which nothing was ever saved."""
    if content.kind is not ContentKind.ASSESSMENT or (content.version, content.changes) != (1, 1):
        return False
    return not any(one.questions or one.bank for one in assessment(content.body).sections)


def bank(body: Mapping[str, Any]) -> Bank:
    """Raises as ``assessment``."""
    return _BANK.validate_python(body)


def body(made: Assessment | Bank) -> dict[str, Any]:
    """What ``assessment`` or ``bank`` makes the same of."""
    adapter: TypeAdapter[Any] = _ASSESSMENT if isinstance(made, Assessment) else _BANK
    written: dict[str, Any] = adapter.dump_python(made, mode="json")
    return written
