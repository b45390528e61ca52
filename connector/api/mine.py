"""One's own learning, for whoever was launched: what My learning shows, by the same functions."""

from __future__ import annotations

from statistics import fmean

from connector.api.answering import Ask, itself, own_meta
from connector.api.answers_on_learning import (
    Activity,
    Dashboard,
    DashboardAnswer,
    Enrolment,
    OwnCertificate,
    OwnPath,
    PathStep,
    Profile,
    Recommendation,
    Summary,
    SummaryAnswer,
    Team,
    TeamMember,
)
from connector.api.asking import Asked
from connector.api.learning import due_of
from connector.api.problems import NothingThere
from connector.api.rooms import Rooms
from connector.domain import my_learning
from connector.domain.certificates import CertificateState, state_of
from connector.domain.my_learning import CourseCard, Due, DueState, MyLearning, by_last


def dashboard(rooms: Rooms, _asked: Asked, ask: Ask) -> DashboardAnswer:
    person_id, mine = _mine(rooms, ask)
    with rooms.analytics.look("") as look:
        row = look.person_of(person_id)
    if row is None:
        raise _unknown()
    data = Dashboard(
        profile=Profile(**{name: row["hr_key" if name == "key" else name] for name in Profile.model_fields}),
        enrolments=[_enrolment(one, ask) for one in by_last(mine.courses)],
        paths=[_path(one, ask) for one in mine.due],
        recommendations=[
            Recommendation(
                course=one.course_id,
                title=ask.text(one.title) or one.fullname,
                minutes=one.minutes,
                basis=one.basis.value,
                completed=one.completed,
                peers=one.peers,
            )
            for one in mine.suggested
        ],
        streak_days=mine.streak,
        recent=[
            Activity(what=one.what.value, title=ask.text(one.title), at=one.at, percent=one.percent, passed=one.passed)
            for one in mine.recent
        ],
        certificates=_certificates(rooms, person_id, mine),
        team=_team(mine.team) if mine.team else None,
    )
    return DashboardAnswer(data=data, meta=own_meta(mine.as_of), links=itself(ask))


def my_summary(rooms: Rooms, _asked: Asked, ask: Ask) -> SummaryAnswer:
    person_id, mine = _mine(rooms, ask)
    told = [one.progress for one in mine.courses if one.progress is not None]
    data = Summary(
        courses=len(mine.courses),
        completed=mine.completed,
        begun=sum(bool(one.progress) and not one.completed for one in mine.courses),
        average_progress=round(fmean(told), 1) if told else None,
        requirements=len(mine.due),
        satisfied=sum(one.state is DueState.SATISFIED for one in mine.due),
        overdue=mine.overdue,
        next_due_on=mine.next_due,
        streak_days=mine.streak,
        certificates=sum(one.valid for one in _certificates(rooms, person_id, mine)),
    )
    return SummaryAnswer(data=data, meta=own_meta(mine.as_of), links=itself(ask))


def _unknown() -> NothingThere:
    return NothingThere("It is not known yet who at HR was launched.")


def _mine(rooms: Rooms, ask: Ask) -> tuple[int, MyLearning]:
    person_id, mine = ask.session.person_id, rooms.my_learning.of(ask.session)
    if person_id is None or mine is None:
        raise _unknown()
    return person_id, mine


def _enrolment(card: CourseCard, ask: Ask) -> Enrolment:
    return Enrolment(
        course=card.course_id,
        title=ask.text(card.title) or card.fullname,
        description=ask.text(card.description),
        minutes=card.minutes,
        learners=card.people,
        progress=card.progress,
        completed=card.completed,
        completed_at=card.completed_at,
        last_activity_at=card.last,
    )


def _path(due: Due, ask: Ask) -> OwnPath:
    goes_on = due.next_course
    steps = [
        PathStep(
            course=one.course_id,
            title=ask.text(one.title) or one.fullname,
            completed=one.completed,
            next=one is goes_on,
        )
        for one in due.courses
    ]
    return OwnPath(**due_of(due, ask).model_dump(), steps=steps)


def _certificates(rooms: Rooms, person_id: int, mine: MyLearning) -> list[OwnCertificate]:
    """The connector's own are known at once; of others what Moodle has told."""
    now = rooms.clock()
    own = [(one, state_of(one.expires_at, one.revoked_at, now)) for one in rooms.certificates.of_person(person_id)]
    return [
        *(
            OwnCertificate(
                name=one.title,
                number=one.number,
                issued_at=one.issued_at,
                expires_at=one.expires_at,
                valid=state is CertificateState.VALID,
            )
            for one, state in own
            if state is not CertificateState.REVOKED
        ),
        *(
            OwnCertificate(
                name=one.name, number=None, issued_at=one.issued_at, expires_at=one.expires_at, valid=one.valid
            )
            for one in mine.earned
        ),
    ]


def _team(team: my_learning.Team) -> Team:
    shown = [
        TeamMember(
            name=one.name, distance=one.distance, overdue=one.overdue, open=one.still_open, next_due_on=one.next_due
        )
        for one in team.shown
    ]
    return Team(people=team.people, direct=team.direct, people_overdue=team.people_overdue, shown=shown)
