"""The API told for machines: an OpenAPI 3.1 document, made from the table of addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from connector.api.answering import BASE, Endpoint
from connector.api.answers import ProblemAnswer
from connector.api.asking import Asked
from connector.api.endpoints import ENDPOINTS
from connector.api.problems import MEDIA_TYPE, PROBLEMS, NotSupported, Problem
from connector.domain.api_tokens import Scope

PLACES: Mapping[str, Mapping[str, Any]] = {
    "id": {
        "schema": {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
        "description": "Moodle's id of the course.",
    },
    "number": {"schema": {"type": "string", "minLength": 1}, "description": "Its number."},
}
SCOPES: Mapping[Scope, str] = {
    Scope.COURSES: "the catalogue of courses",
    Scope.ANALYTICS: "sums by unit, requirement and course",
    Scope.CERTIFICATES: "certificates and badges, without names",
    Scope.PEOPLE: "whose they are, besides",
}
_REFUSED: tuple[type[Problem], ...] = tuple(one for one in PROBLEMS if one is not NotSupported)
"""What may be answered instead, wherever one asks by GET."""


def document() -> dict[str, Any]:
    """All of it, as JSON has it."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "moodle-connector", "version": "1", "description": _about()},
        "servers": [{"url": BASE}],
        "security": [{"token": []}],
        "paths": {endpoint.path: {"get": _operation(endpoint)} for endpoint in ENDPOINTS},
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
        "Courses, figures and certificates. A token sees the people of its unit and of all units below it. Times are "
        f"UTC. Scopes of tokens: {scopes}."
    )


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": f"With the scope {endpoint.scope.value}. Changes {endpoint.moves.value}.",
        "parameters": [*_places(endpoint.path), *_parameters(endpoint.asks)],
        "responses": {
            "200": {
                "description": endpoint.summary,
                "headers": {
                    "ETag": {"schema": {"type": "string"}},
                    "Last-Modified": {"schema": {"type": "string"}},
                    "Link": {"schema": {"type": "string"}, "description": "To other pages (RFC 8288)."},
                },
                "content": {"application/json": {"schema": _named(endpoint.answers.__name__)}},
            },
            "304": {"description": "Nothing is new since the ETag in If-None-Match."},
            **{str(one.status): _refusal(one) for one in _REFUSED},
        },
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
    models: list[type[BaseModel]] = [*(endpoint.answers for endpoint in ENDPOINTS), ProblemAnswer]
    asked: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [
        (m, "serialization") for m in models
    ]
    schemas: dict[str, Any] = models_json_schema(asked, ref_template="#/components/schemas/{model}")[1]["$defs"]
    return schemas


def _named(model: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model}"}


def kinds_of_problems() -> list[dict[str, Any]]:
    """For the page: each with its heading, status and title."""
    return [{"code": one.code, "status": one.status, "title": one.title} for one in PROBLEMS]
