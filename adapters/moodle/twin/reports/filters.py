"""Filters as reportbuilder/classes/local/filters has them: from stored values to "does this row stay?".

Keys of values are ``identifier_operator``, ``identifier_value`` and so on. Operators that a form does not offer work
all the same. What makes no sense is no filter at all, but for course ids, which go into the query unread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.moodle.twin.refusals import Refusal, coding_error
from adapters.moodle.twin.reports.rows import Row

Keep = Callable[[Any], bool]
_UNITS = {0: 3600, 1: 86_400, 2: 7 * 86_400, 5: 60}
"""Hours, days, weeks and minutes in seconds; Moodle's months and years are not needed here."""


@dataclass(frozen=True, slots=True)
class Filter:
    """``kind`` makes a test of values from what is stored, or None where nothing is to be filtered."""

    title: str
    kind: Callable[[str, Mapping[str, Any], float], Keep | None]
    value: Callable[[Row, float], Any]

    def keeps(self, identifier: str, values: Mapping[str, Any], now: float) -> Callable[[Row], bool] | None:
        """The test of rows for these values."""
        keep, value = self.kind(identifier, values, now), self.value
        return None if keep is None else lambda row: keep(value(row, now))


def _whole(value: Any) -> int:
    """PHP's (int)."""
    try:
        return int(value or 0)
    except (TypeError, ValueError):
        return 0


def date(identifier: str, values: Mapping[str, Any], now: float) -> Keep | None:
    """0 any, 1 not empty, 2 empty, 3 from … to (inclusive; ``to`` alone is exclusive), 4 last, 7 past, 8 future."""
    operator = _whole(values.get(f"{identifier}_operator"))
    if operator == 3:
        since, until = (_whole(values.get(f"{identifier}_{end}")) for end in ("from", "to"))
        return _between(since, until)
    if operator == 4:
        unit = _whole(values.get(f"{identifier}_unit", 1))
        if unit not in _UNITS:
            raise coding_error(f"the twin has no unit {unit} of {identifier}")
        since = int(now) - _whole(values.get(f"{identifier}_value", 1)) * _UNITS[unit]
        return lambda at: at is not None and since <= at <= now
    tests: Mapping[int, Keep] = {
        1: bool,
        2: lambda at: not at,
        7: lambda at: at is not None and at < now,
        8: lambda at: at is not None and at > now,
    }
    if operator in (5, 6, 9, 10):
        raise coding_error(f"the twin has no operator {operator} of {identifier}")
    return tests.get(operator)


def _between(since: int, until: int) -> Keep | None:
    if since > 0 and until > 0:
        return lambda at: at is not None and since <= at <= until
    if since > 0:
        return lambda at: at is not None and at >= since
    return (lambda at: at is not None and at < until) if until > 0 else None


def text(identifier: str, values: Mapping[str, Any], _now: float) -> Keep | None:
    """1 contains, 2 does not, 3 equals, 4 does not, 5 starts, 6 ends, 7 empty, 8 not empty; case does not matter."""
    operator = _whole(values.get(f"{identifier}_operator"))
    wanted = str(values.get(f"{identifier}_value") or "").strip().lower()
    if not wanted and operator not in (7, 8):
        return None
    tests: Mapping[int, Callable[[str], bool]] = {
        1: lambda is_: wanted in is_,
        2: lambda is_: wanted not in is_,
        3: lambda is_: is_ == wanted,
        4: lambda is_: is_ != wanted,
        5: lambda is_: is_.startswith(wanted),
        6: lambda is_: is_.endswith(wanted),
    }
    if operator == 7:
        return lambda is_: not is_
    if operator == 8:
        return bool
    test = tests.get(operator)
    return None if test is None else lambda is_: is_ is not None and test(is_.lower())


def boolean(identifier: str, values: Mapping[str, Any], _now: float) -> Keep | None:
    """1 checked, 2 not checked."""
    operator = _whole(values.get(f"{identifier}_operator"))
    if operator not in (1, 2):
        return None
    return lambda is_: is_ is not None and bool(is_) == (operator == 1)


def select(identifier: str, values: Mapping[str, Any], _now: float) -> Keep | None:
    """1 equals, 2 does not."""
    operator, wanted = _whole(values.get(f"{identifier}_operator")), str(values.get(f"{identifier}_value", ""))
    if operator not in (1, 2) or not wanted:
        return None
    return lambda is_: is_ is not None and (str(is_) == wanted) == (operator == 1)


def courses(identifier: str, values: Mapping[str, Any], _now: float) -> Keep | None:
    """One id or a list of them, as numbers or as text; what is no number is an error of the database."""
    wanted = values.get(f"{identifier}_values") or []
    texts = [str(one) for one in (wanted if isinstance(wanted, list) else [wanted])]
    if not all(one.strip().isdecimal() for one in texts):
        raise Refusal("dmlreadexception", "Error reading from database", "dml_read_exception")
    ids = {int(one) for one in texts}
    return (lambda is_: is_ in ids) if ids else None
