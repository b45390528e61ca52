"""The directory that a SCIM client keeps here, and the port to where it is kept.

A directory is of one client: nothing of another is ever read or altered through it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from connector.domain.errors import SetAside

Document = Mapping[str, Any]
"""A resource as JSON, with SCIM's names of attributes."""


class Kind(StrEnum):
    """What a directory has, by the names of RFC 7643."""

    USER = "User"
    GROUP = "Group"


class NameTaken(SetAside):
    """Another user of the directory has this userName."""


class WasErased(SetAside):
    """The user is somebody who was erased, and is not kept anew."""


class MemberUnknown(SetAside):
    """A group is to have a member that is not in the directory."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What resources are looked up by, in the form that is compared; see ``connector.scim.resources``.

    ``name`` is userName or displayName, ``number`` the employeeNumber.
    """

    name: str
    external: str | None = None
    number: str | None = None
    emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A resource as it is to be kept. ``members`` are ids; None leaves those of a group as they are."""

    document: Document
    keys: Keys
    members: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Related:
    """The other end of a membership: a member of a group, or a group that a user is in."""

    id: str
    kind: Kind
    display: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A resource as it is kept. ``version`` grows with each change; ``related`` is empty where nobody asked for it."""

    id: str
    kind: Kind
    document: Document
    version: int
    created_at: datetime
    modified_at: datetime
    related: tuple[Related, ...] = ()


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What the index finds: resources that have all of these; None asks for nothing. Keys are as in ``Keys``."""

    id: str | None = None
    name: str | None = None
    external: str | None = None
    number: str | None = None
    email: str | None = None
    member: str | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of a listing, in which order: by place, or by name. ``start`` counts from 0."""

    start: int
    count: int
    by_name: bool = False
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Membership:
    """A change of who is in a group: these come, these go, and of the others all stay, or nobody (``alone``)."""

    comes: frozenset[str] = frozenset()
    goes: frozenset[str] = frozenset()
    alone: bool = False


def in_the_end(steps: Iterable[Membership]) -> Membership:
    """What changes one after another come to. In one step those go who go, and then those come who come."""
    comes, goes, alone = set[str](), set[str](), False
    for step in steps:
        if step.alone:
            comes, goes, alone = set(), set(), True
        comes -= step.goes
        goes |= step.goes
        goes -= step.comes
        comes |= step.comes
    return Membership(frozenset(comes), frozenset(goes), alone)


class DirectoryStore(Protocol):
    """The directory of one client. Every method is one transaction; those that write come one after another.

    ``check`` and ``work`` are called with the resource locked; an error of theirs leaves everything as it was.
    """

    def get(self, kind: Kind, ident: str, related: bool) -> Entry | None: ...

    def find(self, kind: Kind, narrowing: Narrowing, part: Slice, related: bool) -> tuple[int, Sequence[Entry]]:
        """How many there are, and this part of them."""
        ...

    def add(self, kind: Kind, draft: Draft) -> Entry:
        """Raises NameTaken, WasErased and MemberUnknown."""
        ...

    def alter(self, kind: Kind, ident: str, work: Callable[[Entry], Draft | None]) -> Entry | None:
        """Keep what ``work`` makes of the resource; None of it leaves the resource as it is.

        Gives None where there is no such resource. Raises NameTaken, WasErased and MemberUnknown.
        """
        ...

    def join(self, ident: str, work: Callable[[Entry], Draft | None], members: Membership) -> Entry | None:
        """Let members come into a group and go out of it, without reading the others; ``work`` as in ``alter``.

        What ``work`` makes of the group says nothing of members. Gives None where there is no such group; who is in it
        or out of it already stays so. Raises MemberUnknown.
        """
        ...

    def remove(self, kind: Kind, ident: str, check: Callable[[Entry], None]) -> bool:
        """A group is deleted, a user kept as gone. False where there is no such resource."""
        ...
