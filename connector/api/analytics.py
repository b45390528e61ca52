"""Sums: how it stands as a whole, by requirement, unit, day and course."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, timedelta
from typing import Any

from connector.api.answering import Ask, itself, meta, page_links, page_meta, page_of
from connector.api.answers import (
    ByStatus,
    Expiring,
    ExpiringAnswer,
    Overview,
    OverviewAnswer,
    Performance,
    PerformanceAnswer,
    ProgressAnswer,
    Standing,
    Trend,
    TrendPoint,
)
from connector.api.asking import ExpiringAsked, OfUnit, OverviewAsked, ProgressAsked
from connector.api.courses import found, title
from connector.api.problems import WrongParameter
from connector.api.rooms import Rooms, own_course
from connector.domain.analytics import Look, Row

DAYS = 90
"""So many are told where nobody says from which day on."""
MOST_DAYS = 1100
"""Three years."""
_SUMS = ("assigned", "satisfied", "open", "overdue", "rate")


def overview(look: Look, asked: OverviewAsked, ask: Ask) -> OverviewAnswer:
    row = look.overview() or {}
    points = [_point(one) for one in look.trend(asked.period, asked.periods)]
    data = Overview(
        people=row.get("people", 0),
        active_learners_24h=row.get("active_24h", 0),
        active_learners_30d=row.get("active_30d", 0),
        enrolments=row.get("enrolled", 0),
        completions=row.get("completed", 0),
        completion_rate=row.get("completion_rate"),
        average_score=row.get("average_score"),
        certificates_issued=row.get("certificates", 0),
        certificates_issued_30d=row.get("certificates_30d", 0),
        by_status=ByStatus(**{name: row.get(name, 0) for name in ("satisfied", "open", "overdue")}),
        compliance_rate=row.get("compliance_rate"),
        trend=Trend(period=asked.period, points=points),
    )
    return OverviewAnswer(data=data, meta=meta(look), links=itself(ask))


def _point(row: Row) -> TrendPoint:
    return TrendPoint(**{name: row[name] for name in TrendPoint.model_fields})


def progress(look: Look, asked: ProgressAsked, ask: Ask) -> ProgressAnswer:
    """By unit the database has the page; requirements and days are few."""
    if asked.by != "day" and (asked.since or asked.until):
        raise WrongParameter([("since, until", "are for by=day only")])
    if asked.by == "unit":
        total, rows = look.by_unit(asked.requirement, asked.limit, (asked.page - 1) * asked.limit)
        data = [Standing(unit=row["unit"], name=row["unit_name"], **_sums(row)) for row in rows]
    else:
        told = _by_day(look, asked) if asked.by == "day" else _by_requirement(look, asked, ask)
        total, data = len(told), page_of(told, asked)
    return ProgressAnswer(data=data, meta=page_meta(look, asked, total), links=page_links(ask, asked, total))


def _by_requirement(look: Look, asked: ProgressAsked, ask: Ask) -> list[Standing]:
    return [
        Standing(requirement=row["requirement"], name=ask.text(row["requirement_name"] or {}) or None, **_sums(row))
        for row in look.by_requirement(asked.requirement)
    ]


def _by_day(look: Look, asked: ProgressAsked) -> list[Standing]:
    """By default the last days that were kept, by the time of the facts and not by the clock."""
    last = look.as_of.astimezone(UTC).date() if look.as_of else date(2000, 1, 1)
    until = asked.until or last
    since = asked.since or max(until, date(2000, 1, 1)) - timedelta(days=DAYS)
    if since > until:
        raise WrongParameter([("since", "should not be after until")])
    if until - since > timedelta(days=MOST_DAYS):
        raise WrongParameter([("since", f"should be at most {MOST_DAYS} days before until")])
    return [Standing(day=row["day"], **_sums(row)) for row in look.by_day(asked.requirement, since, until)]


def _sums(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in _SUMS}


def expiring(look: Look, asked: ExpiringAsked, ask: Ask) -> ExpiringAnswer:
    """Kinds of what ends are few."""
    told = [
        Expiring(
            kind=row["kind"],
            source=row["source"] or None,
            code=row["code"],
            name=ask.text(row["requirement_name"] or {}) or row["name"],
            in_30_days=row["in_30"],
            in_60_days=row["in_60"],
            in_90_days=row["in_90"],
            first_on=row["first_on"],
        )
        for row in look.expiring(asked.kind)
    ]
    data, total = page_of(told, asked), len(told)
    return ExpiringAnswer(data=data, meta=page_meta(look, asked, total), links=page_links(ask, asked, total))


def course_analytics(look: Look, _asked: OfUnit, ask: Ask) -> PerformanceAnswer:
    known = found(look, ask)
    row = look.performance(known["course_id"]) or {}
    data = Performance(
        id=known["course_id"],
        title=title(known, ask),
        enrolments=row.get("enrolled", 0),
        completions=row.get("completed", 0),
        completion_rate=row.get("completion_rate"),
        graded=row.get("graded", 0),
        average_score=row.get("average_grade"),
        median_score=row.get("median_grade"),
        maximum_score=row.get("maximum_grade"),
        pass_mark=row.get("pass_mark"),
        passed=row.get("passed_people") if row.get("pass_mark") is not None else None,
        pass_rate=row.get("pass_rate"),
        timed=row.get("timed", 0),
        average_days=row.get("average_days"),
    )
    return PerformanceAnswer(data=data, meta=meta(look), links=itself(ask))


def taught_analytics(rooms: Rooms, asked: OfUnit, ask: Ask) -> PerformanceAnswer:
    """To who teaches in a course, of that course: all who are in it."""
    own_course(rooms, ask.session, ask.places["id"])
    with rooms.analytics.look("") as look:
        return course_analytics(look, asked, ask)
