"""What a mapping reads of a user in a SCIM directory: text by the attribute's path.

Every record has every column of COLUMNS; "" where the user has no such value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector.domain.scim import Document

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
NAME_PARTS = ("formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix")
PLAIN = (
    "userName", "externalId", "displayName", "nickName", "profileUrl", "title", "userType", "preferredLanguage",
    "locale", "timezone",
)  # fmt: skip
OF_ENTERPRISE = ("employeeNumber", "costCenter", "organization", "division", "department")
TYPES = {"emails": ("work", "home", "other"), "phoneNumbers": ("work", "mobile", "home", "fax")}
ADDRESS = ("formatted", "streetAddress", "locality", "region", "postalCode", "country")
LISTS = ("groups", "roles", "entitlements")
OF_MANAGER = ("id", "userName", "externalId", "employeeNumber")
BETWEEN = "; "
"""Between the values of a list, such as the names of groups."""

COLUMNS: tuple[str, ...] = (
    "id",
    "active",
    *PLAIN,
    *(f"name.{part}" for part in NAME_PARTS),
    *(column for name, types in TYPES.items() for column in (name, *(f"{name}.{one}" for one in types))),
    *(f"addresses.{part}" for part in ADDRESS),
    *LISTS,
    *OF_ENTERPRISE,
    *(f"manager.{part}" for part in OF_MANAGER),
)


def record(
    ident: str, document: Document, groups: Sequence[str], manager: Document | None, gone: bool
) -> Mapping[str, str]:
    """One user as text. ``manager`` is the manager's own document where the directory has it; gone is inactive.

    ``emails``, ``phoneNumbers`` and ``addresses.*`` are of the primary value, else the one for work, else the first.
    """
    found = dict.fromkeys(COLUMNS, "")
    found |= {"id": ident, "active": "false" if gone or document.get("active") is False else "true"}
    found |= _texts(document, PLAIN) | _texts(_object(document, "name"), NAME_PARTS, "name.")
    for name, types in TYPES.items():
        found |= dict(_multiple(name, _values(document, name), types))
    found |= _texts(_preferred(_values(document, "addresses")), ADDRESS, "addresses.")
    for name in ("roles", "entitlements"):
        found[name] = _joined(one.get("value") for one in _values(document, name))
    found["groups"] = _joined(groups)
    enterprise = _object(document, ENTERPRISE)
    found |= _texts(enterprise, OF_ENTERPRISE)
    found["manager.id"] = _text(_object(enterprise, "manager").get("value"))
    if manager is not None:
        found |= _texts(manager, ("userName", "externalId"), "manager.")
        found |= _texts(_object(manager, ENTERPRISE), ("employeeNumber",), "manager.")
    return found


def _multiple(name: str, values: Sequence[Document], types: Sequence[str]) -> Iterator[tuple[str, str]]:
    yield name, _text(_preferred(values).get("value"))
    for wanted in types:
        of_type = (one for one in values if _text(one.get("type")).lower() == wanted)
        yield f"{name}.{wanted}", _text(next(of_type, {}).get("value"))


def _preferred(values: Sequence[Document]) -> Document:
    def rank(one: Document) -> tuple[bool, bool]:
        return one.get("primary") is not True, _text(one.get("type")).lower() != "work"

    return min(values, key=rank, default={})


def _texts(source: Document, names: Sequence[str], before: str = "") -> dict[str, str]:
    return {before + name: _text(source.get(name)) for name in names}


def _object(source: Document, name: str) -> Document:
    found = source.get(name)
    return found if isinstance(found, Mapping) else {}


def _values(source: Document, name: str) -> list[Document]:
    found = source.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _joined(values: Any) -> str:
    return BETWEEN.join(sorted({_text(one) for one in values} - {""}))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)
