"""Who is in the academy's Moodle before the connector comes: instructors whose accounts somebody made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from mappings.companies.sample import Account
from mappings.companies.vn_academy.staff import INSTRUCTOR, Employee, first
from mappings.romanise import romanise

KNOWN = 4
"""So many are few enough to be taken over without a hold."""


def known(staff: Sequence[Employee]) -> list[Employee]:
    """Who has an account already."""
    return [employee for employee in staff if employee.title == INSTRUCTOR][:KNOWN]


def accounts(people: int, today: date, seed: int = 1) -> list[Account]:
    """Accounts without an idnumber: they are found by e-mail and surname."""
    return [
        {
            "username": f"gv.{romanise(employee.given)}{number}",
            "firstname": employee.given,
            "lastname": employee.family,
            "email": employee.email,
            "auth": "oidc",
        }
        for number, employee in enumerate(known(first(people, today, seed)), 1)
    ]
