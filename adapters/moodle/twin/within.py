"""What learners and teachers do within a course of the twin: activities, items of grades, recompletion."""

from __future__ import annotations

import time

from adapters.moodle.twin.gradebook import BEYOND_COURSES, COMPLETE, Activity, Item, ItemGrade
from adapters.moodle.twin.state import TwinCourse, TwinState


class Within:
    """Part of ``Life``: acts on the state directly, as Moodle's own pages do."""

    _state: TwinState

    def _user(self, username: str) -> int:
        return self._state.by_username[username]

    def _course(self, ref: str) -> TwinCourse:
        state = self._state
        course_id = state.course_by_idnumber.get(ref) or state.course_by_shortname[ref]
        return state.courses[course_id]

    def make_activity(self, course: str, name: str, module: str = "quiz", *, passes: float = 0.0) -> int:
        """Make an activity with its grade item, and give its id."""
        with self._state.lock:
            book, found = self._state.gradebook, self._course(course)
            activity = Activity(book.next_id(), found.id, name, module)
            book.activities[activity.id] = activity
            item = Item(BEYOND_COURSES + book.next_id(), found.id, name, "mod", activity, passes=passes)
            book.items[item.id] = item
            self._state.note("activities", "created", course=found.id, thing=activity.id)
            self._tell_of_customcert(activity, "created")
            self._state.note("grade_items", "created", course=found.id, thing=item.id)
            return activity.id

    def make_item(self, course: str, name: str, kind: str = "manual") -> int:
        """Make a grade item without an activity, and give its id."""
        with self._state.lock:
            book = self._state.gradebook
            item = Item(BEYOND_COURSES + book.next_id(), self._course(course).id, name, kind)
            book.items[item.id] = item
            self._state.note("grade_items", "created", course=item.course_id, thing=item.id)
            return item.id

    def item_of(self, activity: int) -> int:
        """The id of the grade item of an activity."""
        return next(i.id for i in self._state.gradebook.items.values() if i.activity and i.activity.id == activity)

    def delete_activity(self, activity: int) -> None:
        """Delete an activity with all that people have in it."""
        with self._state.lock:
            book = self._state.gradebook
            gone = book.activities.pop(activity)
            item = self.item_of(activity)
            book.drop(f"mod/{gone.module}", _now(None), item_id=item)
            del book.items[item]
            for key in [key for key in book.done if key[0] == activity]:
                del book.done[key]
            self._state.note("courses", "again", course=gone.course_id)
            self._tell_of_customcert(gone, "deleted")

    def _tell_of_customcert(self, activity: Activity, action: str) -> None:
        """What mod_customcert issues goes without events, and is noted by itself. An activity is its own instance."""
        if activity.module == "customcert":
            self._state.note("customcerts", action, course=activity.course_id, thing=activity.id)

    def finish(
        self, username: str, activity: int, state: int = COMPLETE, at: int | None = None, by: int | None = None
    ) -> None:
        """The person stands so in the activity; ``by`` is who set it, where that was a teacher."""
        with self._state.lock:
            book, user = self._state.gradebook, self._user(username)
            book.done[activity, user] = (state, _now(at), by)
            self._state.note("activity_completions", "updated", user, book.activities[activity].course_id, activity)

    def grade_item(
        self,
        username: str,
        item: int,
        value: float | None,
        source: str | None = "mod/quiz",
        at: int | None = None,
        *,
        override: bool = False,
        excluded: bool = False,
    ) -> None:
        """Give a grade of an item, change or clear it; ``override`` is what the gradebook does."""
        with self._state.lock:
            when = _now(at)
            grade = ItemGrade(value, when, when if override else 0, when if excluded else 0)
            book, user = self._state.gradebook, self._user(username)
            book.put(user, item, grade, source)
            self._state.note("grades", "updated", user, book.items[item].course_id, item)

    def recover_grades(self, username: str, course: str) -> None:
        """On a new enrolment Moodle gives back the grades that went with the last one: its own function
        ``grade_recover_history_grades``."""
        with self._state.lock:
            book, user, found = self._state.gradebook, self._user(username), self._course(course)
            for item in book.items_of(found.id):
                last = [one for one in book.history if one.item_id == item.id and one.user_id == user][-1:]
                for one in last:
                    book.put(user, item.id, ItemGrade(one.value, _now(None)), one.source)
                    self._state.note("grades", "updated", user, found.id, item.id)

    def recomplete(self, username: str, course: str) -> None:
        """The plugin recompletion puts the attempt away with its grades: the person begins again."""
        with self._state.lock:
            book, found, user = self._state.gradebook, self._course(course), self._user(username)
            book.archived.append((user, found.id, found.completions.pop(user, None)))
            found.tracked.discard(user)
            self._state.drop_total(user, found, "local_recompletion")
            book.drop("local_recompletion", _now(None), course_id=found.id, user_id=user)
            for key in [k for k in book.done if k[1] == user and book.activities[k[0]].course_id == found.id]:
                del book.done[key]
            self._state.note("courses", "again", user, found.id)


def _now(at: int | None) -> int:
    return int(time.time()) if at is None else at
