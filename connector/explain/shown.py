"""What Moodle showed of enrolments when it was last read, beside what the ledger says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

from connector.domain.decide import open_on
from connector.domain.explaining import Enrolled, LedgerTold
from connector.domain.grants import GrantKind
from connector.explain.question import Question
from connector.explain.texts import Text, text


def closed_by_hand(question: Question, grant: LedgerTold) -> Text:
    """What follows the sentence on an enrolment that somebody suspended, or let end, in Moodle; else nothing.

    Of ours only where Moodle was seen after our last doing, on a day on which our own terms let the person in.
    """
    seen = _shown(question, grant.target, grant.place_id) if grant.kind is GrantKind.ENROLMENT else None
    if seen is None or seen.active or question.learned is None:
        return text("")
    at = max(seen.seen_at, question.learned.everything_at or seen.seen_at)
    person = question.dossier.person
    day = at.astimezone(ZoneInfo(person.timezone if person else "UTC")).date()
    if grant.ours and (at <= grant.granted_at or not open_on(grant.terms, day)):
        return text("")
    return text(", but somebody suspended it or let it end in Moodle, seen {day}", day=at)


def enrolled_by_cohort(question: Question) -> Iterator[Text]:
    """Whether Moodle shows the person in the courses to which cohorts lead; without the cohort only where it does."""
    for cohort in question.focus.cohorts:
        grant = question.held(GrantKind.COHORT, cohort)
        for course in question.focus.led_to(cohort):
            named = {"who": question.dossier.key, "what": course}
            if seen := _shown(question, course):
                yield _seen(seen, named)
            elif grant:
                yield _not_seen(question, grant, named)


def _shown(question: Question, course: str, number: int | None = None) -> Enrolled | None:
    """``number``: Moodle's id of the course where it is known, else by what its name is known to be."""
    number = number or (question.dossier.courses or {}).get(course)
    for one in question.learned.enrolled if question.learned else ():
        if one.course_id == number if number else course in (one.idnumber, one.shortname):
            return one
    return None


def _seen(seen: Enrolled, named: Mapping[str, str]) -> Text:
    if seen.active:
        since = seen.enrolled_at or seen.seen_at
        return text("Moodle shows {who} enrolled in {what}, since {day}", day=since, **named)
    return text("Moodle shows {who} enrolled in {what}, but suspended or over, seen {day}", day=seen.seen_at, **named)


def _not_seen(question: Question, grant: LedgerTold, named: Mapping[str, str]) -> Text:
    """That it is not, once the mirror vouches for what came after the person was put into the cohort."""
    if question.learned is None:
        return text(
            "whether {who} is enrolled in {what} is not known: the reporting database cannot be reached", **named
        )
    read_at = question.learned.read_at
    if read_at is None:
        return text("whether {who} is enrolled in {what} was not looked at: Moodle has not been read yet", **named)
    if read_at <= grant.granted_at:  # the mirror vouches for what is some minutes older than its reading
        return text(
            "whether {who} is enrolled in {what} was not looked at: Moodle was last read before the cohort had "
            "{who}, or within minutes of it",
            **named,
        )
    return text(
        "Moodle did not show {who} enrolled in {what} when it was last read, {day}: `doctor` says whether the cohort "
        "enrols there",
        day=read_at,
        **named,
    )
