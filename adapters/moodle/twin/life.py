"""What learners and teachers do in Moodle itself: for the demo, and for tests of the way back."""

from __future__ import annotations

import time

from adapters.moodle.twin.gradebook import INSERT, UPDATE
from adapters.moodle.twin.people import mangle
from adapters.moodle.twin.reports.model import BadgeIssue, Certificate, TwinBadge
from adapters.moodle.twin.reports.setup import make_report
from adapters.moodle.twin.state import STUDENT, Enrolment, Grade, TwinState
from adapters.moodle.twin.within import Within


def _now(at: int | None) -> int:
    """``at`` in epoch seconds, or now."""
    return int(time.time()) if at is None else at


class Life(Within):
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

    def describe(self, ref: str, *, fullname: str = "", summary: str = "", **fields: str) -> None:
        """Give a course another full name and summary, and custom fields; of a menu the number of an option.

        A field that the site does not have is made, for texts.
        """
        with self._state.lock:
            course = self._course(ref)
            course.fullname, course.summary = fullname or course.fullname, summary or course.summary
            for name, value in fields.items():
                self._state.course_fields.setdefault(name, ())
                course.fields[name] = value

    def rename_course(self, ref: str, idnumber: str, shortname: str = "") -> None:
        """Give a course another idnumber and short name, as its settings page does."""
        with self._state.lock:
            course = self._course(ref)
            self._state.course_by_idnumber.pop(course.idnumber, None)
            self._state.course_by_shortname.pop(course.shortname)
            course.idnumber, course.shortname = idnumber, shortname or idnumber
            self._state.note("courses", "updated", course=course.id, thing=course.id)
            self._state.course_by_idnumber[idnumber] = course.id
            self._state.course_by_shortname[course.shortname] = course.id

    def delete_course(self, ref: str) -> None:
        """Delete a course and all that people have in it."""
        with self._state.lock:
            course, book = self._course(ref), self._state.gradebook
            for user_id in list(course.grades):
                self._state.drop_total(user_id, course, "coursedelete")
            book.drop("coursedelete", _now(None), course_id=course.id)
            book.done = {k: one for k, one in book.done.items() if book.activities[k[0]].course_id != course.id}
            book.items = {k: one for k, one in book.items.items() if one.course_id != course.id}
            book.activities = {k: one for k, one in book.activities.items() if one.course_id != course.id}
            for user_id in list(course.enrolled()):
                self._state.leave_course(user_id, course)
            for places in self._state.roles.values():
                places.pop(("course", course.id), None)
            for group_id in [one.id for one in self._state.groups.values() if one.course_id == course.id]:
                self._state.groups.pop(group_id)
            self._state.courses.pop(course.id)
            self._state.note("courses", "deleted", course=course.id, thing=course.id)
            self._state.course_by_idnumber.pop(course.idnumber, None)
            self._state.course_by_shortname.pop(course.shortname)

    def close_course(self, ref: str) -> None:
        """Hide a course, and let the token's account into it no longer."""
        with self._state.lock:
            self._state.closed.add(self._course(ref).id)

    def complete(self, username: str, course: str, at: int | None = None) -> None:
        """The person completes the course at ``at`` (epoch seconds, default now); a first time stays, as in Moodle."""
        with self._state.lock:
            found = self._course(course)
            found.completions.setdefault(self._user(username), _now(at))
            self._state.note("completions", "created", self._user(username), found.id)

    def begin_again(self, username: str, course: str) -> None:
        """What local_recompletion does: the person has not completed the course any more."""
        with self._state.lock:
            found = self._course(course)
            found.completions.pop(self._user(username), None)
            self._state.note("courses", "again", self._user(username), found.id)

    def grade(
        self, username: str, course: str, value: float | None, at: int | None = None, most: float | None = None
    ) -> None:
        """Set the course total, or clear it with None. ``most``: the points of what was graded, where the total adds
        that up and not all of it was; by default the course's."""
        with self._state.lock:
            found, user_id = self._course(course), self._user(username)
            self._state.note("grades", "deleted" if value is None else "updated", user_id, found.id)
            book, before = self._state.gradebook, found.grades.pop(user_id, None)
            if value is None:
                if before is not None:
                    book.note(UPDATE, user_id, found.id, None, "aggregation", _now(None))
                return
            found.grade_max = found.grade_max or 100.0
            found.grades[user_id] = Grade(value, _now(at), None if most is None else float(most))
            book.note(UPDATE if before else INSERT, user_id, found.id, value, "aggregation", _now(None))

    def enrolled(self) -> list[tuple[str, str]]:
        """Who is in which course: each username with a course's shortname, sorted."""
        with self._state.lock:
            return sorted(
                (self._state.users[user_id].fields["username"], course.shortname)
                for course in self._state.courses.values()
                for user_id in course.enrolled()
            )

    # ------------------------------------------------------------ enrolments
    def enrol(
        self,
        username: str,
        course: str,
        plugin: str = "self",
        *,
        at: int | None = None,
        starts: int = 0,
        ends: int = 0,
        role: int = 5,
    ) -> None:
        """Enrol by a method that no web service of ours uses; ``at`` is when it was made, ``starts`` 0 is then."""
        with self._state.lock:
            found, user_id = self._course(course), self._user(username)
            people = found.enrolments if plugin == "manual" else found.others.setdefault(plugin, {})
            people[user_id] = Enrolment(starts, ends, False, _now(at))
            self._state.note("enrolments", "created", user_id, found.id)
            self._state.user_courses.setdefault(user_id, {})[found.id] = None
            self._state.roles.setdefault(user_id, {}).setdefault(("course", found.id), set()).add(role)

    def suspend_enrolment(self, username: str, course: str, plugin: str = "manual", *, suspended: bool = True) -> None:
        """Suspend or reactivate one enrolment."""
        with self._state.lock:
            found = self._course(course)
            people = found.enrolments if plugin == "manual" else found.others[plugin]
            one = people[self._user(username)]
            one.suspended, one.modified = suspended, int(time.time())
            self._state.note("enrolments", "updated", self._user(username), found.id)

    def unenrol(self, username: str, course: str, plugin: str = "manual") -> None:
        """End one enrolment; with the last one go roles and grades, and completions stay."""
        with self._state.lock:
            self._state.unenrol(self._user(username), self._course(course), plugin)

    def sync_cohort(self, course: str, cohort: str) -> None:
        """Add the enrolment method Cohort sync to a course: it enrols the cohort's members, from now on too."""
        with self._state.lock:
            found = self._state.cohorts[self._state.cohort_by_idnumber[cohort]]
            found.enrols_in.add(self._course(course).id)
            for user_id in list(found.members):
                self._state.join(user_id, found)

    def reset_course(
        self, course: str, *, completions: bool = True, grades: bool = True, enrolments: bool = False
    ) -> None:
        """Moodle's "Reset course": nobody's account is marked as changed by it."""
        with self._state.lock:
            found, book = self._course(course), self._state.gradebook
            if completions:
                found.completions.clear()
                found.tracked.clear()
            if completions:
                for key in [k for k in book.done if book.activities[k[0]].course_id == found.id]:
                    del book.done[key]
            if grades:
                for user_id in list(found.grades):
                    self._state.drop_total(user_id, found, "reset")
                book.drop("reset", _now(None), course_id=found.id)
            if enrolments:
                for user_id in list(found.enrolled()):
                    self._state.leave_course(user_id, found)
            self._state.note("courses", "again", course=found.id)
            if any((a.course_id, a.module) == (found.id, "customcert") for a in book.activities.values()):
                self._state.note("customcerts", "again", course=found.id)

    # ------------------------------------------------------------ people
    def delete_user(self, username: str) -> None:
        """Delete a person as an administrator does on the list of people."""
        with self._state.lock:
            mangle(self._state, self._state.users[self._user(username)])

    def change_user(self, username: str, at: int | None = None, **fields: str) -> None:
        """Change text fields of a person's profile by hand; ``at`` is when it was."""
        with self._state.lock:
            user = self._state.users[self._user(username)]
            self._state.unindex(user)
            user.fields |= fields
            user.modified = _now(at)
            self._state.index(user)
            self._state.note("people", "updated", user.id, thing=user.id)

    def access(self, username: str, course: str = "", at: int | None = None) -> None:
        """The person visits the site, and the course where one is named; the account does not count as changed."""
        with self._state.lock:
            user, seconds = self._state.users[self._user(username)], _now(at)
            user.firstaccess = user.firstaccess or seconds
            user.lastaccess = seconds
            if course:
                self._course(course).accesses[user.id] = seconds

    def notice(self, course: str) -> None:
        """Moodle's cron takes notice of who is in the course: "Completed" says No from then on, and not nothing."""
        with self._state.lock:
            found = self._course(course)
            found.tracked.update(found.enrolled())

    # ------------------------------------------------------------ badges and reports
    def award(self, username: str, badge: str, at: int | None = None, expires: int | None = None) -> None:
        """Award a badge of the site, made where missing; who has it is not awarded again, as by ``badge::issue``."""
        with self._state.lock:
            state = self._state
            made = state.badge_by_name.get(badge) or TwinBadge(state.next_id("badge"), badge)
            state.badge_by_name[badge] = made
            has = state.badges.setdefault(self._user(username), [])
            if any(one.badge is made for one in has):
                return
            has.append(BadgeIssue(made, _now(at), expires))
            state.note("badge_issues", "created", self._user(username), thing=made.id)

    def revoke(self, username: str, badge: str) -> None:
        """Take a badge away."""
        with self._state.lock:
            issues = self._state.badges.get(self._user(username), [])
            issues[:] = [issue for issue in issues if issue.badge.name != badge]
            self._state.note("badge_issues", "deleted", self._user(username))

    def certify(self, username: str, template: str, code: str, at: int | None = None, expires: int = 0) -> None:
        """Issue a certificate of tool_certificate."""
        with self._state.lock:
            issues = self._state.certificates.setdefault(self._user(username), [])
            issues.append(Certificate(template, code, _now(at), expires))
            self._state.note("certificate_issues", "created", self._user(username))

    def archive_certificate(self, username: str, code: str) -> None:
        """Archive an issue: its row stays, and only the filter tells it."""
        with self._state.lock:
            for issue in self._state.certificates.get(self._user(username), []):
                issue.archived = issue.archived or issue.code == code

    def revoke_certificate(self, username: str, code: str) -> None:
        """Revoke an issue: its row is gone."""
        with self._state.lock:
            issues = self._state.certificates.get(self._user(username), [])
            issues[:] = [issue for issue in issues if issue.code != code]
            self._state.note("certificate_issues", "deleted", self._user(username))

    def make_report(self, name: str, source: str, *, defaults: bool = False) -> int:
        """Make a report as an administrator does, and give its id; ``source`` is a class of ``reports.sources``.

        With ``defaults`` it has columns, filters and conditions that hide people, as Moodle offers.
        """
        with self._state.lock:
            return make_report(self._state, name, source, defaults=defaults).id

    def learning(self) -> list[tuple[str, str]]:
        """Who is a student in which course, as ``enrolled``: those who teach it complete nothing."""
        with self._state.lock:
            return [
                (username, course)
                for username, course in self.enrolled()
                if STUDENT in self._state.course_roles(self._user(username), self._course(course).id)
            ]
