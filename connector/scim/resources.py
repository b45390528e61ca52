"""From what is kept to a resource of SCIM, and back. Passwords are never kept."""

from __future__ import annotations

from typing import Any

import orjson
from scim2_models import InvalidValueException, Meta, Path, PayloadTooLargeException

from connector.domain.scim import Draft, Entry, Keys, Kind, Related
from connector.domain.scim_records import ENTERPRISE
from connector.scim.models import ENDPOINTS, LARGEST, MODELS, POLICY, FullUser, Group

NOT_KEPT = ("id", "meta", "groups", "members", "password")
LONGEST = 2_000
"""Bytes in UTF-8, at most, of what resources are looked up by: an index takes no more than about 2,700."""
_NAMES = {Kind.USER: Path[FullUser]("userName").resolve(), Kind.GROUP: Path[Group]("displayName").resolve()}
_EXTERNAL = Path[FullUser]("externalId").resolve()
_EMAIL = Path[FullUser]("emails.value").resolve()
_NUMBER = Path[FullUser](f"{ENTERPRISE}:employeeNumber").resolve()


def resource_of(entry: Entry, base: str) -> Any:
    """The resource that is kept, as a client sees it. ``base`` is the address of this server, without a slash."""
    resource = MODELS[entry.kind].model_validate(entry.document, scim_policy=POLICY)
    resource.id = entry.id
    resource.meta = Meta(
        resource_type=entry.kind.value,
        created=entry.created_at,
        last_modified=entry.modified_at,
        location=location(entry.kind, entry.id, base),
        version=version(entry),
    )
    if entry.related:
        _relate(resource, entry, base)
    return resource


def draft_of(kind: Kind, resource: Any) -> Draft:
    """What is to be kept of a resource. Raises SCIMException for what cannot be kept."""
    document = {key: value for key, value in resource.model_dump(scim_policy=POLICY).items() if key not in NOT_KEPT}
    if len(orjson.dumps(document)) > LARGEST:
        raise PayloadTooLargeException(detail=f"A resource may have {LARGEST} bytes.")
    name = resource.user_name if kind is Kind.USER else resource.display_name
    if not (name or "").strip():
        required = "userName" if kind is Kind.USER else "displayName"
        raise InvalidValueException(detail=f"{required} must not be empty.")
    members = None
    if kind is Kind.GROUP:
        members = frozenset(str(one.value) for one in resource.members or [] if one.value)
    return Draft(document, _keys(kind, name, resource), members)


def version(entry: Entry) -> str:
    """A weak entity tag: answers with other attributes are the same version."""
    return f'W/"{entry.version}"'


def location(kind: Kind, ident: str, base: str) -> str:
    return f"{base}{ENDPOINTS[kind]}/{ident}"


def _keys(kind: Kind, name: str, resource: Any) -> Keys:
    external = resource.external_id
    emails: set[str] = set()
    number = None
    if kind is Kind.USER:
        emails = {_key(_EMAIL, one.value) for one in resource.emails or [] if one.value}
        number = getattr(getattr(resource, "EnterpriseUser", None), "employee_number", None)
    return Keys(
        _key(_NAMES[kind], name),
        _key(_EXTERNAL, external) if external else None,
        _key(_NUMBER, number) if number else None,
        tuple(sorted(emails)),
    )


def _key(binding: Any, value: str) -> str:
    key: str = binding.comparable(value, POLICY)
    if len(key.encode()) > LONGEST:
        attribute = binding.urn.rpartition(":")[2]
        raise InvalidValueException(detail=f"{attribute} is too long: it may have {LONGEST} bytes in UTF-8.")
    return key


def _relate(resource: Any, entry: Entry, base: str) -> None:
    values = [_related(one, entry.kind, base) for one in entry.related]
    if entry.kind is Kind.USER:
        resource.groups = values
    else:
        resource.members = values


def _related(one: Related, kind: Kind, base: str) -> dict[str, str]:
    found = {"value": one.id, "$ref": location(one.kind, one.id, base)}
    if kind is Kind.USER:
        return {**found, "display": one.display, "type": "direct"}
    return {**found, "type": one.kind.value}
