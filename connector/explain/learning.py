"""What the way back saw: enrolments, completions, certificates, and due dates with where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from connector.domain.explaining import Completed, Dossier, Due, Enrolled, Learned
from connector.domain.grants import GrantKind
from connector.domain.leave import on_leave
from connector.explain.focus import Focus
from connector.explain.texts import Event, EventKind, Text, text


def learning_events(dossier: Dossier, learned: Learned | None, focus: Focus | None) -> Iterator[Event]:
    """What was learned; and due dates, with the facts' word on them where there is one."""
    yield from _due(dossier, learned, focus)
    if learned is None:
        return
    for one in learned.enrolled:
        if _in_focus(one, dossier, focus):
            seen = text("Moodle shows the enrolment in {course}", course=course_name(one))
            if not one.active:
                seen = text("Moodle shows the enrolment in {course}, not active", course=course_name(one))
            yield Event(one.enrolled_at or one.seen_at, EventKind.LEARNING, (seen,))
    for done in learned.completed:
        if _in_focus(done, dossier, focus):
            yield from _completion(done)
    for certificate in () if focus else learned.certificates:
        until = (text("good until {day}", day=certificate.expires_at),) if certificate.expires_at else ()
        given = text("certificate or badge {name} ({state})", name=certificate.name, state=certificate.state)
        yield Event(certificate.issued_at, EventKind.LEARNING, (given, *until))


def _completion(done: Completed) -> Iterator[Event]:
    parts = [text("completed {course}", course=course_name(done))]
    if done.attempt > 1:
        parts.append(text("attempt {number}", number=done.attempt))
    if done.precision == "seen by":
        parts.append(text("Moodle does not tell when: this is when it was first seen"))
    yield Event(done.completed_at or done.observed_at, EventKind.LEARNING, tuple(parts))
    if done.ended_at:
        reset = text("the completion of {course} was reset", course=course_name(done))
        yield Event(done.ended_at, EventKind.LEARNING, (reset,))


def _due(dossier: Dossier, learned: Learned | None, focus: Focus | None) -> Iterator[Event]:
    known = {one.requirement: one for one in learned.dues} if learned else {}
    zone = ZoneInfo(dossier.person.timezone) if dossier.person else UTC
    for grant in dossier.ledger:
        if (
            grant.kind is not GrantKind.ASSIGNMENT
            or grant.ended_at
            or (focus and grant.target not in focus.requirements)
        ):
            continue
        due = known.get(grant.target)
        day = due_day(grant.terms.get("due_on"), due)
        if day is not None:
            yield Event(
                datetime.combine(day, time.max, zone), EventKind.DUE, due_texts(grant.target, day, due, dossier)
            )


def due_day(planned: str | None, due: Due | None) -> date | None:
    """The ledger knows that of the first cycle, which facts have once Moodle is read again; facts know later ones."""
    if planned and (due is None or due.due_on is None or due.cycle == 1):
        return date.fromisoformat(planned)
    return due.due_on if due is not None else None


def due_texts(requirement: str, day: date | None, due: Due | None, dossier: Dossier) -> tuple[Text, ...]:
    """When a requirement is due, where it stands, and its cycle."""
    name = {"requirement": requirement, "day": day}
    head = text("{requirement} is due on {day}", **name) if day else text("{requirement} has no due date", **name)
    if due is None:
        return (head,)
    state = "on leave" if due.due_on is None and is_away(dossier) else due.state
    parts = [head, text("satisfied {at}", at=due.satisfied_at) if due.satisfied_at else text("{state}", state=state)]
    if due.cycle > 1:
        parts.append(text("cycle {cycle}, which began on {day}", cycle=due.cycle, day=due.assigned_on))
    if due.expires_on:
        parts.append(text("holds until {day}", day=due.expires_on))
    return tuple(parts)


def is_away(dossier: Dossier) -> bool:
    """Whether the person is on leave, where the person is."""
    person = dossier.person
    return person is not None and on_leave(person.leaves, dossier.now.astimezone(ZoneInfo(person.timezone)).date())


def course_name(one: Enrolled | Completed) -> str:
    return one.idnumber or one.shortname or f"course {one.course_id}"


def _in_focus(one: Enrolled | Completed, dossier: Dossier, focus: Focus | None) -> bool:
    if focus is None:
        return True
    ids = {(dossier.courses or {}).get(name) for name in focus.courses}
    return one.course_id in ids or bool({one.idnumber, one.shortname} & set(focus.courses))
