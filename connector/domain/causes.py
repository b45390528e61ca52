"""Why a row of Moodle was not as it was held, where that can be told from the rows themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from connector.domain.proving import Difference, What

IDENTITY = frozenset({
    "userid", "courseid", "itemid", "enrolid", "coursemoduleid", "badgeid", "templateid", "customcertid",
})  # fmt: skip
"""Moodle never changes these in a row, nor gives a key twice: only a backup does."""
TIMES: Mapping[str, str] = {
    "enrolments": "timemodified",
    "completions": "timecompleted",
    "grades": "timemodified",
    "activity_completions": "timemodified",
    "badge_issues": "dateissued",
    "certificate_issues": "timecreated",
    "customcert_issues": "timecreated",
}
"""The column by which increments find what is new."""
FORWARD = frozenset(TIMES) - {"completions", "grades"}
"""These times never go back; an assignment that falls back on an earlier attempt takes its grade's time along."""
ENROLMENTS, COMPLETIONS, DELETED_PEOPLE = "enrolments", "completions", "people"
ISSUES = frozenset({"badge_issues", "certificate_issues", "customcert_issues"})
NOT_LEARNED = frozenset({
    "enrolment_methods", "activities", "grade_items", "badges", "certificate_templates", "customcerts",
})  # fmt: skip
PLACES: Mapping[str, str] = {"activities": "coursemoduleid", "grade_items": "itemid"}
"""Where what is learned says in which activity or item that was."""
RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known beside a row: courses that are there, people who are deleted, when it began (epoch seconds)."""

    courses: Collection[int]
    deleted: Collection[int]
    began: int
    restored: bool = False


def is_news(one: Difference, began: int) -> bool:
    """Whether it came of a change since the increments were read, by Moodle's own clock."""
    time = one.now.get(TIMES.get(one.dataset, ""))
    return isinstance(time, int) and time >= began


@dataclass
class Signs:
    """What tells of a Moodle that came back from an older backup. Differences are noted, and none of them is kept.

    ``behind`` are the datasets of which the newest row that was held is gone.
    """

    behind: set[str] = field(default_factory=set)
    _went_back: bool = False
    ended_in: dict[str, set[int | None]] = field(default_factory=lambda: defaultdict(set))

    def note(self, found: Iterable[Difference]) -> None:
        for one in found:
            self._went_back = self._went_back or _went_back(one)
            if one.what is What.GONE:
                self.ended_in[one.dataset].add(one.course_id)

    @property
    def restored(self) -> bool:
        """A key is another row's now, a time went back, somebody is deleted no more; or the newest rows are gone of
        enrolments and of completions too, in several courses."""
        courses = set[int | None]().union(*(self.ended_in[dataset] for dataset in self.behind))
        return self._went_back or ({ENROLMENTS, COMPLETIONS} <= self.behind and len(courses) > 1)


def _went_back(one: Difference) -> bool:
    if one.what is What.GONE:
        return one.dataset == DELETED_PEOPLE
    before, after = (told.get(TIMES.get(one.dataset, "")) for told in (one.was, one.now))
    earlier = one.dataset in FORWARD and isinstance(before, int) and isinstance(after, int) and after < before
    return one.what is What.OTHER and (earlier or bool(IDENTITY & set(one.changed)))


def named(found: Sequence[Difference], setting: Setting) -> list[Difference]:
    """The same, each with its cause where it can be named, by which what it was and is has served."""
    ends = _Ends(
        {(one.moodle_id, one.course_id) for one in found if one.dataset == ENROLMENTS and one.what is What.GONE},
        {(PLACES[one.dataset], one.key) for one in found if one.dataset in PLACES and one.what is What.GONE},
    )
    return [replace(one, cause=_cause(one, setting, ends), was={}, now={}) for one in found]


class _Ends(NamedTuple):
    """What ended with all that was in it: enrolments by person and course, activities and items by key."""

    enrolments: Collection[tuple[int | None, int | None]]
    places: Collection[tuple[str, int | None]]


def _cause(one: Difference, setting: Setting, ends: _Ends) -> str:
    if setting.restored:
        return RESTORED
    if one.dataset in NOT_LEARNED:
        return "settings"
    if one.dataset == DELETED_PEOPLE:
        return "deletion"
    if one.what is What.GONE:
        return _ended(one, setting, ends)
    if one.what is What.OTHER and (cause := _altered(one)):
        return cause
    time = one.now.get(TIMES.get(one.dataset, ""))
    if isinstance(time, int) and time > setting.began:
        return "clock"
    return "late"


def _ended(one: Difference, setting: Setting, ends: _Ends) -> str:
    if one.moodle_id in setting.deleted or (one.course_id and one.course_id not in setting.courses):
        return "deletion"
    if any((column, one.was.get(column)) in ends.places for column in PLACES.values()):
        return "deletion"
    if one.dataset in ISSUES:
        return "revocation"
    return "unenrolment" if (one.moodle_id, one.course_id) in ends.enrolments else "reset"


def _altered(one: Difference) -> str:
    changed = set(one.changed)
    if one.dataset == ENROLMENTS and "status" in changed:
        return "suspension" if one.now["status"] else "reactivation"
    by = {"grades": "overridden", "activity_completions": "overrideby"}.get(one.dataset, "")
    if by in changed and one.now[by]:
        return "override"
    if one.dataset == "grades" and "finalgrade" in changed:
        return "regrade" if one.now["finalgrade"] is not None else "reset"
    if one.dataset == "completions":
        return "recompletion"
    return "change"
