"""The journal in PostgreSQL, and what follows from each outcome; see ``connector.domain.journal.Journal``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from types import MappingProxyType

from connector.domain.journal import Doubt, Outcome, OutcomeState, Pending, Tally
from connector.domain.plan import Action, Change, GuardClass, Phase
from connector.store.changes import change_of
from connector.store.database import Connection, Database, one, query

EFFECTS: Mapping[Action, tuple[str, ...]] = {
    Action.CREATE_COHORT: ("cohort_made",),
    Action.CREATE_GROUP: ("group_made",),
    Action.CREATE_ACCOUNT: ("account_made", "bind"),
    Action.ADOPT_ACCOUNT: ("hand_over_grants", "hand_over_account", "bind", "username_adopted"),
    Action.RELEASE_IDENTITY: ("account_changed",),
    Action.CHANGE_IDENTITY: ("account_changed",),
    Action.UPDATE_ACCOUNT: ("account_changed",),
    Action.CHANGE_AUTH: ("account_changed",),
    Action.SUSPEND_ACCOUNT: ("account_changed", "suspension_noted"),
    Action.REACTIVATE_ACCOUNT: ("account_changed", "suspension_noted"),
    Action.CHANGE_MANAGER: ("manager_changed",),
    Action.ADD_TO_COHORT: ("granted",),
    Action.ASSIGN_ROLE: ("granted",),
    Action.ENROL: ("granted",),
    Action.RECOGNISE_COHORT: ("granted",),
    Action.RECOGNISE_ENROLMENT: ("granted",),
    Action.RECOGNISE_ROLE: ("granted",),
    Action.ADD_TO_GROUP: ("granted",),
    Action.RECOGNISE_GROUP: ("granted",),
    Action.ASSIGN_REQUIREMENT: ("granted",),
    Action.CHANGE_ENROLMENT: ("grant_altered",),
    Action.SUSPEND_ENROLMENT: ("grant_altered",),
    Action.CHANGE_REQUIREMENT: ("grant_altered",),
    Action.REMOVE_FROM_COHORT: ("grant_ended",),
    Action.REMOVE_FROM_GROUP: ("grant_ended",),
    Action.UNASSIGN_ROLE: ("grant_ended",),
    Action.UNENROL: ("roles_went", "groups_went", "grant_ended"),
    Action.WITHDRAW_REQUIREMENT: ("grant_ended",),
    Action.NOTE_TERMS: ("terms_noted",),
    Action.FORGET_GRANT: ("grant_ended",),
    Action.GIVE_UP_ACCOUNT: ("given_up",),
    Action.DELETE_ACCOUNT: ("account_deleted",),
}
"""What is written down when an action is done."""
REFUSALS: Mapping[str, tuple[str, ...]] = {
    "usernotupdatedadmin": ("administrator_noted",),
    "useradminodelete": ("administrator_noted",),
}
"""What is written down when Moodle refuses with this code."""
TAKEN_BACK = ("undo.done_since", "undo.taken_back")
"""And what after each of them is known of what people took back."""

NOTED: Mapping[Action, str] = {
    Action.ASSIGN_REQUIREMENT: "due_noted",
    Action.CHANGE_REQUIREMENT: "due_noted",
    Action.CREATE_ACCOUNT: "welcome_noted",
}
"""And what is noted of it, where people are to be told."""
DUE_DATES = frozenset({Action.ASSIGN_REQUIREMENT, Action.CHANGE_REQUIREMENT})
WELCOMES = frozenset({Action.CREATE_ACCOUNT})


class Journal:
    """``told``: actions of which people are told, and whether of those of a source's first load, too."""

    def __init__(self, database: Database, site: str, told: Mapping[Action, bool] = MappingProxyType({})) -> None:
        self._database = database
        self._site = site
        self._told = told

    def lock(self) -> AbstractContextManager[bool]:
        return self._database.lock(f"moodle {self._site}")

    def start(self, plan: int, now: datetime) -> int:
        def work(connection: Connection) -> int:
            connection.execute(query("journal.abandon"), {"site": self._site, "now": now})
            connection.execute(query("journal.applying"), {"plan": plan})
            return int(one(connection, "journal.start", site=self._site, plan=plan, now=now)["run_id"])

        return self._database.transact(work)

    def finish(self, run: int, status: str, detail: str, now: datetime) -> None:
        steps = ("journal.finish", "journal.applied") if status == "done" else ("journal.finish",)
        self._database.together(steps, run=run, status=status, detail=detail, now=now)

    def pending(
        self, plan: int, phase: Phase, held: Collection[GuardClass], run: int, after: int, limit: int
    ) -> list[Pending]:
        rows = self._database.rows(
            "journal.pending",
            site=self._site,
            plan=plan,
            phase=int(phase),
            held=[guard.value for guard in held],
            run=run,
            after=after,
            limit=limit,
        )
        return [
            Pending(
                row["ordinal"],
                change_of(row),
                row["account_id"],
                row["uncertain"],
                row["place_id"],
                row["unclaimed"] and not row["uncertain"],
                row["keeps_role"],
            )
            for row in rows
        ]

    def doubts(self) -> list[Doubt]:
        rows = self._database.rows("journal.doubts", site=self._site)
        return [
            Doubt(
                row["plan"],
                row["run_id"],
                Pending(row["ordinal"], change_of(row), row["account_id"], True, row["place_id"]),
                row["held"],
            )
            for row in rows
        ]

    def sent(self, run: int, plan: int, ordinals: Sequence[int], now: datetime, before: str) -> None:
        self._database.run("journal.sent", run=run, plan=plan, ordinals=list(ordinals), now=now, before=before)

    def record(self, run: int, plan: int, action: Action, outcomes: Sequence[Outcome], now: datetime) -> None:
        if not outcomes:
            return
        done = [outcome for outcome in outcomes if outcome.state is OutcomeState.DONE]
        effects = (*EFFECTS[action], NOTED[action]) if action in self._told else EFFECTS[action]
        steps = [(step, done) for step in (*(f"journal.{effect}" for effect in effects), *TAKEN_BACK)]
        for code, effects in REFUSALS.items():
            refused = [one for one in outcomes if one.state is OutcomeState.REFUSED and one.code == code]
            steps += [(f"journal.{effect}", refused) for effect in effects]

        def work(connection: Connection) -> None:
            with connection.cursor() as cursor:
                cursor.executemany(query("journal.record"), [_row(run, plan, outcome, now) for outcome in outcomes])
            for step, concerned in steps:
                if concerned:
                    values = {
                        "site": self._site,
                        "plan": plan,
                        "now": now,
                        "ordinals": [outcome.ordinal for outcome in concerned],
                        "moodle_ids": [outcome.moodle_id for outcome in concerned],
                        "first_load": self._told.get(action, False),
                    }
                    connection.execute(query(step), values)

        self._database.transact(work)

    def tally(self, plan: int, held: Collection[GuardClass]) -> Tally:
        return Tally(**self._database.one("journal.tally", plan=plan, held=[guard.value for guard in held]))

    def refusals(self, plan: int, limit: int = 20) -> list[tuple[Change, str, str]]:
        rows = self._database.rows("journal.refusals", plan=plan, limit=limit)
        return [(change_of(row), row["code"], row["message"]) for row in rows]


def _row(run: int, plan: int, outcome: Outcome, now: datetime) -> dict[str, object]:
    return {
        "run": run,
        "plan": plan,
        "ordinal": outcome.ordinal,
        "state": outcome.state.value,
        "code": outcome.code,
        "message": outcome.message,
        "now": now,
    }
