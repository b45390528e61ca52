"""What happens in the academy between the two deliveries: some trainees are hired, and a faculty gets a new head."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random

from mappings.companies.sample import Story
from mappings.companies.staffing import Cast, Mailboxes, seeded, share
from mappings.companies.vn_academy.accounts import known
from mappings.companies.vn_academy.staff import (
    CHIEF,
    DOMAIN,
    FACULTIES,
    HEAD,
    INSTRUCTOR,
    LEFT,
    OFFICES,
    TRAINEE,
    TRIAL,
    Employee,
    Personnel,
    day,
    first,
    mailbox,
)

NO_SUCH_DAY = "31/02/2027"


def second(people: int, today: date, seed: int = 1) -> tuple[list[Employee], Story]:
    """Everybody again. For 600 people: 12 trainees join, 4 are hired, 6 change the faculty, 6 leave.

    An instructor becomes head of a faculty and the head an instructor, a misspelt name is mended, and a joiner has
    somebody else's e-mail. One row has a day that there is not, one a state that nobody knows, one a semicolon
    too many.
    """
    before = first(people, today, seed)
    rng = seeded(people, seed + 1)
    mailboxes = Mailboxes(employee.email for employee in before)
    staff = {employee.key: employee for employee in before}
    known_keys = {employee.key for employee in known(before)}
    trainees = [employee.key for employee in before if employee.title == TRAINEE]
    instructors = [e.key for e in before if e.title == INSTRUCTOR and e.key not in known_keys]
    cast = Cast((e.key for e in before if e.manager and e.title not in (HEAD, CHIEF)), rng)
    hired, movers, leavers = (cast.take(count, trainees) for count in (4, share(people, 10), share(people, 10)))
    [successor] = cast.take(1, instructors)
    predecessor = staff[successor].manager
    misspelt, no_day, no_state, too_long, shared = cast.take(5)
    for key in hired:
        staff[key] = _hired(staff[key], before, today, mailboxes)
    for key in movers:
        staff[key] = _moved(staff[key], before, rng)
    for key in leavers:
        staff[key] = replace(staff[key], left=day(today - timedelta(days=1)), status=LEFT)
    staff[successor] = replace(staff[successor], title=HEAD, manager=staff[predecessor].manager)
    staff[predecessor] = replace(staff[predecessor], title=INSTRUCTOR, manager=successor)
    staff[misspelt] = replace(staff[misspelt], family=f"{staff[misspelt].family} An")
    staff[no_day] = replace(staff[no_day], left=NO_SUCH_DAY)
    staff[no_state] = replace(staff[no_state], status="?")
    staff[too_long] = replace(staff[too_long], unit_name=f"{staff[too_long].unit_name}; tầng 2")
    joiners = _joiners(share(people, 20), before, today, rng, mailboxes)
    joiners[0] = replace(joiners[0], email=staff[shared].email)
    story = Story(
        joiners=tuple(joiner.key for joiner in joiners),
        movers=movers,
        leavers=leavers,
        own={"hired": hired, "heads": (successor, predecessor), "misspelt": (misspelt,)},
        bad={no_day: ("ends",), no_state: ("active",), too_long: ("",)},
    )
    return [*staff.values(), *joiners], story


def _hired(employee: Employee, staff: list[Employee], today: date, mailboxes: Mailboxes) -> Employee:
    """A trainee becomes a moderator of live classes, on trial, with a mailbox of the company."""
    unit, (called, job) = next(iter(OFFICES.items()))
    chief = next(e for e in staff if e.unit == unit and e.title == CHIEF)
    return replace(
        employee,
        title=job,
        unit=unit,
        unit_name=called,
        faculty="",
        contract=TRIAL,
        hired=day(today),
        manager=chief.key,
        email=mailbox(mailboxes, employee.family, employee.given, DOMAIN),
    )


def _moved(employee: Employee, staff: list[Employee], rng: Random) -> Employee:
    """A trainee learns in another faculty."""
    faculty = rng.choice([code for code in FACULTIES if code != employee.faculty])
    head = next(e for e in staff if e.unit == faculty and e.title == HEAD)
    return replace(employee, unit=faculty, unit_name=FACULTIES[faculty], faculty=faculty, manager=head.key)


def _joiners(count: int, staff: list[Employee], today: date, rng: Random, mailboxes: Mailboxes) -> list[Employee]:
    office = Personnel(today, rng, mailboxes, number=len(staff))
    heads = [employee for employee in staff if employee.title == HEAD]
    chosen = [rng.choice(heads) for _ in range(count)]
    return [office.hire(TRAINEE, (at.unit, at.unit_name), at.key, 0, at.faculty) for at in chosen]
