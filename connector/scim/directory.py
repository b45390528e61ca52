"""What a client may do with its directory: RFC 7644, section 3.

Methods give an Answer and raise SCIMException for what is wrong with the request. Whoever writes is alone in the
directory while the resource is read, altered and kept, so that of two changes at once none is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from scim2_models import (
    Context,
    ForbiddenException,
    InvalidValueException,
    NotFoundException,
    PatchOp,
    ResponseParameters,
    SCIMException,
    UniquenessException,
)

from connector.domain.scim import DirectoryStore, Draft, Entry, Kind, MemberUnknown, NameTaken, WasErased
from connector.scim import reading
from connector.scim.answers import Answer, Conditions
from connector.scim.membership import apart
from connector.scim.models import POLICY
from connector.scim.resources import draft_of, location, resource_of, version

Work = Callable[[Entry], Draft | None]
"""What is to be kept of a resource, None where it stays as it is."""
RELATED = {Kind.USER: "groups", Kind.GROUP: "members"}


@dataclass(frozen=True, slots=True)
class Directory:
    """``base`` is the address under which the client reaches this server, without a slash at its end."""

    store: DirectoryStore
    base: str

    def create(self, kind: Kind, payload: Mapping[str, Any], query: Mapping[str, Any]) -> Answer:
        wanted = reading.parameters(kind, query)
        draft = draft_of(kind, reading.creation(kind, payload))
        try:
            entry = self.store.add(kind, draft)
        except (NameTaken, MemberUnknown, WasErased) as error:
            raise refused(error) from None
        answer = self._shown(entry, wanted, Context.RESOURCE_CREATION_RESPONSE, 201)
        return Answer(201, answer.body, {**answer.headers, "Location": location(kind, entry.id, self.base)})

    def read(self, kind: Kind, ident: str, query: Mapping[str, Any], conditions: Conditions) -> Answer:
        wanted = reading.parameters(kind, query)
        entry = self.store.get(kind, ident, related=shows_related(kind, wanted))
        if entry is None:
            raise not_found(kind)
        if conditions.unchanged(entry):
            return Answer(304, None, {"ETag": version(entry)})
        return self._shown(entry, wanted, Context.RESOURCE_QUERY_RESPONSE)

    def replace(
        self, kind: Kind, ident: str, payload: Mapping[str, Any], query: Mapping[str, Any], conditions: Conditions
    ) -> Answer:
        wanted = reading.parameters(kind, query)
        replacement = reading.replacement(kind, payload)

        def work(entry: Entry) -> Draft | None:
            conditions.check(entry)
            present = resource_of(entry, self.base)
            made = replacement.model_copy(deep=True)
            with POLICY:
                made.replace(present)
            return changed(kind, entry, draft_of(kind, made))

        entry = self._altered(lambda: self.store.alter(kind, ident, work), kind)
        return self._shown(entry, wanted, Context.RESOURCE_REPLACEMENT_RESPONSE)

    def patch(
        self, kind: Kind, ident: str, payload: Mapping[str, Any], query: Mapping[str, Any], conditions: Conditions
    ) -> Answer:
        """A group is answered without a body (Entra ID wants no list of all members), unless attributes are named."""
        wanted = reading.parameters(kind, query)
        patch = reading.patch(kind, payload)
        entry = self._patched(kind, ident, patch, conditions)
        if kind is Kind.GROUP and wanted.attributes is None:
            return Answer(204, None, {"ETag": version(entry)})
        if kind is Kind.GROUP:
            return self.read(kind, ident, query, Conditions())
        return self._shown(entry, wanted, Context.RESOURCE_PATCH_RESPONSE)

    def remove(self, kind: Kind, ident: str, conditions: Conditions) -> Answer:
        if not self.store.remove(kind, ident, conditions.check):
            raise not_found(kind)
        return Answer(204)

    def _patched(self, kind: Kind, ident: str, patch: PatchOp[Any], conditions: Conditions) -> Entry:
        parts = apart(patch) if kind is Kind.GROUP else None
        if parts is None:
            return self._altered(lambda: self.store.alter(kind, ident, self._work(kind, patch, conditions)), kind)
        members, others = parts

        def work(entry: Entry) -> Draft | None:
            if others is None:
                conditions.check(entry)
                return None
            draft = self._work(kind, others, conditions)(entry)
            return draft and replace(draft, members=None)

        return self._altered(lambda: self.store.join(ident, work, members), kind)

    def _work(self, kind: Kind, patch: PatchOp[Any], conditions: Conditions) -> Work:
        def work(entry: Entry) -> Draft | None:
            conditions.check(entry)
            altered = reading.patched(resource_of(entry, self.base), patch)
            return changed(kind, entry, draft_of(kind, altered))

        return work

    def _altered(self, alter: Callable[[], Entry | None], kind: Kind) -> Entry:
        try:
            return found(kind, alter())
        except (NameTaken, MemberUnknown, WasErased) as error:
            raise refused(error) from None

    def _shown(self, entry: Entry, wanted: ResponseParameters[Any], context: Context, status: int = 200) -> Answer:
        return Answer(status, shown(resource_of(entry, self.base), wanted, context), {"ETag": version(entry)})


def shown(resource: Any, wanted: ResponseParameters[Any], context: Context) -> dict[str, Any]:
    body: dict[str, Any] = resource.model_dump(scim_ctx=context, response_parameters=wanted, scim_policy=POLICY)
    return body


def shows_related(kind: Kind, wanted: ResponseParameters[Any]) -> bool:
    """Whether groups of users, or members of groups, are part of the answer."""

    def names(paths: Any) -> bool:
        bindings = [path.resolve() for path in paths or ()]
        return any(one is not None and one.field_name == RELATED[kind] for one in bindings)

    if wanted.attributes:
        return names(wanted.attributes)
    whole = [path for path in wanted.excluded_attributes or () if "." not in path.rpartition(":")[2]]
    return not names(whole)


def changed(kind: Kind, entry: Entry, draft: Draft) -> Draft | None:
    """The draft, or None where it is what is kept already."""
    members = frozenset(one.id for one in entry.related) if kind is Kind.GROUP else None
    return None if draft.document == entry.document and draft.members == members else draft


def found(kind: Kind, entry: Entry | None) -> Entry:
    if entry is None:
        raise not_found(kind)
    return entry


def not_found(kind: Kind) -> NotFoundException:
    return NotFoundException(detail=f"There is no such {kind.value.lower()}.")


def refused(error: NameTaken | MemberUnknown | WasErased) -> SCIMException:
    if isinstance(error, WasErased):
        return ForbiddenException(detail=str(error))
    if isinstance(error, NameTaken):
        return UniquenessException(detail=str(error))
    return InvalidValueException(detail=str(error))
