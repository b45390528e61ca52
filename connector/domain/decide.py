"""From a pair that differs (what HR wants, what is there) to changes. Pure, one pair at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from connector.domain.due import due_terms
from connector.domain.grants import GrantKind, RoleTarget
from connector.domain.leave import Leave
from connector.domain.matching import folded
from connector.domain.plan import Action, Change

IDENTITY_FIELDS = ("username", "email", "idnumber")
RESERVED_DOMAIN = "moved.invalid"
"""RFC 2606 reserves .invalid: mail to a temporary address goes nowhere."""


class Status(StrEnum):
    """Where a person stands in the life of an employment, on the day that is looked at."""

    UPCOMING = "upcoming"
    """The first day is further away than accounts are made ahead."""
    JOINING = "joining"
    """The account is made, and suspended until the first day."""
    ACTIVE = "active"
    LEFT = "left"


Fields = Mapping[str, Any]
"""Account fields by Moodle's names with text values, and ``profile``: a mapping of custom fields."""


@dataclass(frozen=True, slots=True)
class AccountPair:
    """A person and the account that the person has (``account_id`` None: none yet).

    ``wanted`` are the fields that are compared, ``initial`` those that are set at creation only, ``current`` the
    account as Moodle shows it, and as it was last written where Moodle does not show a field.
    """

    person_id: int
    key: str
    status: Status
    wanted: Fields
    initial: Fields = field(default_factory=dict)
    account_id: int | None = None
    current: Fields = field(default_factory=dict)
    suspended: bool = False
    line: int = 0
    suspended_by_us: bool = True
    """False where somebody else suspended the account: then we do not make it active again."""


def new_account(pair: AccountPair, username: str) -> Change:
    """Create the account of a person who has none; ``username`` is the one that is free."""
    after: dict[str, Any] = {**pair.initial, **pair.wanted, "username": username}
    after["profile"] = {**pair.initial.get("profile", {}), **pair.wanted.get("profile", {})}
    if pair.status is Status.JOINING:
        after["suspended"] = "1"
    return _change(Action.CREATE_ACCOUNT, pair, {}, _without_empty(after))


def adopted_account(pair: AccountPair, account_id: int, by: str, holder: str = "") -> Change:
    """Bind the person to an account that is in Moodle already; ``holder`` is the earlier key that gives it up."""
    before = {"holder": holder} if holder else {}
    return _change(Action.ADOPT_ACCOUNT, pair, before, {"account": account_id, "matched_by": by})


def account_changes(pair: AccountPair) -> list[Change]:
    """What must change in an account that exists: at most one change for each guard.

    A person who has left is suspended and otherwise left as is.
    """
    changes = []
    if pair.status is not Status.LEFT:
        differing = _differing(pair.wanted, pair.current)
        for action, fields in _by_action(differing).items():
            before = {name: pair.current.get(name, {} if name == "profile" else "") for name in fields}
            if "profile" in before:
                before["profile"] = {name: before["profile"].get(name, "") for name in fields["profile"]}
            changes.append(_change(action, pair, before, fields))
    if pair.status is Status.ACTIVE and pair.suspended and pair.suspended_by_us:
        changes.append(_change(Action.REACTIVATE_ACCOUNT, pair, {"suspended": "1"}, {"suspended": "0"}))
    if pair.status is not Status.ACTIVE and not pair.suspended:
        changes.append(_change(Action.SUSPEND_ACCOUNT, pair, {"suspended": "0"}, {"suspended": "1"}))
    return changes


def released_identity(change: Change) -> tuple[Change, Change]:
    """``change``, a CHANGE_IDENTITY, in two steps, where another person takes the present identifier over.

    First to a temporary value that nobody has, then, in the next phase, to the one that is wanted. The second step
    keeps the former value as its "before": where it is refused, that one is given back.
    """
    temporary = temporary_identity(change.person_id)
    released = {name: temporary[name] for name in change.after if name in temporary}
    before = {name: change.before[name] for name in released}
    why = "another person takes it over"
    return (Change(Action.RELEASE_IDENTITY, change.subject, "", before, released, change.person_id, why), change)


def released_email(holder_key: str, person_id: int, email: str) -> Change:
    """Somebody who has left gives the address up that a newcomer has by now."""
    after = {"email": temporary_identity(person_id)["email"]}
    why = "another person takes it over"
    return Change(Action.RELEASE_IDENTITY, holder_key, "", {"email": email}, after, person_id, why)


def from_the_former(change: Change, released: Mapping[str, str]) -> Change:
    """``change`` of somebody who has a temporary identifier: "before" tells the former one, as in a second step."""
    held = _temporary_in(change.before, change.person_id)
    former = {name: value for name, value in released.items() if name in held and value != change.after.get(name)}
    return replace(change, before={**change.before, **former}) if former else change


def given_back(change: Change, released: Mapping[str, str]) -> Change | None:
    """Instead of ``change``, which cannot be: the former identifiers where there are temporary ones now."""
    held = _temporary_in(change.before, change.person_id)
    back = {name: value for name, value in released.items() if name in held}
    return replace(change, before={name: held[name] for name in back}, after=back) if back else None


def _temporary_in(fields: Mapping[str, Any], person_id: int | None) -> dict[str, str]:
    return {name: value for name, value in temporary_identity(person_id).items() if fields.get(name) == value}


def temporary_identity(person_id: int | None) -> dict[str, str]:
    """What somebody is called for a moment whose username or e-mail another person takes over."""
    token = f"moved-{person_id}"
    return {"username": token, "email": f"{token}@{RESERVED_DOMAIN}"}


@dataclass(frozen=True, slots=True)
class GrantPair:
    """What rules give (``wanted`` terms or None) and what the ledger holds (``granted`` terms or None).

    ``ours`` is False where somebody else had given it before; ``suspended`` is the state of the ledger's row.
    ``present``: the person has it in Moodle, and the ledger knows nothing of it. ``elsewhere``: what is granted here
    is wanted under another name of the same course, a role also by an enrolment there. ``place_id``: Moodle's id of
    where it was granted.
    """

    person_id: int
    key: str
    status: Status
    kind: GrantKind
    target: str
    wanted: Mapping[str, Any] | None
    granted: Mapping[str, Any] | None
    ours: bool = True
    suspended: bool = False
    timezone: str = "UTC"
    reason: str = ""
    earlier: str = ""
    """The day of an earlier grant that ended not long ago and by mistake, so that due dates are kept."""
    present: bool = False
    elsewhere: bool = False
    place_id: int | None = None
    leaves: Sequence[Leave] = ()
    """When the person was, is and will be away."""
    closed: bool = False
    """Of an enrolment that is present: it does not let the person in."""
    by_cohort: bool = False
    """Of an enrolment: what is present comes, or may come, of a cohort into which we put the person."""


_GIVE = {
    GrantKind.COHORT: Action.ADD_TO_COHORT,
    GrantKind.ROLE: Action.ASSIGN_ROLE,
    GrantKind.ENROLMENT: Action.ENROL,
    GrantKind.GROUP: Action.ADD_TO_GROUP,
    GrantKind.ASSIGNMENT: Action.ASSIGN_REQUIREMENT,
}
_RECOGNISE = {
    GrantKind.COHORT: Action.RECOGNISE_COHORT,
    GrantKind.ENROLMENT: Action.RECOGNISE_ENROLMENT,
    GrantKind.ROLE: Action.RECOGNISE_ROLE,
    GrantKind.GROUP: Action.RECOGNISE_GROUP,
}
_ALTER = {GrantKind.ENROLMENT: Action.CHANGE_ENROLMENT, GrantKind.ASSIGNMENT: Action.CHANGE_REQUIREMENT}
_TAKE = {
    GrantKind.COHORT: Action.REMOVE_FROM_COHORT,
    GrantKind.ROLE: Action.UNASSIGN_ROLE,
    GrantKind.GROUP: Action.REMOVE_FROM_GROUP,
    GrantKind.ASSIGNMENT: Action.WITHDRAW_REQUIREMENT,
}


def grant_change(pair: GrantPair, today: date) -> Change | None:
    """What must be given, altered or taken. Only what the ledger holds is ever taken.

    ``today`` is the day from which ``*_days`` terms count when the grant is new.
    """
    wanted = pair.wanted if pair.status in (Status.ACTIVE, Status.JOINING) else None
    if wanted is not None and pair.granted is None:
        return _given(pair, wanted, today)
    if wanted is not None and pair.granted is not None:
        return _altered(pair, wanted, pair.granted, today)
    if pair.granted is not None:
        return _unwanted(pair, pair.granted, today)
    return None


UNSEEN = "Moodle shows nobody who has this role already, so from now on it counts as ours"
"""Of roles in categories and the system: no web service lists them."""


def _given(pair: GrantPair, wanted: Mapping[str, Any], today: date) -> Change:
    kept = {"granted_on": pair.earlier} if pair.earlier else {}
    after = resolved(wanted, kept, today, pair.timezone, pair.leaves)
    if pair.present and not pair.by_cohort:
        change = _grant(_RECOGNISE[pair.kind], pair, {"present": True}, after)
        closed = ", and suspended or over: left as it is" if pair.closed else ""
        return replace(change, reason=f"there already, by somebody else{closed}")
    if pair.kind is GrantKind.ROLE and RoleTarget.parse(pair.target).level in ("category", "system"):
        pair = replace(pair, reason=f"{pair.reason}; {UNSEEN}" if pair.reason else UNSEEN)
    # beside what a cohort gives, which goes with the cohort: to Moodle an enrolment by hand is another one
    return _grant(_GIVE[pair.kind], pair, {"by_cohort": True} if pair.by_cohort else {}, after)


def _altered(pair: GrantPair, wanted: Mapping[str, Any], granted: Mapping[str, Any], today: date) -> Change | None:
    if not pair.ours:
        return None
    action = _ALTER.get(pair.kind)
    if action is None:
        return _noted(pair, wanted, granted)
    # days of a grant that was suspended count from its return: an access that has ended long ago is of no use
    after = resolved(wanted, {} if pair.suspended else granted, today, pair.timezone, pair.leaves)
    if after == dict(granted) and not pair.suspended:
        return None
    return _grant(action, pair, {**granted, "suspended": pair.suspended}, after)


def _noted(pair: GrantPair, wanted: Mapping[str, Any], granted: Mapping[str, Any]) -> Change | None:
    """What Moodle has no terms of: only for how long it is kept once nothing gives it any more may differ."""
    after = {name: value for name, value in granted.items() if name not in ("overlap_days", "kept_until")}
    after |= {name: value for name, value in wanted.items() if name == "overlap_days"}
    return _grant(Action.NOTE_TERMS, pair, granted, after) if after != dict(granted) else None


def _unwanted(pair: GrantPair, granted: Mapping[str, Any], today: date) -> Change | None:
    """What no rule gives any more to somebody who works here may overlap with what comes: until a day noted once."""
    if pair.wanted is None and pair.status in (Status.ACTIVE, Status.JOINING) and pair.ours and not pair.elsewhere:
        until = granted.get("kept_until")
        if until is None and (days := granted.get("overlap_days")):
            kept = {**granted, "kept_until": (today + timedelta(days=int(days))).isoformat()}
            return _grant(Action.NOTE_TERMS, pair, granted, kept)
        if until is not None and today <= date.fromisoformat(until):
            return None
    return _taken(pair, granted)


def _taken(pair: GrantPair, granted: Mapping[str, Any]) -> Change | None:
    if not pair.ours or pair.elsewhere:
        return _grant(Action.FORGET_GRANT, pair, granted, {})
    if pair.kind is not GrantKind.ENROLMENT:
        return _grant(_TAKE[pair.kind], pair, granted, {})
    # the last unenrolment deletes the person's grades in that course, so suspending is the rule
    if pair.status is not Status.LEFT and granted.get("on_loss") == "unenrol":
        return _grant(Action.UNENROL, pair, granted, {})
    if pair.suspended:
        return None
    return _grant(Action.SUSPEND_ENROLMENT, pair, granted, {**granted, "suspended": True})


RESOLVED = {"start": "starts_on", "end": "ends_on"}


def resolved(
    wanted: Mapping[str, Any],
    granted: Mapping[str, Any],
    today: date,
    timezone: str,
    leaves: Sequence[Leave] = (),
) -> dict[str, Any]:
    """The rule's terms and, beside them, what came of them: ``granted_on``, ``starts_on``, ``ends_on``, ``due_on``.

    ``*_days`` count from the day of the grant, which the ledger keeps (``granted``: its terms, {} for a new one).
    Dates are ISO dates in ``timezone``; one that is absent is open. What is due is told in ``connector.domain.due``.
    """
    granted_on = str(granted.get("granted_on", today.isoformat()))
    terms = {**wanted, "granted_on": granted_on, "timezone": timezone}
    for name, outcome in RESOLVED.items():
        days = wanted.get(f"{name}_days")
        if wanted.get(name):
            terms[outcome] = wanted[name]
        elif days is not None:
            terms[outcome] = (date.fromisoformat(granted_on) + timedelta(days=int(days))).isoformat()
    return terms | due_terms(wanted, granted, date.fromisoformat(granted_on), today, leaves)


def open_on(terms: Mapping[str, Any], today: date) -> bool:
    """Do the terms of an enrolment let the person in on this day? Dates are ISO dates, absent is open."""
    day = today.isoformat()
    return str(terms.get("starts_on") or day) <= day <= str(terms.get("ends_on") or day)


def _grant(action: Action, pair: GrantPair, before: Mapping[str, Any], after: Mapping[str, Any]) -> Change:
    return Change(action, pair.key, pair.target, before, after, pair.person_id, pair.reason, pair.kind)


def _change(action: Action, pair: AccountPair, before: Fields, after: Fields) -> Change:
    reason = f"feed line {pair.line}" if pair.line else ""
    return Change(action, pair.key, "", before, after, pair.person_id, reason)


def _differing(wanted: Fields, current: Fields) -> dict[str, Any]:
    """The wanted fields that the account does not have; for identity a difference in case alone is none."""
    differing: dict[str, Any] = {}
    for name, value in wanted.items():
        if name == "profile":
            there = current.get("profile", {})
            profile = {key: text for key, text in value.items() if there.get(key, "") != text}
            if profile:
                differing["profile"] = profile
        elif name in IDENTITY_FIELDS:
            if folded(current.get(name, "")) != folded(value):
                differing[name] = value
        elif current.get(name, "") != value:
            differing[name] = value
    return differing


def _by_action(differing: Mapping[str, Any]) -> dict[Action, dict[str, Any]]:
    grouped: dict[Action, dict[str, Any]] = {}
    for name, value in differing.items():
        action = (
            Action.CHANGE_IDENTITY
            if name in IDENTITY_FIELDS
            else Action.CHANGE_AUTH
            if name == "auth"
            else Action.UPDATE_ACCOUNT
        )
        grouped.setdefault(action, {})[name] = value
    return grouped


def _without_empty(fields: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in fields.items() if value not in ("", {})}
    if "profile" in kept:
        kept["profile"] = {name: value for name, value in kept["profile"].items() if value != ""}
    return kept
