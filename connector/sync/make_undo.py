"""Making a plan that takes a run back: the journal says what was done, Moodle and the ledger how it stands by now.

Moodle is only read here. The plan is one like any other: looked at, watched by the guard, applied as it was shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby, islice
from zoneinfo import ZoneInfo

from connector.domain.decide import released_identity
from connector.domain.errors import Busy, Missing
from connector.domain.grants import GrantKind, RoleTarget
from connector.domain.matching import folded
from connector.domain.plan import Action, Change, Plan
from connector.domain.plan_store import PlanStore, Scope
from connector.domain.ports import Account, Moodle
from connector.domain.undo import TAKING, AccountNow, GrantNow, Left, Verdict, account_verdicts, grant_verdict
from connector.domain.undo_store import DoneRun, DoneToAccount, DoneToGrant, UndoStore
from connector.sync.make_plan import Step
from connector.sync.planning import Rules

PEOPLE = 200
"""People whose accounts are read at once."""
OURS = frozenset(
    {Action.CHANGE_MANAGER, Action.ASSIGN_REQUIREMENT, Action.CHANGE_REQUIREMENT, Action.WITHDRAW_REQUIREMENT}
)
"""What concerns our own model only."""
Seats = Mapping[int, tuple[bool, tuple[int, ...]]]
"""Who is in a course or cohort: by account, whether active, and with which roles."""


@dataclass(frozen=True, slots=True)
class Undo:
    """A plan that takes a run back, and what it leaves as it is. ``of_undo``: that run was such a plan's itself."""

    plan: Plan
    left: tuple[Left, ...]
    of_undo: bool = False


async def make_undo(
    run: DoneRun,
    by: str,
    scope: Scope,
    feed_id: int | None,
    rules: Rules,
    moodle: Moodle,
    plans: PlanStore,
    undos: UndoStore,
    step: Step,
) -> Undo:
    """Plan the opposite of what a run did, where things still stand as it left them. Nothing in Moodle is changed.

    Raises the error tree where Moodle or the database cannot be used; then there is no new plan.
    """
    with plans.lock() as free:
        if not free:
            raise Busy("Another process is at work for this Moodle; try again when it has ended.")
        number = plans.begin(scope, feed_id, plans.basis(feed_id, rules.digest))
        undos.begin(number, run.number, by)
        untouchable = plans.protected_people(scope, rules.protected)
        undoing = _Undoing(number, run, scope, rules, moodle, plans, undos, untouchable)
        step("grants")
        await undoing.grants()
        step("accounts")
        await undoing.accounts()
        await undoing.identities()
        for change in plans.take_colliding_identities(number):
            plans.add(number, released_identity(change))
        return Undo(plans.seal(number, scope), tuple(undoing.left), run.undoes is not None)


@dataclass
class _Undoing:
    plan: int
    run: DoneRun
    scope: Scope
    rules: Rules
    moodle: Moodle
    plans: PlanStore
    undos: UndoStore
    untouchable: Collection[str]
    """Keys of people whose account is never touched."""
    left: list[Left] = field(default_factory=list)
    kept: set[int] = field(default_factory=set)
    """People in whose accounts something of ours stays."""
    renamed: list[Change] = field(default_factory=list)
    """Identifiers that are to go back, where nobody else has them by now."""

    def take(self, verdicts: Sequence[Verdict]) -> None:
        changes = [verdict for verdict in verdicts if isinstance(verdict, Change)]
        spared = [change for change in changes if change.subject in self.untouchable and change.action not in OURS]
        self.left += [verdict for verdict in verdicts if isinstance(verdict, Left)]
        self.left += [Left(change, "the Moodle account of this person is protected") for change in spared]
        going = [change for change in changes if change not in spared]
        self.renamed += [change for change in going if change.action is Action.CHANGE_IDENTITY]
        self.plans.add(self.plan, [change for change in going if change.action is not Action.CHANGE_IDENTITY])

    # ------------------------------------------------------------ grants
    async def grants(self) -> None:
        rows = chain.from_iterable(self.undos.to_grants(self.run))
        for (level, place), group in groupby(rows, key=lambda row: (row.change.place.level, row.place_id)):
            done = list(group)
            there = await self._there(level, place)
            verdicts = [self._of_grant(one, there) for one in done]
            self.kept |= {
                one.change.person_id
                for one, verdict in zip(done, verdicts, strict=True)
                if one.change.person_id is not None and level and _stays(one, verdict)
            }
            self.take(verdicts)

    def _of_grant(self, one: DoneToGrant, there: Seats | None) -> Verdict:
        found = there.get(one.account_id or 0) if there is not None else None
        present = found is not None if there is not None and one.account_id is not None else None
        active = found[0] if found and one.change.kind is GrantKind.ENROLMENT else None
        if one.change.kind is GrantKind.ROLE:  # who has a role there and is not enrolled is not shown
            present = self.rules.roles.get(RoleTarget.parse(one.change.target).role) in found[1] if found else None
        now = GrantNow(one.account_id, one.terms, one.ours, one.suspended, present, active)
        zone = ZoneInfo(str((one.terms or {}).get("timezone", "UTC")))
        return grant_verdict(one.change, now, self.scope.now.astimezone(zone).date())

    async def _there(self, level: str, place: int | None) -> Seats | None:
        """Who is in a course, cohort or group; None where that cannot be asked."""
        if place is None or level not in ("course", "cohort", "group"):
            return None
        if level == "cohort":
            members = await self.moodle.cohort_members([place])
            return dict.fromkeys(members.get(place, frozenset()), (True, ()))
        if level == "group":
            found = await self.moodle.group_members([place])
            return dict.fromkeys(found.get(place) or frozenset(), (True, ()))
        try:
            return {
                row.user_id: (row.active, row.role_ids)
                async for page in self.moodle.participants(place)
                for row in page
            }
        except Missing:
            return {}

    # ------------------------------------------------------------ accounts
    async def accounts(self) -> None:
        people = (list(done) for _, done in groupby(self._done_to_accounts(), key=lambda one: one.change.person_id))
        while bundle := list(islice(people, PEOPLE)):
            there = await self._read(bundle)
            adopted = [one.change.person_id for one in chain(*bundle) if one.change.action is Action.ADOPT_ACCOUNT]
            self.kept |= self.undos.granted_otherwise(self.run, [person for person in adopted if person is not None])
            for done in bundle:
                self.take(list(account_verdicts([one.change for one in done], self._now(done[0], there))))

    async def identities(self) -> None:
        """Give identifiers back that are free, or become free by it."""
        taken: set[tuple[str, str]] = set()
        for name in ("username", "email"):
            wanted = sorted({str(change.after[name]) for change in self.renamed if name in change.after})
            found = await self.moodle.accounts_by(name, wanted) if wanted else []
            taken |= {(name, folded(getattr(account, name))) for account in found if not account.deleted}
        kept, going = [], self.renamed
        while stuck := [change for change in going if _names(change.after) & (taken - _left_by(going))]:
            kept += stuck
            going = [change for change in going if change not in stuck]
        self.left += [Left(change, "another Moodle account has the former name or address by now") for change in kept]
        self.plans.add(self.plan, going)

    def _done_to_accounts(self) -> Iterator[DoneToAccount]:
        return chain.from_iterable(self.undos.to_people(self.run))

    async def _read(self, bundle: Sequence[Sequence[DoneToAccount]]) -> Mapping[int, Account]:
        ids = {one.account_id for one in chain(*bundle) if one.account_id is not None}
        found = await self.moodle.accounts_by("id", [str(account_id) for account_id in sorted(ids)]) if ids else []
        self.plans.remember(found, self.scope.now)
        return {account.id: account for account in found if not account.deleted}

    def _now(self, one: DoneToAccount, there: Mapping[int, Account]) -> AccountNow:
        account = there.get(one.account_id or 0)
        if account is None:
            return AccountNow(None, manager=one.manager)
        profile = {**one.known.get("profile", {}), **account.profile}
        fields = {**one.known, **account.fields, "profile": profile}
        return AccountNow(account.id, account.suspended, fields, one.manager, one.change.person_id in self.kept)


def _names(fields: Mapping[str, object]) -> set[tuple[str, str]]:
    """User name and address among these fields, as Moodle tells them apart."""
    return {(name, folded(str(value))) for name, value in fields.items() if name in ("username", "email")}


def _left_by(changes: Sequence[Change]) -> set[tuple[str, str]]:
    """What these changes make free."""
    return {name for change in changes for name in _names(change.before)}


def _stays(one: DoneToGrant, verdict: Verdict) -> bool:
    """Does something of ours stay in the account when the run is taken back?"""
    if isinstance(verdict, Left):
        return one.ours and one.terms is not None
    return verdict.action not in TAKING and verdict.action is not Action.FORGET_GRANT
