"""A company's mapping, loaded: the port ``Mapper``, and what else its files say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.domain.certificates import CertificateTemplate
from connector.domain.decisions import Assignable
from connector.domain.grants import GrantSet, LearningPath, Requirement
from connector.domain.people import Person, Record, Rejection, Removed, Said
from mappings.explain import Explanation, RuleTrace, explain, traced
from mappings.model.sources import SourceSettings
from mappings.person import PersonMaker, SourceMapper
from mappings.rules import Rules, Scope


@dataclass(frozen=True, slots=True)
class SourceMapping:
    """What the mapping says of one source. ``settings``: how its deliveries are read, and their gates.

    ``columns``: what a feed must have: every column that is read; of XML and JSON, which leave out what is empty, only
    what nobody may be without. ``expressions``: of these, the path of each field by the name under which it stands.
    ``key_column``: the column with the key, where it is one: who is in a row that cannot be read is still known.
    """

    settings: SourceSettings
    columns: frozenset[str]
    expressions: Mapping[str, str]
    key_column: str | None
    mapper: SourceMapper = field(repr=False)


@dataclass(frozen=True, slots=True)
class CompanyMapping:
    """Made by ``mappings.loader.load``; implements the port ``Mapper``.

    ``digest``: SHA-256 over all mapping files. ``sources`` by name, in the order in which they are believed.
    ``prerequisites``: courses that must be completed before something is granted.
    ``create_only``: Moodle fields set at creation and never compared, profile fields as ``profile:SHORTNAME``.
    ``protected``: user names, in lower case, of accounts that are never touched.
    ``assignable``: what each path and requirement gives to whom a person assigns it.
    """

    digest: str
    sources: Mapping[str, SourceMapping]
    paths: tuple[LearningPath, ...]
    requirements: tuple[Requirement, ...]
    certificates: tuple[CertificateTemplate, ...]
    prerequisites: frozenset[str]
    role_ids: Mapping[str, int]
    create_only: frozenset[str]
    protected: frozenset[str]
    assignable: Assignable = field(repr=False)
    people: PersonMaker = field(repr=False)
    rules: Rules = field(repr=False)
    scope: Scope | None = field(repr=False)

    @property
    def authoritative(self) -> tuple[str, ...]:
        """The sources that name people, in the order in which they are believed."""
        return tuple(name for name, source in self.sources.items() if source.settings.authoritative)

    @property
    def profile_fields(self) -> tuple[str, ...]:
        """Short names of the custom profile fields that are written in Moodle."""
        return self.people.profile_fields

    def said(self, source: str, record: Record) -> Said | Removed | list[Rejection]:
        """What a record of a source says of a person, or all that is wrong with it."""
        return self.sources[source].mapper.said(record)

    def key(self, source: str, raw: str) -> str | None:
        """The key that ``raw`` is, where it stood as the key in a row of a source that cannot be split."""
        return self.sources[source].mapper.key(raw)

    def person(self, said: Mapping[str, Said], line: int) -> Person | list[Rejection]:
        """The person of whom the sources say this, or all that is wrong. ``line`` is for the rejections.

        An empty list means that the person is out of the mapping's scope: not rejected, and not wanted either.
        """
        if len(self.sources) == 1:
            source, only = next(iter(said.items()))
            person = self.people.of_one(source, only, line)
        else:
            person = self.people.of_several(said, line)
        if self.scope is None or not isinstance(person, Person):
            return person
        within = self.scope.within(person)
        if within is True:
            return person
        return [Rejection(line, person.key, "scope", within)] if within else []

    def grants(self, person: Person) -> GrantSet:
        """All that the rules give.

        Whether the person is active on a given day is not asked here, except by rules that name ``active``.
        """
        return self.rules.grants(person)

    def mapping_try(self, source: str, record: Record, others: Mapping[str, Said] | None = None) -> Explanation:
        """What a record becomes, step by step, for a person to read; ``others``: what other sources say."""
        return explain(record, self.sources[source].mapper, self.rules, self.outcome(source, record, others))

    def rules_on(self, person: Person) -> tuple[RuleTrace, ...]:
        """What each rule makes of a person, and the values that it sees."""
        return traced(self.rules, person)

    def given_by(self, said: Mapping[str, Said]) -> Mapping[str, str]:
        """Of what several sources say: by field, the source whose word counts."""
        return self.people.given_by(said)

    def in_scope(self, person: Person) -> bool:
        """Whether the person is of those whom the mapping is about."""
        return self.scope is None or self.scope.within(person) is True

    def outcome(
        self, source: str, record: Record, others: Mapping[str, Said] | None = None
    ) -> Person | Removed | list[Rejection]:
        """What a record becomes, with what ``others`` say of the same person."""
        said = self.said(source, record)
        return said if isinstance(said, list | Removed) else self.person({**(others or {}), source: said}, record.line)
