"""One person explained: what is asked of the stores and the mapping, and put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connector.domain.errors import SettingsError, StorageError
from connector.domain.explaining import Dossier, Dossiers, Learned, LearnedStore, RuleSeen, person_of
from connector.domain.grants import GrantKind, LearningPath, Requirement
from connector.domain.people import Person, Said
from connector.explain.focus import Focus, on_course, on_path
from connector.explain.now import Given, MappingNow, grants_now, standing
from connector.explain.question import Question
from connector.explain.texts import Event, Text, text
from connector.explain.timeline import timeline
from connector.explain.why import why


class ExplainingMapper(Protocol):
    """What is asked of the mapping of today."""

    @property
    def digest(self) -> str: ...
    @property
    def paths(self) -> Sequence[LearningPath]: ...
    @property
    def requirements(self) -> Sequence[Requirement]: ...

    def rules_on(self, person: Person) -> Sequence[RuleSeen]:
        """What each rule makes of the person."""
        ...

    def given_by(self, said: Mapping[str, Said]) -> Mapping[str, str]:
        """By field, the source whose word counts."""
        ...

    def in_scope(self, person: Person) -> bool:
        """Whether the mapping has anything to do with the person."""
        ...


@dataclass(frozen=True, slots=True)
class Explanation:
    """``why`` has an answer where something was asked for. ``events`` are in order of time, the newest last."""

    key: str
    why: tuple[Text, ...]
    now: tuple[Text, ...]
    grants: tuple[Given, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Explaining:
    """``learned`` opens the facts when they are asked for; ``ahead``: days before the first day.

    ``erased`` gives when somebody was erased, and under which pseudonym, by the key of then or by the pseudonym.
    """

    dossiers: Dossiers
    learned: Callable[[], LearnedStore]
    mapper: ExplainingMapper
    clock: Callable[[], datetime]
    ahead: int
    erased: Callable[[str], tuple[str, datetime] | None] = lambda _key: None

    def explain(self, key: str, course: str | None = None, path: str | None = None) -> Explanation:
        """Everything about the person with this key, or what concerns a course or a path.

        Raises SettingsError where nothing was ever heard of such a key, or the mapping has no such path.
        """
        if (gone := self.erased(key)) is not None:
            pseudonym, at = gone
            return Explanation(
                pseudonym, (), (text("this person was erased on {day}; no data are kept", day=at),), (), ()
            )
        dossier = self.dossiers.of(key, self.clock(), self.ahead)
        if dossier.person is None and not dossier.statements and not dossier.rejections:
            raise SettingsError("PERSON: HR's data have nobody with this key.")
        focus = self._focus(dossier, course, path)
        learned = self._learned(key)
        person = person_of(key, dossier.person.said.fields) if dossier.person else None
        rules = self.mapper.rules_on(person) if person else ()
        answer = why(Question(dossier, focus, rules, learned)) if focus else ()
        grants = tuple(one for one in grants_now(dossier) if focus is None or _concerned(focus, one))
        return Explanation(
            key,
            answer,
            (*standing(dossier, self._mapping(dossier, person)), *_facts(learned)),
            grants,
            timeline(dossier, learned, focus),
        )

    def _focus(self, dossier: Dossier, course: str | None, path: str | None) -> Focus | None:
        if course is not None and path is not None:
            raise SettingsError("--course, --path: ask for one of the two.")
        if course is not None:
            return on_course(course, self.mapper.paths, self.mapper.requirements, dossier.courses or {})
        return on_path(path, self.mapper.paths, self.mapper.requirements) if path is not None else None

    def _learned(self, key: str) -> Learned | None:
        try:
            return self.learned().of(key)
        except (StorageError, SettingsError):
            return None

    def _mapping(self, dossier: Dossier, person: Person | None) -> MappingNow:
        said = {one.source: one.said for one in dossier.statements if not one.gone}
        given = tuple(sorted(self.mapper.given_by(said).items())) if said else ()
        return MappingNow(self.mapper.digest, given, self.mapper.in_scope(person) if person else None)


def _concerned(focus: Focus, one: Given) -> bool:
    return focus.concerns(GrantKind(one.kind), one.target)


def _facts(learned: Learned | None) -> tuple[Text, ...]:
    """How far what was learned can be believed."""
    if learned is None:
        return (text("what was learned is not shown: the reporting database cannot be reached"),)
    if learned.read_at is None:
        return (text("Moodle has not been read yet: nothing is known of what was learned"),)
    return (text("Moodle was last read on {day}", day=learned.read_at),)
