"""The API told for people: one page, made from the OpenAPI document, that loads nothing and runs nothing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from connector.api.openapi import SCOPES, kinds_of_problems


@cache
def style() -> str:
    return (files("connector.api") / "docs.css").read_text("utf-8")


def policy() -> str:
    """What browsers may do on this page: show it, with its own style."""
    digest = b64encode(sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'"


def docs(told: Mapping[str, Any]) -> str:
    environment = Environment(
        loader=PackageLoader("connector.api", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    schemas = told["components"]["schemas"]
    return environment.get_template("docs.html").render(
        told=told,
        style=style(),
        scopes={scope.value: means for scope, means in SCOPES.items()},
        problems=kinds_of_problems(),
        kind_of=_kind_of,
        schemas=schemas,
    )


def _kind_of(schema: Mapping[str, Any]) -> str:
    """A schema in few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_kind_of(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(str(one) for one in schema["enum"])
    if "prefixItems" in schema:
        return ", ".join(_kind_of(one) for one in schema["prefixItems"])
    if schema.get("type") == "array":
        return f"list of {_kind_of(schema['items'])}"
    return str(schema.get("format") or schema.get("type") or "any")
