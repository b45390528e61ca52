"""A company's mapping, loaded: the port ``Mapper``, and what else its files say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.domain.decisions import Assignable
from connector.domain.grants import GrantSet, LearningPath, Requirement
from connector.domain.people import Person, Record, Rejection
from mappings.explain import Explanation, explain
from mappings.model import SourceSettings
from mappings.person import PersonMapper
from mappings.rules import Rules, Scope


@dataclass(frozen=True, slots=True)
class CompanyMapping:
    """Made by ``mappings.loader.load``; implements the port ``Mapper``.

    ``digest``: SHA-256 over all mapping files. ``source``: how deliveries are read, and their gates.
    ``columns``: what a feed must have: every column that is read; of XML and JSON, which leave out what is empty, only
    what nobody may be without. ``expressions``: of these, the path of each field by the name under which it stands.
    ``key_column``: the column with the key, where it is one: who is in a row that cannot be read is still known.
    ``create_only``: Moodle fields set at creation and never compared, profile fields as ``profile:SHORTNAME``.
    ``protected``: user names, in lower case, of accounts that are never touched.
    ``assignable``: what each path and requirement gives to whom a person assigns it.
    """

    digest: str
    source: SourceSettings
    columns: frozenset[str]
    expressions: Mapping[str, str]
    key_column: str | None
    paths: tuple[LearningPath, ...]
    requirements: tuple[Requirement, ...]
    role_ids: Mapping[str, int]
    create_only: frozenset[str]
    protected: frozenset[str]
    assignable: Assignable = field(repr=False)
    people: PersonMapper = field(repr=False)
    rules: Rules = field(repr=False)
    scope: Scope | None = field(repr=False)

    def person(self, record: Record) -> Person | list[Rejection]:
        """The person that a record describes, or all that is wrong with it.

        An empty list means that the person is out of the mapping's scope: not rejected, and not wanted either.
        """
        person = self.people.person(record)
        if self.scope is None or not isinstance(person, Person):
            return person
        within = self.scope.within(person)
        if within is True:
            return person
        return [Rejection(record.line, person.key, "scope", within)] if within else []

    def grants(self, person: Person) -> GrantSet:
        """All that the rules give.

        Whether the person is active on a given day is not asked here, except by rules that name ``active``.
        """
        return self.rules.grants(person)

    def mapping_try(self, record: Record) -> Explanation:
        """What a record becomes, step by step, for a person to read."""
        return explain(record, self.people, self.rules, self.person(record))
