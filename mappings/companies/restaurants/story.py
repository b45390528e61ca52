"""What happens in the restaurants between the two deliveries: the season ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random

from mappings.companies.restaurants.staff import (
    CHEF,
    COOK,
    MANAGER,
    PRIVATE_DOMAIN,
    RESTAURANTS,
    Employee,
    first,
    mailbox,
    name,
)
from mappings.companies.sample import Story
from mappings.companies.staffing import Cast, Mailboxes, seeded, share

NO_SUCH_POSITION = "Sommelier"
"""A position that nobody has told the mapping of."""


def second(people: int, today: date, seed: int = 1) -> tuple[list[Employee], Story]:
    """Everybody again. For 400 people: 20 seasonal contracts ended yesterday, which is more than goes unasked.

    Four join, four move to a restaurant of another province, a cook becomes chef and a server manager, one has
    married, one asks for the other language, two are missing; one has a position that the mapping does not know, and
    one a contract that ends before it begins.
    """
    before = first(people, today, seed)
    rng = seeded(people, seed + 1)
    mailboxes = Mailboxes(employee.email for employee in before)
    staff = {employee.key: employee for employee in before}
    plain = [e.key for e in before if e.job not in (MANAGER, CHEF) and e.manager and not e.former]
    seasonal = [key for key in plain if staff[key].seasonal]
    cast = Cast(plain, rng)
    leavers = cast.take(share(people, 50, least=11), seasonal)
    cooks = [key for key in plain if staff[key].job == COOK]
    chef, server = *cast.take(1, cooks), *cast.take(1, set(plain) - set(cooks) - set(seasonal))
    movers = cast.take(share(people, 10))
    married, other_language, unknown, backwards, *missing = cast.take(6)
    for key in leavers:
        staff[key] = replace(staff[key], ends=today - timedelta(days=1))
    for key in movers:
        staff[key] = _moved(staff[key], before, rng)
    staff[chef] = replace(staff[chef], job=CHEF, hours=38)
    staff[server] = replace(staff[server], job=MANAGER, hours=38)
    staff[married] = _married(staff[married], mailboxes)
    staff[other_language] = replace(staff[other_language], french=not staff[other_language].french)
    staff[unknown] = replace(staff[unknown], job=NO_SUCH_POSITION)
    staff[backwards] = replace(staff[backwards], ends=staff[backwards].hired - timedelta(days=1))
    for key in missing:
        del staff[key]
    joiners = _joiners(share(people, 10), before, today, rng, mailboxes)
    story = Story(
        joiners=tuple(joiner.key for joiner in joiners),
        movers=movers,
        leavers=leavers,
        own={"promoted": (chef, server), "married": (married,), "other_language": (other_language,)},
        bad={unknown: ("job_role",), backwards: ("ends",)},
        missing=tuple(missing),
    )
    return [*staff.values(), *joiners], story


def _moved(employee: Employee, staff: list[Employee], rng: Random) -> Employee:
    """To a restaurant in another province: another law, and mostly another time zone."""
    at = rng.choice([at for at in RESTAURANTS if at.province != employee.at.province])
    boss = next(e for e in staff if e.at is at and e.job == MANAGER)
    return replace(employee, at=at, manager=boss.key)


def _married(employee: Employee, mailboxes: Mailboxes) -> Employee:
    last = "Sauvé" if employee.last != "Sauvé" else "Brûlé"
    return replace(employee, last=last, email=mailbox(mailboxes, employee.first, last, PRIVATE_DOMAIN))


def _joiners(count: int, staff: list[Employee], today: date, rng: Random, mailboxes: Mailboxes) -> list[Employee]:
    managers = [e for e in staff if e.job == MANAGER]
    joiners = []
    for number in range(1, count + 1):
        boss = rng.choice(managers)
        given, last, female = name(rng, boss.at.french)
        joiners.append(
            Employee(
                key=f"R{10000 + len(staff) + number}",
                first=given,
                last=last,
                email=mailbox(mailboxes, given, last, PRIVATE_DOMAIN),
                female=female,
                french=boss.at.french,
                at=boss.at,
                job="Server",
                manager=boss.key,
                hired=today,
                probation=True,
                hours=24,
            )
        )
    return joiners
