"""Everything that Moodle has under the identifiers of one batch of people, as it will be after the plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import cached_property

from connector.domain.matching import Wanted, folded
from connector.domain.plan_store import Holder
from connector.domain.ports import Account


class Directory:
    """Accounts by id and by identifier; ``holders`` says whose they are, by account id.

    ``protected`` are usernames, ``administrators`` ids of accounts that are never touched.
    """

    def __init__(
        self,
        accounts: Iterable[Account],
        holders: Mapping[int, Holder],
        protected: Collection[str],
        administrators: Collection[int],
    ) -> None:
        self.accounts = {account.id: account for account in accounts}
        self.holders = holders
        named = {account.username for account in self.accounts.values() if account.id in administrators}
        self.protected = frozenset(protected) | named
        self._by: dict[tuple[str, str], list[Account]] = {}
        for account in self.accounts.values():
            if account.deleted:
                continue
            later = self._after_this_plan(account)
            for name, value in (("idnumber", later.idnumber), ("username", later.username), ("email", later.email)):
                if value:
                    self._by.setdefault((name, folded(value)), []).append(later)

    def candidates(self, wanted: Wanted) -> list[Account]:
        """Accounts that share an identifier with a person or are held under an earlier key, each once."""
        asked = [("idnumber", key) for key in (wanted.idnumber, *wanted.earlier_keys)]
        asked += [("username", wanted.username), ("email", wanted.email)]
        found = {account.id: account for name, value in asked for account in self._having(name, value)}
        found.update((number, self.accounts[number]) for number in wanted.former if number in self.accounts)
        return [self._without_former_key(account, wanted) for account in found.values()]

    def _without_former_key(self, account: Account, wanted: Wanted) -> Account:
        """Of another human, who had this person's key long ago, the idnumber says nothing."""
        holder = self.holders.get(account.id)
        return replace(account, idnumber="") if holder is not None and holder.formerly == wanted.key else account

    def bound(self, wanted: Wanted, chosen: Collection[int] = ()) -> set[int]:
        """Accounts that belong to others.

        One of somebody who has left is free for the same person under a new key, where that is declared or decided.
        """
        return {
            account_id
            for account_id, holder in self.holders.items()
            if not (holder.left and (holder.key in wanted.earlier_keys or account_id in chosen))
        }

    def others_with(self, name: str, value: str, account_id: int | None = None) -> list[Account]:
        """Accounts other than ``account_id`` that have this username or e-mail."""
        return [account for account in self._having(name, value) if account.id != account_id]

    @cached_property
    def left(self) -> frozenset[int]:
        """Accounts of people who have left, suspended by us: what stands there may be given up for others."""
        return frozenset(
            account_id
            for account_id, holder in self.holders.items()
            if holder.left
            and holder.suspended_by_us
            and (account := self.accounts.get(account_id)) is not None
            and account.suspended
            and account.username not in self.protected
        )

    def held_under(self, key: str) -> Collection[int]:
        """Accounts of whoever has this key."""
        return self._held.get(folded(key), ())

    @cached_property
    def _held(self) -> Mapping[str, Collection[int]]:
        held: dict[str, list[int]] = {}
        for account_id, holder in self.holders.items():
            held.setdefault(folded(holder.key), []).append(account_id)
        return held

    def _having(self, name: str, value: str) -> list[Account]:
        return self._by.get((name, folded(value)), [])

    def _after_this_plan(self, account: Account) -> Account:
        """What people leave in this plan is free for others."""
        holder = self.holders.get(account.id)
        if holder is None or holder.left or account.username in self.protected:
            return account
        return replace(account, username=holder.username or account.username, email=holder.email or account.email)
