"""Why somebody has something, or has not got it: the first sentences of an explanation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from connector.domain.explaining import Dossier, LedgerTold
from connector.domain.grants import GrantKind
from connector.explain.heard import where
from connector.explain.learning import course_name, due_day, due_texts
from connector.explain.question import Question
from connector.explain.shown import closed_by_hand, enrolled_by_cohort
from connector.explain.spelling import seen_values
from connector.explain.texts import Text, joined, text
from connector.explain.why_not import cause, left, no_longer, pending

_RULES = ("path ", "cohort ", "role ", "requirement ")
"""How names of rules begin; everything else is what a person assigned."""


def why(question: Question) -> tuple[Text, ...]:
    """What is asked about in one sentence where the answer is the same; then when it is due and what was learned."""
    answers: dict[str, tuple[Text, list[str]]] = {}
    for kind, target, path in question.focus.asked:
        answer = _of_target(question, kind, target, path)
        answers.setdefault(str(_of(answer, question, "")), (answer, []))[1].append(_named(question, kind, target))
    texts = [_of(answer, question, ", ".join(targets)) for answer, targets in answers.values()]
    if not question.focus.asked:
        texts += _without_path(question)
    return (*texts, *enrolled_by_cohort(question), *_requirements(question), *_completions(question))


def _named(question: Question, kind: GrantKind, target: str) -> str:
    """A cohort with the courses for which somebody is in it."""
    if kind is not GrantKind.COHORT:
        return target
    courses = ", ".join(question.focus.led_to(target))
    return f"cohort {target} (which Moodle's cohort enrolment leads to {courses})"


def _of(answer: Text, question: Question, what: str) -> Text:
    return Text(answer.message, {"who": question.dossier.key, "what": what, **answer.values})


def _of_target(question: Question, kind: GrantKind, target: str, path: str) -> Text:
    """``who`` and ``what`` are filled in by ``why``."""
    grant = question.held(kind, target)
    if grant is not None:
        return _has(question, grant)
    return text("{who} has not got {what}: {cause}", cause=cause(question, kind, target, path))


def _has(question: Question, grant: LedgerTold) -> Text:
    wanted = question.wanted(grant.kind, grant.target)
    since, place = _since(question.dossier, grant)
    closed = closed_by_hand(question, grant)
    if not grant.ours:
        return text(
            "{who} has {what}: somebody else had given it in Moodle before {since}, so it is never taken away{closed}",
            since=since,
            closed=closed,
        )
    if grant.suspended:
        why_so = no_longer(question, wanted)
        return text("{who} had {what} from {since}, and it is suspended: {cause}", since=since, cause=why_so)
    if question.has_left:
        return text("{who} has {what} since {since}, and loses it: {cause}", since=since, cause=left(question))
    if wanted is None:
        until = grant.terms.get("kept_until")
        kept = text("it is kept until {day}", day=until) if until else pending(question, grant.kind, grant.target)
        return text("{who} has {what} since {since}, and nothing gives it any more: {kept}", since=since, kept=kept)
    because = _because(question, wanted.rule)
    return text(
        "{who} has {what} because {because} (since {since}, {where}){closed}",
        because=because,
        since=since,
        where=place,
        closed=closed,
    )


def _since(dossier: Dossier, grant: LedgerTold) -> tuple[datetime, Text]:
    """When it was first granted, and which row of HR was the newest then."""
    first = next((one for one in dossier.changes if (one.plan, one.ordinal) == (grant.plan, grant.ordinal)), None)
    at = first.finished_at if first and first.finished_at else grant.granted_at
    versions = dossier.person.versions if dossier.person else ()
    said = next((one for one in reversed(versions) if one.since <= at), None)
    return at, where(dossier, said.feed_id, said.line) if said else text("HR said nothing")


def _because(question: Question, rule: str) -> Text:
    """The rules with their conditions, or who assigned it."""
    if not rule.startswith(_RULES):
        return text("it is {rule}", rule=rule)
    return joined([_rule(question, name) for name in rule.split("; ")])


def _rule(question: Question, name: str) -> Text:
    seen = next((one for one in question.rules if one.rule == name and one.fired), None)
    if seen is None:
        return text("{rule} gave it when HR was last read", rule=name)
    if not seen.when:
        return text("{rule} gives it to everybody", rule=name)
    return text(
        "{rule} gives it to whoever has {when}, and here {sees}",
        rule=name,
        when=seen.when,
        sees=seen_values(seen),
    )


# ---------------------------------------------------------------- without a path, and what follows
def _without_path(question: Question) -> Iterator[Text]:
    """No path of the mapping leads to the course."""
    held = [grant for course in question.focus.courses if (grant := question.held(GrantKind.ENROLMENT, course))]
    for grant in held:
        yield _of(_has(question, grant), question, grant.target)
    if not held:
        none = text("{who} has not got {what}: no learning path of the mapping has this course")
        yield _of(none, question, question.focus.name)


def _requirements(question: Question) -> Iterator[Text]:
    """When it is due, or why it is not."""
    known = {one.requirement: one for one in question.learned.dues} if question.learned else {}
    waived = {one.code: one.said for one in question.dossier.decisions if one.kind == "waive" and one.in_force}
    for code in question.focus.requirements:
        grant, wanted = question.held(GrantKind.ASSIGNMENT, code), question.wanted(GrantKind.ASSIGNMENT, code)
        if code in waived:
            yield text("{code} is {said}", code=code, said=waived[code])
        elif grant is not None:
            due = known.get(code)
            yield joined(due_texts(code, due_day(grant.terms.get("due_on"), due), due, question.dossier))
        elif wanted is not None and wanted.missing:
            yield text("{code} begins once {courses} is completed", code=code, courses=", ".join(wanted.missing))


def _completions(question: Question) -> Iterator[Text]:
    learned, ids = question.learned, question.dossier.courses or {}
    if learned is None or learned.read_at is None:
        return
    told = set[int | str]()
    for course in question.focus.courses:
        number = ids.get(course)
        done = [
            one
            for one in learned.completed
            if one.ended_at is None and (course_name(one) == course or one.course_id == number)
        ]
        held = question.held(GrantKind.ENROLMENT, course)
        if not (done or held) or (number or course) in told:
            continue
        told.add(number or course)
        if done:
            yield text(
                "{course} was completed {day}", course=course, day=done[-1].completed_at or done[-1].observed_at
            )
        else:
            yield text(
                "{course} was not completed when Moodle was last read, {day}", course=course, day=learned.read_at
            )
