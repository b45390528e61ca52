"""What this server says of itself (RFC 7644, section 4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scim2_models import Context, ForbiddenException, Meta, NotFoundException

from connector.scim.answers import Answer
from connector.scim.listing import page
from connector.scim.models import PROVIDER

NOT_OFFERED = frozenset({"password", "members.display"})
"""Attributes of the library's models that this server never keeps."""


def service_provider_config(base: str) -> Answer:
    """What is supported."""
    return Answer(200, _shown(PROVIDER.config, "ServiceProviderConfig", f"{base}/ServiceProviderConfig"))


def schemas(base: str, ident: str | None, filtered: bool = False) -> Answer:
    """All schemas, or one by its URN."""
    return _of(_schemas(base), ident, filtered)


def resource_types(base: str, ident: str | None, filtered: bool = False) -> Answer:
    """All types of resources, or one by its name."""
    return _of(_resource_types(base), ident, filtered)


def _of(all_of_them: Iterator[dict[str, Any]], ident: str | None, filtered: bool) -> Answer:
    """Filters are refused here, as RFC 7644 demands: it would be read as if nothing matched."""
    if filtered:
        raise ForbiddenException(detail="What the server says of itself cannot be filtered.")
    found = list(all_of_them)
    if ident is None:
        return page(len(found), 1, found)
    for one in found:
        if one["id"].lower() == ident.lower():
            return Answer(200, one)
    raise NotFoundException(detail="There is no such thing here.")


def _schemas(base: str) -> Iterator[dict[str, Any]]:
    for schema in PROVIDER.schemas:
        body = _shown(schema, "Schema", f"{base}/Schemas/{schema.id}")
        yield {**body, "attributes": _offered(body["attributes"])}


def _offered(attributes: list[dict[str, Any]], before: str = "") -> list[dict[str, Any]]:
    offered = [dict(one) for one in attributes if before + one["name"] not in NOT_OFFERED]
    for one in offered:
        if "subAttributes" in one:
            one["subAttributes"] = _offered(one["subAttributes"], f"{one['name']}.")
    return offered


def _resource_types(base: str) -> Iterator[dict[str, Any]]:
    for one in PROVIDER.resource_types:
        yield _shown(one, "ResourceType", f"{base}/ResourceTypes/{one.id}")


def _shown(resource: Any, kind: str, location: str) -> dict[str, Any]:
    copy = resource.model_copy()
    copy.meta = Meta(resource_type=kind, location=location)
    body: dict[str, Any] = copy.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
    return body
