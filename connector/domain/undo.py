"""Taking a run back: what is the opposite of each change that was done, where things still stand as it left them.

Pure. What somebody has changed since, in Moodle or by a later run, is left out and named: it is theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from connector.domain.decide import IDENTITY_FIELDS, open_on
from connector.domain.grants import GrantKind
from connector.domain.matching import folded
from connector.domain.plan import Action, Change

INVERSES: Mapping[Action, Action] = {
    Action.RELEASE_IDENTITY: Action.CHANGE_IDENTITY,
    Action.CHANGE_IDENTITY: Action.CHANGE_IDENTITY,
    Action.CREATE_ACCOUNT: Action.SUSPEND_ACCOUNT,
    Action.ADOPT_ACCOUNT: Action.GIVE_UP_ACCOUNT,
    Action.UPDATE_ACCOUNT: Action.UPDATE_ACCOUNT,
    Action.CHANGE_AUTH: Action.CHANGE_AUTH,
    Action.SUSPEND_ACCOUNT: Action.REACTIVATE_ACCOUNT,
    Action.REACTIVATE_ACCOUNT: Action.SUSPEND_ACCOUNT,
    Action.CHANGE_MANAGER: Action.CHANGE_MANAGER,
    Action.ADD_TO_COHORT: Action.REMOVE_FROM_COHORT,
    Action.ASSIGN_ROLE: Action.UNASSIGN_ROLE,
    Action.ENROL: Action.SUSPEND_ENROLMENT,
    Action.CHANGE_ENROLMENT: Action.CHANGE_ENROLMENT,
    Action.RECOGNISE_COHORT: Action.FORGET_GRANT,
    Action.RECOGNISE_ENROLMENT: Action.FORGET_GRANT,
    Action.RECOGNISE_ROLE: Action.FORGET_GRANT,
    Action.ADD_TO_GROUP: Action.REMOVE_FROM_GROUP,
    Action.REMOVE_FROM_GROUP: Action.ADD_TO_GROUP,
    Action.RECOGNISE_GROUP: Action.FORGET_GRANT,
    Action.NOTE_TERMS: Action.NOTE_TERMS,
    Action.ASSIGN_REQUIREMENT: Action.WITHDRAW_REQUIREMENT,
    Action.CHANGE_REQUIREMENT: Action.CHANGE_REQUIREMENT,
    Action.REMOVE_FROM_COHORT: Action.ADD_TO_COHORT,
    Action.UNASSIGN_ROLE: Action.ASSIGN_ROLE,
    Action.SUSPEND_ENROLMENT: Action.CHANGE_ENROLMENT,
    Action.UNENROL: Action.ENROL,
    Action.WITHDRAW_REQUIREMENT: Action.ASSIGN_REQUIREMENT,
}
"""What takes each action back. An account is never deleted; an enrolment is ended as its path says (``on_loss``), and
suspended again where it was before; what was never ours is only forgotten."""

LASTING: Mapping[Action, str] = {
    Action.CREATE_COHORT: "a cohort stays, without the members that the run put into it",
    Action.CREATE_GROUP: "a group stays, without the members that the run put into it",
    Action.FORGET_GRANT: "only a note of ours ended by it; the next plan makes it again where it is wanted",
    Action.DELETE_ACCOUNT: "an account that was deleted in Moodle does not come back, nor do its grades",
    Action.GIVE_UP_ACCOUNT: "the next plan binds the account again, once that is approved",
}
"""Actions that nothing takes back, and why that does no harm, or, of a deletion, that it cannot be done."""

TAKING = frozenset(
    {
        Action.REMOVE_FROM_COHORT,
        Action.REMOVE_FROM_GROUP,
        Action.UNASSIGN_ROLE,
        Action.UNENROL,
        Action.WITHDRAW_REQUIREMENT,
    }
)
"""What these took is given again by their opposite."""
MOVED = "it was changed again since"


@dataclass(frozen=True, slots=True)
class Left:
    """A change that is not taken back. ``why`` is a sentence without its full stop."""

    change: Change
    why: str


Verdict = Change | Left


@dataclass(frozen=True, slots=True)
class AccountNow:
    """How a person stands now. ``account_id`` None: no account, or Moodle no longer has it.

    ``fields`` as Moodle shows them, and as last written where it does not; with ``profile``. ``kept``: something of
    ours stays in the account when the run is taken back.
    """

    account_id: int | None
    suspended: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)
    manager: str = ""
    kept: bool = False


@dataclass(frozen=True, slots=True)
class GrantNow:
    """How a grant stands now.

    ``terms`` are those of the ledger, None where it holds none. ``present`` and ``active`` are what Moodle shows of an
    enrolment, a membership or a role in a course; None where that cannot be read, as for roles elsewhere.
    """

    account_id: int | None
    terms: Mapping[str, Any] | None = None
    ours: bool = False
    suspended: bool = False
    present: bool | None = None
    active: bool | None = None


def account_verdicts(done: Sequence[Change], now: AccountNow) -> Iterator[Verdict]:
    """What becomes of what one run did to one person's account and manager, in the run's order."""
    for change in _in_one_step(done):
        if change.action in LASTING:
            yield Left(change, LASTING[change.action])
        elif change.action is Action.CHANGE_MANAGER:
            yield from _back(change, {"manager": now.manager})
        elif now.account_id is None:
            yield Left(change, "the person has no Moodle account any more")
        elif change.action is Action.ADOPT_ACCOUNT:
            yield _given_up(change, now)
        elif change.action is Action.CREATE_ACCOUNT:
            yield _suspended(change, now)
        else:
            yield from _back(change, {**now.fields, "suspended": "1" if now.suspended else "0"})


def _in_one_step(done: Sequence[Change]) -> Iterator[Change]:
    """An identifier that was released first and then changed has changed once, from the first to the last."""
    released: dict[str, Any] = {}
    last: Change | None = None
    for change in done:
        if change.action not in (Action.RELEASE_IDENTITY, Action.CHANGE_IDENTITY):
            yield change
            continue
        before = {**change.before, **released}
        after = {**(last.after if last else {}), **change.after}
        last = _like(change, Action.CHANGE_IDENTITY, before, after)
        released = before
    if last is not None:
        yield last


def _given_up(change: Change, now: AccountNow) -> Verdict:
    account = change.after.get("account")
    if change.before.get("holder"):
        return Left(change, "the account was taken over from an earlier key of the person")
    if now.account_id != account:
        return Left(change, MOVED)
    if now.kept:
        return Left(change, "what this connector gave to the account stays there, suspended or by another run")
    return _like(change, Action.GIVE_UP_ACCOUNT, {"account": account}, {})


def _suspended(change: Change, now: AccountNow) -> Verdict:
    if now.suspended:
        return Left(change, "the account is suspended already")
    return _like(change, Action.SUSPEND_ACCOUNT, {"suspended": "0"}, {"suspended": "1"})


def _back(change: Change, now: Mapping[str, Any]) -> Iterator[Verdict]:
    """The fields that still are as the run wrote them go back; the others are left, as one."""
    wrote, was = _flat(change.after), _flat(change.before)
    there = _flat(now)
    same = [name for name, value in wrote.items() if _same(name, there.get(name, ""), value) and name in was]
    moved = [name for name in wrote if name not in same]
    if same:
        before, after = _nested({n: wrote[n] for n in same}), _nested({n: was[n] for n in same})
        yield _like(change, INVERSES[change.action], before, after)
    if moved:
        rest = _like(change, change.action, _nested({n: was.get(n, "") for n in moved}), {n: wrote[n] for n in moved})
        yield Left(rest, f"{MOVED}: {', '.join(sorted(name.removeprefix('profile.') for name in moved))}")


def _same(name: str, there: Any, wrote: Any) -> bool:
    return folded(str(there)) == folded(str(wrote)) if name in IDENTITY_FIELDS else str(there) == str(wrote)


def _flat(fields: Mapping[str, Any]) -> dict[str, Any]:
    profile = fields.get("profile", {})
    own = {name: value for name, value in fields.items() if name != "profile"}
    return own | {f"profile.{name}": value for name, value in profile.items()}


def _nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: value for name, value in fields.items() if not name.startswith("profile.")}
    profile = {name.removeprefix("profile."): value for name, value in fields.items() if name not in own}
    return own | ({"profile": profile} if profile else {})


def grant_verdict(change: Change, now: GrantNow, today: date) -> Verdict:
    """What becomes of what a run did to one grant."""
    if change.action in LASTING:
        return Left(change, LASTING[change.action])
    if change.kind is not GrantKind.ASSIGNMENT and now.account_id is None:
        return Left(change, "the person has no Moodle account any more")
    if change.action in TAKING:
        return _given_again(change, now)
    wrote = {name: value for name, value in change.after.items() if name != "suspended"}
    if now.terms is None or dict(now.terms) != wrote or now.suspended is not bool(change.after.get("suspended")):
        return Left(change, MOVED)
    if not now.ours:
        return _like(change, Action.FORGET_GRANT, wrote, {})
    if now.present is False:
        return Left(change, "somebody has taken it away in Moodle")
    if now.active is not None and now.active is not (not now.suspended and open_on(wrote, today)):
        return Left(change, "somebody has changed it in Moodle")
    return _taken_back(change, wrote)


def _given_again(change: Change, now: GrantNow) -> Verdict:
    if now.terms is not None or now.present:
        return Left(change, "it was given again since")
    return _like(change, INVERSES[change.action], {}, change.before)


def _taken_back(change: Change, wrote: Mapping[str, Any]) -> Change:
    """Of a grant that is as the run left it."""
    if change.action is Action.ENROL:
        if wrote.get("on_loss") == "unenrol":
            return _like(change, Action.UNENROL, wrote, {})
        return _like(change, Action.SUSPEND_ENROLMENT, wrote, {**wrote, "suspended": True})
    if change.action is Action.SUSPEND_ENROLMENT:
        return _like(change, Action.CHANGE_ENROLMENT, {**wrote, "suspended": True}, change.before)
    if change.action in (Action.CHANGE_ENROLMENT, Action.CHANGE_REQUIREMENT, Action.NOTE_TERMS):
        was = {name: value for name, value in change.before.items() if name != "suspended"}
        if change.before.get("suspended"):
            return _like(change, Action.SUSPEND_ENROLMENT, wrote, {**was, "suspended": True})
        return _like(change, change.action, {**wrote, "suspended": False}, was)
    return _like(change, INVERSES[change.action], wrote, {})


def _like(change: Change, action: Action, before: Mapping[str, Any], after: Mapping[str, Any]) -> Change:
    return Change(action, change.subject, change.target, before, after, change.person_id, REASON, change.kind)


REASON = "taken back"
