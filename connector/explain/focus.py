"""What a question is about: one course, one learning path or requirement, or everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.domain.errors import SettingsError
from connector.domain.grants import GrantKind, GroupTarget, LearningPath, Requirement, RoleTarget


@dataclass(frozen=True, slots=True)
class Focus:
    """``courses`` by all their names. ``paths`` lead there; ``requirements`` demand one of the paths."""

    name: str
    courses: tuple[str, ...]
    paths: tuple[LearningPath, ...]
    requirements: tuple[str, ...]

    @property
    def asked(self) -> tuple[tuple[GrantKind, str, str], ...]:
        """What somebody would be granted: kind, target, and the path that gives it."""
        found = dict[tuple[GrantKind, str], str]()
        for path in self.paths:
            if path.cohort:
                found.setdefault((GrantKind.COHORT, path.cohort), path.code)
            for course in path.courses if not path.cohort else ():
                if course in self.courses:
                    found.setdefault((GrantKind.ENROLMENT, course), path.code)
        return tuple((kind, target, path) for (kind, target), path in found.items())

    @property
    def cohorts(self) -> tuple[str, ...]:
        """Cohorts by which courses come."""
        return tuple(dict.fromkeys(path.cohort for path in self.paths if path.cohort))

    def led_to(self, cohort: str) -> tuple[str, ...]:
        """The courses to which Moodle's cohort enrolment leads from there."""
        paths = [path for path in self.paths if path.cohort == cohort]
        return tuple(dict.fromkeys(one for path in paths for one in path.courses if one in self.courses))

    def concerns(self, kind: GrantKind | None, target: str) -> bool:
        """Whether a grant has to do with it; ``kind`` None: a change of the account has not."""
        match kind:
            case GrantKind.ENROLMENT:
                return target in self.courses
            case GrantKind.GROUP:
                return GroupTarget.parse(target).course in self.courses
            case GrantKind.ROLE:
                role = RoleTarget.parse(target)
                return role.level == "course" and role.ref in self.courses
            case GrantKind.COHORT:
                return any(path.cohort == target for path in self.paths)
            case GrantKind.ASSIGNMENT:
                return target in self.requirements
        return False


def on_course(
    ref: str, paths: Sequence[LearningPath], requirements: Sequence[Requirement], ids: Mapping[str, int]
) -> Focus:
    """A course by one of its names; ``ids``: Moodle's ids by the names that are known."""
    names = {ref, *(name for name, number in ids.items() if number == ids.get(ref))}
    found = tuple(path for path in paths if names & set(path.courses))
    return Focus(ref, tuple(sorted(names)), found, _of_paths(found, requirements))


def on_path(code: str, paths: Sequence[LearningPath], requirements: Sequence[Requirement]) -> Focus:
    """A path, or a requirement, which stands for its path. Raises SettingsError for an unknown code."""
    wanted = next((one.path for one in requirements if one.code == code), code)
    found = tuple(path for path in paths if path.code == wanted)
    if not found:
        known = sorted({*(path.code for path in paths), *(one.code for one in requirements)})
        raise SettingsError(f"--path: the mapping has no such code; it has {', '.join(known) or 'none'}.")
    return Focus(code, found[0].courses, found, _of_paths(found, requirements))


def _of_paths(paths: Sequence[LearningPath], requirements: Sequence[Requirement]) -> tuple[str, ...]:
    codes = {path.code for path in paths}
    return tuple(one.code for one in requirements if one.path in codes)


def concerns(focus: Focus | None, kind: GrantKind | None, target: str, terms: Mapping[str, Any] | None = None) -> bool:
    """The same where there may be no focus: then everything concerns."""
    if focus is None:
        return True
    return focus.concerns(kind, target) or bool(terms and kind is GrantKind.COHORT and terms.get("path") == focus.name)
