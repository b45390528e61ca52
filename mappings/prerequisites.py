"""What must be completed before a path or a requirement is granted: the courses of what ``after`` names."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from mappings.model.grants import PathSpec
from mappings.model.requirements import RequirementSpec
from mappings.problems import Document, Problems, known


class Prerequisites:
    """The paths by code, and the requirements, which stand for their path. A path's code comes first."""

    def __init__(self, paths: Sequence[PathSpec], requirements: Sequence[RequirementSpec]) -> None:
        self._paths = {path.code: path for path in paths}
        self._named = {one.code: one.path for one in requirements} | {code: code for code in self._paths}

    def of_path(self, path: PathSpec) -> tuple[str, ...]:
        """The courses that come before the path; none where it names what is not there, which ``check`` tells."""
        return self._courses(path.after)

    def of_requirement(self, spec: RequirementSpec) -> tuple[str, ...]:
        """The courses before the requirement, and before its path: nothing is due that has not been given."""
        path = self._paths.get(spec.path)
        return self._courses((*(path.after if path else ()), *spec.after))

    def check_paths(self, document: Document, problems: Problems) -> None:
        """Codes that are not there, circles, and courses that would have to come before themselves."""
        above = {code: [self._named.get(one, "") for one in path.after] for code, path in self._paths.items()}
        for i, path in enumerate(self._paths.values()):
            at = document.at(("paths", i, "after"))
            for code in path.after:
                if code not in self._named:
                    problems.add(at, f"there is no path or requirement {code}; {known(code, self._named)}")
            for course in path.courses:
                if course in self._courses(self._before(path)):
                    problems.add(at, f"{course} stands in this path and in one that comes before it")
        try:
            TopologicalSorter(above).prepare()
        except CycleError as error:
            circle: list[str] = error.args[1]
            place = next(i for i, code in enumerate(self._paths) if code in circle)
            problems.add(document.at(("paths", place, "after")), f"a circle: {' before '.join(circle)}")

    def check_requirement(self, place: int, spec: RequirementSpec, document: Document, problems: Problems) -> None:
        """Codes that are not there, and what can be complete only once it was given."""
        at = document.at(("requirements", place, "after"))
        for code in spec.after:
            if code not in self._named:
                problems.add(at, f"there is no path or requirement {code}; {known(code, self._named)}")
            elif self._named[code] == spec.path:
                problems.add(at, f"{code} is what it requires itself")

    def _before(self, path: PathSpec) -> list[str]:
        """All paths that come before, near and far, but for itself where they go in a circle."""
        found: list[str] = []
        ahead = list(path.after)
        while ahead:
            code = self._named.get(ahead.pop(), "")
            if code in self._paths and code not in (*found, path.code):
                found.append(code)
                ahead += self._paths[code].after
        return found

    def _courses(self, codes: Sequence[str]) -> tuple[str, ...]:
        paths = [self._paths[code] for one in codes if (code := self._named.get(one, "")) in self._paths]
        return tuple(dict.fromkeys(course for path in paths for course in path.courses))
