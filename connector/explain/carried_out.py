"""What plans wanted of a person, how it was held, what Moodle answered, and what the ledger holds of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from connector.domain.explaining import ChangeTold, Dossier, LedgerTold
from connector.domain.plan import Action
from connector.explain.focus import Focus, concerns
from connector.explain.spelling import spelled
from connector.explain.texts import Event, EventKind, Text, text

_RECKONING = frozenset({"granted_on", "timezone", "cycle", "due_since", "due_before_leave", "role", "path", "on_loss"})
"""Terms that tell a reader nothing that the rule does not."""

_OURS = frozenset(
    {Action.ASSIGN_REQUIREMENT, Action.CHANGE_REQUIREMENT, Action.WITHDRAW_REQUIREMENT, Action.CHANGE_MANAGER}
    | {Action.NOTE_TERMS, Action.FORGET_GRANT, Action.ADOPT_ACCOUNT, Action.GIVE_UP_ACCOUNT}
    | {Action.RECOGNISE_COHORT, Action.RECOGNISE_ENROLMENT, Action.RECOGNISE_ROLE, Action.RECOGNISE_GROUP}
)
"""What is written down here alone: Moodle is not asked."""


def change_events(dossier: Dossier, focus: Focus | None) -> Iterator[Event]:
    """Each change: when it was done or refused; what was only planned when it was planned, once for equal plans."""
    given = {(one.plan, one.ordinal): one for one in dossier.ledger}
    told = [one for one in dossier.changes if _concerns(one, focus)]
    for one in told:
        if one.state is not None:
            kind = EventKind.LEDGER if one.change.action in _OURS else EventKind.MOODLE
            yield Event(one.finished_at or one.sent_at or one.planned_at, kind, _done(one, given))
    decided = {(one.guard, one.decided_at): one for one in reversed(told) if one.hold in ("approved", "rejected")}
    for (_, at), one in decided.items():
        if at is not None:
            yield Event(at, EventKind.HOLD, (_decided(one),))
    for same in _alike([one for one in told if one.state is None]):
        yield Event(same[0].planned_at, EventKind.PLAN, _planned(same))


def _concerns(one: ChangeTold, focus: Focus | None) -> bool:
    change = one.change
    if focus and change.kind is None:  # without an account nothing is given, and with a suspended one nobody gets in
        return change.action in _OF_THE_ACCOUNT
    return concerns(focus, change.kind, change.target, {**change.before, **change.after})


_OF_THE_ACCOUNT = ("create_account", "adopt_account", "give_up_account", "suspend_account", "reactivate_account")


def _alike(changes: Sequence[ChangeTold]) -> Iterator[list[ChangeTold]]:
    """Changes that one plan after another wanted and nobody carried out, together."""
    ordered = sorted(changes, key=lambda one: (one.digest, one.plan))
    for _, same in groupby(ordered, key=lambda one: one.digest):
        yield list(same)


def what(one: ChangeTold) -> Text:
    """What a change does, and why."""
    change = one.change
    values: dict[str, object] = {
        "change": f"{action_name(change.action)} {change.target}".strip(),
        "why": change.reason,
        "differing": spelled(_shown(change.before), _shown(change.after)),
    }
    if not change.reason:
        return text("{change}: {differing}", **values) if values["differing"] else text("{change}", **values)
    return (
        text("{change} ({why}): {differing}", **values) if values["differing"] else text("{change} ({why})", **values)
    )


def action_name(action: Action) -> str:
    return action.value.replace("_", " ")


def _done(one: ChangeTold, given: Mapping[tuple[int, int], LedgerTold]) -> tuple[Text, ...]:
    values = {"run": one.run, "attempts": one.attempts}
    parts = [what(one), _of_plan(one)]
    if one.state == "done":
        parts.append(text("done in run {run}", **values))
    elif one.state == "refused":
        parts.append(text("refused by Moodle in run {run}", **values))
    elif one.state == "sent":
        parts.append(text("sent in run {run}, and no answer came yet: it is looked up first", **values))
    else:
        parts.append(text("waiting since run {run}", **values))
    if one.attempts and one.attempts > 1:
        parts.append(text("after {attempts} attempts", **values))
    if one.earlier:
        parts.append(text("the answer before: {answer}", answer=one.earlier))
    if one.code or one.message:
        parts.append(text("{answer}", answer=" ".join(filter(None, (one.code and f"[{one.code}]", one.message)))))
    if grant := given.get((one.plan, one.ordinal)):
        parts.append(_noted(grant))
    return tuple(parts)


def _noted(grant: LedgerTold) -> Text:
    place = grant.place_id
    if place is None:
        return text("in the ledger as ours") if grant.ours else text("in the ledger as somebody else's")
    if grant.ours:
        return text("in the ledger as ours, Moodle's number {place}", place=place)
    return text("in the ledger as somebody else's, which is never taken away, Moodle's number {place}", place=place)


def _of_plan(one: ChangeTold) -> Text:
    if one.undoes is not None:
        return text("plan {plan}, which takes run {run} back for {by}", plan=one.plan, run=one.undoes, by=one.asked_by)
    return text("plan {plan} ({hash})", plan=one.plan, hash=one.plan_hash[:12])


def _planned(same: Sequence[ChangeTold]) -> tuple[Text, ...]:
    last = same[-1]
    parts = [what(last), _of_plan(same[0])]
    if len(same) > 1:
        parts.append(text("wanted by {count} plans, the last of them {plan}", count=len(same), plan=last.plan))
    if last.hold is not None:
        parts.append(held(last))
    if last.plan_status == "superseded":
        parts.append(text("superseded by a newer plan"))
    elif last.hold is None:
        parts.append(text("not carried out yet"))
    return tuple(parts)


def held(one: ChangeTold) -> Text:
    """Why a change was held, and what became of that."""
    values = {"guard": one.guard, "count": one.held_count, "limit": one.held_limit, "state": one.hold}
    return text("held: {count} of class {guard}, the limit is {limit} ({state})", **values)


def _decided(one: ChangeTold) -> Text:
    values = {
        "plan": one.plan,
        "guard": one.guard,
        "count": one.held_count,
        "limit": one.held_limit,
        "by": one.decided_by,
    }
    if one.hold == "approved":
        return text("{count} of class {guard} of plan {plan}, the limit is {limit}: approved by {by}", **values)
    return text("{count} of class {guard} of plan {plan}, the limit is {limit}: rejected by {by}", **values)


def ledger_events(dossier: Dossier, focus: Focus | None) -> Iterator[Event]:
    """What ended otherwise than by a change that is told already, and what came from elsewhere."""
    told = {(one.plan, one.ordinal) for one in dossier.changes if one.state is not None}
    ends = {(one.change.kind, one.change.target, one.finished_at) for one in dossier.changes if one.state == "done"}
    for one in dossier.ledger:
        if not concerns(focus, one.kind, one.target, one.terms):
            continue
        named = {"kind": one.kind.value, "target": one.target, "plan": one.plan}
        if (one.plan, one.ordinal) not in told:
            taken = text("{kind} {target}: granted by plan {plan} under an earlier key", **named)
            yield Event(one.granted_at, EventKind.LEDGER, (taken, _noted(one)))
        if one.ended_at is None or (one.kind, one.target, one.ended_at) in ends:
            continue
        if one.lost:
            yield Event(one.ended_at, EventKind.LEDGER, (text("{kind} {target}: taken away in Moodle", **named),))
        else:
            gone = text("{kind} {target}: ended with what it rested on", **named)
            yield Event(one.ended_at, EventKind.LEDGER, (gone,))


def _shown(terms: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in terms.items() if name not in _RECKONING}
