"""Requests as they are read: JSON, query parameters, messages of RFC 7644. Every mistake is a SCIMException."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import ValidationError
from scim2_models import (
    Context,
    Error,
    InvalidSyntaxException,
    InvalidValueException,
    PatchOp,
    ResponseParameters,
    SCIMException,
    SearchRequest,
)

from connector.domain.scim import Kind
from connector.scim import tolerance
from connector.scim.models import MODELS, PARAMETERS, PATCHES, POLICY, SEARCH_OF_ALL, SEARCHES

NAMES = ("attributes", "excludedAttributes", "filter", "sortBy", "sortOrder", "startIndex", "count")
FARTHEST = 2**31 - 1
"""Where a listing may begin, at most."""


def read_json(body: bytes) -> dict[str, Any]:
    """The object in a body. Raises InvalidSyntaxException for anything else, InvalidValueException for NUL."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise InvalidSyntaxException(detail="The body is not JSON in UTF-8.") from None
    if not isinstance(found, dict):
        raise InvalidSyntaxException(detail="The body is not a JSON object.")
    if "\\u0000" in body.decode() and _has_nul(found):
        raise InvalidValueException(detail="A text holds the character NUL, which cannot be kept.")
    return found


def creation(kind: Kind, payload: Mapping[str, Any]) -> Any:
    """The resource that is to be created."""
    return _read(MODELS[kind], tolerance.resource(payload), Context.RESOURCE_CREATION_REQUEST)


def replacement(kind: Kind, payload: Mapping[str, Any]) -> Any:
    """The resource that takes the place of another one."""
    return _read(MODELS[kind], tolerance.resource(payload), Context.RESOURCE_REPLACEMENT_REQUEST)


def patch(kind: Kind, payload: Mapping[str, Any]) -> PatchOp[Any]:
    """The operations on a resource."""
    read: PatchOp[Any] = _read(PATCHES[kind], tolerance.patch(payload), Context.RESOURCE_PATCH_REQUEST)
    return read


def patched(resource: Any, patch: PatchOp[Any]) -> Any:
    """The resource as these operations alter it. Raises SCIMException."""
    try:
        patch.patch(resource, scim_policy=POLICY)
    except SCIMException as error:
        if isinstance(error.__cause__, ValidationError):  # its text is for programmers, and holds values of people
            raise refused(error.__cause__) from None
        raise
    return resource


def search(kind: Kind | None, payload: Mapping[str, Any]) -> SearchRequest[Any]:
    """A search that came as the body of a POST to /.search, or in the query of a GET; None: of all kinds together."""
    model = SEARCH_OF_ALL if kind is None else SEARCHES[kind]
    read: SearchRequest[Any] = _read(model, tolerance.search(payload), Context.SEARCH_REQUEST)
    return read


def parameters(kind: Kind, payload: Mapping[str, Any]) -> ResponseParameters[Any]:
    """Which attributes are wanted in the answer."""
    wanted = {name: payload[name] for name in NAMES[:2] if name in payload}
    read: ResponseParameters[Any] = _read(PARAMETERS[kind], wanted, Context.DEFAULT)
    return read


def query(parameters: Mapping[str, str]) -> dict[str, Any]:
    """The parameters of an address that RFC 7644 knows, whatever their case; others are passed over."""
    known = {name.lower(): name for name in NAMES}
    found = {known[name.lower()]: value for name, value in parameters.items() if name.lower() in known}
    if any("\x00" in value for value in found.values()):
        raise InvalidValueException(detail="A parameter holds the character NUL.")
    return {name: value for name, value in found.items() if value != ""}


def _read(model: Any, payload: Mapping[str, Any], context: Context) -> Any:
    try:
        return model.model_validate(dict(payload), scim_ctx=context, scim_policy=POLICY)
    except ValidationError as error:
        raise refused(error) from None


def refused(error: ValidationError) -> SCIMException:
    """What is wrong with a payload, in SCIM's words."""
    return SCIMException.from_error(Error.from_validation_error(dict(error.errors()[0])))


def _has_nul(value: Any) -> bool:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and "\x00" in one:
            return True
        if isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one
    return False
