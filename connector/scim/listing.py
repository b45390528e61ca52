"""Listings: filter, order and pages (RFC 7644, 3.4.2 and 3.4.3).

What the index answers wholly is paged by the database. Everything else is evaluated here on what the index found, of
which there may be SCANNED at most: the client is asked for a narrower filter beyond that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scim2_models import Context, ListResponse, ResponseParameters, SearchRequest, TooManyException

from connector.domain.scim import DirectoryStore, Entry, Kind, Slice
from connector.scim import reading
from connector.scim.answers import Answer
from connector.scim.directory import shown, shows_related
from connector.scim.filters import narrowed
from connector.scim.models import MOST, PAGE, POLICY, FullUser
from connector.scim.resources import resource_of

SCANNED = 10_000
Wanted = Callable[[Any], ResponseParameters[Any]]
"""Which attributes of a resource are part of the answer."""
_NAMES = {Kind.USER: "user_name", Kind.GROUP: "display_name"}


@dataclass(frozen=True, slots=True)
class Listing:
    store: DirectoryStore
    base: str

    def of_kind(self, kind: Kind, asked: Mapping[str, Any], context: Context) -> Answer:
        """One page of users or of groups."""
        request = reading.search(kind, asked)
        start, count = _part(request)
        wanted = narrowed(kind, request.filter)
        if wanted.exact and (request.sort_by is None or _by_name(kind, request)):
            part = Slice(start, count, request.sort_by is not None, _descending(request))
            shows = shows_related(kind, request)
            total, entries = self.store.find(kind, wanted.narrowing, part, related=shows)
            return _page(start, total, self._resources(entries), lambda _: request, context)
        matching = self._matching(kind, request)
        return _page(start, len(matching), matching[start : start + count], lambda _: request, context)

    def of_all(self, asked: Mapping[str, Any], context: Context) -> Answer:
        """One page of users and groups together."""
        request = reading.search(None, asked)
        start, count = _part(request)
        matching = request.sort(one for kind in Kind for one in self._matching(kind, request))
        wanted = {kind.value: reading.parameters(kind, asked) for kind in Kind}
        part = matching[start : start + count]
        return _page(start, len(matching), part, lambda one: wanted[one.meta.resource_type], context)

    def _matching(self, kind: Kind, request: SearchRequest[Any]) -> Sequence[Any]:
        narrowing = narrowed(kind, request.filter).narrowing
        total, entries = self.store.find(kind, narrowing, Slice(0, SCANNED), related=True)
        if total > SCANNED:
            raise TooManyException(
                detail=f"More than {SCANNED} resources would have to be looked through. "
                "Narrow the filter by userName, externalId, employeeNumber, id, emails or members, compared with eq."
            )
        with POLICY:
            resources = self._resources(entries)
            if request.filter is not None:
                resources = [one for one in resources if request.filter.match(one)]
            return request.sort(resources)

    def _resources(self, entries: Sequence[Entry]) -> list[Any]:
        return [resource_of(entry, self.base) for entry in entries]


def _page(start: int, total: int, resources: Sequence[Any], wanted: Wanted, context: Context) -> Answer:
    return page(total, start + 1, [shown(one, wanted(one), context) for one in resources])


def page(total: int, start: int, resources: list[dict[str, Any]]) -> Answer:
    """A ListResponse. ``Resources`` stands there even where it is empty, as Entra ID and Okta want it."""
    message = ListResponse[FullUser](total_results=total, start_index=start, items_per_page=len(resources))
    return Answer(200, {**message.model_dump(), "Resources": resources})


def _part(request: SearchRequest[Any]) -> tuple[int, int]:
    """Where the page begins, from 0, and how many it has."""
    count = PAGE if request.count is None else min(request.count, MOST)
    return min(request.start_index_0 or 0, reading.FARTHEST), count


def _by_name(kind: Kind, request: SearchRequest[Any]) -> bool:
    binding = request.sort_by and request.sort_by.resolve()
    return bool(binding and binding.field_name == _NAMES[kind] and binding.sub_field_name is None)


def _descending(request: SearchRequest[Any]) -> bool:
    return request.sort_order is SearchRequest.SortOrder.descending
