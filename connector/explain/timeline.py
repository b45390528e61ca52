"""One person's way in order of time: from HR's words by plans and Moodle's answers to what was learned."""

from __future__ import annotations

from collections.abc import Iterator

from connector.domain.explaining import Dossier, Learned, NoticeTold
from connector.domain.learners import day_to_tell
from connector.explain.carried_out import change_events, ledger_events
from connector.explain.focus import Focus, concerns
from connector.explain.heard import heard_events
from connector.explain.learning import learning_events
from connector.explain.texts import Event, EventKind, Text, text


def timeline(dossier: Dossier, learned: Learned | None = None, focus: Focus | None = None) -> tuple[Event, ...]:
    """Every event, or those that concern ``focus``, in order of time; what is due later comes last.

    ``learned`` is None where the facts cannot be reached.
    """
    events = [
        *(heard_events(dossier)),
        *_decisions(dossier, focus),
        *_cases(dossier, focus),
        *change_events(dossier, focus),
        *ledger_events(dossier, focus),
        *_taken_back(dossier, focus),
        *_notices(dossier, focus),
        *_entries(dossier, focus),
        *(_welcomes(dossier) if focus is None else ()),
        *learning_events(dossier, learned, focus),
    ]
    return tuple(
        sorted(events, key=lambda event: event.at)
    )  # stable: what comes first above comes first at one moment


def _decisions(dossier: Dossier, focus: Focus | None) -> Iterator[Event]:
    for one in dossier.decisions:
        if focus and one.code not in (*focus.requirements, *(path.code for path in focus.paths)):
            continue
        yield Event(one.decided_at, EventKind.DECISION, (text("{code}: {said}", code=one.code, said=one.said),))
        if one.withdrawn_at:
            withdrawn = text("{code}: withdrawn by {by}", code=one.code, by=one.withdrawn_by)
            yield Event(one.withdrawn_at, EventKind.DECISION, (withdrawn,))


def _cases(dossier: Dossier, focus: Focus | None) -> Iterator[Event]:
    for one in dossier.cases:
        if focus and one.subject not in (dossier.key, *focus.courses):
            continue
        named = {"number": one.number, "kind": one.kind, "subject": one.subject}
        yield Event(
            one.opened_at,
            EventKind.CASE,
            (text("case {number}, {kind} of {subject}: {reason}", **named, reason=one.reason),),
        )
        if one.settled_at and one.settlement is not None:
            choice = ", ".join(f"{name}: {value}" for name, value in one.settlement.items())
            settled = text("case {number} settled by {by}: {choice}", **named, by=one.settled_by, choice=choice)
            yield Event(one.settled_at, EventKind.CASE, (settled,))
        elif one.settled_at:
            yield Event(
                one.settled_at, EventKind.CASE, (text("case {number} ended by itself: its cause is gone", **named),)
            )
        if one.withdrawn_at:
            back = text("the decision on case {number} was withdrawn by {by}", **named, by=one.withdrawn_by)
            yield Event(one.withdrawn_at, EventKind.CASE, (back,))


def _taken_back(dossier: Dossier, focus: Focus | None) -> Iterator[Event]:
    for one in dossier.undone:
        kind = next((wanted.kind for wanted in dossier.wanted if wanted.kind == one.kind), None)
        if concerns(focus, kind, one.target):
            what = f"{one.kind} {one.target}".strip() or "account"
            waits = text(
                "{what}: taken back by plan {plan}; doing it again waits for a word", what=what, plan=one.plan
            )
            yield Event(one.undone_at, EventKind.HOLD, (waits,))


def _notices(dossier: Dossier, focus: Focus | None) -> Iterator[Event]:
    for one in dossier.notices:
        if focus and one.requirement not in focus.requirements:
            continue
        what = _letter(dossier, one)
        if one.state == "done" and one.told_at:
            yield Event(one.told_at, EventKind.DUE, (text("the learner was told in Moodle that {what}", what=what),))
        else:
            became = f"{one.state} {one.message}".strip()
            state = text("message to the learner that {what}: {state}", what=what, state=became)
            yield Event(one.told_at or one.noted_at, EventKind.DUE, (state,))


def _entries(dossier: Dossier, focus: Focus | None) -> Iterator[Event]:
    for one in dossier.entries:
        if focus and one.requirement not in focus.requirements:
            continue
        named = {"requirement": one.requirement, "day": one.due_on}
        if one.state == "put":
            sentence = text("in the calendar in Moodle: {requirement} is due on {day}", **named)
        else:
            became = f"{one.state} {one.message}".strip()
            sentence = text("for the calendar in Moodle, {requirement} on {day}: {state}", **named, state=became)
        yield Event(one.sent_at, EventKind.DUE, (sentence,))


def _letter(dossier: Dossier, one: NoticeTold) -> Text:
    """What the letter says: of a day that was over, that it is to be done now."""
    named = {"requirement": one.requirement, "day": one.due_on}
    zone = dossier.person.timezone if dossier.person else "UTC"
    if day_to_tell(one.due_on, one.told_at or dossier.now, zone) is None:
        return text("{requirement} is to be done now, as {day} is over", **named)
    return text("{requirement} is due on {day}", **named)


def _welcomes(dossier: Dossier) -> Iterator[Event]:
    for one in dossier.welcomes:
        if one.state == "done":
            told = text("the newcomer was welcomed by mail")
        else:
            told = text("welcome by mail: {state}", state=f"{one.state} {one.message}".strip())
        yield Event(one.told_at or one.noted_at, EventKind.MAIL, (told,))
