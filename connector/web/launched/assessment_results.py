"""What a course has done with an assessment, for who teaches in it: results, how questions do, marking, regrade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from connector.bootstrap import Connector
from connector.content.assessment import bodies, results
from connector.content.assessment.analysis import Item
from connector.content.assessment.attempting import may_be_marked
from connector.content.assessment.result_list import next_to_mark, of_activity
from connector.content.assessment.taking import explains, reviewed
from connector.content.course_view.opening import CONTENT as COURSE_VIEW
from connector.content.launched import actor_of
from connector.domain.apart import Apart
from connector.domain.assessments import Question
from connector.domain.attempting import LONGEST_WHY, Attempt
from connector.domain.contents import Content, ContentKind
from connector.domain.errors import LaunchRefused
from connector.domain.lti import LaunchSession, Trouble
from connector.domain.regrades import LONGEST_REASON
from connector.lti.deep_linking import CONTENT
from connector.web.languages import message
from connector.web.launched import allowances, result_list
from connector.web.launched.assessment import ATTEMPTS, evidence_of
from connector.web.launched.assessment_editing import read_form
from connector.web.launched.fields import Fields
from connector.web.launched.launches import Part, Visit, log, roster, teachers_of
from connector.web.launched.result_list import asked_for, listed, wanted_of

RESULTS = "/lti/assessment/results"
BACK: Mapping[str, str] = {COURSE_VIEW: "/lti/course"}
"""Where an attempt was opened from, by what was launched: else from the results of its assessment."""
NO_PERCENT = message("Enter a number from 0 to 100.")
MOST = 500
"""Attempts by which questions are looked at: the newest."""
DISCARDS = 20
"""So many of those that were discarded are shown: the newest."""


def show(visit: Visit) -> Response:
    """Who has which result, and how the questions do."""
    return _results(visit, visit.content(ContentKind.ASSESSMENT))


def regrade(visit: Visit, form: FormData) -> Response:
    """Let all that was submitted be marked by what is right now; the page tells how far that is."""
    content, fields = visit.content(ContentKind.ASSESSMENT), Fields(form)
    reason = fields.needed("reason", LONGEST_REASON)
    if not fields.wrong:
        visit.connector.regrading.ask(content, visit.maker, reason)
    return _results(visit, content, fields)


def show_regrades(visit: Visit) -> Response:
    """How far it is; the page asks again while it is under way."""
    return visit.part("content/assessment/regrades.html", fresh=True, names=names_of(visit), **_regrades(visit))


def show_one(visit: Visit) -> Response:
    """One attempt, to be looked at and marked."""
    return _one(visit, of_course(visit))


def mark(visit: Visit, form: FormData) -> Response:
    """Mark a question of an attempt."""
    attempt, fields = of_course(visit), Fields(form)
    key, percent = visit.request.path_params["question"], fields.number("percent", 0, 100)
    if percent is None:
        fields.wrong.setdefault("percent", NO_PERCENT)
        return _one(visit, attempt, form=fields, question_typed=key)
    marked = visit.connector.attempting.mark(attempt, key, percent / 100, fields.text("comment"), visit.maker.subject)
    return _one(visit, marked, here=key)


def discard(visit: Visit, form: FormData) -> Response:
    """Take an attempt out of all that counts; whoever does says why."""
    attempt, fields = of_course(visit), Fields(form)
    why = fields.needed("why", LONGEST_WHY)
    if fields.wrong:
        return _one(visit, attempt, form=fields)
    visit.connector.discarding.discard(attempt, visit.maker.subject, why)
    return _one(visit, of_course(visit))


def review(connector: Connector, session: LaunchSession, content: Content) -> Mapping[str, Any] | None:
    """What somebody has done, as the gradebook asks for it: the newest attempt in this activity that was submitted;
    None for none. Answers are taken for a while after the end of the time, and nothing is told before.

    Raises LaunchRefused where it is somebody else's, and who asks does not teach.
    """
    launch = session.launch
    if launch.for_user != launch.subject and not launch.teaches:
        raise LaunchRefused("for_user: who does not teach sees their own only.", Trouble.NOT_ALLOWED)
    whose = replace(actor_of(session), subject=launch.for_user)
    tried = connector.attempts.of(content.content_id, whose, trial=False)
    ended = [one for one in tried if one.submitted_at is not None]
    if not ended:
        return None
    return _shown(connector, session, ended[-1], teaches=launch.teaches)


def of_course(visit: Visit) -> Attempt:
    """The attempt that is asked for. Raises LaunchRefused where it is of another course or content."""
    key = visit.request.path_params["attempt"]
    attempt = visit.connector.attempts.one(int(key)) if key.isdecimal() and len(key) < 19 else None
    maker = visit.maker
    if attempt is None or (attempt.actor.platform_id, attempt.actor.course) != (maker.platform_id, maker.course):
        raise LaunchRefused("attempt: it is of another course, or there is none.", Trouble.NOT_ALLOWED)
    return attempt


def items_of(
    connector: Connector, scored: Sequence[Attempt], most: int | None = None
) -> tuple[list[tuple[Question, Item]], int]:
    """How each question of these attempts does, or so many of the hardest, and how many attempts are left out: their
    questions cannot be read, and the log tells which they are. They come as ``Attempts.scored`` has them."""
    answers = connector.attempts.answers_of([one.attempt_id for one in scored])
    papers, apart, counting = connector.attempting.papers, Apart("Attempts whose questions are looked at"), {}
    for one in scored:
        with apart.one(one.attempt_id):
            counting[one.attempt_id] = papers.counting(one, answers.get(one.attempt_id, {}))
    if apart.failed:
        log.warning("questions left out", **apart.told())
    read = [one for one in scored if one.attempt_id in counting]
    percents = {one.attempt_id: one.percent for one in read if one.percent is not None}
    return results.items(counting, answers, percents, most), len(apart.failed)


def names(connector: Connector, session: LaunchSession) -> Mapping[str, str]:
    """Who is in the course, by the platform's subject; nothing where the platform does not say."""
    return {one.subject: one.name for one in roster(connector, session) or ()}


def names_of(visit: Visit) -> Mapping[str, str]:
    return names(visit.connector, visit.session)


def _regrades(visit: Visit) -> dict[str, Any]:
    """Those of the course, and how many attempts can be marked anew by what nobody has asked for yet."""
    connector, maker, content = visit.connector, visit.maker, visit.content(ContentKind.ASSESSMENT)
    found = connector.regrades.of_course(content.content_id, maker.platform_id, maker.course)
    by = connector.regrading.newest(content, maker.platform_id, maker.course)
    asked = any(one.ended_at is None and one.by == by for one in found)
    old = 0 if asked else connector.regrades.old(by, maker.platform_id, maker.course)
    return {"regrades": found, "old": old, "now": connector.clock()}


def _results(visit: Visit, content: Content, fields: Fields | None = None) -> Response:
    connector, maker = visit.connector, visit.maker
    made = bodies.rules(content.body)
    there = (content.content_id, maker.platform_id, maker.course)
    every = connector.attempts.results(*there)
    members = roster(connector, visit.session) or ()
    teachers = teachers_of(connector, visit.session, members)
    wanted = wanted_of(visit)
    chosen = of_activity(every, wanted)
    standings = results.standings(chosen)
    overview = results.overview([one for one in standings if one.subject not in teachers])
    waiting, waits = next_to_mark(chosen, 0)
    newest = connector.attempts.scored(*there, MOST)
    scored = [one for one in newest if one.actor.subject not in teachers and wanted.activity in ("", one.actor.link)]
    items, unread = items_of(connector, scored)
    return visit.part(
        "content/assessment/results.html",
        content=content,
        made=made,
        overview=overview,
        people=len(({one.subject for one in standings} | {one.subject for one in members}) - teachers),
        items=items,
        unread=unread,
        looked_at=len(scored) - unread if len(newest) == MOST else 0,
        **listed(visit, every, standings, members, teachers),
        to_mark=waiting,
        waits=waits,
        names={one.subject: one.name for one in members},
        may_edit=content.is_of(maker),
        **_regrades(visit),
        discarded=connector.attempts.discarded(*there, DISCARDS),
        all_discarded=DISCARDS,
        form=fields or Fields.untouched(),
    )


def _one(visit: Visit, attempt: Attempt, **values: Any) -> Response:
    asked = asked_for(visit)
    shown = _shown(visit.connector, visit.session, attempt, teaches=True, asked=asked)
    return visit.part("content/assessment/mark.html", **{**shown, **values})


def files_at(attempt: Attempt, *, teaches: bool) -> str:
    """Where files are fetched that were handed in."""
    return f"{RESULTS}/{attempt.attempt_id}/evidence" if teaches else f"{ATTEMPTS}/{attempt.attempt_id}/evidence/own"


def _shown(
    connector: Connector, session: LaunchSession, attempt: Attempt, *, teaches: bool, asked: str = ""
) -> dict[str, Any]:
    """An attempt with what was answered; who ``teaches`` sees whose it is and what is right, and may mark it, and goes
    back to what was ``asked`` for of the list."""
    launch = session.launch
    made, untouched = connector.attempting.papers.assessment(attempt, marked=True), Fields.untouched()
    return {
        "attempt": attempt,
        "made": made,
        "reviewed": reviewed(connector.attempting, attempt),
        "evidence": evidence_of(connector, attempt),
        "file_base": files_at(attempt, teaches=teaches),
        "picture_base": f"{RESULTS if teaches else ATTEMPTS}/{attempt.attempt_id}",
        "name": names(connector, session).get(attempt.actor.subject, "") if teaches else "",
        "marks": connector.attempts.marks(attempt.attempt_id),
        "explains": teaches or explains(made, attempt),
        **(_others(connector, attempt) if teaches else {"to_mark": None, "waits": 0}),
        "certificates": connector.certificates.by_attempt(attempt.attempt_id) if teaches else [],
        "may_mark": teaches and may_be_marked(attempt),
        "may_discard": teaches and not attempt.trial and attempt.discard is None,
        "names": names(connector, session) if teaches and attempt.discard is not None else {},
        "form": untouched,
        "untouched": untouched,
        "question_typed": None,
        "here": "",
        "back": "" if launch.for_user else BACK.get(launch.custom.get(CONTENT, ""), RESULTS + asked),
        "listed": asked,
    }


def _others(connector: Connector, attempt: Attempt) -> dict[str, Any]:
    """What else waits to be marked of this assessment in this course."""
    actor = attempt.actor
    waiting, waits = next_to_mark(
        connector.attempts.results(attempt.content_id, actor.platform_id, actor.course), attempt.attempt_id
    )
    return {"to_mark": waiting, "waits": waits}


PARTS = (
    *result_list.PARTS,
    *allowances.PARTS,
    Part("GET", RESULTS, show, teaches=True, far=True),
    Part("POST", RESULTS + "/regrades", regrade, teaches=True, read=read_form),
    Part("GET", RESULTS + "/regrades", show_regrades, teaches=True),
    Part("GET", RESULTS + "/{attempt}", show_one, teaches=True, far=True),
    Part("POST", RESULTS + "/{attempt}/discard", discard, teaches=True, far=True, read=read_form),
    Part("POST", RESULTS + "/{attempt}/marks/{question}", mark, teaches=True, far=True, read=read_form),
)
