"""Planning of accounts: whose account is whose, what is missing, what differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from connector.domain.decide import (
    AccountPair,
    Status,
    account_changes,
    adopted_account,
    from_the_former,
    given_back,
    new_account,
    released_email,
)
from connector.domain.matching import Ambiguous, Match, NoMatch, Wanted, correlate, folded, is_another, is_strangers
from connector.domain.plan import Action, Change
from connector.domain.plan_store import PersonPair, Reserve, Shared
from connector.domain.ports import Account
from connector.sync.at_once import at_once
from connector.sync.directory import Directory
from connector.sync.planning import Planning


async def plan_accounts(planning: Planning) -> None:
    """Add the changes of accounts to the plan, a batch of people at a time."""
    shared = planning.plans.shared(planning.scope)
    for batch in planning.plans.account_pairs(planning.scope):
        people, directory = await _read(planning, batch)
        with planning.plans.reserving() as reserve:
            accounts = Accounts(planning, directory, shared, reserve)
            changes = [change for person in people for change in accounts.changes(person)]
        planning.plans.add(planning.plan, changes)


async def _read(planning: Planning, people: Sequence[PersonPair]) -> tuple[Sequence[PersonPair], Directory]:
    """Look up the accounts of bound people by id, those of others by everything that could be theirs.

    Gives the people back: one whose account is gone, and for whom somebody has decided, is bound no longer.
    """
    found: dict[int, Account] = {}

    async def look_up(name: str, values: Iterable[str]) -> None:
        asked = sorted({value for value in values if value})
        if asked:
            found.update({account.id: account for account in await planning.moodle.accounts_by(name, asked)})

    await look_up("id", [str(person.pair.account_id) for person in people if person.pair.account_id is not None])
    planning.plans.remember(list(found.values()), planning.scope.now)
    planning.plans.mark_lost(_lost(planning, people, found), planning.scope.now)
    batch = _unbound_where_decided(planning, people, found)
    unbound = [person for person in batch if person.pair.account_id is None]
    asking = [_wanted(person) for person in unbound] + [
        _wanted(person) for person in batch if _is_renamed(person.pair, found)
    ]
    chosen = [account for person in unbound for account in planning.chosen_accounts(person.pair.key)]
    former = [account for person in unbound for account in person.former_accounts]
    await at_once(
        [
            partial(look_up, "idnumber", [key for one in asking for key in (one.idnumber, *one.earlier_keys)]),
            partial(look_up, "email", [one.email for one in asking]),
            partial(look_up, "username", [one.username for one in asking]),
            partial(look_up, "id", [str(account) for account in (*chosen, *former)]),
        ]
    )
    plans, ids = planning.plans, sorted(found)
    return batch, Directory(
        found.values(), plans.holders(ids, planning.scope), planning.protected, plans.administrators(ids)
    )


def _lost(planning: Planning, people: Sequence[PersonPair], found: Mapping[int, Account]) -> list[int]:
    """Accounts of bound people that are no longer theirs."""
    return [
        person.pair.account_id
        for person in people
        if person.pair.account_id is not None and _still_theirs(planning, person, found) is None
    ]


def _still_theirs(planning: Planning, person: PersonPair, found: Mapping[int, Account]) -> Account | None:
    """The account of somebody who is bound; None where Moodle no longer has it, or as another human's."""
    account = found.get(person.pair.account_id or 0)
    if account is None or account.deleted:
        return None
    chosen = account.id in planning.chosen_accounts(person.pair.key)
    return None if not chosen and is_strangers(_wanted(person), account) else account


def _unbound_where_decided(
    planning: Planning, people: Sequence[PersonPair], found: Mapping[int, Account]
) -> list[PersonPair]:
    def lost(person: PersonPair) -> bool:
        key = person.pair.key
        return (
            person.pair.account_id is not None
            and _still_theirs(planning, person, found) is None
            and (planning.decided("account_gone", key, "create") or bool(planning.chosen_accounts(key)))
        )

    gone = {person.pair.person_id for person in people if lost(person)}
    if gone:
        planning.plans.unbind(sorted(gone), planning.scope.now)
    return [
        replace(person, pair=replace(person.pair, account_id=None, current={}))
        if person.pair.person_id in gone
        else person
        for person in people
    ]


class Accounts:
    """Decides about the accounts of one batch, with what Moodle has under their identifiers."""

    def __init__(self, planning: Planning, directory: Directory, shared: Shared, reserve: Reserve) -> None:
        self._planning = planning
        self._directory = directory
        self._shared = shared
        self._reserve = reserve

    def changes(self, person: PersonPair) -> list[Change]:
        return self._of_unbound(person) if person.pair.account_id is None else self._of_bound(person)

    def _of_unbound(self, person: PersonPair) -> list[Change]:
        if person.pair.person_id in self._planning.undecided:
            return []
        pair, match = person.pair, self._match(person)
        if isinstance(match, Ambiguous):
            if self._comes_in_time(person, match):
                return []
            self._planning.case(match.kind, pair.key, match.reason, match.account_ids)
            return []
        if isinstance(match, Match):
            account = self._directory.accounts[match.account.id]
            self._planning.plans.remember([account], self._planning.scope.now)
            holder = self._directory.holders.get(account.id)
            pair = replace(pair, suspended_by_us=holder is not None and holder.suspended_by_us)
            key = holder.key if holder is not None else ""
            adopted = adopted_account(pair, account.id, match.by, key)
            return [adopted, *self._updates(replace(person, pair=pair), account)]
        if self._email_is_shared(pair):
            return []
        wanted = _wanted(person)
        taken = frozenset(account.username for account in self._directory.candidates(wanted))
        username = self._reserve(pair.person_id, wanted.username, person.unique_username, taken)
        if username is None:
            self._planning.case("username_taken", pair.key, "the username was given to another person before")
            return []
        return [*self._given_up(wanted), new_account(pair, username)]

    def _comes_in_time(self, person: PersonPair, match: Ambiguous) -> bool:
        """Who works here under an earlier key until the first day has nothing to be decided before that day."""
        holders = [self._directory.holders.get(account_id) for account_id in match.account_ids]
        return (
            match.kind == "already_bound"
            and person.pair.status is Status.JOINING
            and all(holder is not None and holder.key in person.earlier_keys for holder in holders)
        )

    def _of_bound(self, person: PersonPair) -> list[Change]:
        pair = person.pair
        account = _still_theirs(self._planning, person, self._directory.accounts)
        if account is None:
            there = self._directory.accounts.get(pair.account_id or 0)
            why = "is another human's now" if there and not there.deleted else "was deleted in Moodle"
            self._planning.case("account_gone", pair.key, f"the Moodle account of this person {why}")
            return []
        if account.username in self._directory.protected:
            self._planning.case("protected", pair.key, "the Moodle account of this person is protected")
            return []
        return self._updates(person, account)

    def _match(self, person: PersonPair) -> Match | NoMatch | Ambiguous:
        """A person's decision comes first, then the rules of matching."""
        wanted = self._without_others(_wanted(person))
        chosen = self._planning.chosen_accounts(person.pair.key)
        bound = self._directory.bound(wanted, chosen)
        for account_id in chosen:
            account = self._directory.accounts.get(account_id)
            if account is not None and not account.deleted and account_id not in bound:
                if account.username in self._directory.protected:
                    return Ambiguous("protected", "the Moodle account that was named is protected", (account_id,))
                return Match(account, "a person's decision")
        bound |= self._planning.chosen_for_others(person.pair.key)
        candidates = self._directory.candidates(wanted)
        contested = {account.id for account in candidates if self._is_contested(account, person.pair.key)}
        match = correlate(wanted, candidates, bound, self._directory.protected, contested, self._directory.left)
        if isinstance(match, Ambiguous) and self._planning.decided(match.kind, person.pair.key, "create"):
            return NoMatch()
        return match

    def _without_others(self, wanted: Wanted) -> Wanted:
        """What is declared of a key says nothing once a person has said that it is somebody else's."""
        held = self._directory.held_under
        others = {
            folded(key) for key in wanted.earlier_keys if self._planning.are_two(wanted.key, key, held(key))
        }  # folded: a key is declared as HR writes it, and known as it was written first
        return replace(
            wanted,
            earlier_keys=tuple(key for key in wanted.earlier_keys if folded(key) not in others),
            former=wanted.former.difference(*(held(key) for key in others)),
        )

    def _is_contested(self, account: Account, key: str) -> bool:
        """Could somebody else without an account claim it as well, and nobody has decided against?"""
        holder = self._directory.holders.get(account.id)
        names = {folded(account.idnumber), folded(holder.key) if holder is not None else ""} - {""}
        others = {other for name in names for other in self._shared.keys.get(name, ())}
        if not names:
            others.update(self._shared.emails.get(account.email.lower(), ()))
        return any(
            other != key
            and not self._planning.decided("already_bound", other, "create")
            and not self._planning.are_two(key, other, ())
            for other in others
        )

    def _updates(self, person: PersonPair, account: Account) -> list[Change]:
        """What differs, but for a change of identity that something stands in the way of: that is a case."""
        pair = person.pair
        if account.suspended and not pair.suspended_by_us and pair.status is Status.ACTIVE:
            self._planning.case(
                "suspended_by_hand", pair.key, "somebody suspended this account in Moodle; it is left to them"
            )
        current: dict[str, Any] = {**pair.current, **account.fields, "profile": dict(account.profile)}
        changes = account_changes(replace(pair, account_id=account.id, current=current, suspended=account.suspended))
        wanted = _wanted(person)
        decided = [
            self._identity(change, person, account, wanted) if _is_identity(change) else change for change in changes
        ]
        going = [change for change in decided if change is not None]
        moving = any(_is_identity(change) and change.after.get("email") == wanted.email for change in going)
        return [*(self._given_up(wanted) if moving else ()), *going]

    def _identity(self, change: Change, person: PersonPair, account: Account, wanted: Wanted) -> Change | None:
        """The change as it may be; where it may not, whoever has a temporary name gets the former one back."""
        if self._is_free(change, person.pair, account, wanted):
            return from_the_former(change, person.released)
        back = given_back(change, person.released)
        if back is None or any(self._directory.others_with(name, back.after[name], account.id) for name in back.after):
            return None
        return back

    def _given_up(self, wanted: Wanted) -> list[Change]:
        """What people who have left give up for somebody who has their address by now."""
        return [
            released_email(holder.key, holder.person_id, account.email)
            for account in self._directory.others_with("email", wanted.email)
            if self._gives_up(account, wanted) and (holder := self._directory.holders.get(account.id))
        ]

    def _gives_up(self, account: Account, wanted: Wanted) -> bool:
        return account.id in self._directory.left and is_another(wanted, account)

    def _is_free(self, change: Change, pair: AccountPair, account: Account, wanted: Wanted) -> bool:
        if "email" in change.after and self._email_is_shared(pair):
            return False
        for name in ("username", "email"):
            there = self._directory.others_with(name, str(change.after.get(name, "")), account.id)
            if any(name == "username" or not self._gives_up(one, wanted) for one in there):
                self._planning.case(f"{name}_taken", pair.key, f"the new {name} is used by another Moodle account")
                return False
        if "username" in change.after:
            username = str(change.after["username"])
            if self._reserve(pair.person_id, username, False, frozenset()) is None:
                self._planning.case("username_taken", pair.key, "the new username was given to another person before")
                return False
        return True

    def _email_is_shared(self, pair: AccountPair) -> bool:
        keys = self._shared.emails.get(str(pair.wanted.get("email", "")).lower(), [])
        if keys:
            self._planning.case(
                "email_shared",
                pair.key,
                f"the same e-mail address stands at {len(keys)} people: {', '.join(keys[:5])}",
            )
        return bool(keys)


def _wanted(person: PersonPair) -> Wanted:
    fields = {**person.pair.initial, **person.pair.wanted}
    names = ("idnumber", "username", "email", "lastname", "firstname")
    text = {name: str(fields.get(name) or "") for name in names}
    return Wanted(
        person.pair.key,
        text["idnumber"],
        text["username"],
        text["email"],
        text["lastname"],
        person.earlier_keys,
        person.unique_username,
        frozenset(person.former_accounts),
        text["firstname"],
        person.birth_date,
    )


def _is_identity(change: Change) -> bool:
    return change.action is Action.CHANGE_IDENTITY


def _is_renamed(pair: AccountPair, found: Mapping[int, Account]) -> bool:
    account = found.get(pair.account_id or 0)
    return account is not None and any(
        folded(str(pair.wanted.get(name, there))) != folded(there)
        for name, there in (("email", account.email), ("username", account.username))
    )
