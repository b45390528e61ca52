"""The API told for machines: an OpenAPI 3.1 document, made from the table of addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from connector.api.answering import BASE, Endpoint, ForLaunches
from connector.api.answers import ProblemAnswer
from connector.api.asking import Asked
from connector.api.endpoints import ENDPOINTS, by_path
from connector.api.problems import MEDIA_TYPE, PROBLEMS, NotSupported, Problem
from connector.domain.api_tokens import Scope

PLACES: Mapping[str, Mapping[str, Any]] = {
    "id": {
        "schema": {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
        "description": "Moodle's id of the course.",
    },
    "number": {"schema": {"type": "string", "minLength": 1}, "description": "Its number."},
    "role": {"schema": {"type": "string", "minLength": 1}, "description": "A job, as HR calls it."},
    "key": {"schema": {"type": "string", "minLength": 1}, "description": "Somebody's key at HR."},
    "assessment": {"schema": {"type": "string", "format": "uuid"}, "description": "The one that was launched."},
    "attempt": {"schema": {"type": "integer", "minimum": 1}, "description": "One's own attempt."},
    "question": {"schema": {"type": "string", "minLength": 1}, "description": "The id of a question."},
    "video": {"schema": {"type": "string", "format": "uuid"}, "description": "The lesson that was launched."},
}
SCOPES: Mapping[Scope, str] = {
    Scope.COURSES: "the catalogue of courses, and the paths of jobs",
    Scope.ANALYTICS: "sums by unit, requirement and course",
    Scope.CERTIFICATES: "certificates and badges, without names",
    Scope.PROGRESS: "how far single people are, without names",
    Scope.PEOPLE: "whose they are, besides",
}
_REFUSED: tuple[type[Problem], ...] = tuple(one for one in PROBLEMS if one is not NotSupported)
"""What may be answered instead, wherever one asks by a method that there is."""


def document() -> dict[str, Any]:
    """All of it, as JSON has it."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "moodle-connector", "version": "1", "description": _about()},
        "servers": [{"url": BASE}],
        "security": [{"token": []}],
        "paths": {
            path: {method.lower(): _operation(one) for method, one in methods.items()}
            for path, methods in by_path().items()
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(),
        },
    }


def version_of(told: Mapping[str, Any]) -> str:
    """Another one as soon as answers have another form."""
    return sha256(repr(told).encode()).hexdigest()[:16]


def _about() -> str:
    scopes = "; ".join(f"{scope.value}: {means}" for scope, means in SCOPES.items())
    return (
        "Courses, figures, progress, certificates and launched content. A token of the API sees the people of its "
        "unit and of all units below it; the token of a launch is a person's, who sees themselves, what was launched, "
        f"and their course where they teach. Times are UTC. Scopes of tokens: {scopes}."
    )


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    operation = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": f"{_for_whom(endpoint)} Changes {endpoint.moves.value}.",
        "parameters": [*_places(endpoint.path), *_parameters(endpoint.asks)],
        "responses": {
            **_answers(endpoint),
            **{str(one.status): _refusal(one) for one in _REFUSED},
        },
    }
    if endpoint.sends:
        content = {"application/json": {"schema": _named(endpoint.sends.__name__)}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _for_whom(endpoint: Endpoint) -> str:
    ways = []
    if endpoint.tokens:
        ways.append(f"With the scope {endpoint.tokens.scope.value}")
    if endpoint.launches:
        ways.append(f"{'by' if ways else 'By'} the token of a launch{_who(endpoint.launches)}")
    return f"{', or '.join(ways)}."


def _who(launches: ForLaunches) -> str:
    return ", for who teaches in the course" if launches.teaches else ""


def _answers(endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.answers is None:
        address = {"schema": {"type": "string"}, "description": "Where it lies, for minutes, without a token."}
        return {"307": {"description": endpoint.summary, "headers": {"Location": address}}}
    headers = {"Link": {"schema": {"type": "string"}, "description": "To other pages (RFC 8288)."}}
    content = {"application/json": {"schema": _named(endpoint.answers.__name__)}}
    if endpoint.tokens is None:
        return {"200": {"description": endpoint.summary, "headers": headers, "content": content}}
    kept = {name: {"schema": {"type": "string"}} for name in ("ETag", "Last-Modified")}
    return {
        "200": {"description": endpoint.summary, "headers": {**kept, **headers}, "content": content},
        "304": {"description": "Nothing is new since the ETag in If-None-Match."},
    }


def _refusal(problem: type[Problem]) -> dict[str, Any]:
    return {"description": problem.title, "content": {MEDIA_TYPE: {"schema": _named(ProblemAnswer.__name__)}}}


def _places(path: str) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"\{(\w+)\}", path):
        yield {"name": name, "in": "path", "required": True, **PLACES[name]}


def _parameters(form: type[Asked]) -> Iterator[dict[str, Any]]:
    """As they are read; what may be left out is never null in an address."""
    for name, schema in form.model_json_schema()["properties"].items():
        told = {key: value for key, value in schema.items() if key not in ("title", "description")}
        for one in told.pop("anyOf", ()):
            if one.get("type") != "null":
                told |= {key: value for key, value in one.items() if key != "description"}
        if told.get("default", 0) is None:
            del told["default"]
        yield {"name": name, "in": "query", "description": schema["description"], "schema": told}


def _schemas() -> dict[str, Any]:
    models: list[type[BaseModel]] = [*(one.answers for one in ENDPOINTS if one.answers), ProblemAnswer]
    asked: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [
        *((model, "serialization") for model in dict.fromkeys(models)),
        *((one.sends, "validation") for one in ENDPOINTS if one.sends),
    ]
    schemas: dict[str, Any] = models_json_schema(asked, ref_template="#/components/schemas/{model}")[1]["$defs"]
    return schemas


def _named(model: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model}"}


def kinds_of_problems() -> list[dict[str, Any]]:
    """For the page: each with its heading, status and title."""
    return [{"code": one.code, "status": one.status, "title": one.title} for one in PROBLEMS]
