"""Is it the same human? Asked where HR gives a key again whose person had left. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.domain.matching import folded


@dataclass(frozen=True, slots=True)
class Human:
    """What HR says of somebody under a key; "" where it does not say. ``birth_date`` is an ISO date."""

    firstname: str
    lastname: str
    email: str
    birth_date: str = ""


@dataclass(frozen=True, slots=True)
class Returned:
    """Somebody of whom HR says again that they work here: as they left, and as they are now.

    ``account_id`` is the account under the key. ``settlement`` is what a person said since they left, {} for nothing.
    """

    person_id: int
    key: str
    was: Human
    now: Human
    account_id: int
    settlement: Mapping[str, Any] = field(default_factory=dict)


def another(was: Human, now: Human) -> str:
    """What says that it is somebody else; "" where nothing does. Who marries keeps the first name."""
    if was.birth_date and now.birth_date:
        return "another birth date" if was.birth_date != now.birth_date else ""
    pairs = ((was.firstname, now.firstname), (was.lastname, now.lastname), (was.email, now.email))
    if all(one and other and folded(one) != folded(other) for one, other in pairs):
        return "another first name, surname and e-mail address"
    return ""


def is_newcomer(one: Returned) -> bool:
    """Did a person say that it is somebody else, who gets an account of their own or has another one?"""
    chosen = one.settlement.get("account")
    return bool(one.settlement.get("create")) or (chosen is not None and chosen != one.account_id)


def is_the_same(one: Returned) -> bool:
    """Did a person say that the account is theirs still?"""
    return one.settlement.get("account") == one.account_id
