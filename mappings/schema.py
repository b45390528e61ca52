"""Holds a file's data against its model, and says each mistake with its line and what would be right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from mappings.problems import Document, Problems, known

M = TypeVar("M", bound=BaseModel)

_WORDS = {
    "string_type": "must be text",
    "dict_type": "must be a mapping of names to values",
    "model_type": "must be a mapping of names to values",
    "tuple_type": "must be a list",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "string_too_short": "must not be empty",
    "date_from_datetime_parsing": "must be a date such as 2026-01-31",
    "date_parsing": "must be a date such as 2026-01-31",
    "date_type": "must be a date such as 2026-01-31",
    "missing": "is missing",
}


def validate(model: type[M], document: Document, problems: Problems) -> M | None:
    """The document as ``model``; mistakes go to ``problems``, and then the answer is None."""
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            path = tuple(step for step in detail["loc"] if _in_file(step, detail["loc"], document.data))
            if detail["type"] in ("missing", "extra_forbidden"):
                path = tuple(detail["loc"])
            problems.add(document.at(path), _sentence(model, detail))
        return None


def _sentence(model: type[BaseModel], detail: Any) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return f"unknown name; {known(str(detail['loc'][-1]), _names(model, detail['loc'][:-1]))}"
    if kind == "literal_error":
        return f"must be {context['expected']}"
    if kind == "value_error":
        return str(context["error"])
    if kind == "string_pattern_mismatch":
        return f"must look like {context['pattern']}"
    sentence = _WORDS.get(kind)
    return sentence if sentence else f"is wrong: {detail['msg'][:1].lower()}{detail['msg'][1:]}"


def _in_file(step: str | int, loc: tuple[str | int, ...], data: object) -> bool:
    """Whether a step of pydantic's location exists in the file; the tags that it adds for unions do not."""
    here = data
    for part in loc:
        inside = (isinstance(here, Mapping) and part in here) or (isinstance(here, list) and isinstance(part, int))
        if part is step:
            return inside
        if inside:
            here = here[part]  # type: ignore[index]
    return False


def _names(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """The names that may stand at ``loc``."""
    here = model
    for step in loc:
        field = here.model_fields.get(str(step))
        here = (_model_in(field.annotation) if field else None) or here
    return list(here.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(argument) for argument in get_args(annotation))
    return next((model for model in found if model), None)
