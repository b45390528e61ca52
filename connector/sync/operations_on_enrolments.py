"""Operations on enrolments by hand, which is how the connector enrols."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connector.domain.decide import open_on
from connector.domain.journal import Outcome, Pending
from connector.domain.ports import Moodle
from connector.domain.writing import ManualEnrolment, RoleContext, Writer
from connector.sync.operations_on_grants import OfAccount, account_of, as_done, place_of_change
from connector.sync.refusals import Refusal, came


class Enrolling(OfAccount):
    """Enrol or suspend manual enrolments. Calling again is harmless.

    Moodle adds the role to those that the person has in the course: one that is replaced is taken.
    """

    def __init__(self, writer: Writer, roles: Mapping[str, int]) -> None:
        super().__init__(writer)
        self._roles = roles

    async def _send(self, batch: Sequence[Pending]) -> list[Outcome | Refusal]:
        answers = await self._writer.enrol([await self._enrolment(one) for one in batch])
        replaced = [
            (number, role)
            for number, (one, answer) in enumerate(zip(batch, answers, strict=True))
            if answer is None
            for role in self._replaced(one)
        ]
        taken = await self._writer.unassign_roles([role for _, role in replaced])
        for (number, _), answer in zip(replaced, taken, strict=True):
            answers[number] = answer
        return came(batch, answers, as_done)

    def _replaced(self, one: Pending) -> list[RoleContext]:
        role = self._roles.get(one.change.replaced_role)
        if role is None or one.keeps_role:
            return []
        return [RoleContext(role, account_of(one), "course", place_of_change(one))]

    async def _suspended(self, one: Pending) -> bool:
        return bool(one.change.after.get("suspended"))

    async def _enrolment(self, one: Pending) -> ManualEnrolment:
        terms = one.change.after
        return ManualEnrolment(
            account_of(one),
            place_of_change(one),
            self._roles[str(terms.get("role", "student"))],
            _start_of(terms.get("starts_on"), str(terms["timezone"])),
            _start_of(terms.get("ends_on"), str(terms["timezone"]), days_later=1),
            await self._suspended(one),
        )


class EnrolmentChange(Enrolling):
    """New terms of enrolments. One that somebody else suspended stays suspended."""

    def __init__(
        self, moodle: Moodle, writer: Writer, roles: Mapping[str, int], clock: Callable[[], datetime]
    ) -> None:
        super().__init__(writer, roles)
        self._moodle = moodle
        self._clock = clock
        self._closed: dict[int, Collection[int]] = {}

    async def _suspended(self, one: Pending) -> bool:
        """Is it closed now, although we did not suspend it and its days would let the person in?"""
        before = one.change.before
        today = self._clock().astimezone(ZoneInfo(str(before.get("timezone", "UTC")))).date()
        if before.get("suspended") or not open_on(before, today):
            return False
        return account_of(one) in await self._closed_in(place_of_change(one))

    async def _closed_in(self, course: int) -> Collection[int]:
        """Whom the course does not let in now, read once."""
        if course not in self._closed:
            pages = [page async for page in self._moodle.participants(course, suspended_only=True)]
            self._closed[course] = frozenset(row.user_id for page in pages for row in page)
        return self._closed[course]


class Unenrolling(OfAccount):
    """Unenrol. Moodle deletes the person's current grades there: only where a path says so."""

    async def _send(self, batch: Sequence[Pending]) -> list[Outcome | Refusal]:
        enrolments = [(account_of(one), place_of_change(one)) for one in batch]
        return came(batch, await self._writer.unenrol(enrolments), as_done)


def _start_of(day: Any, timezone: str, days_later: int = 0) -> int:
    """Epoch seconds at which a day begins for the person; 0 (open) where there is none. A last day counts whole."""
    if not day:
        return 0
    moment = datetime.combine(date.fromisoformat(day) + timedelta(days=days_later), time.min, ZoneInfo(timezone))
    return int(moment.timestamp())
