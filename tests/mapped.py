"""What a mapping of one source makes of a record, in the tests' shorter words."""

from __future__ import annotations

from connector.domain.people import Person, Record, Rejection, Removed
from mappings.company import CompanyMapping, SourceMapping
from mappings.explain import Explanation


def only(mapping: CompanyMapping) -> SourceMapping:
    """Its only source."""
    (source,) = mapping.sources.values()
    return source


def outcome(mapping: CompanyMapping, record: Record) -> Person | list[Rejection]:
    """The person, or everything that is wrong."""
    found = mapping.outcome(only(mapping).settings.name, record)
    assert not isinstance(found, Removed)
    return found


def told(mapping: CompanyMapping, record: Record) -> Explanation:
    """The record's way, step by step."""
    return mapping.mapping_try(only(mapping).settings.name, record)
