"""Deciding beside the rules: who may, for whom, and what is kept. The next plan goes by it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from connector.domain.decide import Status
from connector.domain.decisions import (
    Decision,
    DecisionKind,
    DecisionStore,
    Employee,
    Subject,
    Wish,
    check,
    may_decide,
    meant,
)
from connector.domain.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides: a manager by key, or ``hr``: then ``name`` is whoever acts for HR."""

    name: str
    hr: bool


@dataclass(frozen=True, slots=True)
class Deciding:
    """``offered``: the codes of the mapping's paths and requirements."""

    store: DecisionStore
    offered: Collection[tuple[Subject, str]]
    clock: Callable[[], datetime]

    def decide(
        self,
        kind: DecisionKind,
        person: str,
        code: str,
        by: Decider,
        reason: str,
        starts_on: date | None = None,
        ends_on: date | None = None,
    ) -> Decision:
        """Keep a decision for the person with this key. Raises SettingsError where it is none, or not ``by``'s."""
        now = self.clock()
        subject = meant(kind, code, self.offered)
        employee = self._employee(person, "PERSON", now)
        if employee.status == Status.LEFT:
            raise SettingsError("PERSON: this person has left.")
        manager = self._manager(by, employee.person_id, now)
        today = now.astimezone(ZoneInfo(employee.timezone)).date()
        wish = Wish(
            kind,
            subject,
            code,
            employee.person_id,
            " ".join(reason.split()),
            by.name,
            manager.person_id if manager else None,
            starts_on or today,
            ends_on,
        )
        check(wish, today)
        number = self.store.keep(wish, now)
        if number is None:
            raise SettingsError(
                f"There is a decision on {code} for this person already. `moodle-connector assignment list` shows it; "
                "withdraw it first."
            )
        return self._found(number)

    def withdraw(self, number: int, by: Decider) -> Decision:
        """Take a decision back. What a manager decided, whoever may decide for the person takes back; else only HR."""
        now = self.clock()
        decision = self._found(number)
        self._manager(by, decision.person_id, now)
        if decision.by_hr and not by.hr:
            raise SettingsError("What HR has decided only HR takes back (--as-hr).")
        if not self.store.withdraw(number, by.name, now):
            raise SettingsError(f"Number {number} was withdrawn already.")
        return self._found(number)

    # ------------------------------------------------------------ who decides, as certificates ask
    def employee(self, key: str, where: str) -> Employee:
        """See ``connector.domain.certifying.Authority``."""
        return self._employee(key, where, self.clock())

    def manager(self, name: str, person_id: int, *, hr: bool) -> int | None:
        found = self._manager(Decider(name, hr), person_id, self.clock())
        return found.person_id if found else None

    def _found(self, number: int) -> Decision:
        decision = self.store.find(number)
        if decision is None:
            raise SettingsError(f"There is no number {number}. `moodle-connector assignment list` shows them.")
        return decision

    def _manager(self, by: Decider, person_id: int, now: datetime) -> Employee | None:
        """The manager who decides, None for HR. Raises SettingsError for whoever may not."""
        if by.hr:
            return None
        manager = self._employee(by.name, "--by", now)
        if manager.status != Status.ACTIVE or not may_decide(
            manager.person_id, person_id, self.store.managers(person_id)
        ):
            raise SettingsError(
                "--by: only somebody above this person decides, by HR's own data as it was last applied; "
                "--as-hr where HR itself decides."
            )
        return manager

    def _employee(self, key: str, where: str, now: datetime) -> Employee:
        employee = self.store.employee(key, now)
        if employee is None:
            raise SettingsError(f"{where}: HR's data have nobody with this key.")
        return employee
