"""Planning of groups: which of them their courses have, and which are to be made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connector.domain.grants import GrantKind, GroupTarget
from connector.domain.plan import Action, Change
from connector.domain.ports import Group
from connector.sync.planning import Planning

LONGEST_NAME = 254
"""Of Moodle's column."""


@dataclass
class Groups:
    """``names``: what the groups that are to be given are called, by target; ``there``: those that Moodle has.

    ``courses``: Moodle's id of each course by the name that targets have for it; ``of``: all groups of a course.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    there: Mapping[str, Group] = field(default_factory=dict)
    courses: Mapping[str, int] = field(default_factory=dict)
    of: Mapping[int, Sequence[Group]] = field(default_factory=dict)

    @property
    def unreadable(self) -> set[str]:
        """Targets whose course does not tell its groups."""
        return {target for target in self.names if self._course(target) not in self.of}

    def creations(self, targets: Iterable[str]) -> list[Change]:
        """One change for each group that is given to somebody and is not there.

        Within a course Moodle keeps names apart: where one is taken, the idnumber stands behind it.
        """
        taken = {course: {group.name.casefold() for group in found} for course, found in self.of.items()}
        changes = []
        for target in sorted(set(targets) - self.there.keys()):
            course, idnumber = self._course(target), GroupTarget.parse(target).group
            name = _free(self.names[target], idnumber, taken[course])
            after = {"course": course, "idnumber": idnumber, "name": name}
            changes.append(Change(Action.CREATE_GROUP, target, "", {}, after, reason="a rule names this group"))
        return changes

    def _course(self, target: str) -> int:
        return self.courses.get(GroupTarget.parse(target).course, 0)


async def find_groups(planning: Planning, missing: set[tuple[GrantKind, str]]) -> Groups:
    """Look the groups up that are to be given, but for those in ``missing``; their ids are remembered."""
    wanted = planning.plans.wanted_groups(planning.plan)
    names = {target: name for target, name in wanted.items() if (GrantKind.GROUP, target) not in missing}
    if not names:
        return Groups()
    ids = planning.plans.references("course")
    courses = {course: ids[course] for target in names if (course := GroupTarget.parse(target).course) in ids}
    of = await planning.moodle.course_groups(sorted(set(courses.values())))
    for ref, course_id in courses.items():
        if course_id not in of:
            reason = f"the groups of the course {course_id} are closed to the service account"
            planning.case("missing_course", ref, reason)
    there = _matched(names, courses, of, planning.plans.references("group"))
    planning.plans.remember_groups(there, planning.scope.now)
    return Groups(names, there, courses, of)


async def note_members(planning: Planning, groups: Groups, targets: Iterable[str]) -> None:
    """Who is in these groups already? That is somebody else's doing, and never ours to take away."""
    ids = {target: groups.there[target].id for target in targets if target in groups.there}
    if not ids:
        return
    people = frozenset(planning.plans.accounts_to_give(planning.plan, "group"))
    members = await planning.moodle.group_members(sorted(set(ids.values())))
    for target, group in ids.items():
        there = (members.get(group) or frozenset()) & people
        planning.plans.note_present(planning.plan, [(person, GrantKind.GROUP, target, True) for person in there])


def _matched(
    names: Mapping[str, str],
    courses: Mapping[str, int],
    of: Mapping[int, Sequence[Group]],
    known: Mapping[str, int],
) -> dict[str, Group]:
    """Groups by idnumber; else one without any that has the name, unless it is taken for another one already."""
    there: dict[str, Group] = {}
    meant = {group_id: GroupTarget.parse(target).group for target, group_id in known.items()}
    for target in sorted(names):
        named = GroupTarget.parse(target)
        for group in of.get(courses.get(named.course, 0), ()):
            if group.idnumber == named.group:
                there[target] = group
                break
            if not group.idnumber and group.name == names[target] and meant.get(group.id, named.group) == named.group:
                there[target] = group
                meant[group.id] = named.group
    return there


def _free(name: str, idnumber: str, taken: set[str]) -> str:
    """The name, or the name with the idnumber, cut to what Moodle holds. It counts as taken from now on."""
    if name.casefold() in taken:
        behind = f" ({idnumber})"
        name = f"{name[: LONGEST_NAME - len(behind)]}{behind}"
    taken.add(name.casefold())
    return name
