"""What stands in a calendar about a due date, in the language of the person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.moodle.letters import title, write
from connector.domain.calendar import Due, Entry
from connector.domain.grants import LearningPath
from connector.domain.learners import DueLetter, language_of, name_in
from connector.domain.notices import Language


@dataclass(frozen=True, slots=True)
class EntryWriting:
    """``requirements`` say which path is required, ``courses`` Moodle's ids by reference; ``url`` is Moodle's.

    ``language`` is for who uses none of ours.
    """

    requirements: Mapping[str, str]
    paths: Mapping[str, LearningPath]
    courses: Mapping[str, int]
    url: str
    language: Language

    def entry(self, due: Due) -> Entry | None:
        """The entry; None for a requirement that the mapping does not have any more."""
        path = self.paths.get(self.requirements.get(due.requirement, ""))
        if path is None:
            return None
        language = language_of(due.lang, self.language)
        name = name_in(path.name, language, path.code)
        course = self.courses.get(path.courses[0]) if path.courses else None
        url = f"{self.url}/course/view.php?id={course}" if course else f"{self.url}/my/courses.php"
        text = write(DueLetter(language, name, due.due_on, changed=False, url=url))
        return Entry(due.account_id, due.requirement, due.due_on, due.timezone, title(language, name), text)
