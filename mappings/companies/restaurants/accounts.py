"""Who is in the restaurants' Moodle before the connector comes: those who were there last season."""

from __future__ import annotations

from datetime import date

from mappings.companies.restaurants.staff import first
from mappings.companies.sample import Account
from mappings.romanise import romanise


def accounts(people: int, today: date, seed: int = 1) -> list[Account]:
    """Accounts under last season's numbers, which the export still tells."""
    return [
        {
            "username": f"{romanise(employee.last)}.{employee.former.lower()}",
            "firstname": employee.first,
            "lastname": employee.last,
            "email": employee.email,
            "auth": "manual",
            "idnumber": employee.former,
        }
        for employee in first(people, today, seed)
        if employee.former
    ]
