"""Planning of grants: what rules give and the ledger lacks, what the ledger holds and no rule gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from connector.domain.decide import grant_change
from connector.domain.grants import GrantKind, RoleTarget
from connector.domain.plan import Action, Change
from connector.domain.plan_store import GrantDifference
from connector.domain.ports import Category, Course
from connector.sync.planning import Planning

FEW = 100
"""Up to so many people are asked for their courses; for more, whole courses are read, which is faster a head."""


async def plan_grants(planning: Planning) -> None:
    """Add the changes of grants to the plan. A grant that refers to something Moodle lacks becomes a case."""
    targets = planning.plans.grant_targets(planning.plan, planning.scope)
    missing = await _resolve(planning, [(GrantKind(kind), target) for kind, target, _ in targets])
    await _note_present(planning, [target for kind, target, new in targets if kind == "enrolment" and new])
    untouchable = planning.plans.protected_people(planning.scope, planning.protected)
    for batch in planning.plans.grant_pairs(planning.plan, planning.scope):
        decided = (
            _decide(planning, difference)
            for difference in batch
            if (difference.pair.kind, difference.pair.target) not in missing
            and (difference.pair.key not in untouchable or difference.pair.kind is GrantKind.ASSIGNMENT)
        )
        planning.plans.add(planning.plan, [change for change in decided if change is not None])


async def _resolve(planning: Planning, targets: Sequence[tuple[GrantKind, str]]) -> set[tuple[GrantKind, str]]:
    """Learn the ids of the courses and categories that grants refer to; gives the targets that have none."""
    missing: set[tuple[GrantKind, str]] = set()
    places: dict[tuple[GrantKind, str], tuple[str, str]] = {}
    for kind, target in targets:
        if kind is GrantKind.ENROLMENT:
            places[kind, target] = ("course", target)
            continue
        role = RoleTarget.parse(target)
        places[kind, target] = (role.level, role.ref)
        if role.role not in planning.roles:
            planning.case("unknown_role", role.role, "the role table gives this role no Moodle id")
            missing.add((kind, target))
    for level in ("course", "category"):
        refs = sorted({ref for there, ref in places.values() if there == level})
        known = await _ids(planning, level, refs) if refs else {}
        planning.plans.remember_references(level, known, planning.scope.now)
        missing |= {target for target, (there, ref) in places.items() if there == level and ref not in known}
    return missing


async def _ids(planning: Planning, level: str, refs: Sequence[str]) -> dict[str, int]:
    """Ids by reference. None or several in Moodle is a case, unless a person has named one."""
    found: Mapping[str, Sequence[Course | Category]]
    found = await (planning.moodle.courses(refs) if level == "course" else planning.moodle.categories(refs))
    known: dict[str, int] = {}
    for ref in refs:
        ids = [one.id for one in found.get(ref, [])]
        chosen = planning.settled.get((f"missing_{level}", ref), {}).get("course")
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


async def _note_present(planning: Planning, courses: Sequence[str]) -> None:
    """Who is enrolled already? An enrolment that somebody else made is never ours to take away."""
    people = planning.plans.accounts_to_enrol(planning.plan, planning.scope)
    if not people:
        return
    if len(people) <= FEW:
        async for page in planning.moodle.progress(people):
            planning.plans.note_present(planning.plan, [(row.user_id, row.course_id) for row in page])
    few = len(people) <= FEW  # the courses of a person do not show enrolments that are suspended
    ids = planning.plans.references("course")
    for course in courses:
        if course in ids:
            async for participants in planning.moodle.participants(ids[course], suspended_only=few):
                planning.plans.note_present(planning.plan, [(row.user_id, row.course_id) for row in participants])


def _decide(planning: Planning, difference: GrantDifference) -> Change | None:
    pair = difference.pair
    today: date = planning.scope.now.astimezone(ZoneInfo(pair.timezone)).date()
    change = grant_change(pair, today)
    if change is not None and change.action is Action.ENROL and difference.present:
        return Change(
            Action.RECOGNISE_ENROLMENT,
            change.subject,
            change.target,
            {"enrolled": True},
            change.after,
            change.person_id,
            "enrolled already by somebody else",
        )
    return change
