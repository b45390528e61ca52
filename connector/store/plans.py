"""Plans in PostgreSQL: what differs, and the plan that came of it; see ``connector.domain.plan_store.PlanStore``."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any

from connector.domain.decide import GrantPair, Status
from connector.domain.decisions import Assignable
from connector.domain.erasing import NOBODY, Erased
from connector.domain.errors import SettingsError
from connector.domain.grants import GrantKind
from connector.domain.leaving import Deletable
from connector.domain.matching import folded
from connector.domain.plan import Change, GuardClass, Hold, HoldState, Plan
from connector.domain.plan_store import (
    Alike,
    DifferingTarget,
    Holder,
    ManagerPair,
    NumberedChange,
    PersonPair,
    Reserve,
    Scope,
    Shared,
)
from connector.domain.ports import Account, Group
from connector.domain.returning import Returned
from connector.store import groups as course_groups
from connector.store import holds
from connector.store.accounts import remember
from connector.store.changes import change_of
from connector.store.database import Connection, Database, Row, dumps, one, query
from connector.store.decisions import weigh
from connector.store.leaves import leaves_of
from connector.store.moves import BEGIN_ANEW, alike, note_moves, returned
from connector.store.pairs import holder, person_pair
from connector.store.references import remember as remember_references
from connector.store.sealing import DROP_SCRATCH, seal
from connector.store.usernames import reserve_username

FEW = 0.2
"""Up to such a part of all people are compared one by one."""


class Plans:
    def __init__(self, database: Database, site: str, erased: Callable[[], Erased] = lambda: NOBODY) -> None:
        self._database = database
        self._site = site
        self._erased = erased

    def chain(self, keys: Collection[str]) -> frozenset[str]:
        return frozenset(row["key"] for row in self._database.rows("plans.chain", site=self._site, keys=sorted(keys)))

    def turn(self) -> AbstractContextManager[bool]:
        return self._database.lock(f"way in {self._site}")

    # ------------------------------------------------------------ making a plan
    def lock(self) -> AbstractContextManager[bool]:
        return self._database.lock(f"moodle {self._site}")

    def basis(self, feed_id: int | None, mapping_digest: str, plan: int | None = None) -> str:
        state = self._database.one("plans.state", site=self._site, plan=plan)
        told = f"{feed_id}|{mapping_digest}|{state['run_id']}|{state['settled']}|{state['decided']}"
        return hashlib.sha256(told.encode()).hexdigest()

    def begin(self, scope: Scope, feed_id: int | None, basis: str) -> int:
        with self._database.transaction() as connection:
            for step in ("plans.drop_unfinished", "plans.drop_forgotten", *DROP_SCRATCH):
                connection.execute(query(step), {"site": self._site, "now": scope.now, "plan": None})
            row = one(
                connection,
                "plans.begin",
                site=self._site,
                people=None if scope.people is None else sorted(scope.people),
                feed_id=feed_id,
                basis=basis,
                now=scope.now,
            )
        return int(row["number"])

    def add(self, plan: int, changes: Sequence[Change]) -> None:
        if not changes:
            return
        statement = (
            "COPY connector.change (plan, phase, action, subject, target, person_id, before, after, reason, kind, "
            "level, ref, guard_class, digest) FROM STDIN"
        )
        with self._database.transaction() as connection, connection.cursor() as cursor, cursor.copy(statement) as copy:
            for change in changes:
                copy.write_row(
                    (
                        plan,
                        int(change.phase),
                        change.action.value,
                        change.subject,
                        change.target,
                        change.person_id,
                        dumps(dict(change.before)).decode(),
                        dumps(dict(change.after)).decode(),
                        change.reason,
                        change.kind.value if change.kind else None,
                        change.place.level,
                        change.place.ref,
                        change.guard.value if change.guard else None,
                        change.digest,
                    )
                )

    def account_pairs(self, scope: Scope) -> Iterator[list[PersonPair]]:
        for rows in self._database.stream("plans.account_pairs", size=500, **self._scope(scope)):
            former = self._former([row for row in rows if row["account_id"] is None])
            yield [person_pair(row, former.get(row["key"], [])) for row in rows]

    def _former(self, rows: Sequence[Row]) -> dict[str, list[tuple[str, int | None]]]:
        """Other keys of people without an account, and what is held under them."""
        declared = [(row["key"], earlier) for row in rows for earlier in row["earlier_keys"] or ()]
        values = {
            "site": self._site,
            "people": [row["key"] for row in rows],
            "keys": [key for key, _ in declared],
            "earlier": [earlier for _, earlier in declared],
        }
        found: dict[str, list[tuple[str, int | None]]] = {}
        for row in self._database.rows("moves.former", **values) if rows else ():
            found.setdefault(row["now"], []).append((row["key"], row["account_id"]))
        return found

    def shared(self, scope: Scope) -> Shared:
        emails = self._database.rows("plans.shared_emails", **self._scope(scope))
        keys = self._database.rows("plans.shared_keys", **self._scope(scope))
        return Shared(
            {row["email"]: row["keys"] for row in emails}, {folded(row["claimed"]): row["keys"] for row in keys}
        )

    def holders(self, account_ids: Sequence[int], scope: Scope) -> dict[int, Holder]:
        rows = self._database.rows("plans.holders", account_ids=list(account_ids), **self._scope(scope))
        return {row["account_id"]: holder(row) for row in rows}

    def administrators(self, account_ids: Collection[int]) -> set[int]:
        rows = self._database.rows("plans.administrators", site=self._site, account_ids=list(account_ids))
        return {row["account_id"] for row in rows}

    def mark_lost(self, account_ids: Sequence[int], now: datetime) -> None:
        self._database.run("accounts.mark_lost", site=self._site, account_ids=list(account_ids), now=now)

    def unbind(self, person_ids: Sequence[int], now: datetime) -> None:
        values = {"site": self._site, "person_ids": list(person_ids), "now": now}
        self._database.together(("plans.end_grants_in_moodle", "plans.unbind"), **values)

    def remember(self, accounts: Sequence[Account], now: datetime) -> None:
        self._database.transact(lambda connection: remember(connection, self._site, accounts, now))

    @contextmanager
    def reserving(self) -> Iterator[Reserve]:
        erased = self._erased()
        with self._database.transaction() as connection:

            def reserve(person_id: int, base: str, suffixed: bool, taken: frozenset[str]) -> str | None:
                return reserve_username(connection, self._site, person_id, base, suffixed, taken, erased)

            yield reserve

    def take_doubled_adoptions(self, plan: int) -> dict[int, list[str]]:
        rows = self._database.rows("plans.take_doubled_adoptions", plan=plan)
        return {row["account_id"]: row["keys"] for row in rows}

    def take_colliding_identities(self, plan: int) -> list[Change]:
        return [change_of(row) for row in self._database.rows("plans.take_colliding_identities", plan=plan)]

    def take_blocked_identities(self, plan: int, scope: Scope) -> list[tuple[str, str]]:
        rows = self._database.rows("plans.take_blocked_identities", plan=plan, **self._scope(scope))
        return [(row["subject"], row["name"]) for row in rows]

    def manager_pairs(self, scope: Scope) -> Iterator[list[ManagerPair]]:
        for rows in self._database.stream("plans.manager_pairs", **self._scope(scope)):
            yield [ManagerPair(**row) for row in rows]

    def manager_cycles(self, scope: Scope) -> list[str]:
        return [row["key"] for row in self._database.rows("plans.manager_cycles", **self._scope(scope))]

    def weigh_decisions(self, assignable: Assignable, scope: Scope) -> None:
        self._database.transact(lambda connection: weigh(connection, self._site, assignable, scope.now))

    def note_moves(self, authoritative: Sequence[str], merged: Mapping[str, str], scope: Scope) -> None:
        ids = self._scope(scope)["ids"]
        self._database.transact(
            lambda connection: note_moves(connection, self._site, authoritative, merged, scope.now, scope.ahead, ids)
        )

    def returned(self, scope: Scope) -> list[Returned]:
        values = self._scope(scope)
        return [returned(row) for row in self._database.rows("moves.returned", **values)]

    def note_returned(self, others: Collection[int], newcomers: Collection[int], scope: Scope) -> None:
        values = {**self._scope(scope), "others": list(others), "person_ids": list(newcomers)}
        self._database.together(("moves.note_others", *(BEGIN_ANEW if newcomers else ())), **values)

    def merges(self, scope: Scope) -> list[Alike]:
        rows = self._database.rows("moves.merges", **self._scope(scope))
        return [alike(row) for row in rows]

    def missing_managers(self, scope: Scope, days: int) -> dict[str, int]:
        rows = self._database.rows("moves.missing_managers", site=self._site, now=scope.now, days=days)
        return {row["key"]: row["people"] for row in rows}

    def deletable(self, scope: Scope, protected: Collection[str]) -> list[Deletable]:
        if scope.leavers.delete_days is None:
            return []
        values = {"days": scope.leavers.delete_days, "protected": sorted(protected), **self._scope(scope)}
        return [Deletable(**row) for row in self._database.rows("moves.deletable", **values)]

    def wanted_cohorts(self, scope: Scope) -> dict[str, str]:
        return {
            row["target"]: row["name"] for row in self._database.rows("plans.wanted_cohorts", **self._scope(scope))
        }

    def compare_grants(self, plan: int, scope: Scope) -> None:
        with self._database.transaction() as connection:
            connection.execute(query("plans.drop_differing"), {"plan": plan})
            days = {"grace": scope.leavers.grace_days, "archive": scope.leavers.archive_days}
            values = {"plan": plan, **days, **self._scope(scope)}
            if values["ids"] is None:
                values["ids"] = self._unsettled(connection, values)
            connection.execute(query("plans.compare_grants"), values)
            connection.execute("ANALYZE connector.differing_grant (plan, kind, target)")

    def _unsettled(self, connection: Connection, values: Mapping[str, Any]) -> list[int] | None:
        """The few people whose grants are to be compared one by one; None where they are many, as in a first load."""
        found = one(connection, "plans.unsettled", **values)
        unsettled: list[int] = found["unsettled"]
        return unsettled if len(unsettled) <= FEW * found["people"] else None

    def differing_targets(self, plan: int) -> list[DifferingTarget]:
        rows = self._database.rows("plans.differing_targets", plan=plan)
        return [DifferingTarget(GrantKind(row["kind"]), row["target"], row["named"], row["new"]) for row in rows]

    def wanted_groups(self, plan: int) -> dict[str, str]:
        return {row["target"]: row["name"] for row in self._database.rows("groups.wanted", plan=plan)}

    def remember_groups(self, groups: Mapping[str, Group], now: datetime) -> None:
        self._database.transact(lambda connection: course_groups.remember(connection, self._site, groups, now))

    def accounts_to_give(self, plan: int, level: str) -> list[int]:
        return [row["account_id"] for row in self._database.rows("plans.accounts_to_give", plan=plan, level=level)]

    def protected_people(self, scope: Scope, usernames: Collection[str]) -> set[str]:
        rows = self._database.rows("plans.protected_people", usernames=sorted(usernames), **self._scope(scope))
        return {row["key"] for row in rows}

    def note_present(self, plan: int, grants: Iterable[tuple[int, GrantKind, str, bool]]) -> None:
        statement = "COPY connector.present_grant (plan, account_id, kind, target, active) FROM STDIN"
        with self._database.transaction() as connection, connection.cursor() as cursor, cursor.copy(statement) as copy:
            for account_id, kind, target, active in grants:
                copy.write_row((plan, account_id, kind.value, target, active))

    def grant_pairs(self, plan: int, by_cohort: Collection[tuple[str, str]]) -> Iterator[list[GrantPair]]:
        pairs = sorted(by_cohort)
        cohorts, courses = [cohort for cohort, _ in pairs], [course for _, course in pairs]
        for rows in self._database.stream(
            "plans.grant_pairs", plan=plan, site=self._site, cohorts=cohorts, courses=courses
        ):
            yield [_grant_pair(row) for row in rows]

    def seal(self, plan: int, scope: Scope) -> Plan:
        self._database.transact(lambda connection: seal(connection, self._site, plan, scope))
        return self.read(plan)

    # ------------------------------------------------------------ ids of what mappings name
    def remember_references(self, kind: str, references: Mapping[str, int], now: datetime) -> int:
        return self._database.transact(
            lambda connection: remember_references(connection, self._site, kind, references, now)
        )

    def references(self, kind: str) -> dict[str, int]:
        rows = self._database.rows("plans.references", site=self._site)
        return {row["ref"]: row["moodle_id"] for row in rows if row["kind"] == kind}

    def sign_in_methods(self, now: datetime) -> list[str]:
        """The ``auth`` that the mapping gave to people who work here; for the doctor."""
        return [row["auth"] for row in self._database.rows("plans.sign_in_methods", site=self._site, now=now)]

    # ------------------------------------------------------------ reading and deciding
    def find(self, plan_hash: str | None = None) -> Plan | None:
        rows = self._database.rows("plans.find", site=self._site, hash=plan_hash)
        if plan_hash is not None and len({row["hash"] for row in rows}) > 1:
            raise SettingsError(f"Several plans begin with {plan_hash}: give more of the hash.")
        return self.read(rows[0]["number"]) if rows else None

    def changes(
        self, plan: int, after: int = 0, limit: int = 1000, subject: str | None = None
    ) -> list[NumberedChange]:
        rows = self._database.rows("plans.changes", plan=plan, after=after, limit=limit, subject=subject)
        return [NumberedChange(row["ordinal"], change_of(row)) for row in rows]

    def holds(self) -> list[Hold]:
        return [holds.hold_of(row) for row in self._database.rows("holds.waiting", site=self._site)]

    def decide_hold(
        self, plan_hash: str, guard: GuardClass | None, state: HoldState, by: str, now: datetime
    ) -> list[GuardClass]:
        return self._database.transact(
            lambda connection: holds.decide(connection, self._site, plan_hash, guard, state, by, now)
        )

    def read(self, number: int) -> Plan:
        head = self._database.one("plans.by_number", plan=number)
        people = head.pop("people")
        held = tuple(holds.hold_of(row) for row in self._database.rows("holds.of_plan", plan=number))
        return Plan(**head, people=None if people is None else frozenset(people), holds=held)

    def _scope(self, scope: Scope) -> dict[str, Any]:
        ids = None if scope.people is None else self._ids(scope.people)
        return {"site": self._site, "now": scope.now, "ahead": scope.ahead, "ids": ids}

    def _ids(self, keys: Collection[str]) -> list[int]:
        return [row["person_id"] for row in self._database.rows("plans.ids", site=self._site, keys=sorted(keys))]


def _grant_pair(row: Row) -> GrantPair:
    return GrantPair(
        row["person_id"],
        row["key"],
        Status(row["status"]),
        GrantKind(row["kind"]),
        row["target"],
        row["wanted"],
        row["granted"],
        row["ours"],
        row["suspended"],
        row["timezone"],
        row["rule"],
        row["earlier"] or "",
        row["present"],
        row["elsewhere"],
        row["place_id"],
        leaves_of(row["leaves"]),
        row["closed"],
        row["by_cohort"],
    )
