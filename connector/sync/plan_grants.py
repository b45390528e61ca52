"""Planning of grants: what rules give and the ledger lacks, what the ledger holds and no rule gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from connector.domain.cases import choice_of
from connector.domain.decide import grant_change
from connector.domain.grants import GrantKind, GroupTarget, Place, RoleTarget, place_of
from connector.domain.plan import Action
from connector.domain.plan_store import DifferingTarget
from connector.domain.ports import Category, Course, Participant
from connector.sync.plan_groups import find_groups, note_members
from connector.sync.planning import Planning
from connector.sync.presence import in_courses

Target = tuple[GrantKind, str]


async def plan_grants(planning: Planning) -> None:
    """Add the changes of grants to the plan. A grant that refers to something Moodle lacks becomes a case."""
    plan, plans = planning.plan, planning.plans
    plans.compare_grants(plan, planning.scope)
    missing, moved = await _resolve(planning, plans.differing_targets(plan))
    if moved:
        plans.compare_grants(plan, planning.scope)
    targets = plans.differing_targets(plan)
    unknown = _of_unknown_roles(planning, targets)
    known = [one for one in targets if one.new and (one.kind, one.target) not in unknown | missing]
    await _note_memberships(planning, [one.target for one in known if one.kind is GrantKind.COHORT])
    missing |= await _note_present(planning, known)
    groups = await find_groups(planning, missing)
    missing |= {(GrantKind.GROUP, target) for target in groups.unreadable}
    await note_members(planning, groups, [one.target for one in known if one.kind is GrantKind.GROUP])
    given: set[str] = set()
    untouchable = plans.protected_people(planning.scope, planning.protected)
    for pairs in plans.grant_pairs(plan, planning.by_cohort):
        decided = (
            grant_change(pair, planning.scope.now.astimezone(ZoneInfo(pair.timezone)).date())
            for pair in pairs
            if (pair.kind, pair.target) not in unknown
            and ((pair.kind, pair.target) not in missing or pair.place_id is not None)
            and (pair.key not in untouchable or pair.kind is GrantKind.ASSIGNMENT)
        )
        changes = [change for change in decided if change is not None]
        given |= {change.target for change in changes if change.action is Action.ADD_TO_GROUP}
        plans.add(plan, changes)
    plans.add(plan, groups.creations(given))


def _of_unknown_roles(planning: Planning, targets: Sequence[DifferingTarget]) -> set[Target]:
    unknown: set[Target] = set()
    for one in targets:
        if one.kind is GrantKind.ROLE and (role := RoleTarget.parse(one.target).role) not in planning.roles:
            planning.case("unknown_role", role, "the role table gives this role no Moodle id")
            unknown.add((one.kind, one.target))
    return unknown


async def _resolve(planning: Planning, targets: Sequence[DifferingTarget]) -> tuple[set[Target], int]:
    """Learn the ids of the courses and categories that grants name.

    Gives the targets that have none, and how many grants are in courses whose names lead elsewhere now.
    """
    missing: set[Target] = set()
    moved = 0
    places = {(one.kind, one.target): _looked_up(one) for one in targets if one.named}
    for level in ("course", "category"):
        refs = sorted(
            {place.ref for place in places.values() if place.level == level}
            | ({course for _, course in planning.by_cohort} if level == "course" else set())
        )
        known = await _ids(planning, level, refs) if refs else {}
        moved += planning.plans.remember_references(level, known, planning.scope.now)
        missing |= {target for target, place in places.items() if place.level == level and place.ref not in known}
    return missing, moved


def _looked_up(one: DifferingTarget) -> Place:
    """The place whose name is looked up: of a group the course in which it is."""
    if one.kind is GrantKind.GROUP:
        return Place("course", GroupTarget.parse(one.target).course)
    return place_of(one.kind, one.target)


async def _ids(planning: Planning, level: str, refs: Sequence[str]) -> dict[str, int]:
    """Ids by reference. None or several in Moodle is a case, unless a person has named one."""
    found: Mapping[str, Sequence[Course | Category]]
    found = await (planning.moodle.courses(refs) if level == "course" else planning.moodle.categories(refs))
    known: dict[str, int] = {}
    for ref in refs:
        ids = [one.id for one in found.get(ref, [])]
        chosen = choice_of(planning.settled, f"missing_{level}", ref, "course")
        if isinstance(chosen, int):
            known[ref] = chosen
        elif len(ids) == 1:
            known[ref] = ids[0]
        else:
            reason = (
                f"no {level} in Moodle has this idnumber or shortname" if not ids else f"{len(ids)} {level}s match"
            )
            planning.case(f"missing_{level}", ref, reason, tuple(ids))
    return known


async def _note_memberships(planning: Planning, targets: Sequence[str]) -> None:
    """Who is in these cohorts already? That is somebody else's doing, and never ours to take away."""
    ids = planning.plans.references("cohort")
    known = {target: ids[target] for target in targets if target in ids}
    if not known:
        return
    people = frozenset(planning.plans.accounts_to_give(planning.plan, "cohort"))
    members = await planning.moodle.cohort_members(sorted(set(known.values())))
    for target, cohort in known.items():
        there = members.get(cohort, frozenset()) & people
        planning.plans.note_present(planning.plan, [(person, GrantKind.COHORT, target, True) for person in there])


async def _note_present(planning: Planning, targets: Sequence[DifferingTarget]) -> set[Target]:
    """Who is enrolled, or has the role in the course, already? What somebody else gave is never ours to take away.

    Gives the targets whose course cannot be read after all: somebody named it in a case, and it is gone.
    """
    people = planning.plans.accounts_to_give(planning.plan, "course")
    if not people:
        return set()
    courses = _by_course(targets, planning.plans.references("course"))
    asked = {course: any(one.kind is GrantKind.ROLE for one in there) for course, there in courses.items()}
    gone: set[int] = set()
    async for rows in in_courses(planning.moodle, asked, people, gone):
        _note(planning, [(row, one) for row in rows for one in courses[row.course_id] if _has(planning, row, one)])
    for course in sorted(gone):
        for ref in sorted({place_of(one.kind, one.target).ref for one in courses[course]}):
            planning.case("missing_course", ref, f"a decision names the course {course}, which is gone")
    return {(one.kind, one.target) for course in gone for one in courses[course]}


def _by_course(targets: Sequence[DifferingTarget], ids: Mapping[str, int]) -> Mapping[int, Sequence[DifferingTarget]]:
    """Enrolments and roles by Moodle's id of their course."""
    found: dict[int, list[DifferingTarget]] = {}
    for one in targets:
        place = place_of(one.kind, one.target)
        if place.level == "course" and place.ref in ids:
            found.setdefault(ids[place.ref], []).append(one)
    return found


def _has(planning: Planning, participant: Participant, one: DifferingTarget) -> bool:
    if one.kind is GrantKind.ENROLMENT:
        return True
    return planning.roles.get(RoleTarget.parse(one.target).role) in participant.role_ids


def _note(planning: Planning, found: Sequence[tuple[Participant, DifferingTarget]]) -> None:
    planning.plans.note_present(planning.plan, [(row.user_id, one.kind, one.target, row.active) for row, one in found])
