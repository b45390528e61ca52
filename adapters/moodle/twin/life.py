"""What learners and teachers do in Moodle itself: for the demo, and for tests of the way back."""

from __future__ import annotations

import time

from adapters.moodle.twin.state import Grade, TwinCourse, TwinState

STUDENT = 5
"""The role's id on a fresh site."""


class Life:
    """Acts on the state directly, as Moodle's own pages do; no web service does these things."""

    def __init__(self, state: TwinState) -> None:
        self._state = state

    def make_course(
        self,
        idnumber: str,
        *,
        shortname: str = "",
        fullname: str = "",
        category: str = "",
        criteria: bool = True,
        grade_max: float = 100.0,
    ) -> int:
        """Make a course with completion enabled and give its id. ``category`` is an idnumber, made where missing."""
        with self._state.lock:
            place = next((c.id for c in self._state.categories.values() if category and c.idnumber == category), 0)
            if category and not place:
                place = self._state.add_category(category, category).id
            course = self._state.add_course(
                shortname or idnumber, fullname or shortname or idnumber, idnumber, place or 1, enablecompletion=True
            )
            course.criteria, course.grade_max = criteria, float(grade_max)
            return course.id

    def rename_course(self, ref: str, idnumber: str, shortname: str = "") -> None:
        """Give a course another idnumber and short name, as its settings page does."""
        with self._state.lock:
            course = self._course(ref)
            self._state.course_by_idnumber.pop(course.idnumber, None)
            self._state.course_by_shortname.pop(course.shortname)
            course.idnumber, course.shortname = idnumber, shortname or idnumber
            self._state.course_by_idnumber[idnumber] = course.id
            self._state.course_by_shortname[course.shortname] = course.id

    def delete_course(self, ref: str) -> None:
        """Delete a course and all that people have in it."""
        with self._state.lock:
            course = self._course(ref)
            for user_id in list(course.enrolments):
                self._state.unenrol(user_id, course)
            for places in self._state.roles.values():
                places.pop(("course", course.id), None)
            self._state.courses.pop(course.id)
            self._state.course_by_idnumber.pop(course.idnumber, None)
            self._state.course_by_shortname.pop(course.shortname)

    def complete(self, username: str, course: str, at: int | None = None) -> None:
        """The person completes the course at ``at`` (epoch seconds, default now); a first time stays, as in Moodle."""
        with self._state.lock:
            found = self._course(course)
            found.completions.setdefault(self._user(username), int(time.time()) if at is None else at)

    def grade(self, username: str, course: str, value: float | None, at: int | None = None) -> None:
        """Set the course total, or clear it with None."""
        with self._state.lock:
            found, user_id = self._course(course), self._user(username)
            if value is None:
                found.grades.pop(user_id, None)
                return
            found.grade_max = found.grade_max or 100.0
            found.grades[user_id] = Grade(value, int(time.time()) if at is None else at)

    def enrolled(self) -> list[tuple[str, str]]:
        """Who is in which course: each username with a course's shortname, sorted."""
        with self._state.lock:
            return sorted(
                (self._state.users[user_id].fields["username"], course.shortname)
                for course in self._state.courses.values()
                for user_id in course.enrolments
            )

    def learning(self) -> list[tuple[str, str]]:
        """Who is a student in which course, as ``enrolled``: those who teach it complete nothing."""
        with self._state.lock:
            return [
                (username, course)
                for username, course in self.enrolled()
                if STUDENT in self._state.course_roles(self._user(username), self._course(course).id)
            ]

    def _user(self, username: str) -> int:
        return self._state.by_username[username]

    def _course(self, ref: str) -> TwinCourse:
        state = self._state
        course_id = state.course_by_idnumber.get(ref) or state.course_by_shortname[ref]
        return state.courses[course_id]
