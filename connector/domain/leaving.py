"""What becomes of those who have left, and when."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Leavers:
    """Days from the first one on which somebody does not work here any more.

    On that one the account is suspended, roles are taken and requirements withdrawn.

    ``grace_days``: until enrolments are suspended and cohorts left. ``archive_days``: until cohorts are left instead,
    and groups too; None: groups stay with the suspended enrolments. ``delete_days``: until the deletion of an account
    that was made here is planned, which always waits for a person; None: never.
    """

    grace_days: int = 0
    archive_days: int | None = None
    delete_days: int | None = None


AT_ONCE = Leavers()
"""No grace, no archive, no deletion."""


@dataclass(frozen=True, slots=True)
class Deletable:
    """An account that may go: ``left_on`` is the ISO date since when the person has left."""

    person_id: int
    key: str
    account_id: int
    left_on: str
