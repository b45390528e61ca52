"""Who of a course has which result in an assessment, as who teaches asks for it: chosen, and in order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from connector.content.assessment.results import Standing
from connector.domain.activities import Activity, numbered
from connector.domain.attempting import Result
from connector.domain.course_view import plain
from connector.lti.rosters import Member


class State(StrEnum):
    """How somebody stands with an assessment."""

    WAITING = "waiting"
    """An attempt waits to be marked, whatever others have come to."""
    PASSED = "passed"
    NOT_PASSED = "not_passed"
    OPEN = "open"
    """Has begun, and submitted nothing yet."""
    NOT_BEGUN = "not_begun"


class Order(StrEnum):
    """By what people are put in order."""

    NAME = "name"
    LOWEST = "lowest"
    HIGHEST = "highest"
    LAST = "last"
    """Whose last attempt is the newest comes first."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody of a course. ``standing`` None: has not begun. ``teaches``: as the platform says now, whatever role
    they had when they took it; they count in no figure."""

    subject: str
    name: str
    standing: Standing | None
    teaches: bool = False

    @property
    def state(self) -> State:
        one = self.standing
        if one is None:
            return State.NOT_BEGUN
        if one.waits:
            return State.WAITING
        if one.percent is None:
            return State.OPEN
        return State.PASSED if one.passed else State.NOT_PASSED


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom to list, and in which order; ``state`` None for everybody."""

    name: str = ""
    state: State | None = None
    order: Order = Order.NAME
    activity: str = ""
    """The link of one; "" for all."""


def activities(attempts: Sequence[Result], link: str, title: str) -> Mapping[str, Activity]:
    """Those in which something was tried, and that of the ``link`` which was launched, by their links, in the order in
    which they were begun. What one is called is what it was called last; two of one title have their numbers in it."""
    titles: dict[str, str] = {}
    for one in sorted(attempts, key=lambda one: one.attempt_id):
        titles[one.link] = one.link_title or titles.get(one.link, "")
    if link:
        titles[link] = title or titles.get(link, "")
    return numbered(titles)


def of_activity(attempts: Sequence[Result], wanted: Wanted) -> list[Result]:
    """Those of the activity that is wanted."""
    return [one for one in attempts if wanted.activity in ("", one.link)]


def entries(standings: Sequence[Standing], members: Sequence[Member], teachers: Collection[str]) -> list[Entry]:
    """Who has tried it, and who of the course has not; who teaches there is expected to do nothing. ``members`` are
    none where the platform does not say who is in the course."""
    names = {one.subject: one.name for one in members}
    others = {one.subject for one in standings} | {*teachers}
    return [
        *(Entry(one.subject, names.get(one.subject, ""), one, one.subject in teachers) for one in standings),
        *(Entry(one.subject, one.name, None) for one in members if one.subject not in others),
    ]


def select(found: Sequence[Entry], wanted: Wanted) -> list[Entry]:
    """Those that are wanted, in order; who has nothing to be put in order by stands last."""
    name = plain(wanted.name)
    suits = [(plain(one.name), one.subject, one) for one in found if wanted.state in (None, one.state)]
    by_name = [one for typed, _, one in sorted(suits, key=lambda one: (not one[0], *one[:2])) if name in typed]
    if wanted.order is Order.NAME:
        return by_name
    key, falls = _KEYS[wanted.order]
    told = [one for one in by_name if key(one) is not None]
    return sorted(told, key=key, reverse=falls) + [one for one in by_name if key(one) is None]


def next_to_mark(attempts: Sequence[Result], after: int) -> tuple[Result | None, int]:
    """What waits longest to be marked, but for the attempt ``after`` which it is asked, and how many wait."""
    waiting: list[tuple[datetime, int, Result]] = [
        (one.submitted_at, one.attempt_id, one)
        for one in attempts
        if one.submitted_at is not None and one.percent is None and not one.archived and one.attempt_id != after
    ]
    return (min(waiting)[2] if waiting else None), len(waiting)


_KEYS: Mapping[Order, tuple[Callable[[Entry], Any], bool]] = {
    Order.LOWEST: (lambda one: one.standing and one.standing.percent, False),
    Order.HIGHEST: (lambda one: one.standing and one.standing.percent, True),
    Order.LAST: (lambda one: one.standing and one.standing.last, True),
}
"""What is compared, and whether the largest comes first."""
