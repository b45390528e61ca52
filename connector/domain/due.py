"""When a requirement is due: by its rule, after a move, and after leave. Pure; days are those of the person.

The terms of a grant say the rule, exactly one of them:

- ``due``: an ISO date;
- ``due_days`` or ``due_months``: after ``due_from`` (the day of hire) where it is there, else after the assignment;
- ``due_every``: each year on this ``MM-DD``, the first one at least ``due_after_days`` after the assignment.

and ``on_change``, what becomes of the due date when the rule is another one: ``keep`` (where nothing is said),
``prorate`` or ``restart``. Beside them the ledger keeps what came of it: ``due_on``; ``due_since``, the day on which
it was last counted anew; ``due_before_leave``, where leave has moved it.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from math import ceil
from typing import Any

from connector.domain.leave import DAY, Leave, after_leave, days_away

Terms = Mapping[str, Any]
RULE = ("due", "due_from", "due_days", "due_months", "due_every", "due_after_days")
OUTCOMES = ("due_on", "due_since", "due_before_leave")


def add_days(day: date, days: int) -> date:
    """``days`` later; the last day that there is where it would lie beyond."""
    return day + timedelta(days=min(days, (date.max - day).days))


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later; the last of that month where it is shorter, as PostgreSQL reckons too."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def anchored(every: str, earliest: date) -> date:
    """The first ``MM-DD`` from ``earliest`` on; 29 February is the 28th in years that have none."""
    month, day = map(int, every.split("-"))
    for year in (earliest.year, earliest.year + 1):
        if year > date.max.year:
            break
        found = date(year, month, 28 if (month, day) == (2, 29) and not isleap(year) else day)
        if found >= earliest:
            return found
    return date.max


def due_by_rule(terms: Terms, base: date) -> date | None:
    """What the rule gives when it is counted from ``base``; None where there is no rule."""
    if terms.get("due"):
        return date.fromisoformat(terms["due"])
    if terms.get("due_every"):
        return anchored(terms["due_every"], add_days(base, int(terms.get("due_after_days") or 0)))
    if terms.get("due_months") is not None:
        return add_months(base, int(terms["due_months"]))
    if terms.get("due_days") is not None:
        return add_days(base, int(terms["due_days"]))
    return None


def due_terms(
    wanted: Terms, granted: Terms, granted_on: date, today: date, leaves: Sequence[Leave] = ()
) -> dict[str, str]:
    """The OUTCOMES of the rule in ``wanted``, as ISO dates; nothing where there is no rule.

    ``granted`` is what the ledger holds, {} for a new grant, which was made on ``granted_on``.
    """
    counted = _counted(wanted, granted, granted_on, today, leaves)
    if counted is None:
        return {}
    due, since = counted
    moved = after_leave(due, since or granted_on, leaves)
    outcomes = {"due_on": moved, "due_since": since, "due_before_leave": due if moved != due else None}
    return {name: day.isoformat() for name, day in outcomes.items() if day is not None}


def _counted(
    wanted: Terms, granted: Terms, granted_on: date, today: date, leaves: Sequence[Leave]
) -> tuple[date, date | None] | None:
    """The due date without leave, and the day from which it was counted anew, if ever."""
    fresh = due_by_rule(wanted, _base(wanted, granted_on))
    before = _day(granted, "due_before_leave") or _day(granted, "due_on")
    if fresh is None or before is None:
        return None if fresh is None else (fresh, None)
    since = _day(granted, "due_since")
    old, new = _rule(granted), _rule(wanted)
    if old == new:
        return before, since
    if "due" in new or _but_from(old) == _but_from(new):  # a date is that date; a corrected day of hire is no move
        return fresh, None
    match wanted.get("on_change"):
        case "restart":
            return due_by_rule(wanted, today) or fresh, today
        case "prorate":
            return _prorated(wanted, granted, granted_on, today, leaves) or (before, since)
    return before, since


def _prorated(
    wanted: Terms, granted: Terms, granted_on: date, today: date, leaves: Sequence[Leave]
) -> tuple[date, date] | None:
    """Of the new rule's time the share that was left of the old rule's; None where nothing was: late stays late."""
    since = _day(granted, "due_since")
    base = since or _base(granted, granted_on)
    before = _day(granted, "due_before_leave") or date.fromisoformat(granted["due_on"])
    due = after_leave(before, since or granted_on, leaves)
    left = (due - today).days - days_away(leaves, today + DAY, due)
    if left <= 0:
        return None
    whole = ((due_by_rule(granted, base) or before) - base).days
    share = min(Fraction(left, whole), Fraction(1)) if whole > 0 else Fraction(1)
    length = ((due_by_rule(wanted, today) or today) - today).days
    return add_days(today, ceil(length * share)), today


def _base(terms: Terms, granted_on: date) -> date:
    return _day(terms, "due_from") or granted_on


def _day(terms: Terms, name: str) -> date | None:
    return date.fromisoformat(terms[name]) if terms.get(name) else None


def _rule(terms: Terms) -> dict[str, Any]:
    return {name: terms[name] for name in RULE if terms.get(name) is not None}


def _but_from(rule: Terms) -> dict[str, Any]:
    return {name: value for name, value in rule.items() if name != "due_from"}
